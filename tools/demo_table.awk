# The tables of tools/demo.sh: the top of the book, its buckets and the main features, from the two
# files that `thalweg replay --emit 1000ms --out FEATURES.csv --ladders LADDERS.csv` wrote.
#
#   awk -v step=30 -f tools/demo_table.awk FEATURES.csv LADDERS.csv
#
# `step`: seconds of event time from one row to the next. Columns are found by name. Times have more
# digits than a double holds, so they are cut as text. Plain POSIX awk (Debian's is mawk).

BEGIN { FS = ","; shown = 0 }

FNR == 1 {
  ++file
  split("", column)
  for (i = 1; i <= NF; ++i) {
    column[$i] = i
    if (file == 1 && bucket_imbalance == "" && $i ~ /^imbalance_t/) bucket_imbalance = $i
  }
  next
}

function seconds(ns) { return substr(ns, 1, length(ns) - 9) + 0 }

function clock_text(ns, s) {
  s = seconds(ns) % 86400
  return sprintf("%02d:%02d:%02d", s / 3600, s % 3600 / 60, s % 60)
}

# A number in its column, or a dash where there is none.
function cell(format, width, value) {
  return value == "nan" ? sprintf("%*s", width, "-") : sprintf(format, value)
}

function bit(word, n) { return int(word / 2 ^ n) % 2 }

# One letter for each doubt that the quality word names; the legend says what they mean.
function doubts(word, text, i, warming, partial) {
  for (i = 32; i <= 37; ++i) warming = warming || bit(word, i)
  for (i = 24; i <= 31; ++i) partial = partial || bit(word, i)
  if (bit(word, 0)) text = text "X"
  if (bit(word, 1)) text = text "R"
  if (bit(word, 3)) text = text "C"
  if (bit(word, 4)) text = text "O"
  if (bit(word, 5) || bit(word, 6) || bit(word, 7)) text = text "H"
  if (bit(word, 8) || bit(word, 9) || bit(word, 10)) text = text "S"
  if (bit(word, 11) || bit(word, 12)) text = text "L"
  if (bit(word, 14)) text = text "I"
  if (bit(word, 15)) text = text "D"
  if (partial) text = text "B"
  if (warming) text = text "W"
  for (i = 1; i <= length(text); ++i) seen[substr(text, i, 1)] = 1
  return text == "" ? "none" : text
}

function value(name) { return $(column[name]) }

function print_feature_head() {
  printf "%s: the top of the book and some of its features, every %d s of event time\n\n", \
         value("symbol"), step
  printf "%-8s %10s %11s %11s %10s %6s %7s %7s %9s %9s %8s %s\n", "time UTC", "bid qty", "best bid", \
         "best ask", "ask qty", "spread", "imb L5", "imb " substr(bucket_imbalance, 11), \
         "ofi 10s", "taker 10s", "cost100k", "doubts"
}

file == 1 && seconds(value("event_ns")) % step == 0 {
  if (!shown++) print_feature_head()
  printf "%-8s %s %s %s %s %s %s %s %s %s %s %s\n", clock_text(value("event_ns")), \
         cell("%10.5f", 10, value("best_bid_qty")), cell("%11.2f", 11, value("best_bid")), \
         cell("%11.2f", 11, value("best_ask")), cell("%10.5f", 10, value("best_ask_qty")), \
         cell("%6d", 6, value("spread_ticks")), cell("%+7.3f", 7, value("imbalance_l5")), \
         cell("%+7.3f", 7, value(bucket_imbalance)), cell("%+9.3f", 9, value("ofi_l1_10s")), \
         cell("%+9.3f", 9, value("buy_vol_10s") - value("sell_vol_10s")), \
         cell("%8.3f", 8, value("sweep_cost_buy_100k")), doubts(value("flags"))
}

function print_bucket_head() {
  printf "\nThe four nearest buckets of %s on each side: quantity, counted outward from the touch\n\n", \
         value("tick_size")
  printf "%-8s %8s %8s %8s %8s %10s | %-10s %8s %8s %8s %8s %8s\n", "time UTC", "bid 4", "bid 3", \
         "bid 2", "bid 1", "from", "to", "ask 1", "ask 2", "ask 3", "ask 4", "complete"
}

# The first row of each time has the smallest bucket size.
file == 2 && value("event_ns") != last_time {
  last_time = value("event_ns")
  if (seconds(last_time) % step != 0) next
  if (!pictures++) print_bucket_head()
  row = clock_text(last_time)
  for (i = 4; i >= 1; --i) row = row " " cell("%8.3f", 8, value("bid_qty_" i))
  row = row " " cell("%10.2f", 10, value("bid_price_1")) " | "
  row = row sprintf("%-10s", cell("%.2f", 1, value("ask_price_1")))
  for (i = 1; i <= 4; ++i) row = row " " cell("%8.3f", 8, value("ask_qty_" i))
  printf "%s %8s\n", row, value("complete_levels_bid") "/" value("complete_levels_ask")
}

function explain(letter, text) { if (letter in seen) printf "  %s  %s\n", letter, text }

END {
  if (!shown) { print "no row: the recording never synchronised a book"; exit 1 }
  print "\nspread in ticks; imb: (bid - ask) / (bid + ask) quantity; ofi: order-flow imbalance; taker: bought"
  print "minus sold; cost100k: bps above mid of buying for 100,000; complete: bid and ask buckets, of at most"
  print "15 a side, of which every price is known"
  print "\nDoubts (docs/FLAGS.md)"
  explain("X", "the book is invalid: its features are empty")
  explain("R", "resyncing after a gap")
  explain("C", "the book is crossed")
  explain("O", "a side is empty")
  explain("H", "a feature looked beyond what is known, or the book is short")
  explain("S", "a stream is stale")
  explain("L", "input was lost within the last minute")
  explain("I", "the tick was inferred from the prices; nobody stated it")
  explain("D", "an audit of the book differed")
  explain("B", "some bucket sizes reach beyond what the snapshot showed")
  explain("W", "a window of up to 300 s is not yet full")
}
