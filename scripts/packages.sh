#!/usr/bin/env bash
# Installs through apt what this machine lacks. Usage: packages.sh build|test
# Does nothing where everything is there; no service is left running.
set -euo pipefail
cd "$(dirname "$0")/.."

has() { command -v "$1" >/dev/null; }
has_file() { compgen -G "$1" >/dev/null; }

# Prints the packages that a build lacks. libclang only generates OpenSSL's bindings; nothing is compiled with it.
lacking_for_build() {
  has cc || echo gcc libc6-dev
  has make || echo make
  has perl || echo perl
  has_libclang || libclang_packages
}

has_libclang() {
  [ -n "${LIBCLANG_PATH:-}" ] && return
  has_file '/usr/lib/llvm-*/lib/libclang*.so*' && has_file '/usr/lib/llvm-*/lib/clang/*/include/stddef.h' && return
  has_file '/usr/lib*/libclang.so*' # other distributions
}

# The library and its headers, in the version of this release; libclang-dev would bring 200 MB more.
libclang_packages() {
  local version
  version=$(apt-cache depends libclang-dev 2>/dev/null | sed -n 's/.*Depends: libclang-\([0-9]*\)-dev$/\1/p')
  if [ -n "$version" ] && apt-cache show "libclang1-$version" "libclang-common-$version-dev" >/dev/null 2>&1; then
    echo "libclang1-$version" "libclang-common-$version-dev"
  else
    echo libclang-dev
  fi
}

lacking_for_test() {
  has curl || echo curl
  has openssl || echo openssl
  has gpg || echo gnupg
  has dirmngr || echo dirmngr
  has sq || echo sq
  has sks || echo sks
  has pgrep || echo procps
  has groff || echo groff-base
  has systemd-analyze || echo systemd
  has dpkg-deb || echo dpkg
  /usr/bin/python3 -c 'import gnupg' 2>/dev/null || echo python3 python3-gnupg
  [ -e /usr/share/keyrings/debian-keyring.gpg ] || echo debian-keyring
  has_file '/usr/lib/postgresql/*/bin/postgres' || echo postgresql
  has promtool || ! apt-cache show promtool >/dev/null 2>&1 || echo promtool
}

root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

apt() { root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null; }

# Ends with one sentence that says what to do by hand.
need_apt() {
  local problem=
  has apt-get || problem='this is not Debian or Ubuntu'
  [ "$(id -u)" -eq 0 ] || has sudo || problem='you are not root, and there is no sudo'
  [ -z "$problem" ] && return
  echo "Packages are missing and cannot be installed here ($problem). Please install: $*" >&2
  exit 1
}

install_packages() {
  echo "Installing: $*"
  apt install --no-install-recommends -y "$@"
}

# The package would otherwise create and start a database cluster of its own.
without_cluster() {
  has_file /etc/postgresql-common/createcluster.conf || install_packages postgresql-common
  root sed -i 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
}

# Prometheus' package starts a server of its own: only the programs are taken out of it. Newer releases have
# promtool in a package by itself.
take_prometheus() {
  local directory program
  directory=$(mktemp -d)
  (cd "$directory" && apt-get -q download prometheus && dpkg-deb -x prometheus_*.deb .)
  mkdir -p target/tools/bin
  for program in prometheus promtool; do
    [ ! -e "$directory/usr/bin/$program" ] || mv "$directory/usr/bin/$program" target/tools/bin/
  done
  rm -rf "$directory"
}

needs_prometheus() { [ "$1" = test ] && ! { has_tool prometheus && has_tool promtool; }; }

has_tool() { has "$1" || [ -x "target/tools/bin/$1" ]; }

lacking() { "lacking_for_$1" | tr ' ' '\n'; }

main() {
  has cargo || { echo "Rust is missing. Please install rustup, and with it the stable toolchain." >&2 && exit 1; }
  mapfile -t packages < <(lacking "$1")
  if [ ${#packages[@]} -eq 0 ] && ! needs_prometheus "$1"; then
    return
  fi
  need_apt "${packages[@]:-prometheus}"
  apt update
  # The names of some packages depend on the lists just fetched.
  mapfile -t packages < <(lacking "$1")
  case " ${packages[*]} " in *" postgresql "*) without_cluster ;; esac
  [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
  ! needs_prometheus "$1" || take_prometheus
}

case "${1:-}" in
  build | test) main "$1" ;;
  *) echo "Usage: packages.sh build|test" >&2 && exit 2 ;;
esac
