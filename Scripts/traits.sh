#!/usr/bin/env bash
# Prints the options by which `swift build` and `swift test` take in every optional part whose library is here, and with
# MPI=1 and SERVE=1 those that want to be asked for. Builds with other options build everything anew, so all take theirs
# from here. (libzip is one of the package's defaults, which must be named beside others.)
set -euo pipefail

traits=
if pkg-config --exists hdf5-serial 2>/dev/null || pkg-config --exists hdf5 2>/dev/null; then
  traits=HDF5
fi
if [ "${MPI:-}" = 1 ]; then traits=${traits:+$traits,}MPI; fi
if [ "${SERVE:-}" = 1 ]; then traits=${traits:+$traits,}Serve; fi
if [ -n "$traits" ]; then echo "--traits default,$traits"; fi
