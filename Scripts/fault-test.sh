#!/usr/bin/env bash
# Lets each system call of a short run fail in turn, and a hundred of its allocations, and looks at what the run leaves.
#
#   Scripts/fault-test.sh                LSTM=path/to/lstm
#
# However a run ends, it ends by itself: with an exit code, not a signal, and within a minute. It has its model, whole and
# with the bits of a run without faults, or says why not; and from what it leaves, resuming or beginning anew leads to the
# same bits.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lstm=${LSTM:-$(swift build -c release --show-bin-path)/lstm}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -O1 -shared -fPIC -o "$folder/fault.so" Scripts/faults/fault.c -ldl

options=(--data Data/sample.npz --epochs 2 --hidden-size 4 --embedding-size 4 --max-length 20 --vocabulary-size 100
  --limit 60 --batch-size 30 --threads 1 --checkpoint-every 1)

# The run; its arguments are the environment of the fault.
run() {
  rm -rf "$folder/run"
  timeout 60 env LD_PRELOAD="$folder/fault.so" "$@" "$lstm" train "${options[@]}" --output "$folder/run" \
    >"$folder/output" 2>"$folder/errors"
}

fail() {
  echo "fault-test: $1" >&2
  cat "$folder/output" "$folder/errors" >&2
  exit 1
}

run FAULT_CALL=none || fail "a run without faults fails"
cp "$folder/run/model.safetensors" "$folder/expected"

printf '| call | faults | run completed | error | resumed | begun anew |\n|---|---|---|---|---|---|\n'
for call in open read pread write fsync close rename mkdir unlink malloc; do
  run FAULT_CALL="$call" FAULT_COUNT="$folder/count" || fail "a run without faults fails"
  count=$(cat "$folder/count")
  completed=0 errors=0 resumed=0 anew=0
  # Allocations are too many for all of them, and the first come before the main function.
  step=$((count / 100 + 1))
  for ((number = step; number <= count; number += step)); do
    # A full disk where something is written, or else a broken one; no memory.
    code=5
    if [ "$call" = malloc ]; then code=12; fi
    if [ "$call" = write ] || [ "$call" = fsync ] || [ "$call" = open ]; then code=$((number % 2 ? 5 : 28)); fi
    status=0
    run FAULT_CALL="$call" FAULT_NUMBER="$number" FAULT_CODE="$code" || status=$?
    if [ "$status" -ge 124 ]; then fail "$call $number: exit code $status"; fi
    if [ "$status" = 0 ]; then
      completed=$((completed + 1))
      cmp -s "$folder/run/model.safetensors" "$folder/expected" || fail "$call $number: another model"
      continue
    fi
    errors=$((errors + 1))
    [ -s "$folder/errors" ] || fail "$call $number: no message"
    if compgen -G "$folder/run/checkpoints/step-*.safetensors" >/dev/null; then
      "$lstm" train --quiet --threads 1 --resume "$folder/run" >"$folder/output" 2>"$folder/errors" ||
        fail "$call $number: can't be resumed"
      resumed=$((resumed + 1))
    else
      "$lstm" train "${options[@]}" --output "$folder/run" --overwrite >"$folder/output" 2>"$folder/errors" ||
        fail "$call $number: can't be begun anew"
      anew=$((anew + 1))
    fi
    cmp -s "$folder/run/model.safetensors" "$folder/expected" || fail "$call $number: then another model"
  done
  printf '| %s | %s | %s | %s | %s | %s |\n' "$call" "$((completed + errors))" "$completed" "$errors" "$resumed" "$anew"
done
