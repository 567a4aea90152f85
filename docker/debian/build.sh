#!/usr/bin/env bash
# build.sh [PROGRAM]: the Debian package, under target/debian. Needs cargo-deb (`cargo install cargo-deb`). Without a program it builds one, optimised
# across crates.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

program=${1:-}
if [ -z "$program" ]; then
  cargo build --profile dist --locked --bin waybill
  program=${CARGO_TARGET_DIR:-target}/dist/waybill
fi

# What the program says of itself: made by it, so that they fit.
made=target/package
rm -rf $made && mkdir -p $made
for shell in bash zsh fish; do "$program" completions $shell >$made/waybill.$shell; done
"$program" man --out $made/man
gzip --best --no-name $made/man/*.1
printf 'waybill (%s) unstable; urgency=medium\n\n  * Built from the sources of this version.\n\n -- %s  %s\n' \
  "$("$program" --version | cut -d' ' -f2)-1" "Waybill <waybill@localhost>" "$(date --utc --date="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" -R)" >$made/changelog

install --mode=755 "$program" $made/waybill
strip --strip-unneeded $made/waybill
cargo deb --no-build
