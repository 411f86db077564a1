#!/usr/bin/env bash
# Trains over MPI between two network namespaces, each with an address and a name of its own, as between two machines;
# the wire between them has a limited rate, and a delay where one is given. Compares the weights with a run without MPI,
# and says how long was spent communicating. Needs root and iproute2; where no namespace can be made it is skipped, and
# says so.
#
#   Scripts/mpi-hosts.sh [RATE[/MILLISECONDS] ...]      RATE as tc has it; 1gbit 100mbit/2 if none are given
#                                                       LSTM, IMDB_DATA as for mpi-test.sh
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=Scripts/mpi-settings.sh
. "$root/Scripts/mpi-settings.sh"
lstm=${LSTM:-$(swift build --package-path "$root" -c release --show-bin-path)/lstm}
folder=$(mktemp -d "${TMPDIR:-/tmp}/mpi-hosts.XXXXXX")
one=lstm-$$-1 two=lstm-$$-2 relay=
take_away() {
  if [ -n "$relay" ]; then
    kill "$relay" 2>/dev/null || true
    wait "$relay" 2>/dev/null || true
    relay=
  fi
  ip netns del $one 2>/dev/null || true
  ip netns del $two 2>/dev/null || true
}
trap 'take_away; rm -rf "$folder"' EXIT

# Makes both hosts, and a wire between them.
wire() {
  take_away
  ip netns add $one && ip netns add $two || return 1
  if [ -z "$2" ]; then
    ip link add eth0 netns $one type veth peer name eth0 netns $two || return 1
    ip -n $one address add 10.77.0.1/24 dev eth0
    ip -n $two address add 10.77.0.2/24 dev eth0
  else
    python3 "$root/Scripts/relay.py" "$2" $one 10.77.0.1/24 $two 10.77.0.2/24 &
    relay=$!
    until ip -n $two link show eth0 2>/dev/null | grep -q LOWER_UP; do
      kill -0 "$relay" 2>/dev/null || return 1
      sleep 0.1
    done
  fi
  for host in $one $two; do
    ip -n "$host" link set eth0 up
    ip -n "$host" link set lo up
    tc -n "$host" qdisc replace dev eth0 root tbf rate "$1" burst 256kb latency 50ms
  done
}

if ! command -v ip >/dev/null || ! wire 1gbit "" 2>"$folder/log"; then
  echo "skipped: two hosts, since no network namespaces can be made here"
  exit 0
fi

# Stands in for ssh: an address, then a command. A name and a folder of its own make it another host.
cat >"$folder/agent" <<END
#!/bin/sh
shift
mkdir -p "$folder/two"
exec ip netns exec $two unshare --uts env TMPDIR="$folder/two" sh -c "hostname host-2 && exec \$*"
END
chmod +x "$folder/agent"
on_both() {
  mkdir -p "$folder/one"
  ip netns exec $one unshare --uts env TMPDIR="$folder/one" sh -c 'hostname host-1 && exec "$@"' sh \
    mpirun --host 10.77.0.1:2,10.77.0.2:2 --mca plm_rsh_agent "$folder/agent" --mca btl tcp,self \
    --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0 "$@"
}

data=${IMDB_DATA:+$IMDB_DATA/imdb.npz}
settings=(--validation-split 0.0196 --epochs 1)
if [ -n "$data" ]; then
  settings+=(--limit 4080 --batch-size 1000)
else
  data=$root/Data/sample.npz
  settings+=(--limit 1000 --batch-size 200 --vocabulary-size 450 --max-length 80)
fi
train=("$lstm" train --data "$data" "${settings[@]}")
"${train[@]}" --quiet --output "$folder/alone"
alone=$(sha256sum <"$folder/alone/model.safetensors")

if [ $# = 0 ]; then set -- 1gbit 100mbit/2; fi
for kind in "$@"; do
  rate=${kind%/*} delay=
  if [ "$rate" != "$kind" ]; then delay=${kind#*/}; fi
  name="Two hosts, $rate${delay:+, $delay ms each way}"
  if ! wire "$rate" "$delay" >"$folder/log" 2>&1; then
    echo "skipped: $name, since such a wire can't be made here"
    continue
  fi
  for mode in "" --allreduce; do
    # shellcheck disable=SC2086
    if ! on_both -n 2 --map-by node "${train[@]}" --threads 1 $mode --output "$folder/run" --overwrite \
      >"$folder/log" 2>&1; then
      echo "error: $name: the run failed" >&2
      sed 's/^/    /' "$folder/log" >&2
      exit 1
    fi
    if [ -z "$mode" ] && [ "$(sha256sum <"$folder/run/model.safetensors")" != "$alone" ]; then
      echo "error: $name: other weights than without MPI" >&2
      exit 1
    fi
    echo "$name${mode:+, $mode}: $(grep ' messages a step' "$folder/log")"
  done
done
echo "Two hosts: the weights of the run without MPI"
