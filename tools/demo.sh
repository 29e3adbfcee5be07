#!/usr/bin/env bash
# Builds thalweg on a fresh Debian 12 and shows what it makes of a feed. Asks nothing, ends
# by itself, and may be run again: what is installed and built stays.
#
#   bash tools/demo.sh                     set up, build into build/, replay, show
#   bash tools/demo.sh PROGRAM [FOLDER]    only replay and show, with a thalweg that you have built;
#                                          the CSV files go to FOLDER (default out/demo)
#
# The recording is the real one of BTCUSDT in $THALWEG_DATA (else ../shared/data beside the
# checkout) if it is there, else ten minutes of a synthetic market, which it makes.
set -euo pipefail

# Paths that the user gave are meant from where the user is.
program=${1:+$(realpath "$1")}
folder=${2:+$(realpath --canonicalize-missing "$2")}
data=${THALWEG_DATA:+$(realpath --canonicalize-missing "$THALWEG_DATA")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${folder:-out/demo}
data=${data:-../shared/data}

say() { printf '\n== %s\n' "$*"; }

if [[ -z $program ]]; then
  say "Installing what is missing"
  bash tools/setup.sh build
  say "Building (Release, into build/)"
  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
  cmake --build build --target thalweg
  program=build/tools/thalweg
fi

mkdir -p "$folder"
real=("$data"/spot-btcusdt-2024-08-08/btcusdt_*.gz)
if [[ -e ${real[0]} ]]; then
  recordings=("${real[@]}")
else
  recordings=("$folder/demo-market.zst")
  say "Making ten minutes of a synthetic market (docs/MARKET.md)"
  rm -f "${recordings[0]}"  # Of an earlier demo: recordings are never replaced.
  "$program" market --seconds 600 --out "${recordings[0]}"
fi

replay=("$program" replay "${recordings[@]}" --emit 1000ms
        --out "$folder/features.csv" --ladders "$folder/ladders.csv")
say "Replaying"
printf '%s replay \\\n' "$program"
printf '    %s \\\n' "${recordings[@]}"
printf '    --emit 1000ms \\\n'
printf '    --out %s --ladders %s\n' "$folder/features.csv" "$folder/ladders.csv"
"${replay[@]}"

say "What came out"
awk -v step=30 -f tools/demo_table.awk "$folder/features.csv" "$folder/ladders.csv"

say "Where it lies"
for table in features ladders; do
  printf '%s: %d rows of %d columns\n' "$folder/$table.csv" \
    "$(($(wc -l <"$folder/$table.csv") - 1))" "$(head -1 "$folder/$table.csv" | tr ',' '\n' | wc -l)"
done
echo "Every column: $program schema, or docs/FEATURES.md"
