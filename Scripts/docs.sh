#!/usr/bin/env bash
# Builds the documentation of all libraries as a static site in .build-docs/site. A broken link is an error.
#
# HOSTING_PATH=swift-lstm makes the pages for https://HOST/swift-lstm/ (GitHub Pages).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

site=.build-docs/site
targets=(Classification Corpus Distribution Hyperparameters Models Parallel RecurrentNetwork Serving Training)
export DOCS=1
mkdir -p "$site"
swift package --scratch-path .build-docs --allow-writing-to-directory "$site" generate-documentation \
  --enable-experimental-combined-documentation "${targets[@]/#/--target=}" --output-path "$site" \
  --transform-for-static-hosting ${HOSTING_PATH:+--hosting-base-path "$HOSTING_PATH"} --warnings-as-errors
echo "$site: index.html; to read it, python3 -m http.server --directory $site"
