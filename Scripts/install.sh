#!/usr/bin/env bash
# Installs lstm, its completions for bash, zsh and fish, and its manual pages under $DESTDIR$PREFIX; --uninstall removes
# them.
#
# STATIC=1 links Swift's own libraries in, so that lstm runs where no Swift is. Under sudo, what was built is installed as
# it is: root builds nothing in your folder, and needs no Swift.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

prefix=${DESTDIR:-}${PREFIX:-/usr/local}
programs=$prefix/bin
manual=$prefix/share/man/man1
bash=$prefix/share/bash-completion/completions/lstm
zsh=$prefix/share/zsh/site-functions/_lstm
fish=$prefix/share/fish/vendor_completions.d/lstm.fish

if [ "${1:-}" = --uninstall ]; then
  rm -f "$programs/lstm" "$bash" "$zsh" "$fish" "$manual/lstm.1" "$manual"/lstm.*.1
  exit
fi

options=(-c release)
folder=.build/release
if [ "${STATIC:-}" = 1 ]; then
  options+=(--static-swift-stdlib --scratch-path .build-static)
  folder=.build-static/release
fi
# shellcheck disable=SC2207 # The options have no spaces.
options+=($(Scripts/traits.sh))
if [ -z "${SUDO_USER:-}" ] || [ ! -x "$folder/lstm" ]; then
  Scripts/set-up.sh
  swift build "${options[@]}" --product lstm
  swift build "${options[@]}" --product generate-manual
  folder=$(swift build "${options[@]}" --show-bin-path)
fi

install -d "$programs" "$manual" "$(dirname "$bash")" "$(dirname "$zsh")" "$(dirname "$fish")"
if [ "${STATIC:-}" = 1 ]; then strip -o "$programs/lstm" "$folder/lstm"; else cp "$folder/lstm" "$programs/lstm"; fi
chmod 755 "$programs/lstm"
"$programs/lstm" --generate-completion-script bash > "$bash"
"$programs/lstm" --generate-completion-script zsh > "$zsh"
"$programs/lstm" --generate-completion-script fish > "$fish"
if [ -x "$folder/generate-manual" ]; then
  "$folder/generate-manual" "$programs/lstm" --multi-page --output-directory "$manual"
else
  echo "The manual pages are left out, as what makes them isn't built: make install without sudo builds it."
fi
