#!/usr/bin/env bash
# All checks and tests, on a fresh machine, in one command.
#
#   bash tools/test.sh             everything: format, three builds, clang-tidy, every test
#   bash tools/test.sh dev         one preset only: build it and run its tests (several may be named)
#   bash tools/test.sh format tidy the other two steps, by name
#
# Presets: dev (g++), asan (clang, with undefined), tsan (clang), and dev-clang, which is built only
# when it is named: the other two compile everything with clang, and the dev build compares digests of
# both compilers. See CMakePresets.json.
# Everything is built before anything is run, and then all tests run in one ctest, whose last lines
# count them all; a test's name begins with its preset. The first failure ends it.
#
# $THALWEG_DATA: where the real recordings are (else ../shared/data beside the checkout).
# $JOBS: how many compilers and tests at once (else one for each core).
set -eEuo pipefail

# Tests run in directories of their own: a relative path is meant from here.
if [[ -n ${THALWEG_DATA-} ]]; then
  THALWEG_DATA=$(realpath --canonicalize-missing "$THALWEG_DATA")
  export THALWEG_DATA
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

presets=()
steps=()
for word in "$@"; do
  case "$word" in
    dev | dev-clang | asan | tsan) presets+=("$word") ;;
    format | tidy) steps+=("$word") ;;
    *) echo "test: '$word' is no preset or step; these are: format dev dev-clang asan tsan tidy" >&2
       exit 2 ;;
  esac
done
if [[ $# == 0 ]]; then
  presets=(dev asan tsan)
  steps=(format tidy)
fi
jobs=${JOBS:-$(nproc)}

step=setup
say() { step=$1; printf '\n== %s (%d s since the start)\n' "$1" "$SECONDS"; }
trap 'echo "test: FAILED in: $step" >&2' ERR

wants() { [[ " ${steps[*]-} " == *" $1 "* ]]; }

say_where_the_recordings_are() {
  local data=${THALWEG_DATA:-../shared/data}
  if [[ -f $data/reference-facts.json ]]; then
    echo "Real recordings: $(realpath "$data")"
  else
    echo "Real recordings: none at $data (set THALWEG_DATA); tests that need them will skip"
  fi
}

check_format() {
  say "format"
  bash tools/list_sources.sh | xargs -0 clang-format --dry-run -Werror
  echo "every C++ file is formatted"
}

build() {
  say "build $1"
  local output
  output=$(cmake --preset "$1" 2>&1) || { echo "$output" >&2; return 1; }
  cmake --build --preset "$1" --parallel "$jobs"
}

# One list for ctest that takes in every preset's.
run_tests() {
  say "tests of ${presets[*]}"
  mkdir -p build-tests
  for preset in "${presets[@]}"; do
    echo "subdirs(\"$PWD/build-$preset\")"
  done >build-tests/CTestTestfile.cmake
  # A test counts as two, and one that mostly waits as one: see thalweg_add_test().
  ctest --test-dir build-tests --parallel "$((2 * jobs))" --timeout 600 --no-tests=error \
    --output-on-failure --stop-on-failure
}

say "setup"
bash tools/setup.sh
say_where_the_recordings_are
if wants format; then check_format; fi
for preset in ${presets[@]+"${presets[@]}"}; do build "$preset"; done
if wants tidy; then
  say "clang-tidy"
  python3 tools/tidy.py
fi
if [[ ${#presets[@]} != 0 ]]; then run_tests; fi
