#!/usr/bin/env bash
# Classifies with the model that `make train` left. Called by `make predict`.
#
#   LSTM_TEXT  the text; empty or unset, standard input is read, a text a line
#   OUTPUT     the folder of the model; unset, Data/run
#   LSTM       the executable; unset, the release build's
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
model=${OUTPUT:-$root/Data/run}/model.safetensors
if [ ! -f "$model" ]; then
  printf '%s\n' "error: there is no model yet ($model). Train one first: make train" >&2
  exit 66
fi
lstm=${LSTM:-}
if [ -z "$lstm" ]; then lstm=$(swift build --package-path "$root" -c release --show-bin-path)/lstm; fi
if [ ! -x "$lstm" ]; then
  printf '%s\n' "error: lstm is not built ($lstm). Build it first: make build" >&2
  exit 69
fi
if [ -n "${LSTM_TEXT:-}" ]; then exec "$lstm" predict --model "$model" -- "$LSTM_TEXT"; fi
exec "$lstm" predict --model "$model"
