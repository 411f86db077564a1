#!/usr/bin/env bash
# `make bench`: our own figures; with PEERS=1 (or some of "torch keras onnx") also PyTorch's, Keras's and ONNX Runtime's
# on the same batches in turn. BATCHES=5 BATCH_SIZE=1000 THREADS=… DATA=…; the figures as JSON lie in .build.
# NETWORK="--bidirectional --pooling max --mask-padding" measures another network, beside PyTorch alone; NETWORKS=1 some
# of them, one after the other; SIZES=1 prints a table of sizes of batches, texts and networks.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { printf '%s\n' "$*" >&2; }

if [ "${NETWORKS:-}" = 1 ]; then
  for network in "" "--bidirectional --pooling max --mask-padding" "--layers 2" "--hidden-size 256" \
    "--vocabulary-size 30000 --max-length 1000"; do
    NETWORKS="" NETWORK=$network "$0"
    echo
  done
  exit 0
fi
threads=${THREADS:-$(getconf _NPROCESSORS_ONLN)}
data=${DATA:-$root/Data/imdb.npz}
if [ ! -f "$data" ] && [ -z "${DATA:-}" ]; then "$root/Scripts/fetch-data.sh" || true; fi
if [ ! -f "$data" ]; then
  say "There is no $data to measure on: name an imdb.npz, as in make bench DATA=/path/to/imdb.npz"
  exit 66
fi
lstm=${LSTM:-$(swift build --package-path "$root" -c release --show-bin-path)/lstm}
sizes=(--data "$data" --threads "$threads" --batches "${BATCHES:-5}" --batch-size "${BATCH_SIZE:-1000}")
mkdir -p "$root/.build"
if [ "${SIZES:-}" != 1 ]; then
  # shellcheck disable=SC2086 # options, cut at spaces
  "$lstm" benchmark "${sizes[@]}" ${NETWORK:-} --json "$root/.build/bench.json"
fi
wanted=${PEERS:-}
if [ "$wanted" = 1 ]; then wanted="torch keras onnx"; fi
if [ -n "$wanted" ] && [ -n "${NETWORK:-}" ]; then wanted=torch; fi

# Two environments, since a process should load only one of PyTorch and TensorFlow.
peers=()
environment() { # folder, requirements, names of the workers
  local names=() name
  for name in $3; do if [[ " $wanted " = *" $name "* ]]; then names+=("$name"); fi; done
  if [ ${#names[@]} = 0 ]; then return; fi
  if ! "$root/Scripts/environment.sh" "$1" "$2"; then
    say "${names[*]} are left out."
    return
  fi
  for name in "${names[@]}"; do peers+=(--peer "$name=$1/bin/python"); done
}
environment "$root/.venv-torch" "$root/Scripts/peers/requirements-torch.txt" "torch"
environment "$root/.venv-tf" "$root/Scripts/peers/requirements-tf.txt" "keras onnx"
if [ "${SIZES:-}" = 1 ]; then
  exec python3 "$root/Scripts/bench.py" --lstm "$lstm" "${sizes[@]}" "${peers[@]}" --json "$root/.build/bench-sizes.json" \
    --size "1,000 × 400 tokens=1000" --size "100 × 400=100" --size "32 × 400=32" \
    --size "1,000 × 20, 10,000 words=1000 --max-length 20 --vocabulary-size 10000" \
    --size "32 × 20, 10,000 words=32 --max-length 20 --vocabulary-size 10000" \
    --size "32 × 400, 64 units=32 --hidden-size 64" \
    --size "1 × 230=1 --max-length 230" --size "1 × 20, 10,000 words=1 --max-length 20 --vocabulary-size 10000"
fi
if [ ${#peers[@]} = 0 ]; then exit 0; fi
echo
exec python3 "$root/Scripts/bench.py" --lstm "$lstm" "${sizes[@]}" "${peers[@]}" --network="${NETWORK:-}" --json "$root/.build/bench-peers.json"
