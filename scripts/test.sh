#!/usr/bin/env bash
# Runs the checks and tests that are named, or all, and sums up. Ends with 1 if any failed.
# Usage: test.sh [fmt|clippy|doc|deny|test]…
set -uo pipefail
cd "$(dirname "$0")/.." || exit

export PATH="$PWD/target/tools/bin:$PATH"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
deny_version=0.20.2

step_fmt() { cargo fmt --all --check; }

# The first to compile; `doc` takes over its metadata of the dependencies, `test` its OpenSSL.
step_clippy() {
  cargo clippy --locked --all-targets -- -D warnings &&
    cargo clippy --locked -p ptree --all-targets --all-features -- -D warnings
}

step_doc() { RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items; }

# Tests of the tree and its sessions need the features that only they use.
step_test() { cargo test --locked -p ptree --all-features && cargo test --locked; }

step_deny() {
  install_deny || return
  cargo deny --locked check bans licenses sources || return
  if GIT_TERMINAL_PROMPT=0 timeout 60 cargo deny --locked fetch db >/dev/null 2>&1; then
    cargo deny --locked check --disable-fetch advisories
  else
    echo "The advisory database cannot be reached: known vulnerabilities are NOT checked here."
  fi
}

# Only checks manifests, so it is built for a short build, into the project's own directory.
install_deny() {
  cargo deny --version 2>/dev/null | grep -qF "$deny_version" && return
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_TARGET_DIR=target/tools/build \
    cargo install --quiet --locked --no-default-features --version "$deny_version" --root target/tools cargo-deny \
    2>&1 | grep -v 'add .* to your PATH'
  local status=${PIPESTATUS[0]}
  rm -rf target/tools/build
  return "$status"
}

[ $# -gt 0 ] || set -- fmt clippy doc deny test
failed=0
summary=''
for name in "$@"; do
  echo "== $name"
  started=$SECONDS
  if "step_$name"; then result=ok; else result=FAILED failed=1; fi
  summary+=$(printf '  %-8s %-8s %4d s' "$name" "$result" $((SECONDS - started)))$'\n'
done
printf '\nSummary\n%s' "$summary"
exit "$failed"
