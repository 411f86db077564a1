#!/usr/bin/env bash
# Fetches Keras's IMDB reviews into Data/: imdb.npz (17 MB) and imdb_word_index.json (2 MB).
#
# A file arrives under a name of its own (*.partial), and gets its real name only when its size and sum are right.
# A file that is there already is never touched. Exit codes:
#
#    0  both files are there and whole        14  the sum is wrong
#    2  wrong use                             15  more arrived than expected
#   10  no network                            16  neither curl nor wget is here
#   11  the server fell silent                17  the file that is there is another one
#   12  the server refused (HTTP error)       18  the file could not be written
#   13  the download was cut short
#
# Settings, for mirrors and tests: LSTM_DATA_ADDRESS (https, or http on this machine), LSTM_DATA_SIZE,
# LSTM_DATA_SHA256, LSTM_INDEX_SIZE, LSTM_INDEX_MD5, LSTM_DATA_CONNECT_SECONDS, LSTM_DATA_STALL_SECONDS.
set -euo pipefail

address=${LSTM_DATA_ADDRESS:-https://storage.googleapis.com/tensorflow/tf-keras-datasets}
connect_seconds=${LSTM_DATA_CONNECT_SECONDS:-5}
stall_seconds=${LSTM_DATA_STALL_SECONDS:-10}
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../Data" && pwd)

say() { printf '%s\n' "$*" >&2; }

# fail CODE MESSAGE...
fail() {
  local code=$1
  shift
  say "error: $*"
  exit "$code"
}

if [ $# -gt 0 ]; then
  fail 2 "fetch-data.sh takes no arguments; the head of the script tells its settings."
fi

# MARK: Where from

here='^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/[^@]*)?$'
if [[ $address =~ $here ]]; then
  curl_scope=(--proto '=http' --noproxy '*')
  wget_scope=(--no-proxy)
elif [[ $address == https://* ]]; then
  curl_scope=(--proto '=https')
  wget_scope=()
else
  fail 2 "LSTM_DATA_ADDRESS is '$address': only https, or http on this machine (127.0.0.1), is fetched."
fi
server=${address#*://}
server=${server%%/*}

# MARK: Sums and sizes

size() { wc -c <"$1" | tr -d ' '; }

# sum sha256|md5 FILE
sum() {
  case "$1" in
    sha256)
      if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$2"
      elif command -v shasum >/dev/null 2>&1; then shasum -a 256 <"$2"
      else openssl dgst -sha256 -r <"$2"; fi ;;
    md5)
      if command -v md5sum >/dev/null 2>&1; then md5sum <"$2"
      elif command -v md5 >/dev/null 2>&1; then md5 -q <"$2"
      else openssl dgst -md5 -r <"$2"; fi ;;
  esac | cut -d ' ' -f 1
}

# MARK: Downloading

partial=""
child=""
log=$(mktemp "${TMPDIR:-/tmp}/fetch-data.XXXXXX")
clean_up() {
  if [ -n "$child" ]; then
    kill "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  rm -f "$log" ${partial:+"$partial"}
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# capped SIZE PROGRAM ARGUMENTS... → what the program returns. It may write SIZE bytes into a file, rounded up to the
# next KiB. Past that its writes fail, also where the server tells no length. It runs beside this script, so that a
# signal ends both at once.
capped() {
  local status=0
  (
    trap '' XFSZ
    ulimit -f $(($1 / 1024 + 1))
    shift
    LC_ALL=C exec "$@"
  ) &
  child=$!
  wait "$child" || status=$?
  child=""
  return "$status"
}

# Both take URL, expected size and name; fill $partial; and end the script with one of the codes above if that fails.

with_curl() {
  local facts status=0 progress=--silent
  if [ -t 2 ]; then progress=--progress-bar; fi
  capped "$2" curl "$progress" "${curl_scope[@]}" --fail --location --max-redirs 3 \
    --proto-redir '=https' --connect-timeout "$connect_seconds" --speed-limit 1000 --speed-time "$stall_seconds" \
    --max-filesize "$2" --output "$partial" --write-out '%{http_code} %{time_connect}' "$1" >"$log" || status=$?
  facts=$(cat "$log")
  case "$status" in
    0) ;;
    5 | 6) fail 10 "no network: the address of $server could not be looked up." ;;
    7) fail 10 "no network: $server could not be reached." ;;
    28)
      case "$facts" in
        *" 0.000000") fail 10 "no network: $server did not answer within $connect_seconds seconds." ;;
        *) fail 11 "$server fell silent for $stall_seconds seconds while sending $3." ;;
      esac ;;
    35 | 51 | 58 | 60 | 77) fail 10 "no network: no trustworthy connection to $server (curl's error $status)." ;;
    22) fail 12 "$server refused to send $3: HTTP error ${facts%% *}." ;;
    1 | 47) fail 12 "$server sends $3 from elsewhere, by a way that is not followed (curl's error $status)." ;;
    18 | 52 | 55 | 56 | 92) fail 13 "the download of $3 was cut short after $(received) of $2 bytes." ;;
    63) fail 15 "$server offers more for $3 than the $2 bytes expected." ;;
    23) too_much "$2" "$3" ;;
    *) fail 13 "curl could not download $1: its error $status." ;;
  esac
}

with_wget() {
  local status=0 options=(-T "$stall_seconds")
  if wget --version 2>/dev/null | grep -q GNU; then
    options=(--tries=1 --connect-timeout="$connect_seconds" --dns-timeout="$connect_seconds"
      --read-timeout="$stall_seconds" --max-redirect=0 ${wget_scope[@]+"${wget_scope[@]}"})
  fi
  capped "$2" wget "${options[@]}" -O "$partial" "$1" >"$log" 2>&1 || status=$?
  if [ "$status" = 0 ]; then return; fi
  if [ "$(received)" -gt "$2" ]; then
    too_much "$2" "$3"
  elif grep -q -i 'ERROR [345]\|server returned error' "$log"; then
    fail 12 "$server refused to send $3: $(grep -i 'ERROR [345]\|server returned error' "$log" | tail -n 1)"
  elif grep -q -i 'redirection' "$log"; then
    fail 12 "$server sends $3 from elsewhere, by a way that is not followed."
  elif grep -q -i 'awaiting response.*timed out\|read error.*timed out\|download timed out' "$log"; then
    fail 11 "$server fell silent for $stall_seconds seconds while sending $3."
  elif [ "$(received)" -gt 0 ] || grep -q 'response\.\.\.' "$log"; then
    fail 13 "the download of $3 was cut short after $(received) of $2 bytes."
  elif [ "$status" = 3 ]; then
    too_much "$2" "$3"
  else
    fail 10 "no network: $server could not be reached (wget's error $status)."
  fi
}

received() { if [ -f "$partial" ]; then size "$partial"; else echo 0; fi; }

# A write failed: because the limit was reached, or because the disk is full or read-only.
too_much() {
  if [ "$(received)" -gt "$1" ]; then
    fail 15 "$server sent more for $2 than the $1 bytes expected."
  fi
  fail 18 "$folder/$2 could not be written. Is the disk full, or the folder not yours?"
}

# fetch NAME SIZE KIND SUM
fetch() {
  local name=$1 expected_size=$2 kind=$3 expected_sum=$4 file=$folder/$1
  if [ -e "$file" ]; then
    if [ "$(size "$file")" = "$expected_size" ] && [ "$(sum "$kind" "$file")" = "$expected_sum" ]; then
      say "Data/$name is there and whole."
      return
    fi
    fail 17 "$file is there, but is not Keras's file: $(size "$file") bytes where $expected_size are expected," \
      "or another $kind sum. It stays as it is; move it away to have it fetched."
  fi

  partial=$folder/$name.$$.partial
  if ! : 2>/dev/null >"$partial"; then
    fail 18 "$folder/$name could not be written. Is the folder yours?"
  fi
  say "Fetching $address/$name ($expected_size bytes)"
  if command -v curl >/dev/null 2>&1; then
    with_curl "$address/$name" "$expected_size" "$name"
  elif command -v wget >/dev/null 2>&1; then
    with_wget "$address/$name" "$expected_size" "$name"
  else
    fail 16 "neither curl nor wget is here to fetch with. Install one, or put the file at $file by hand."
  fi

  if [ "$(received)" -gt "$expected_size" ]; then
    too_much "$expected_size" "$name"
  elif [ "$(received)" -lt "$expected_size" ]; then
    fail 13 "the download of $name was cut short after $(received) of $expected_size bytes."
  elif [ "$(sum "$kind" "$partial")" != "$expected_sum" ]; then
    fail 14 "what $server sent for $name has the wrong $kind sum: $(sum "$kind" "$partial"), not $expected_sum."
  fi
  mv "$partial" "$file"
  partial=""
  say "Data/$name is whole ($kind checked)."
}

fetch imdb.npz "${LSTM_DATA_SIZE:-17464789}" sha256 \
  "${LSTM_DATA_SHA256:-69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f}"
fetch imdb_word_index.json "${LSTM_INDEX_SIZE:-1641221}" md5 \
  "${LSTM_INDEX_MD5:-bfafd718b763782e994055a2d397834f}"
