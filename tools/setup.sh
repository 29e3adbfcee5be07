#!/usr/bin/env bash
# Installs what thalweg needs from Debian's packages. Asks nothing; does nothing when all is there.
#
#   bash tools/setup.sh         everything: building, all checks, all tests
#   bash tools/setup.sh build   what a release build and the program need
#
# THALWEG_SKIP_SETUP=1 skips it: for systems without apt, where you have installed the same things.
set -euo pipefail

for_building=(
  g++ cmake ninja-build ccache
  libabsl-dev libsimdjson-dev libzstd-dev zlib1g-dev libxxhash-dev libcli11-dev libncurses-dev
  libtomlplusplus-dev libboost1.81-dev libssl-dev libconcurrentqueue-dev
  zstd python3 python3-numpy
)
for_testing=(
  clang clang-format clang-tidy libclang-rt-14-dev llvm git
  libgtest-dev libgmock-dev libbenchmark-dev curl
  nlohmann-json3-dev rapidjson-dev
  python3-pytest python3-pandas mypy
  relacy-dev libreaderwriterqueue-dev
)

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

is_installed() {
  [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

case "${1-all}" in
  all) wanted=("${for_building[@]}" "${for_testing[@]}") ;;
  build) wanted=("${for_building[@]}") ;;
  *) fail "unknown mode '$1'; say 'build', or nothing for everything" ;;
esac

if [[ ${THALWEG_SKIP_SETUP-} == 1 ]]; then
  say "skipped, as THALWEG_SKIP_SETUP=1 asks"
  exit 0
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  fail "this system has no apt. Install these (Debian's names) with its own package manager:
    ${wanted[*]}
  and then run the same command again with THALWEG_SKIP_SETUP=1 before it."
fi

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} == 0 ]]; then
  say "all ${#wanted[@]} packages are installed"
  exit 0
fi

as_root=()
if [[ $(id -u) != 0 ]]; then
  # Without -n sudo would ask for a password.
  sudo -n true 2>/dev/null || fail "these packages are missing: ${missing[*]}
  and installing them needs root, or sudo without a password. Run as root:
  apt-get install ${missing[*]}"
  as_root=(sudo -n)
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get --quiet --option Acquire::Retries=3 --option Dpkg::Use-Pty=0 "$@"
}

say "installing ${#missing[@]} of ${#wanted[@]} packages: ${missing[*]}"
# Lists that cannot be refreshed (no network) may still do, if the packages are at hand.
apt update || say "the package lists could not be refreshed; trying with those that are here"
if ! apt install --yes --no-install-recommends "${missing[@]}"; then
  for package in "${missing[@]}"; do
    if ! is_installed "$package"; then
      apt-cache show "$package" >/dev/null 2>&1 && why="not installed" || why="not in your package sources"
      echo "setup: $package: $why" >&2
    fi
  done
  fail "apt could not install everything (its reason is above). thalweg is built on Debian 12; on
  another release a package may have another name: install its equivalent and run the same command
  again with THALWEG_SKIP_SETUP=1 before it."
fi
say "done"
