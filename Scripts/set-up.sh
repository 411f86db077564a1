#!/usr/bin/env bash
# Installs what the build needs and this machine lacks: libzip with its headers and pkg-config, through apt or
# Homebrew. Checks that Swift is there. Where nothing is missing it prints nothing and takes no time.
#
# It never waits for a password that nobody can type: without a terminal, sudo is asked only for what it grants at once.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# MARK: Swift

if ! command -v swift >/dev/null 2>&1; then
  say "error: Swift is missing: there is no \`swift\` on the PATH."
  if [ "$(uname -s)" = Darwin ]; then
    say "  Install Xcode 16.3 or newer, or the toolchain from https://www.swift.org/install/macos/."
  else
    say "  Get Swift 6.1 or newer from https://www.swift.org/install/linux/, put its usr/bin on the PATH, and try again."
  fi
  exit 1
fi

# MARK: libzip and pkg-config

has_pkg_config() { command -v pkg-config >/dev/null 2>&1; }
has_libzip() { has_pkg_config && pkg-config --exists libzip; }

if has_libzip; then exit 0; fi

# What to do with a libzip that stands in an unusual place.
say_own_libzip() {
  say "  If libzip is here already, say where its libzip.pc is: PKG_CONFIG_PATH=/path/to/lib/pkgconfig make ..."
}

# Ends with success if libzip can be found now.
finish() {
  if has_libzip; then
    say "libzip $(pkg-config --modversion libzip) is installed."
    exit 0
  fi
  say "error: $1 ended, but pkg-config still finds no libzip."
  say_own_libzip
  exit 1
}

if [ "$(uname -s)" = Darwin ] && command -v brew >/dev/null 2>&1; then
  say "libzip is missing (it reads the archives). Installing it with Homebrew: brew install libzip pkgconf"
  if ! brew install --quiet libzip pkgconf </dev/null >&2; then
    say "error: Homebrew could not install libzip; its reason stands above."
    say_own_libzip
    exit 1
  fi
  finish "Homebrew"
fi

if ! command -v apt-get >/dev/null 2>&1; then
  say "error: libzip with its headers is missing, and neither apt-get nor Homebrew is here to install it."
  if [ "$(uname -s)" = Darwin ]; then
    say "  Get Homebrew from https://brew.sh, then: brew install libzip pkgconf"
  else
    say "  Fedora, Amazon Linux: dnf install libzip-devel pkgconf-pkg-config"
    say "  Arch Linux:           pacman -S libzip pkgconf"
  fi
  say_own_libzip
  exit 1
fi

packages="libzip-dev"
if ! has_pkg_config; then packages="libzip-dev pkg-config"; fi

# Who may install: root, or sudo. `privileged` is put in front of a command, and is left to word splitting.
privileged="env DEBIAN_FRONTEND=noninteractive"
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    privileged="sudo -n $privileged"
  elif command -v sudo >/dev/null 2>&1 && [ -t 0 ] && [ -t 2 ]; then
    say "libzip is missing (it reads the archives). Installing $packages needs sudo, which may ask for your password."
    privileged="sudo $privileged"
  else
    say "error: missing: $packages (libzip reads the archives). Installing needs an administrator. Ask one to run:"
    say "    apt-get update && apt-get install $packages"
    say "  Then try again."
    say_own_libzip
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

say "libzip is missing (it reads the archives). Installing with apt: $packages"
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
    say_own_libzip
    exit 1
  fi
fi
finish "apt"
