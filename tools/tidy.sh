#!/usr/bin/env bash
# clang-tidy over every source of the library and the program, with the rules of .clang-tidy.
#
#   bash tools/tidy.sh              all of them; what passed before and is unchanged is not read again
#   bash tools/tidy.sh FILE.cc...   these
#
# Tests and benchmarks are not read: they are compiled with -Wall -Wextra -Wconversion -Werror by two
# compilers, and clang-tidy spends most of its time on what GoogleTest's macros become.
# Sources that include Boost are read when they are named: each takes minutes, and Boost's concepts
# want names of Boost's style.
# The preset dev-clang tells how each source is compiled.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export commands_dir=build-dev-clang
export passed_dir=$commands_dir/tidy-passed
cmake --preset dev-clang >/dev/null
mkdir -p "$passed_dir"

# A file's key is its text after the preprocessor, comments (NOLINT) included, with the rules.
tidy() {
  local file=$1 key
  key=$({ cat .clang-tidy; clang++ -std=c++20 -I. -Iinclude -E -C -P "$file"; } | sha256sum)
  key=$passed_dir/${key%% *}
  if [[ -e $key ]]; then return 0; fi
  echo "$file"
  clang-tidy -p "$commands_dir" --quiet "$file" 2>&1 |
    { grep -vE '^[0-9]+ warnings? (generated|treated)' || true; }
  touch "$key"
}
export -f tidy

if [[ $# != 0 ]]; then
  printf '%s\0' "$@"
else
  bash tools/list_sources.sh |
    grep -zE '^(core|feeds|book|features|pipeline|replay|tools)/.*\.cc$' |
    xargs -0 grep -LZ '#include <boost/'
fi | xargs -0 -P "${JOBS:-$(nproc)}" -I{} bash -c 'set -euo pipefail; tidy {}'
echo "clang-tidy: nothing to complain of"
