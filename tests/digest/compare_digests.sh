#!/usr/bin/env bash
# Do programs print of the real recordings what expected.txt says, to the last bit?
#
#   compare_digests.sh DATA PROGRAM...        compares; DATA is used when $THALWEG_DATA is not set
#   compare_digests.sh DATA PROGRAM --write   writes expected.txt: for a change that is meant
#
# Every recording is played from beginning to end; where $THALWEG_TEST_PART is "short", its first lines.
# Exit status: 0 all agree, 1 they differ, 77 there are no recordings (skipped).
set -euo pipefail
shopt -s inherit_errexit

readonly FIRST_LINES=12000
readonly EXPECTED=${BASH_SOURCE[0]%/*}/expected.txt

data=${THALWEG_DATA:-$1}
shift
recordings=(spot-btcusdt-2024-08-08 spot-nexousdt-2024-07-23 usdm-btcusdt-2023-04-04
  usdm-ethusdt-2024-08-08 coinm-btcusd_perp-2024-08-08)
if [[ ! -f $data/reference-facts.json ]]; then
  echo "skipped: no real recordings at $data (set THALWEG_DATA)"
  exit 77
fi

# play PROGRAM RECORDING. A program that stops early ends zcat, which is no error.
play_first() { "$1" "$FIRST_LINES" < <(zcat "$data/$2"/*.gz 2>/dev/null) | head -1; }
play_whole() { "$1" 0 < <(zcat "$data/$2"/*.gz); }

# print PROGRAM: what expected.txt holds, a word of where each line is from before it.
print() {
  local recording
  for recording in "${recordings[@]}"; do
    play_first "$1" "$recording" | sed "s/^/$recording first /"
    if [[ ${THALWEG_TEST_PART-} == short ]]; then continue; fi
    play_whole "$1" "$recording" | sed "s/^/$recording whole /"
  done
}

if [[ ${2-} == --write ]]; then
  print "$1" >"$EXPECTED"
  exit
fi
expected=$(cat "$EXPECTED")
if [[ $expected != *" digest "* ]]; then
  echo "there are no digests in $EXPECTED" >&2
  exit 1
fi
if [[ ${THALWEG_TEST_PART-} == short ]]; then expected=$(grep ' first ' "$EXPECTED"); fi
for program in "$@"; do
  printed=$(print "$program")
  if [[ $printed != "$expected" ]]; then
    echo "$program prints other digests than are expected ($EXPECTED):" >&2
    diff <(echo "$expected") <(echo "$printed") >&2
    exit 1
  fi
  echo "${program##*/}: $(grep --count ' digest ' <<<"$printed") digests as expected"
done
