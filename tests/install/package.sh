#!/usr/bin/env bash
# The Debian package of the program that the tests were built with: it holds what it must, its unit is one that systemd takes, and its program starts.
# Nothing is installed: the package is unpacked into a folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

command -v cargo-deb >/dev/null || cargo install --locked --quiet --debug cargo-deb
rm -rf target/debian
docker/debian/build.sh "${WAYBILL_BINARY:-target/debug/waybill}"
deb=$(echo target/debian/waybill_*.deb)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dpkg-deb --extract "$deb" "$folder/root"
dpkg-deb --control "$deb" "$folder/control"

holds() { [ -e "$folder/root/$1" ] || { echo "FAULT $deb has no $1" >&2; exit 1; }; echo "ok: $1"; }
holds usr/bin/waybill
holds usr/lib/systemd/system/waybill.service
holds usr/share/waybill/prometheus/alerts.yml
holds usr/share/waybill/prometheus/recording.yml
holds usr/share/waybill/grafana/waybill.json
holds usr/share/doc/waybill/runbook.md
holds usr/share/bash-completion/completions/waybill
holds usr/share/zsh/vendor-completions/_waybill
holds usr/share/fish/vendor_completions.d/waybill.fish
holds usr/share/man/man1/waybill.1.gz
holds usr/share/man/man1/waybill-run.1.gz

for script in postinst postrm; do sh -n "$folder/control/$script"; done
bash -n "$folder/root/usr/share/bash-completion/completions/waybill"
echo "ok: its scripts can be read"

program=$folder/root/usr/bin/waybill
"$program" --version
"$program" init --systems magento "$folder/waybill.toml" >/dev/null
"$program" check --offline --config "$folder/waybill.toml"
echo "ok: its program starts, and takes the configuration that it writes"

# systemd looks for the program where the unit names it.
if command -v systemd-analyze >/dev/null; then
  unit=$(find "$folder/root" -name waybill.service)
  sed "s#^ExecStart=/usr/bin/waybill#ExecStart=$program#; s#^Documentation=.*##" "$unit" >"$folder/waybill.service"
  systemd-analyze verify "$folder/waybill.service"
  systemd-analyze security --offline=true --threshold=20 "$folder/waybill.service" | tail -n 1
fi
if command -v lintian >/dev/null; then
  # A package that is not part of Debian closes no bug there, and its maintainer is whoever builds it.
  lintian --fail-on error --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog "$deb"
fi
