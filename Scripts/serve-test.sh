#!/usr/bin/env bash
# Holds `lstm serve` against clients, with two small models that it trains. Called by `make test-serve`.
#
#   LSTM     the executable, built with the trait Serve; unset, the release build's
#   HOSTILE  how many malformed requests are sent; unset, 2,000
#   IDLE     how many idle connections are held; unset, 200
#   PAGE     a folder for the page's screenshots; unset, none are kept
#
# Python's requests, tritonclient and openapi-spec-validator are installed from PyPI where that can be reached.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lstm=${LSTM:-$root/.build/release/lstm}
work=$(mktemp -d "${TMPDIR:-/tmp}/serve-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

options=()
while read -r name value; do
  case "$name" in
    --epochs) ;;
    --*) options+=("$name" "$value") ;;
  esac
done <"$root/Data/sample.options"
for seed in 1 2; do
  "$lstm" train --data "$root/Data/sample.npz" --word-index "$root/Data/sample_word_index.json" "${options[@]}" --epochs 2 \
    --seed "$seed" --output "$work/run-$seed" >/dev/null
done

arguments=(--lstm "$lstm" --model "$work/run-1" --other "$work/run-2")
if "$root/Scripts/environment.sh" "$root/.venv-serve" "$root/Scripts/peers/requirements-serve.txt"; then
  arguments+=(--tools "$root/.venv-serve/bin/python")
fi
if [ -n "${HOSTILE:-}" ]; then arguments+=(--hostile "$HOSTILE"); fi
if [ -n "${IDLE:-}" ]; then arguments+=(--idle "$IDLE"); fi
if [ -n "${PAGE:-}" ]; then arguments+=(--page "$PAGE"); fi
python3 "$root/Scripts/serve-test.py" "${arguments[@]}"

# What can't be run here is at least read.
if command -v systemd-analyze >/dev/null 2>&1; then
  sed "s|/usr/local/bin/lstm|$lstm|" "$root/Deployment/lstm.service" >"$work/lstm.service"
  systemd-analyze verify "$work/lstm.service"
else
  printf 'The unit for systemd was not checked: there is no systemd-analyze.\n'
fi
if [ -x "$root/.venv-serve/bin/hadolint" ]; then
  "$root/.venv-serve/bin/hadolint" "$root/Deployment/Dockerfile"
else
  printf 'The Dockerfile was not checked: there is no hadolint.\n'
fi
