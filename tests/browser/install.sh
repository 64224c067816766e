#!/usr/bin/env bash
# Installs Debian's Chromium and a font, for the tests only. Idempotent; half a minute from nothing.
set -euo pipefail

packages=(chromium fonts-liberation)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "install.sh: needs Debian and root for: ${missing[*]}; the tests are skipped without a Chromium" >&2
    exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}"
