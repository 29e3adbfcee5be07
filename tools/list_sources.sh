#!/usr/bin/env bash
# Prints every C++ and C file of the checkout, each ended by a zero byte: those that git tracks and new ones
# that it does not ignore; outside git, all that lie in no build directory. For format and tidy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The checkout may belong to another user (a container, sudo): git is only asked to read.
git=(git -c safe.directory='*')
if [[ $("${git[@]}" rev-parse --show-prefix 2>/dev/null || echo "not ours") == "" ]]; then
  "${git[@]}" ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' '*.c' |
    while IFS= read -r -d '' file; do
      if [[ -e $file ]]; then printf '%s\0' "$file"; fi  # A removed file stays listed until the commit.
    done
else
  find . -type d \( -name 'build*' -o -name '.?*' \) -prune -o \( -name '*.h' -o -name '*.cc' -o -name '*.c' \) -printf '%P\0'
fi
