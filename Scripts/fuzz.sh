#!/usr/bin/env bash
# Lets libFuzzer look for files that crash a reader, make it hang or fill the memory, and prints how far it came.
#
#   Scripts/fuzz.sh [SECONDS [READER...]]      by default 60 s in all, for every reader
#
# The corpora grow in Scripts/fuzz/corpus, so that the next run goes on; what fails a reader is left in
# Scripts/fuzz/findings, and makes this fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/fuzz"

seconds=${1:-60}
shift || true
readers=("$@")
if [ "${#readers[@]}" = 0 ]; then
  readers=(model data unlabeled wordVectors predictions wordIndex configuration checkpoint safetensors)
fi

# Release, since that is what users run; every module tells libFuzzer which of its edges were taken.
swift build -c release --product Fuzz -Xswiftc -sanitize=fuzzer >&2
fuzz=$(swift build -c release --product Fuzz -Xswiftc -sanitize=fuzzer --show-bin-path)/Fuzz

mkdir -p corpus findings
seeds=$(mktemp -d)
trap 'rm -rf "$seeds" /dev/shm/lstm-fuzz-*' EXIT
FUZZ_SEEDS=$seeds "$fuzz"

each=$((seconds / ${#readers[@]}))
failed=0
printf '| reader | executions | edges | seconds | findings |\n|---|---|---|---|---|\n'
for reader in "${readers[@]}"; do
  mkdir -p "corpus/$reader"
  log=$seeds/log
  code=0
  # Swift's own report of a crash would come before libFuzzer's, which leaves the input.
  SWIFT_BACKTRACE=enable=no FUZZ_TARGET=$reader nice -n 19 "$fuzz" "corpus/$reader" "$seeds/$reader" \
    -max_total_time="$each" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -artifact_prefix="findings/$reader-" \
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
