#!/usr/bin/env bash
# Kills a training run at random moments, and fills the disk under one; resumes each time, and compares what it ends
# with to a run left alone.
#
#   Scripts/kill-test.sh [KILLS=20]      LSTM=path/to/lstm, SEED=number
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kills=${1:-20}
RANDOM=${SEED:-$$}
lstm=${LSTM:-$(swift build --package-path "$root" -c release --show-bin-path)/lstm}
folder=$(mktemp -d "${TMPDIR:-/tmp}/kill-test.XXXXXX")
trap 'umount "$folder/disk" 2>/dev/null || true; rm -rf "$folder"' EXIT

settings=(--data "$root/Data/sample.npz" --limit 100 --vocabulary-size 450 --max-length 80 --embedding-size 16
  --hidden-size 32 --batch-size 10 --epochs 10 --learning-rate 0.005 --quiet)
digests() { (cd "$1" && sha256sum model.safetensors history.csv steps.csv); }

"$lstm" train "${settings[@]}" --threads 2 --output "$folder/whole"
whole=$(digests "$folder/whole")

killed=0 finished=0
while [ "$killed" -lt "$kills" ]; do
  rm -rf "$folder/run"
  command=("$lstm" train "${settings[@]}" --checkpoint-every 2 --output "$folder/run")
  while true; do
    "${command[@]}" --threads $((1 + RANDOM % 3)) &
    process=$!
    sleep "0.$(printf %03d $((RANDOM % 150)))"
    kill -KILL "$process" 2>/dev/null || true
    code=0
    wait "$process" 2>/dev/null || code=$?
    if [ "$code" = 0 ]; then break; fi
    if [ "$code" != 137 ]; then
      echo "error: after $killed kills a run ended with $code" >&2
      exit 1
    fi
    killed=$((killed + 1))
    # Killed before there was a first checkpoint, it can only begin anew.
    if [ -n "$(find "$folder/run/checkpoints" -name '*.safetensors' 2>/dev/null)" ]; then
      command=("$lstm" train --quiet --resume "$folder/run")
    else
      rm -rf "$folder/run"
    fi
  done
  finished=$((finished + 1))
  if [ "$(digests "$folder/run")" != "$whole" ]; then
    echo "error: a run ended otherwise than the one left alone:" >&2
    diff <(echo "$whole") <(digests "$folder/run") >&2
    exit 1
  fi
done
echo "$killed kills, $finished runs to the end: all with the weights and histories of the run left alone"

mkdir "$folder/disk"
if ! mount -t tmpfs -o size=600k tmpfs "$folder/disk" 2>/dev/null; then
  echo "skipped: the full disk, since no small file system can be mounted here"
  exit 0
fi
code=0
"$lstm" train "${settings[@]}" --output "$folder/disk/run" --checkpoint-every 1 --keep 1000 2>"$folder/message" || code=$?
if [ "$code" != 1 ] || ! grep -q "No space left" "$folder/message"; then
  echo "error: on a full disk a run ended with $code and said: $(cat "$folder/message")" >&2
  exit 1
fi
mount -o remount,size=60m "$folder/disk"
"$lstm" train --quiet --resume "$folder/disk/run"
if [ "$(digests "$folder/disk/run")" != "$whole" ]; then
  echo "error: after a full disk a run ended otherwise than the one left alone" >&2
  exit 1
fi
echo "A full disk: one clear message, and a resumed run with the same weights and histories"
