#!/bin/bash
# Writes Tests/CorpusTests/Golden/*.tar.gz: the same few texts in each of GNU tar's formats, one under a name too long
# for a header's field. Made with GNU tar 1.34.
set -euo pipefail
golden="$(cd "$(dirname "$0")/../.." && pwd)/Tests/CorpusTests/Golden"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p train/pos train/neg "train/neg/$(printf 'd%.0s' {1..60})"
printf 'a good film' > train/pos/1.txt
printf 'bad' > train/neg/1.txt
printf 'so bad' > "train/neg/$(printf 'd%.0s' {1..60})/$(printf 'e%.0s' {1..60}).txt"
ln -s 1.txt train/pos/link.txt
for format in gnu pax ustar; do
  tar --format="$format" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - train \
    | gzip -9n > "$golden/$format.tar.gz"
done
