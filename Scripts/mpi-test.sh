#!/usr/bin/env bash
# Trains over MPI on this machine. With any number of ranks and threads the weights have to be those of a run without
# MPI; a rank that dies, is at something else, or has no room left has to end all within seconds.
#
#   Scripts/mpi-test.sh      LSTM=path/to/lstm, built with MPI=1; IMDB_DATA=folder of imdb.npz, for real reviews
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=Scripts/mpi-settings.sh
. "$root/Scripts/mpi-settings.sh"
lstm=${LSTM:-$(swift build --package-path "$root" -c release --show-bin-path)/lstm}
folder=$(mktemp -d "${TMPDIR:-/tmp}/mpi-test.XXXXXX")
trap 'umount "$folder/disk" 2>/dev/null || true; rm -rf "$folder"' EXIT

fail() {
  printf 'error: %s\n' "$*" >&2
  if [ -f "$folder/log" ]; then sed 's/^/    /' "$folder/log" >&2; fi
  exit 1
}
digest() { sha256sum <"$1/model.safetensors" | cut -d ' ' -f 1; }
digests() { (cd "$1" && sha256sum model.safetensors history.csv steps.csv); }

# MARK: The same weights

data=${IMDB_DATA:+$IMDB_DATA/imdb.npz}
settings=(--limit 2100 --validation-split 0.05 --batch-size 200 --epochs 1 --quiet)
if [ -z "$data" ]; then
  data=$root/Data/sample.npz
  settings+=(--vocabulary-size 450 --max-length 80)
fi
"$lstm" train --data "$data" "${settings[@]}" --output "$folder/alone"
alone=$(digest "$folder/alone")
steps=$(($(wc -l <"$folder/alone/steps.csv") - 1))
for ranks in 1 2 3 4; do
  for threads in 1 2; do
    mpirun -n "$ranks" "$lstm" train --data "$data" "${settings[@]}" --threads "$threads" --output "$folder/ranks" \
      --overwrite >"$folder/log" 2>&1 || fail "$ranks ranks of $threads threads ended with $?"
    if [ "$(digest "$folder/ranks")" != "$alone" ]; then
      fail "$ranks ranks of $threads threads end with other weights than a run without MPI"
    fi
  done
done
echo "1, 2, 3, 4 ranks of 1, 2 threads: after $steps steps all with the weights of the run without MPI ($alone)"

mpirun -n 3 "$lstm" train --data "$data" "${settings[@]}" --threads 1 --allreduce --output "$folder/ranks" \
  --overwrite >"$folder/log" 2>&1 || fail "--allreduce ended with $?"
echo "--allreduce on 3 ranks: ends, with $([ "$(digest "$folder/ranks")" = "$alone" ] && echo the same || echo other) bits"

# MARK: Trials

{
  echo label,text
  for number in $(seq 150); do echo "$((number % 2)),$([ $((number % 2)) = 0 ] && echo good || echo bad) w$((number % 7)) n$number"; done
} >"$folder/table.csv"
# All columns but those of seconds and memory.
trials() { cut -d , -f 1-10,13- "$1/trials.csv" | sha256sum; }
settings=(--data "$folder/table.csv" --trials 8 --folds 2 --threads 1 --quiet)
"$lstm" tune "${settings[@]}" --output "$folder/tuned"
for ranks in 2 3; do
  mpirun -n "$ranks" "$lstm" tune "${settings[@]}" --output "$folder/ranks" --overwrite >"$folder/log" 2>&1 ||
    fail "lstm tune on $ranks ranks ended with $?"
  if [ "$(trials "$folder/ranks")$(digest "$folder/ranks")" != "$(trials "$folder/tuned")$(digest "$folder/tuned")" ]; then
    fail "lstm tune on $ranks ranks ends with other trials or weights than without MPI"
  fi
done
echo "lstm tune on 2, 3 ranks: the trials and the weights of the tuning without MPI"

# MARK: A rank that dies

settings=(--data "$root/Data/sample.npz" --limit 100 --vocabulary-size 450 --max-length 80 --embedding-size 16
  --hidden-size 32 --batch-size 10 --epochs 40 --learning-rate 0.005 --quiet --threads 1)
"$lstm" train "${settings[@]}" --output "$folder/whole"
whole=$(digests "$folder/whole")

# Ends with success if the process has ended after so many seconds.
ends_within() {
  local tenths=$((10 * $1))
  while kill -0 "$2" 2>/dev/null; do
    tenths=$((tenths - 1))
    if [ "$tenths" -lt 0 ]; then return 1; fi
    sleep 0.1
  done
}
expect_whole() {
  if [ "$(digests "$1")" != "$whole" ]; then fail "$2: the resumed run ended otherwise than the one left alone"; fi
}

# Begins a run on three ranks, and waits for its third checkpoint.
begin() {
  rm -rf "$folder/run"
  mpirun -n 3 "$lstm" train "${settings[@]}" --checkpoint-every 2 --keep 1000 --output "$folder/run" >"$folder/log" 2>&1 &
  job=$!
  local tenths=600
  while [ ! -f "$folder/run/checkpoints/step-00000006.safetensors" ]; do
    tenths=$((tenths - 1))
    if [ "$tenths" -lt 0 ] || ! kill -0 "$job" 2>/dev/null; then fail "the run to be ended doesn't begin"; fi
    sleep 0.1
  done
}

for victim in 0 1 2; do
  begin
  # In the order in which they were started.
  process=$(pgrep -P "$job" | sort -n | sed -n "$((victim + 1))p")
  kill -KILL "$process"
  if ! ends_within 10 "$job"; then fail "ten seconds after the end of rank $victim the others still run"; fi
  if wait "$job"; then fail "the end of rank $victim went unnoticed"; fi
  case $victim in
    0) "$lstm" train --quiet --resume "$folder/run" ;;
    *) mpirun -n $((2 * victim)) "$lstm" train --quiet --threads 1 --resume "$folder/run" ;;
  esac >"$folder/log" 2>&1 || fail "the run doesn't go on after the end of rank $victim"
  expect_whole "$folder/run" "kill -9 of rank $victim"
done
echo "kill -9 of rank 0, 1, 2: all end within seconds; resumed without MPI, on 2 and on 4 ranks with the same weights"

begin
kill -TERM "$job"
if ! ends_within 10 "$job"; then fail "ten seconds after SIGTERM the ranks still run"; fi
wait "$job" || true
mpirun -n 2 "$lstm" train --quiet --threads 1 --resume "$folder/run" >"$folder/log" 2>&1 ||
  fail "the run doesn't go on after SIGTERM"
expect_whole "$folder/run" "SIGTERM"
echo "SIGTERM: an end in order, and the same weights in the end"

# MARK: A model in use

model=$folder/whole/model.safetensors
python3 "$root/Scripts/make-sample.py" --print 400 | sed -n 's/^[a-z]*: //p' >"$folder/texts"
# Runs lstm alone and on three ranks, with standard input from a pipe, and compares what they write.
expect_same() {
  local what=$1
  shift
  "$lstm" "$@" <"$folder/texts" >"$folder/expected"
  # shellcheck disable=SC2002
  cat "$folder/texts" | mpirun -n 3 "$lstm" "$@" >"$folder/found" 2>"$folder/log" || fail "$what on 3 ranks ended with $?"
  cmp "$folder/expected" "$folder/found" >&2 || fail "$what on 3 ranks writes something else than alone"
}
expect_same evaluate evaluate --model "$model" --data "$root/Data/sample.npz" --part all --format json
expect_same predict predict --model "$model" --format jsonl
expect_same "predict --data" predict --model "$model" --format csv --data "$folder/texts"
expect_same "predict --explain" predict --model "$model" --explain "a dull film" "not bad at all"
echo "evaluate, and predict from a pipe, a file and arguments: on 3 ranks the output of one process"

# MARK: Ranks that are at something else

# Expects that a run ends within seconds with exactly one line that begins with Error:, which holds a text.
expect_refusal() {
  local text=$1
  shift
  rm -rf "$folder/run"
  mpirun "$@" >"$folder/log" 2>&1 &
  local job=$!
  if ! ends_within 10 "$job"; then fail "expected a refusal: $text"; fi
  if wait "$job"; then fail "expected a refusal: $text"; fi
  if [ "$(grep -c '^Error: ' "$folder/log")" != 1 ] || ! grep '^Error: ' "$folder/log" | grep -q -e "$text"; then
    fail "expected one error: $text"
  fi
  if [ -d "$folder/run" ]; then fail "a refused run has left a folder"; fi
}
train=(train "${settings[@]}" --output "$folder/run")
cp "$lstm" "$folder/other-build"
printf 'x' >>"$folder/other-build"
expect_refusal "rank 1 on .* runs lstm .* rank 0 lstm" -n 1 "$lstm" "${train[@]}" : -n 1 "$folder/other-build" "${train[@]}"
expect_refusal "rank 1 on .* runs lstm predict .* rank 0 lstm train" \
  -n 1 "$lstm" "${train[@]}" : -n 1 "$lstm" predict --model "$model"
expect_refusal "rank 0 on .*nowhere.safetensors: no such file" -n 2 "$lstm" predict --model "$folder/nowhere.safetensors"
expect_refusal "rank 2 on .* has other settings than rank 0 (batchSize: 20, 10)" \
  -n 2 "$lstm" "${train[@]}" : -n 1 "$lstm" "${train[@]}" --batch-size 20
expect_refusal "rank 1 on .* can't begin: .*nowhere.npz: no such file" \
  -n 1 "$lstm" "${train[@]}" : -n 1 "$lstm" "${train[@]}" --data "$folder/nowhere.npz"
# The error of all ranks is told once.
expect_refusal "nowhere.npz: no such file" -n 3 "$lstm" "${train[@]}" --data "$folder/nowhere.npz"
expect_refusal "--shards must be from 1" -n 3 "$lstm" "${train[@]}" --shards 0
# The same archive with all labels changed.
python3 - "$root/Data/sample.npz" "$folder/other.npz" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile(sys.argv[2], "w") as new:
    for name in old.namelist():
        data = bytearray(old.read(name))
        if name == "y_train.npy":
            first = 10 + int.from_bytes(data[8:10], "little")
            data[first::8] = bytes(byte ^ 1 for byte in data[first::8])
        new.writestr(name, bytes(data))
END
expect_refusal "rank 1 on .* has other texts than rank 0" \
  -n 1 "$lstm" "${train[@]}" : -n 1 "$lstm" "${train[@]}" --data "$folder/other.npz"
echo "Another build, command or setting, no archive, other reviews on a rank: refused at the start"

# MARK: A full disk

mkdir "$folder/disk"
if ! mount -t tmpfs -o size=600k tmpfs "$folder/disk" 2>/dev/null; then
  echo "skipped: the full disk, since no small file system can be mounted here"
  exit 0
fi
mpirun -n 3 "$lstm" train "${settings[@]}" --output "$folder/disk/run" --checkpoint-every 1 --keep 1000 \
  >"$folder/log" 2>&1 &
job=$!
if ! ends_within 60 "$job"; then fail "on a full disk the ranks still run"; fi
if wait "$job"; then fail "a full disk went unnoticed"; fi
if [ "$(grep -c '^Error: ' "$folder/log")" != 1 ] || ! grep -q '^Error: rank 0 .*No space left' "$folder/log"; then
  fail "expected one error about the full disk"
fi
mount -o remount,size=60m "$folder/disk"
mpirun -n 2 "$lstm" train --quiet --threads 1 --keep 2 --resume "$folder/disk/run" >"$folder/log" 2>&1 ||
  fail "the run doesn't go on after the full disk"
expect_whole "$folder/disk/run" "a full disk"
echo "A full disk: one clear message, and a resumed run with the same weights"
