#!/usr/bin/env bash
# Builds thalweg on a fresh Debian 12 and shows it at work: an exchange on this machine, `thalweg live`
# that follows it over TLS and records, `thalweg top` watching the ring, a model in Python predicting
# from it, each a process of its own; and at the end the proof that a replay of the recording is the
# live run, bit for bit. Asks nothing, and may be run again.
#
#   bash tools/demo.sh                     set up, build into build/, show
#   bash tools/demo.sh PROGRAM [FOLDER]    only show, with a thalweg that you have built; what it
#                                          makes goes to FOLDER (default out/demo)
#
# On a terminal `thalweg top` has the screen until you press q, which ends the run; in a pipe there
# are a few pictures of it, with predictions between them, and it ends by itself.
#
# The exchange plays the real recording of BTCUSDT in $THALWEG_DATA (else ../shared/data beside the
# checkout) if it is there, else a synthetic market.
# $THALWEG_DEMO_SPEED: times the pace of the market (default 10). $THALWEG_DEMO_SECONDS: how long
# (default 60).
set -euo pipefail

# Paths that the user gave are meant from where the user is.
program=${1:+$(realpath "$1")}
folder=${2:+$(realpath --canonicalize-missing "$2")}
data=${THALWEG_DATA:+$(realpath --canonicalize-missing "$THALWEG_DATA")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${folder:-out/demo}
data=${data:-../shared/data}
speed=${THALWEG_DEMO_SPEED:-10}
seconds=${THALWEG_DEMO_SECONDS:-60}
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

# What an earlier demo made goes.
rm -rf "$folder/ca" "$folder/recording" "$folder/port"
mkdir -p "$folder"
real=("$data"/spot-btcusdt-2024-08-08/btcusdt_*.gz)
feed=(--seed 1 --symbols BTCUSDT)
if [[ -e ${real[0]} ]]; then
  feed=()
  for recording in "${real[@]}"; do feed+=(--recording "$recording"); done
fi

# What still runs is stopped, and the ring is taken away, however this ends.
exchange= live= model=
finish() {
  local process
  for process in $model $live $exchange; do kill "$process" 2>/dev/null || true; done
  wait
  "$program" top --clean "$ring" >/dev/null 2>&1 || true
}
trap finish EXIT
trap 'exit 130' INT TERM

# Waits until a command succeeds; fails with what a process said when it has ended before.
await() {
  local process=$1 log=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    kill -0 "$process" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.05
  done
}

say "An exchange on this machine, at $speed times the pace of its market"
"$program" exchange --make-ca "$folder/ca"
"$program" exchange "${feed[@]}" --speed "$speed" --port-file "$folder/port" \
  --tls --cert "$folder/ca/server.pem" --key "$folder/ca/server.key" \
  >"$folder/exchange.txt" 2>&1 &
exchange=$!
await "$exchange" "$folder/exchange.txt" test -s "$folder/port"
port=$(cat "$folder/port")

say "thalweg live follows it over TLS, publishes features, and records"
printf '%s live --symbols BTCUSDT --rest https://localhost:%s --ws wss://localhost:%s \\\n' \
  "$program" "$port" "$port"
printf '    --ca %s --ring %s --record %s\n' "$folder/ca/ca.pem" "$ring" "$folder/recording"
"$program" live --symbols BTCUSDT --rest "https://localhost:$port" --ws "wss://localhost:$port" \
  --ca "$folder/ca/ca.pem" --ring "$ring" --record "$folder/recording" --for "$seconds" \
  2>"$folder/live.txt" &
live=$!
await "$live" "$folder/live.txt" "$program" top "$ring" --once

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
  kill -TERM "$live" 2>/dev/null || true  # It ends well.
else
  for picture in 1 2 3; do
    say "What the ring holds (thalweg top $ring --once), picture $picture of 3"
    sleep "$(awk -v seconds="$seconds" 'BEGIN { print seconds / 5 }')"
    "$program" top "$ring" --once
    if [[ -n $model ]]; then
      echo
      echo "The model's newest predictions:"
      tail -3 "$folder/predictions.txt"
    fi
  done
  say "Waiting for the end of the run"
fi
wait "$live" || { cat "$folder/live.txt" >&2; exit 1; }
live=
if [[ -n $model ]]; then wait "$model" || true; model=; fi

say "What came out"
tail -5 "$folder/live.txt"
if [[ -n $python ]]; then
  echo "Predictions: $folder/predictions.txt, $(wc -l <"$folder/predictions.txt") lines; the last ones:"
  tail -3 "$folder/predictions.txt"
  cat "$folder/model.txt"
fi

say "Is a replay of the recording what the live run made? (thalweg verify)"
"$program" verify "$folder/recording"
