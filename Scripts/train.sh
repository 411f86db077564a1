#!/usr/bin/env bash
# Trains: finds the data, moves an older run aside, and hands over to `lstm train`. Called by `make train`.
#
#   PRESET           as `lstm train --preset`; unset, the tutorial's settings
#   EPOCHS, THREADS  as `lstm train --epochs` and `--threads`; unset, the preset's or the sample's epochs, every core
#   DATA             an archive; unset, Data/imdb.npz, which is fetched where it is absent
#   OUTPUT           the folder for the trained model; unset, Data/run
#   LSTM             the executable; unset, the release build's
#
# Where nothing can be fetched, Data/sample.npz is trained on, with the settings of Data/sample.options.
# `train.sh --closing-word` says after a training on the sample what its figures are not.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
epochs=${EPOCHS:-}
threads=${THREADS:-}
data=${DATA:-}
output=${OUTPUT:-$root/Data/run}

imdb=$root/Data/imdb.npz
sample=$root/Data/sample.npz

is_sample() { [ "$1" -ef "$sample" ]; }

if [ "${1:-}" = --closing-word ]; then
  if [ -z "$data" ] && [ ! -e "$imdb" ] || { [ -n "$data" ] && is_sample "$data"; }; then
    say ""
    say "These figures are those of the generated sample, not of IMDB (Data/README.md)."
  fi
  exit 0
fi

# MARK: Data

if [ -n "$data" ]; then
  if [ ! -f "$data" ]; then
    say "error: DATA=$data is no file. Name an archive such as imdb.npz, or leave DATA out to have it fetched."
    exit 66
  fi
else
  data=$imdb
  if [ ! -e "$imdb" ]; then
    status=0
    "$root/Scripts/fetch-data.sh" || status=$?
    case "$status" in 130 | 143) exit "$status" ;; esac
    if [ ! -e "$imdb" ]; then
      say "IMDB could not be fetched, so the generated sample is trained on instead."
      say "  To train on IMDB, put Keras's imdb.npz into Data/ by hand, or name it: make train DATA=/path/to/imdb.npz"
      data=$sample
    elif [ "$status" != 0 ]; then
      say "Training without the word index; it is needed for words only, not for figures."
    fi
  fi
fi

# MARK: Arguments

arguments=(train --data "$data")
if [ -n "${PRESET:-}" ]; then arguments+=(--preset "$PRESET"); fi
if is_sample "$data"; then
  say "Data: the generated sample. Its figures are not those of IMDB. Its settings (Data/sample.options):"
  while read -r name value; do
    case "$name" in
      --epochs) epochs=${epochs:-$value} ;;
      --*) arguments+=("$name" "$value") && say "    $name $value" ;;
    esac
  done <"$root/Data/sample.options"
  say "    --epochs $epochs"
fi
index=${data%.npz}_word_index.json
if [ -f "$index" ]; then arguments+=(--word-index "$index"); fi
if [ -n "$epochs" ]; then arguments+=(--epochs "$epochs"); fi
if [ -n "$threads" ]; then arguments+=(--threads "$threads"); fi
arguments+=(--output "$output")

# MARK: An older run

# Anything in Data/run is a run. Another folder is one if a model or a history lies in it; else it is left to `lstm`,
# which writes into no folder that holds something.
holds_run() {
  [ -d "$output" ] || return 1
  if [ "$output" -ef "$root/Data/run" ]; then
    [ -n "$(ls -A "$output")" ]
  else
    [ -n "$(find "$output/" -maxdepth 1 -type f \( -name '*.safetensors' -o -name 'history.*' \))" ]
  fi
}

if holds_run; then
  output=${output%/}
  newest=$(find "$output/" -type f -exec ls -t {} + | head -n 1)
  stamp=$(date -r "${newest:-$output}" +%Y-%m-%dT%H-%M-%S 2>/dev/null || date +%Y-%m-%dT%H-%M-%S)
  aside=$output-$stamp
  number=2
  while [ -e "$aside" ]; do
    aside=$output-$stamp-$number
    number=$((number + 1))
  done
  mv "$output" "$aside"
  say "The run that was in $output is in $aside now."
fi
mkdir -p "$(dirname "$output")"

# MARK: Training

lstm=${LSTM:-}
if [ -z "$lstm" ]; then lstm=$(swift build --package-path "$root" -c release --show-bin-path)/lstm; fi
# In this process's place, so that Ctrl-C reaches it and its exit code is handed on.
exec "$lstm" "${arguments[@]}"
