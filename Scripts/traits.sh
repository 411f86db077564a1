#!/usr/bin/env bash
# Prints the options by which `swift build` and `swift test` take in every optional part whose library is here. Builds
# with other options build everything anew, so all take theirs from here.
set -euo pipefail

if pkg-config --exists hdf5-serial 2>/dev/null || pkg-config --exists hdf5 2>/dev/null; then
  echo "--traits HDF5"
fi
