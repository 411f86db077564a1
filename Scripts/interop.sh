#!/usr/bin/env bash
# `make interop`: holds our model files against the real PyTorch, ONNX Runtime, numpy and Keras (on TensorFlow and on
# PyTorch), which it installs from PyPI. DATA=path/to/imdb.npz; PARTS="torch dicts onnx keras-tensorflow models", and
# keras-torch, which is left out by default: Keras needs minutes for a step there. models is the table of Keras's files.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

data=${DATA:-$root/Data/imdb.npz}
if [ ! -f "$data" ] && [ -z "${DATA:-}" ]; then "$root/Scripts/fetch-data.sh" || true; fi
if [ ! -f "$data" ]; then
  printf 'There is no %s to compare on: name an imdb.npz, as in make interop DATA=/path/to/imdb.npz\n' "$data" >&2
  exit 66
fi
lstm=${LSTM:-$root/.build/release/lstm}

# Two environments, since a process should load only one of PyTorch and TensorFlow.
"$root/Scripts/environment.sh" "$root/.venv-torch" "$root/Scripts/peers/requirements-torch.txt" || exit 69
"$root/Scripts/environment.sh" "$root/.venv-tf" "$root/Scripts/peers/requirements-tf.txt" || exit 69

failed=""
for part in ${PARTS:-torch dicts onnx keras-tensorflow models}; do
  case $part in
    torch | dicts | keras-torch) python=$root/.venv-torch/bin/python ;;
    onnx | keras-tensorflow | models) python=$root/.venv-tf/bin/python ;;
    *) printf 'There is no part %s.\n' "$part" >&2 && exit 64 ;;
  esac
  printf '\n'
  KERAS_BACKEND=${part#keras-} "$python" "$root/Scripts/interop/${part%%-*}_interop.py" --lstm "$lstm" --data "$data" ||
    failed="$failed $part"
done
if [ -n "$failed" ]; then
  printf '\nerror: differences over the limits:%s\n' "$failed" >&2
  exit 1
fi
