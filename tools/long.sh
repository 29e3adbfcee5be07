#!/usr/bin/env bash
# Long runs: hours of what CI does for seconds. Each prints a table at its end, and exits 1 when
# something failed.
#
#   bash tools/long.sh                 lists them
#   bash tools/long.sh NAME [COUNT]    runs one; the list says what is counted
#
# Fuzzers that were stopped go on where they were. What runs make lies in build directories.
#
# $JOBS: how many processes at once (else one for each core).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=${JOBS:-$(nproc)}

# One function each, run_NAME, which is given the words after the name; and here what it does.
declare -A about=(
  [fuzz]="every fuzz target, sanitized, COUNT executions each (default 100,000,000)"
  [ring]="COUNT validated reads (default 1,000,000,000) of a ring by 1 process and by 3; memory orders"
  [kills]="a recorder killed COUNT times (default 1,000) into one folder: what is lost, what is whole"
  [storm]="COUNT storms (default 50) of faults against a live run, each of another seed and a minute long"
  [mass-cut]="200 symbols cut off at once, COUNT times shorter windows (default 1: the real ones, 8 minutes)"
  [changeovers]="COUNT planned change-overs (default 100) with one leg and with two: gaps, records missing"
  [soak]="COUNT seconds (default 3,600) of 20 symbols, 24 times as fast, with faults: memory, files, allocations"
  [pace]="COUNT seconds (default 600) of 20 symbols at the real pace, without faults: CPU, memory, latency"
  [market]="COUNT seconds (default 86,400) of a synthetic market: the engine's book after every event"
)

say() { printf '\n== %s (%d s since the start)\n' "$1" "$SECONDS"; }
fail() { echo "long: $*" >&2; exit 2; }

# The first word as a positive count, or the default; fails for anything else.
count_of() {
  local default=$1 word=${2-}
  word=${word//[,_]/}
  [[ ${word:-$default} =~ ^[1-9][0-9]{0,14}$ ]] || fail "'$2' is no count (1 to 15 digits)"
  echo "${word:-$default}"
}

build() {
  local preset=$1 target=$2 output
  say "build $target ($preset)"
  bash tools/setup.sh
  output=$(cmake --preset "$preset" 2>&1) || { echo "$output" >&2; return 1; }
  cmake --build --preset "$preset" --parallel "$jobs" --target "$target"
}

# --- fuzz -------------------------------------------------------------------------------------------

export fuzz_programs=build-asan/tests/fuzz
export fuzz_state=build-asan/fuzz
# Executions between two notes of how far it is: what a stopped run loses.
export fuzz_step=1000000

# The number in a file; 0 without one.
number_in() { cat "$1" 2>/dev/null || echo 0; }

# Fuzzes one target up to a number of executions. It ends earlier when an input fails.
fuzz_target() {
  local target=$1 wanted=$2 program=$fuzz_programs/fuzz_$1 folder=$fuzz_state/$1
  local hash executions seconds step start input
  mkdir -p "$folder/found"
  # Executions count for the program that made them. The inputs are worth keeping for the next one;
  # those that failed too, until they pass.
  hash=$(sha256sum <"$program")
  if [[ $(cat "$folder/program" 2>/dev/null) != "$hash" ]]; then
    rm -f "$folder/executions" "$folder/seconds"
    echo "$hash" >"$folder/program"
    for input in "$folder/found/"*; do
      if [[ -e $input ]] && "$program" "$input" >"$folder/log" 2>&1; then rm "$input"; fi
    done
  fi
  executions=$(number_in "$folder/executions")
  seconds=$(number_in "$folder/seconds")
  while ((executions < wanted)) && [[ -z $(ls "$folder/found") ]]; do
    step=$((wanted - executions < fuzz_step ? wanted - executions : fuzz_step))
    start=$SECONDS
    bash tests/fuzz/run_fuzzer.sh resume "$program" "tests/fuzz/corpus/$target" "$folder" \
      "$step" "$((executions + 1))" >"$folder/log" 2>&1 || true
    # Of a run that failed, too: it says how many there were.
    step=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log")
    executions=$((executions + ${step:-0}))
    seconds=$((seconds + SECONDS - start))
    echo "$executions" >"$folder/executions"
    echo "$seconds" >"$folder/seconds"
    if [[ -z $step ]]; then
      echo "fuzz: $target did not run; its last words:" >&2
      tail -5 "$folder/log" >&2
      return 1
    fi
    echo "fuzz: $target: $executions of $wanted"
  done
}
export -f number_in fuzz_target

run_fuzz() {
  local wanted targets target executions seconds found failed=0
  wanted=$(count_of 100000000 "${1-}")
  build asan fuzzers
  mapfile -t targets <"$fuzz_programs/targets.txt"
  say "fuzz ${#targets[@]} targets, $wanted executions each, $jobs at once"
  # Sanitizers of clang 14 do not like every address layout (cmake/thalweg_target.cmake).
  local launcher=()
  if setarch -R true 2>/dev/null; then launcher=(setarch -R); fi
  printf '%s\0' "${targets[@]}" |
    "${launcher[@]}" xargs -0 -P "$jobs" -I{} \
      bash -c 'set -euo pipefail; fuzz_target "$1" "$2"' fuzz {} "$wanted" || failed=1

  say "fuzz: what came out"
  printf '%-18s %15s %10s %8s\n' target executions exec/s crashes
  for target in "${targets[@]}"; do
    executions=$(number_in "$fuzz_state/$target/executions")
    seconds=$(number_in "$fuzz_state/$target/seconds")
    found=$(find "$fuzz_state/$target/found" -type f | wc -l)
    printf '%-18s %15d %10d %8d\n' "$target" "$executions" \
      "$((executions / (seconds > 0 ? seconds : 1)))" "$found"
    if ((found > 0)); then failed=1; fi
  done
  if ((failed)); then
    echo "fuzz: FAILED; inputs that fail lie in $fuzz_state/TARGET/found" >&2
    return 1
  fi
}

# --- market -----------------------------------------------------------------------------------------

# The oracle takes a hundred times longer than the engine.
market_oracle_seconds=3600

run_market() {
  local seconds oracle_seconds folder=build-dev/market program=build-dev/tools/thalweg
  seconds=$(count_of 86400 "${1-}")
  oracle_seconds=$((seconds < market_oracle_seconds ? seconds : market_oracle_seconds))
  build dev thalweg
  build dev market_test
  build dev market_oracle_test

  say "market: $seconds s, the engine's book against the true one after every event"
  THALWEG_MARKET_SECONDS=$seconds build-dev/tests/replay/market_test \
    --gtest_filter='*TheEnginesBookIsTheMarketsAtEveryEvent'
  say "market: $oracle_seconds s in every regime, every record against the oracle's"
  THALWEG_MARKET_SECONDS=$oracle_seconds build-dev/tests/replay/market_oracle_test

  say "market: $seconds s written, replayed, and the last book compared"
  rm -rf "$folder"
  mkdir -p "$folder"
  "$program" market --seconds "$seconds" --levels 4000 --snapshot-limit 5000 \
    --final-book "$folder/true.txt" --out "$folder/market.zst"
  "$program" replay "$folder/market.zst" --strict --digest --final-book "$folder/engine.txt"
  cmp "$folder/true.txt" "$folder/engine.txt"
  echo "market: $(wc -l <"$folder/true.txt") levels are equal," \
    "$(stat -c %s "$folder/market.zst") bytes were stored"
  rm -rf "$folder"
}

# --- ring -------------------------------------------------------------------------------------------

# Random schedules for each model of a ring; fewer when fewer reads are asked for.
ring_schedules_max=10000000

run_ring() {
  local reads schedules tests=build-dev/tests/core folder=build-dev/ring failed=0
  reads=$(count_of 1000000000 "${1-}")
  schedules=$((reads / 100 < ring_schedules_max ? reads / 100 + 1 : ring_schedules_max))
  build dev ring_stress_test
  build dev ring_model_test
  mkdir -p "$folder"

  say "ring: $reads records read and checked, by 1 process, then by 3"
  THALWEG_RING_STRESS_READS=$reads "$tests/ring_stress_test" >"$folder/stress.log" || failed=1
  say "ring: memory orders, $schedules random schedules a model, and every schedule of small ones"
  THALWEG_RING_MODEL_SCHEDULES=$schedules "$tests/ring_model_test" >"$folder/model.log" || failed=1

  say "ring: what came out"
  grep -hE '^[0-9]+ readers: |^reader [0-9]+: ' "$folder/stress.log" || true
  grep -hE '^(\[ RUN|full search|random|caught|at random)' "$folder/model.log" |
    sed -E 's/^\[ RUN +\] /\n/; s/^(full|random|caught|at)/  \1/'
  if ((failed)); then
    grep -h -A8 'Failure$' "$folder"/*.log >&2 || true
    echo "ring: FAILED; all that was said lies in $folder" >&2
    return 1
  fi
}

# --- storm, mass-cut, changeovers, soak, pace --------------------------------------------------------

run_storm() {
  local storms seed failed=0 folder=build-dev/storm
  storms=$(count_of 50 "${1-}")
  build dev thalweg
  mkdir -p "$folder"
  say "storm: $storms seeds"
  for ((seed = 1; seed <= storms; ++seed)); do
    if python3 -B tests/exchange/live_parity_test.py --thalweg build-dev/tools/thalweg --source . \
      --case storm --seed "$seed" --seconds 60 --symbols 8 >"$folder/$seed.log" 2>&1; then
      echo "seed $seed: $(head -1 "$folder/$seed.log")"
    else
      echo "seed $seed: FAILED; what was said lies in $folder/$seed.log" >&2
      failed=1
    fi
  done
  return "$failed"
}

run_mass-cut() {
  local scale
  scale=$(count_of 1 "${1-}")
  build release thalweg
  say "mass cut: windows $scale times shorter than the real ones"
  python3 -B tests/exchange/live_mass_cut_test.py --thalweg build-release/tools/thalweg \
    --scale "$scale" --alone
}

run_changeovers() {
  local count
  count=$(count_of 100 "${1-}")
  build dev thalweg
  say "change-overs: $count with one leg, $count with two"
  python3 -B tests/exchange/live_parity_test.py --thalweg build-dev/tools/thalweg --source . \
    --case changeovers --count "$count"
}

# In percent of BTCUSDT's rates: at 24 times the real pace two cores are enough for both programs.
soak_activity=20

run_soak() {
  local seconds
  seconds=$(count_of 3600 "${1-}")
  build dev thalweg_allocation_watch
  build release thalweg
  say "soak: $seconds s"
  /usr/bin/python3 -B tests/exchange/live_soak_test.py --thalweg build-release/tools/thalweg \
    --python python --seconds "$seconds" --speed 24 --activity "$soak_activity" --fault-every 3 \
    --allocation-watch build-dev/tests/exchange/libthalweg_allocation_watch.so
}

run_pace() {
  local seconds
  seconds=$(count_of 600 "${1-}")
  build release thalweg
  say "pace: $seconds s"
  /usr/bin/python3 -B tests/exchange/live_soak_test.py --thalweg build-release/tools/thalweg \
    --python python --seconds "$seconds"
}

# --- kills ------------------------------------------------------------------------------------------

run_kills() {
  local kills
  kills=$(count_of 1000 "${1-}")
  build dev recorder_kill_test
  say "kills: $kills"
  THALWEG_KILLS=$kills build-dev/tests/replay/recorder_kill_test
}

# ----------------------------------------------------------------------------------------------------

list() {
  local name
  for name in $(printf '%s\n' "${!about[@]}" | sort); do
    printf '%-12s %s\n' "$name" "${about[$name]}"
  done
}

if [[ $# == 0 ]]; then
  list
  exit 0
fi
name=$1
shift
if [[ ! -v about[$name] ]]; then
  echo "long: there is no '$name'; these are:" >&2
  list >&2
  exit 2
fi
if [[ $# -gt 1 ]]; then fail "$name takes one count, and nothing after it"; fi
"run_$name" "$@"
