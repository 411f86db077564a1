#!/usr/bin/env bash
# Makes a Python environment with pinned packages, or brings one up to date: Scripts/environment.sh FOLDER REQUIREMENTS.
set -euo pipefail
folder=$1
requirements=$2
if [ -x "$folder/bin/python" ] && cmp -s "$requirements" "$folder/requirements.txt"; then exit 0; fi
printf 'Installing what %s names into %s\n' "$(basename "$requirements")" "$(basename "$folder")" >&2
if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"; }; then
  printf 'error: it could not be installed (no network?)\n' >&2
  rm -rf "$folder"
  exit 1
fi
cp "$requirements" "$folder/requirements.txt"
