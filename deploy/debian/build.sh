#!/usr/bin/env bash
# Builds a Debian package of a built program. Usage: build.sh PROGRAM DIRECTORY
# Prints the path of the package. For the machine's own architecture, because the program prints its manual pages.
set -euo pipefail

[ $# -eq 2 ] || { echo "Usage: build.sh PROGRAM DIRECTORY" >&2 && exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
program=$1 directory=$2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"

"$here/../stage.sh" "$here/layout" "$tree" "$program"
gzip -9n "$tree"/usr/share/man/man1/*

version=$("$program" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)
size=$(du -sk "$tree" | cut -f1)
install -d -m 755 "$tree/DEBIAN"
sed "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$size/" "$here/control" >"$tree/DEBIAN/control"
install -m 644 "$here/conffiles" "$tree/DEBIAN/"
install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$tree/DEBIAN/"

package=$directory/hockeypuck_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$tree" "$package" >&2
echo "$package"
