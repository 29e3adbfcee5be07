#!/usr/bin/env bash
# Runs a fuzz target for a number of executions, with the settings that all runs share.
#
#   run_fuzzer.sh fresh|resume PROGRAM SEEDS FOLDER EXECUTIONS RANDOM_SEED
#
# SEEDS is only read. FOLDER/corpus collects inputs that reach new code, FOLDER/found those that
# failed; `fresh` empties FOLDER first, so that the run is the same every time.
set -euo pipefail

how=$1 program=$2 seeds=$3 folder=$4 executions=$5 random_seed=$6
target=$(basename "$seeds")
if [[ $how == fresh ]]; then rm -rf "$folder"; fi
mkdir -p "$folder/corpus" "$folder/found"

# What is freed need not be remembered for long: every execution is small.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=16:malloc_context_size=8
export UBSAN_OPTIONS=${UBSAN_OPTIONS-}:print_stacktrace=1
# No hang: ten seconds are a hundred times what the slowest input takes. No weighing of inputs by
# entropy: it takes half the time and finds no more here.
"$program" -seed="$random_seed" -runs="$executions" -max_len=4096 -timeout=10 -entropic=0 \
  -malloc_limit_mb=512 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
  -artifact_prefix="$folder/found/" "$folder/corpus" "$seeds" || {
  echo "fuzz: $target failed; the input is the newest file in $folder/found" >&2
  echo "fuzz: put into tests/fuzz/corpus/$target under a telling name, it is a test" >&2
  exit 1
}
