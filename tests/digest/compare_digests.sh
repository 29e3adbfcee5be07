#!/usr/bin/env bash
# Do all builds of digest_program print the same of the real recordings?
#
#   compare_digests.sh DATA PROGRAM...
#
# DATA is used when $THALWEG_DATA is not set. All programs play the first lines of every recording;
# those whose name does not end in O0 play every recording to its end, too.
# Exit status: 0 all agree, 1 they differ, 77 there are no recordings (skipped).
set -euo pipefail

readonly LINES_PLAYED=12000

data=${THALWEG_DATA:-$1}
shift
recordings=(spot-btcusdt-2024-08-08 spot-nexousdt-2024-07-23 usdm-btcusdt-2023-04-04
  usdm-ethusdt-2024-08-08 coinm-btcusd_perp-2024-08-08)
if [[ ! -f $data/reference-facts.json ]]; then
  echo "skipped: no real recordings at $data (set THALWEG_DATA)"
  exit 77
fi

# play PROGRAM LINES RECORDING. A program that stops early ends zcat, which is no error.
play() { "$1" "$2" < <(zcat "$data/$3"/*.gz 2>/dev/null); }

# compare LINES RECORDING PROGRAM...: all programs against the first.
compare() {
  local lines=$1 recording=$2 first=$3 expected printed
  shift 2
  expected=$(play "$first" "$lines" "$recording")
  if [[ $expected == *"records 0"$'\n'* ]]; then
    echo "$recording: ${first##*/} made no record" >&2
    return 1
  fi
  for program in "${@:2}"; do
    printed=$(play "$program" "$lines" "$recording")
    if [[ $printed != "$expected" ]]; then
      echo "$recording, lines $lines (0: all): ${program##*/} differs from ${first##*/}:" >&2
      diff <(echo "$expected") <(echo "$printed") >&2
      return 1
    fi
  done
  echo "$recording, lines $lines: ${expected%%$'\n'*} in $# builds"
}

optimised=()
for program in "$@"; do
  if [[ $program != *O0 ]]; then optimised+=("$program"); fi
done
for recording in "${recordings[@]}"; do
  compare "$LINES_PLAYED" "$recording" "$@"
  compare 0 "$recording" "${optimised[@]}"
done
