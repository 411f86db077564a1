#!/usr/bin/env bash
# `make bench`: our own figures; with PEERS=1 also PyTorch's, Keras's and ONNX Runtime's on the same batches in turn.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { printf '%s\n' "$*" >&2; }

threads=${THREADS:-$(getconf _NPROCESSORS_ONLN)}
data=${DATA:-$root/Data/imdb.npz}
if [ ! -f "$data" ] && [ -z "${DATA:-}" ]; then "$root/Scripts/fetch-data.sh" || true; fi
if [ ! -f "$data" ]; then
  say "There is no $data to measure on: name an imdb.npz, as in make bench DATA=/path/to/imdb.npz"
  exit 66
fi
lstm=${LSTM:-$(swift build --package-path "$root" -c release --show-bin-path)/lstm}
"$lstm" benchmark --data "$data" --threads "$threads"
[ "${PEERS:-}" = 1 ] || exit 0

# Two environments, since a process should load only one of PyTorch and TensorFlow.
peers=()
environment() { # folder, requirements, names of the workers
  if [ ! -x "$1/bin/python" ]; then
    say "Installing $3 into $1"
    if ! { python3 -m venv "$1" && "$1/bin/pip" install --quiet -r "$2"; }; then
      rm -rf "$1"
      say "Could not be installed (no network?): $3 are left out."
      return
    fi
  fi
  for name in $3; do peers+=(--peer "$name=$1/bin/python"); done
}
environment "$root/.venv-torch" "$root/Scripts/peers/requirements-torch.txt" "torch"
environment "$root/.venv-tf" "$root/Scripts/peers/requirements-tf.txt" "keras onnx"
if [ ${#peers[@]} = 0 ]; then exit 0; fi
echo
exec python3 "$root/Scripts/bench.py" --lstm "$lstm" --data "$data" --threads "$threads" "${peers[@]}" \
  --json "$root/.build/bench.json"
