#!/usr/bin/env bash
# Answers over HTTP with the model that `make train` left. Called by `make serve`.
#
#   OUTPUT      the folder of the model; unset, Data/run
#   HOST, PORT  as `lstm serve --host` and `--port`
#   LSTM        the executable; unset, the release build's
#
# `serve.sh --check` only looks whether there is a model, before minutes of building.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
model=${OUTPUT:-$root/Data/run}/model.safetensors
if [ ! -f "$model" ]; then
  printf '%s\n' "error: there is no model yet ($model). Train one first: make train" >&2
  exit 66
fi
if [ "${1:-}" = --check ]; then exit 0; fi
lstm=${LSTM:-}
if [ -z "$lstm" ]; then lstm=$(swift build --package-path "$root" -c release --show-bin-path)/lstm; fi
arguments=(serve --model "$model" --reload)
if [ -n "${HOST:-}" ]; then arguments+=(--host "$HOST"); fi
if [ -n "${PORT:-}" ]; then arguments+=(--port "$PORT"); fi
# In this process's place, so that Ctrl-C and SIGTERM reach it.
exec "$lstm" "${arguments[@]}"
