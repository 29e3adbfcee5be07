#!/usr/bin/env bash
# The ring's sources and headers, compiled for aarch64, whose memory orders are weaker than ours; and
# two threads on the slots, run under an emulator. Skips (exit 77) what is not installed:
# Debian's g++-aarch64-linux-gnu and qemu-user.
#
#   bash cross_build.sh CHECKOUT FOLDER
set -euo pipefail
checkout=$1
folder=$2

compiler=aarch64-linux-gnu-g++
if ! command -v "$compiler" >/dev/null; then
  echo "skipped: there is no $compiler (Debian: g++-aarch64-linux-gnu)"
  exit 77
fi
rm -rf "$folder"
mkdir -p "$folder"
warnings=(-Wall -Wextra -Wconversion -Werror)
# The libraries' headers are the same for every processor, and Debian's compiler finds them.
flags=(-O2 -ffp-contract=off "${warnings[@]}" -I "$checkout" -I "$checkout/include")

for source in "$checkout"/core/ring_*.cc; do
  "$compiler" -std=c++20 "${flags[@]}" -c "$source" -o "$folder/$(basename "$source" .cc).o"
  echo "compiled $(basename "$source")"
done
if [[ -e $checkout/include/thalweg/ring.h ]]; then
  echo '#include "thalweg/ring.h"' |
    aarch64-linux-gnu-gcc -std=c11 "${flags[@]}" -x c -c - -o "$folder/ring_header.o"
  echo "compiled thalweg/ring.h"
fi

"$compiler" -std=c++20 "${flags[@]}" -static -pthread \
  "$checkout/tests/core/ring_aarch64/two_threads.cc" -o "$folder/two_threads"
echo "compiled two_threads.cc"
if command -v qemu-aarch64 >/dev/null; then
  qemu-aarch64 "$folder/two_threads"
else
  echo "not run: there is no qemu-aarch64 (Debian: qemu-user)"
fi
