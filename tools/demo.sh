#!/usr/bin/env bash
# Builds thalweg on a fresh Debian 12 and shows it at work: a recorded feed replayed at ten times its
# pace into a ring, `thalweg top` watching the ring, and a model in Python predicting from it, each a
# process of its own. Asks nothing, and may be run again.
#
#   bash tools/demo.sh                     set up, build into build/, replay, show
#   bash tools/demo.sh PROGRAM [FOLDER]    only replay and show, with a thalweg that you have built;
#                                          what it makes goes to FOLDER (default out/demo)
#
# On a terminal `thalweg top` has the screen until you press q, which ends the replay too; in a pipe
# there are a few pictures of it, with predictions between them, and it ends by itself.
#
# The recording is the real one of BTCUSDT in $THALWEG_DATA (else ../shared/data beside the
# checkout) if it is there, else ten minutes of a synthetic market, which it makes.
# $THALWEG_DEMO_SPEED: times the pace of the market (default 10).
set -euo pipefail

# Paths that the user gave are meant from where the user is.
program=${1:+$(realpath "$1")}
folder=${2:+$(realpath --canonicalize-missing "$2")}
data=${THALWEG_DATA:+$(realpath --canonicalize-missing "$THALWEG_DATA")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${folder:-out/demo}
data=${data:-../shared/data}
speed=${THALWEG_DEMO_SPEED:-10}
# A name of its own: several demos may run side by side.
ring=demo-$$

say() { printf '\n== %s\n' "$*"; }

if [[ -z $program ]]; then
  say "Installing what is missing"
  bash tools/setup.sh build
  say "Building (Release, into build/)"
  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
  cmake --build build --target thalweg
  program=build/tools/thalweg
fi
[[ -x $program ]] || { echo "demo: $program is no program" >&2; exit 2; }

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

# What still runs is stopped, and the ring is taken away, however this ends.
replay= model=
finish() {
  local process
  for process in $model $replay; do kill "$process" 2>/dev/null || true; done
  wait
  "$program" top --clean "$ring" >/dev/null 2>&1 || true
}
trap finish EXIT
trap 'exit 130' INT TERM

say "Replaying at $speed times its pace into the ring $ring"
printf '%s replay \\\n' "$program"
printf '    %s \\\n' "${recordings[@]}"
printf '    --ring %s --speed %s\n' "$ring" "$speed"
"$program" replay "${recordings[@]}" --ring "$ring" --speed "$speed" 2>"$folder/replay.txt" &
replay=$!
until "$program" top "$ring" --once >/dev/null 2>&1; do
  kill -0 "$replay" 2>/dev/null || { cat "$folder/replay.txt" >&2; exit 1; }
  sleep 0.05
done

say "A model in Python reads it in a process of its own"
python=
for candidate in /usr/bin/python3 python3; do
  if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; break; fi
done
if [[ -n $python ]]; then
  printf 'PYTHONPATH=python %s examples/ring_inference.py %s\n' "$python" "$ring"
  PYTHONPATH=python "$python" examples/ring_inference.py "$ring" --start oldest \
    >"$folder/predictions.txt" 2>"$folder/model.txt" &
  model=$!
else
  echo "(left out: no python3 with numpy here; Debian's package is python3-numpy)"
  : >"$folder/predictions.txt"
fi

if [[ -t 1 ]]; then
  "$program" top "$ring" || true
  kill -TERM "$replay" 2>/dev/null || true  # It closes its rings well.
  wait "$replay" || true
  replay=
  if [[ -n $model ]]; then wait "$model" || true; model=; fi
else
  for picture in 1 2 3; do
    say "What the ring holds (thalweg top $ring --once), picture $picture of 3"
    sleep "$(awk -v speed="$speed" 'BEGIN { print 100 / speed }')"
    "$program" top "$ring" --once
    if [[ -n $model ]]; then
      echo
      echo "The model's newest predictions:"
      tail -3 "$folder/predictions.txt"
    fi
  done
  say "Waiting for the end of the recording"
  wait "$replay" || { cat "$folder/replay.txt" >&2; exit 1; }
  replay=
  if [[ -n $model ]]; then wait "$model"; model=; fi
fi

say "What came out"
cat "$folder/replay.txt"
if [[ -n $python ]]; then
  echo "Predictions: $folder/predictions.txt, $(wc -l <"$folder/predictions.txt") lines; the last ones:"
  tail -3 "$folder/predictions.txt"
  cat "$folder/model.txt"
fi
