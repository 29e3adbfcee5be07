// A recording as the feed of an exchange.
//
// Frames come at their receive times. The book of a symbol is that of its recorded snapshot and
// events (tools/exchange/recorded_book.h), so there is none before the snapshot. Symbols and their
// rules are those of an exchangeInfo answer at the recording's beginning, else of `instruments`,
// else inferred: the whole recording is read once for that before it is played. Memory does not
// grow with the recording. Threads: one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/instrument.h"
#include "replay/recording_line.h"
#include "replay/recording_reader.h"
#include "tools/exchange/exchange_feed.h"
#include "tools/exchange/recorded_book.h"

namespace thalweg {

class RecordingFeed : public ExchangeFeed {
 public:
  // Files are played one after another. NotFound, Unavailable, DataLoss or InvalidArgument with
  // file and reason; also when there is no frame in them.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RecordingFeed>> Open(
      const std::vector<std::string>& paths, const std::vector<Instrument>& instruments);

  [[nodiscard]] Market market() const override { return market_; }
  [[nodiscard]] const std::vector<ListedSymbol>& symbols() const override { return symbols_; }
  [[nodiscard]] EventTime start() const override { return EventTime(start_.raw() + clock_offset_); }
  [[nodiscard]] std::optional<Nanos> NextAt() override;
  [[nodiscard]] const FeedFrame& Next() override;
  [[nodiscard]] absl::Status status() const override { return status_; }
  [[nodiscard]] std::optional<ExchangeBook> BookAt(std::string_view symbol,
                                                   std::optional<UpdateId> id) override;
  [[nodiscard]] std::optional<UpdateId> BookId(std::string_view symbol) override;

 private:
  struct Traded {
    RecordedBook book;
    BookScale scale;
  };

  RecordingFeed() = default;
  [[nodiscard]] absl::Status Scan(const std::vector<Instrument>& instruments);
  [[nodiscard]] Traded& Find(std::string_view symbol);
  // The next line of all files; false at the end.
  [[nodiscard]] bool ReadLine(std::string_view* text);
  // Takes a snapshot into its symbol's book.
  void UseSnapshot(std::string_view symbol, std::string_view body);

  std::vector<std::string> paths_;
  std::size_t next_path_ = 0;
  std::unique_ptr<RecordingReader> reader_;
  absl::Status status_;

  Market market_ = Market::kSpot;
  std::vector<ListedSymbol> symbols_;
  std::string first_symbol_;  // That of snapshots without a name.
  ReceiveTime start_;
  Nanos clock_offset_ = 0;  // The exchange's clock less the recorder's, by the first event time.

  std::map<std::string, Traded, std::less<>> books_;
  FeedReader decode_;
  RecordingLine line_;  // The next one to take, when has_line_.
  bool has_line_ = false;
  Nanos at_ = 0;
  FeedFrame frame_;
};

}  // namespace thalweg
