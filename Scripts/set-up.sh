#!/usr/bin/env bash
# Installs what the build needs and this machine lacks: libzip with its headers and pkg-config, through apt or
# Homebrew. Checks that Swift is there. Where nothing is missing it prints nothing and takes no time.
#
# The libraries of the parts that are optional: `set-up.sh interop` also installs libhdf5, which reads Keras's files, and
# `set-up.sh mpi` Open MPI, which shares a run out over machines.
#
# It never waits for a password that nobody can type: without a terminal, sudo is asked only for what it grants at once.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [ -n "${1:-}" ]; then "${BASH_SOURCE[0]}"; fi
program=
if [ "${1:-}" = interop ]; then
  library=libhdf5 purpose="it reads Keras's files"
  modules="hdf5-serial hdf5"
  apt_package=libhdf5-dev brew_package=hdf5 dnf_package=hdf5-devel pacman_package=hdf5
elif [ "${1:-}" = mpi ]; then
  library=MPI purpose="it shares a run out over machines"
  modules="mpi-c ompi-c mpich"
  program=mpirun
  apt_package="libopenmpi-dev openmpi-bin" brew_package=open-mpi dnf_package=openmpi-devel pacman_package=openmpi
else
  library=libzip purpose="it reads the archives"
  modules=libzip
  apt_package=libzip-dev brew_package=libzip dnf_package=libzip-devel pacman_package=libzip
fi

# MARK: Swift

if ! command -v swift >/dev/null 2>&1; then
  say "error: Swift is missing: there is no \`swift\` on the PATH."
  if [ "$(uname -s)" = Darwin ]; then
    say "  Install Xcode 26 or newer, or the toolchain from https://www.swift.org/install/macos/."
  else
    say "  Get Swift 6.2 or newer from https://www.swift.org/install/linux/, put its usr/bin on the PATH, and try again."
  fi
  exit 1
fi

# MARK: The library and pkg-config

has_pkg_config() { command -v pkg-config >/dev/null 2>&1; }
# Prints the name by which pkg-config knows the library, if its program is there too.
module() {
  local name
  if [ -n "$program" ] && ! command -v "$program" >/dev/null 2>&1; then return 1; fi
  for name in $modules; do
    if has_pkg_config && pkg-config --exists "$name"; then
      echo "$name"
      return
    fi
  done
  return 1
}

if module >/dev/null; then exit 0; fi

# What to do with a library that stands in an unusual place.
say_own_library() {
  say "  If $library is here already, say where its ${modules##* }.pc is: PKG_CONFIG_PATH=/path/to/lib/pkgconfig make ..."
}

# Ends with success if the library can be found now.
finish() {
  local found
  if found=$(module); then
    say "$library $(pkg-config --modversion "$found") is installed."
    exit 0
  fi
  say "error: $1 ended, but pkg-config still finds no $library."
  say_own_library
  exit 1
}

if [ "$(uname -s)" = Darwin ] && command -v brew >/dev/null 2>&1; then
  say "$library is missing ($purpose). Installing it with Homebrew: brew install $brew_package pkgconf"
  if ! brew install --quiet $brew_package pkgconf </dev/null >&2; then
    say "error: Homebrew could not install $library; its reason stands above."
    say_own_library
    exit 1
  fi
  finish "Homebrew"
fi

if ! command -v apt-get >/dev/null 2>&1; then
  say "error: $library with its headers is missing, and neither apt-get nor Homebrew is here to install it."
  if [ "$(uname -s)" = Darwin ]; then
    say "  Get Homebrew from https://brew.sh, then: brew install $brew_package pkgconf"
  else
    say "  Fedora, Amazon Linux: dnf install $dnf_package pkgconf-pkg-config"
    say "  Arch Linux:           pacman -S $pacman_package pkgconf"
  fi
  say_own_library
  exit 1
fi

packages=$apt_package
if ! has_pkg_config; then packages="$apt_package pkg-config"; fi

# Who may install: root, or sudo. `privileged` is put in front of a command, and is left to word splitting.
privileged="env DEBIAN_FRONTEND=noninteractive"
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    privileged="sudo -n $privileged"
  elif command -v sudo >/dev/null 2>&1 && [ -t 0 ] && [ -t 2 ]; then
    say "$library is missing ($purpose). Installing $packages needs sudo, which may ask for your password."
    privileged="sudo $privileged"
  else
    say "error: missing: $packages ($purpose). Installing needs an administrator. Ask one to run:"
    say "    apt-get update && apt-get install $packages"
    say "  Then try again."
    say_own_library
    exit 1
  fi
fi

log=$(mktemp "${TMPDIR:-/tmp}/set-up.XXXXXX")
trap 'rm -f "$log"' EXIT

# Waits a minute for another apt, twenty seconds for a server, and for nobody at the keyboard.
apt() {
  # shellcheck disable=SC2086
  $privileged apt-get -y -qq -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1 \
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@" </dev/null >>"$log" 2>&1
}

say "$library is missing ($purpose). Installing with apt: $packages"
# shellcheck disable=SC2086
if ! apt install --no-install-recommends $packages; then
  # Usually the package lists are absent, as in a fresh container, or too old.
  say "apt does not have it yet. Updating its package lists and trying again."
  # shellcheck disable=SC2086
  if ! { apt update && apt install --no-install-recommends $packages; }; then
    say "error: apt could not install $packages. Its last words:"
    tail -n 8 "$log" | sed 's/^/    /' >&2
    say "  Mend that and try again in $root, or ask an administrator to run:"
    say "    apt-get update && apt-get install $packages"
    say_own_library
    exit 1
  fi
fi
finish "apt"
