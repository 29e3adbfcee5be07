#include "tools/exchange/recording_feed.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "feeds/decode/rest_target.h"
#include "replay/json_path.h"
#include "simdjson.h"

namespace thalweg {
namespace {

// What every price and quantity of a symbol is a multiple of, in 1e-8.
struct Grid {
  std::int64_t tick = 0;
  std::int64_t step = 0;

  void Add(const Level& level) {
    tick = std::gcd(tick, level.price.raw());
    step = std::gcd(step, level.qty.raw());
  }
};

// The rules of each symbol, as the answer has them.
absl::StatusOr<std::vector<ListedSymbol>> SplitExchangeInfo(std::string_view body) {
  std::vector<ListedSymbol> symbols;
  const simdjson::padded_string json(body);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::array list;
  if (parser.iterate(json).get(document) != simdjson::SUCCESS ||
      document["symbols"].get(list) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("an exchangeInfo answer without symbols");
  }
  for (auto element : list) {
    simdjson::ondemand::object object;
    std::string_view rules;
    std::string_view name;
    if (element.get(object) != simdjson::SUCCESS ||
        object.raw_json().get(rules) != simdjson::SUCCESS) {
      return absl::InvalidArgumentError("an exchangeInfo answer with a symbol that is no object");
    }
    const std::string copy(rules);
    name = JsonPath::Parse("symbol")->Find(copy);
    symbols.push_back({std::string(name), copy});
  }
  return symbols;
}

Market MarketOfTarget(std::string_view target) {
  if (target.starts_with("/fapi/")) return Market::kUsdM;
  return target.starts_with("/dapi/") ? Market::kCoinM : Market::kSpot;
}

Market MarketOfDiff(const DepthDiff& diff, std::string_view symbol) {
  if (!diff.previous) return Market::kSpot;
  const bool coin = diff.market_segment ? *diff.market_segment == 2
                                        : symbol.substr(0, symbol.find('_')).ends_with("USD");
  return coin ? Market::kCoinM : Market::kUsdM;
}

int PlacesOf(std::int64_t unit) {
  return SignificantDecimals(FormatEightDecimals(unit, kPriceDecimals));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordingFeed>> RecordingFeed::Open(
    const std::vector<std::string>& paths, const std::vector<Instrument>& instruments) {
  std::unique_ptr<RecordingFeed> feed(new RecordingFeed());
  feed->paths_ = paths;
  const absl::Status scanned = feed->Scan(instruments);
  if (!scanned.ok()) return scanned;
  feed->reader_.reset();
  feed->next_path_ = 0;
  feed->books_.clear();
  // Scales by the rules; a symbol without rules keeps the finest.
  for (const ListedSymbol& symbol : feed->symbols_) {
    BookScale& scale = feed->Find(symbol.name).scale;
    const auto listed = DecodeExchangeInfo(absl::StrCat(R"({"symbols":[)", symbol.rules, "]}"));
    if (!listed.ok() || listed->empty()) continue;
    scale.qty_decimals = listed->front().qty_decimals;
    if (feed->market_ == Market::kSpot) continue;
    if (listed->front().tick.raw() > 0) scale.price_places = PlacesOf(listed->front().tick.raw());
    if (listed->front().step.raw() > 0) scale.qty_places = PlacesOf(listed->front().step.raw());
  }
  return feed;
}

bool RecordingFeed::ReadLine(std::string_view* text) {
  while (true) {
    if (!reader_) {
      if (next_path_ == paths_.size()) return false;
      auto opened = RecordingReader::Open(paths_[next_path_++], {});
      if (!opened.ok()) {
        status_ = opened.status();
        return false;
      }
      reader_ = *std::move(opened);
    }
    if (reader_->Next(text) == ReadVerdict::kLine) return true;
    if (reader_->end() == FileEnd::kDamaged) {
      status_ = reader_->status();
      return false;
    }
    reader_.reset();
  }
}

absl::Status RecordingFeed::Scan(const std::vector<Instrument>& instruments) {
  std::map<std::string, Grid, std::less<>> grids;
  bool has_rules = false;
  bool has_frame = false;
  bool has_event_time = false;
  std::string_view text;
  std::optional<DepthDiff> diff;
  DepthSnapshot snapshot;
  while (ReadLine(&text)) {
    const RecordingLine line = ParseRecordingLine(text);
    if (line.kind == LineKind::kUnknownVersion) {
      return UnknownVersionError(reader_->path(), reader_->line_number(), line);
    }
    if (line.kind == LineKind::kRest) {
      const RestTarget target = ParseRestTarget(line.target);
      if (target.kind == RestKind::kExchangeInfo && !has_rules) {
        auto symbols = SplitExchangeInfo(line.payload);
        if (!symbols.ok()) return symbols.status();
        symbols_ = *std::move(symbols);
        market_ = MarketOfTarget(line.target);
        has_rules = true;
      }
      continue;
    }
    if (line.kind != LineKind::kFrame) continue;
    decode_.Read(line.payload, kQtyDecimalsMax, &frame_, &diff);
    if (frame_.kind == FrameKind::kUnnamed || frame_.kind == FrameKind::kControlReply) continue;
    if (!std::exchange(has_frame, true)) start_ = line.receive_time;
    if (diff && !std::exchange(has_event_time, true)) {
      clock_offset_ = diff->event_time.raw() - line.receive_time.raw();
      if (!has_rules) market_ = MarketOfDiff(*diff, frame_.symbol);
    }
    const bool is_snapshot = frame_.kind == FrameKind::kSnapshot;
    if (!is_snapshot && frame_.symbol.empty()) continue;
    if (!is_snapshot && first_symbol_.empty()) first_symbol_ = frame_.symbol;
    // The rules are known, and what stands below is only for inferring them.
    if (has_rules && has_event_time && !first_symbol_.empty()) break;
    if (has_rules) continue;
    Grid& grid = grids[is_snapshot ? first_symbol_ : frame_.symbol];
    if (is_snapshot && decode_.decoder().DecodeSnapshot(line.payload, kQtyDecimalsMax, &snapshot) ==
                           DecodeVerdict::kOk) {
      for (const Level& level : snapshot.bids) grid.Add(level);
      for (const Level& level : snapshot.asks) grid.Add(level);
    }
    if (diff) {
      for (const Level& level : diff->bids) grid.Add(level);
      for (const Level& level : diff->asks) grid.Add(level);
    }
    if (frame_.ticker) {
      grid.Add(frame_.ticker->bid);
      grid.Add(frame_.ticker->ask);
    }
    if (frame_.trade) grid.Add({frame_.trade->price, frame_.trade->qty});
  }
  if (!status_.ok()) return status_;
  if (!has_frame) {
    return absl::InvalidArgumentError(
        absl::StrCat(absl::StrJoin(paths_, ", "), ": no frame of a feed is in it"));
  }
  if (has_rules) return absl::OkStatus();

  for (const Instrument& instrument : instruments) {
    Grid& grid = grids[instrument.symbol];
    grid.tick = instrument.tick.raw();
    grid.step = instrument.step.raw();
  }
  if (const auto unnamed = grids.find(""); unnamed != grids.end()) {
    // A snapshot stood before the first frame that names a symbol.
    Grid& grid = grids[first_symbol_];
    grid.tick = std::gcd(grid.tick, unnamed->second.tick);
    grid.step = std::gcd(grid.step, unnamed->second.step);
    grids.erase("");
  }
  for (const auto& [name, grid] : grids) {
    symbols_.push_back({name, MadeRules(name, Price(std::max<std::int64_t>(grid.tick, 1)),
                                        Price(std::max<std::int64_t>(grid.step, 1)), market_)});
  }
  return absl::OkStatus();
}

RecordingFeed::Traded& RecordingFeed::Find(std::string_view symbol) {
  const auto known = books_.find(symbol);
  if (known != books_.end()) return known->second;
  return books_[std::string(symbol)];
}

std::optional<Nanos> RecordingFeed::NextAt() {
  std::string_view text;
  while (!has_line_ && ReadLine(&text)) {
    line_ = ParseRecordingLine(text);
    const bool is_frame = line_.kind == LineKind::kFrame;
    const bool is_depth =
        line_.kind == LineKind::kRest && ParseRestTarget(line_.target).kind == RestKind::kDepth;
    const bool is_loss = line_.kind == LineKind::kDrop && line_.stream == "depth";
    has_line_ = is_frame || is_depth || is_loss;
  }
  if (!has_line_) return std::nullopt;
  at_ = std::max(at_, line_.receive_time - start_);
  return at_;
}

void RecordingFeed::UseSnapshot(std::string_view symbol, std::string_view body) {
  Traded& traded = Find(symbol);
  DepthSnapshot snapshot;
  if (decode_.decoder().DecodeSnapshot(body, traded.scale.qty_decimals, &snapshot) ==
      DecodeVerdict::kOk) {
    traded.book.ApplySnapshot(snapshot);
  }
}

const FeedFrame& RecordingFeed::Next() {
  has_line_ = false;
  frame_ = FeedFrame{};
  frame_.is_sent = false;
  if (line_.kind == LineKind::kDrop) {
    Find(line_.symbol).book.Lose();
    return frame_;
  }
  if (line_.kind == LineKind::kRest) {
    UseSnapshot(ParseRestTarget(line_.target).symbol, line_.payload);
    return frame_;
  }
  std::optional<DepthDiff> diff;
  // The symbol, and with it the unit of quantities, is known only after a first look.
  const FrameHead head = NameFrame(line_.payload);
  if (head.kind == FrameKind::kSnapshot) {
    UseSnapshot(first_symbol_, line_.payload);
    return frame_;
  }
  const int qty_decimals =
      head.kind == FrameKind::kDepth ? Find(head.symbol).scale.qty_decimals : kQtyDecimalsMax;
  decode_.Read(line_.payload, qty_decimals, &frame_, &diff);
  frame_.is_sent = frame_.kind != FrameKind::kControlReply;
  if (frame_.kind == FrameKind::kDepth) {
    RecordedBook& book = Find(frame_.symbol).book;
    if (diff) {
      book.Apply(*diff);
    } else {
      book.Lose();  // What it says is not known.
    }
  }
  return frame_;
}

std::optional<ExchangeBook> RecordingFeed::BookAt(std::string_view symbol,
                                                  std::optional<UpdateId> id) {
  const auto traded = books_.find(symbol);
  if (traded == books_.end() || traded->second.book.book() == nullptr) return std::nullopt;
  const TrueBook& now = *traded->second.book.book();
  std::optional<TrueBook> then = id ? now.At(*id) : now;
  if (!then) return std::nullopt;
  return ExchangeBook{*std::move(then), traded->second.scale};
}

std::optional<UpdateId> RecordingFeed::BookId(std::string_view symbol) {
  const auto traded = books_.find(symbol);
  if (traded == books_.end() || traded->second.book.book() == nullptr) return std::nullopt;
  return traded->second.book.book()->id();
}

}  // namespace thalweg
