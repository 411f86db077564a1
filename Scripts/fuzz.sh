#!/usr/bin/env bash
# Lets libFuzzer look for files that crash a reader, make it hang or fill the memory, and prints how far it came.
#
#   Scripts/fuzz.sh [SECONDS [READER...]]      by default 60 s in all, for every reader
#
#   SERVE=1             also requests to the server
#   SANITIZE=address    with AddressSanitizer, which sees what C and unsafe pointers do
#   PYTHON              a Python, whose packages write more files to begin with (Scripts/fuzz/seeds.py)
#
# The corpora grow in Scripts/fuzz/corpus, so that the next run goes on; what fails a reader is left in
# Scripts/fuzz/findings, and makes this fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/fuzz"

seconds=${1:-60}
shift || true
readers=("$@")
traits=$(MPI='' ../traits.sh)
if [ "${#readers[@]}" = 0 ]; then
  readers=(model onnx npz data archive reviews unlabeled wordVectors predictions wordIndex configuration checkpoint
    safetensors tokens)
  if [[ $traits == *HDF5* ]]; then readers+=(keras hdf5); fi
  if [ "${SERVE:-}" = 1 ]; then readers+=(requests); fi
fi

# Release, since that is what users run; every module tells libFuzzer which of its edges were taken.
# shellcheck disable=SC2206
options=(-c release --product Fuzz ${traits} -Xswiftc "-sanitize=fuzzer${SANITIZE:+,$SANITIZE}"
  --scratch-path ".build${SANITIZE:+-$SANITIZE}")
swift build "${options[@]}" >&2
fuzz=$(swift build "${options[@]}" --show-bin-path)/Fuzz

mkdir -p corpus findings
seeds=$(mktemp -d)
trap 'rm -rf "$seeds" /dev/shm/lstm-fuzz-*' EXIT
FUZZ_SEEDS=$seeds "$fuzz"
if [ -n "${PYTHON:-}" ]; then "$PYTHON" seeds.py "$seeds"; fi

each=$((seconds / ${#readers[@]}))
failed=0
printf '| reader | executions | edges | seconds | findings |\n|---|---|---|---|---|\n'
for reader in "${readers[@]}"; do
  mkdir -p "corpus/$reader"
  log=$seeds/log
  code=0
  # A larger file would be cut, and those are large. libhdf5 has ten seconds for one before it is ended.
  length=4096
  if [ "$reader" = keras ] || [ "$reader" = hdf5 ]; then length=40000; fi
  # Swift's own report of a crash would come before libFuzzer's, which leaves the input.
  SWIFT_BACKTRACE=enable=no FUZZ_TARGET=$reader nice -n 19 "$fuzz" "corpus/$reader" "$seeds/$reader" \
    -max_total_time="$each" -max_len="$length" -timeout=20 -rss_limit_mb=1024 -artifact_prefix="findings/$reader-" \
    -print_final_stats=1 >"$log" 2>&1 || code=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(grep -ao 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2)
  if [ "$code" = 0 ]; then findings=none; else
    findings=$(grep -a -m1 -E 'ERROR: libFuzzer|Fatal error|SUMMARY' "$log" || echo "exit code $code")
    failed=1
  fi
  printf '| %s | %s | %s | %s | %s |\n' "$reader" "${runs:-?}" "${edges:-?}" "$each" "$findings"
done
exit "$failed"
