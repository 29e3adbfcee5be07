#include "tests/replay/capture.h"

#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "replay/recording_line.h"
#include "replay/recording_reader.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

[[noreturn]] void Refuse(std::string_view what, std::string_view text) {
  std::fprintf(stderr, "%s: %s\n", std::string(what).c_str(),
               std::string(text.substr(0, 200)).c_str());
  std::abort();
}

// --- Rewriting --------------------------------------------------------------------------------

using simdjson::dom::element;

std::int64_t ToUnits(std::string_view text) {
  std::int64_t units = 0;
  if (ParseDecimal(text, kPriceDecimals, &units) != DecimalVerdict::kOk) Refuse("number", text);
  return units;
}

// Writes one JSON document again, with its numbers and sides changed. Fields keep their places, so
// that the text has the shape that the exchange gives it.
class FrameRewriter {
 public:
  explicit FrameRewriter(const Rewriting& rewriting) : rewriting_(rewriting) {}

  std::string Rewrite(std::string_view json) {
    out_.clear();
    const simdjson::padded_string padded(json);
    element root;
    if (parser_.parse(padded).get(root) != simdjson::SUCCESS) Refuse("not JSON", json);
    Write(root);
    return out_;
  }

 private:
  void Write(element value) {
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) {
      out_ += std::string(simdjson::minify(value));
      return;
    }
    out_ += '{';
    for (const simdjson::dom::key_value_pair field : object) {
      if (out_.back() != '{') out_ += ',';
      absl::StrAppend(&out_, "\"", Abseil(field.key), "\":");
      WriteField(object, field.key, field.value);
    }
    out_ += '}';
  }

  void WriteField(const simdjson::dom::object& object, std::string_view key, element value) {
    if (key == "m" && rewriting_.swap_sides) {
      out_ += bool(value) ? "false" : "true";
      return;
    }
    const std::string_view other_side = OtherSide(key);
    if (rewriting_.swap_sides && !other_side.empty()) value = object[other_side];
    if (value.is_array()) {
      WriteLevels(value);
    } else if (value.is_string() && (key == "b" || key == "a" || key == "p")) {
      WritePrice(value);
    } else if (value.is_string() && (key == "B" || key == "A" || key == "q")) {
      WriteQty(value);
    } else {
      Write(value);
    }
  }

  static std::string_view OtherSide(std::string_view key) {
    if (key == "b") return "a";
    if (key == "a") return "b";
    if (key == "B") return "A";
    if (key == "A") return "B";
    if (key == "bids") return "asks";
    if (key == "asks") return "bids";
    return {};
  }

  void WriteLevels(element levels) {
    out_ += '[';
    for (const element level : simdjson::dom::array(levels)) {
      if (out_.back() != '[') out_ += ',';
      out_ += '[';
      WritePrice(level.at(0));
      out_ += ',';
      WriteQty(level.at(1));
      out_ += ']';
    }
    out_ += ']';
  }

  void WritePrice(element text) {
    Price price(ToUnits(std::string_view(text)));
    if (rewriting_.price && price.raw() != 0) price = rewriting_.price(price);
    WriteNumber(price.raw());
  }

  void WriteQty(element text) {
    const std::int64_t qty = ToUnits(std::string_view(text));
    WriteNumber(rewriting_.qty ? rewriting_.qty(qty) : qty);
  }

  void WriteNumber(std::int64_t units) {
    absl::StrAppend(&out_, "\"", FormatEightDecimals(units, kPriceDecimals), "\"");
  }

  const Rewriting& rewriting_;
  simdjson::dom::parser parser_;
  std::string out_;
};

}  // namespace

// --- Feeds ------------------------------------------------------------------------------------

Feed ReadFeed(const std::vector<std::string>& paths, std::size_t count) {
  Feed feed;
  for (const std::string& path : paths) {
    auto reader = RecordingReader::Open(path, {});
    if (!reader.ok()) Refuse("cannot be read", path);
    std::string_view line;
    while (feed.size() < count && (*reader)->Next(&line) == ReadVerdict::kLine) {
      feed.emplace_back(line);
    }
  }
  return feed;
}

Imported ImportFiles(const std::vector<std::string>& paths, const ImportOptions& options) {
  Imported imported;
  const CaptureImport* importing = nullptr;
  CaptureImport running(options, [&](std::string_view message) {
    imported.told.push_back(absl::StrCat(importing->position().line, ": ", Abseil(message)));
  });
  importing = &running;
  imported.status = running.Open(paths);
  if (!imported.status.ok()) return imported;
  const TemporaryFile place;
  const std::string path = absl::StrCat(place.path(), ".zst");
  auto writer = RecordingWriter::Create(path);
  if (!writer.ok()) Refuse("cannot be made", path);
  imported.status = running.Run(**writer);
  const absl::Status closed = (*writer)->Close();
  if (!closed.ok()) Refuse("cannot be written", path);
  imported.lines = ReadFeed({path});
  imported.counts = running.counts();
  imported.source_counts = running.source_counts();
  std::remove(path.c_str());
  return imported;
}

std::vector<std::string> CryptofeedFiles(std::string_view name) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(RecordedDataFolder() / name, error)) {
    paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

Feed ReadCryptofeed(std::string_view name) {
  const std::vector<std::string> paths = CryptofeedFiles(name);
  if (paths.empty()) return {};
  const Imported imported = ImportFiles(paths);
  if (!imported.status.ok()) Refuse("cannot be imported", std::string(imported.status.message()));
  if (!imported.told.empty()) Refuse("is told of a good capture", imported.told.front());
  return imported.lines;
}

Feed BeginningOfBtcusdt() {
  const Nanos span = TakeShortPart() ? 10 * kSecond : 90 * kSecond;
  if (TakeShortPart()) std::printf("Short part: the first 10 s\n");
  Feed feed = ReadFeed(RecordedFiles("spot-btcusdt-2024-08-08"));
  if (feed.empty()) return feed;
  const auto time_of = [](const std::string& line) {
    return ParseRecordingLine(line).receive_time;
  };
  const ReceiveTime begin = time_of(feed.front());
  const auto end = std::ranges::find_if(
      feed, [&](const std::string& line) { return time_of(line) - begin >= span; });
  feed.erase(end, feed.end());
  return feed;
}

Feed RewriteFrames(const Feed& feed, const Rewriting& rewriting) {
  FrameRewriter rewriter(rewriting);
  Feed rewritten;
  for (const std::string& line : feed) {
    const std::size_t json = line.find(' ') + 1;
    rewritten.push_back(line.substr(0, json) +
                        rewriter.Rewrite(std::string_view(line).substr(json)));
  }
  return rewritten;
}

std::string TextOf(const Feed& feed) {
  std::string text;
  for (const std::string& line : feed) text.append(line).push_back('\n');
  return text;
}

TemporaryFile::TemporaryFile(std::string_view bytes)
    : path_((std::filesystem::temp_directory_path() / "thalweg-test-XXXXXX").string()) {
  const int descriptor = mkstemp(path_.data());
  std::FILE* const file = descriptor < 0 ? nullptr : fdopen(descriptor, "w");
  if (file == nullptr) Refuse("cannot be made", path_);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !written) Refuse("cannot be written", path_);
}

TemporaryFile::~TemporaryFile() { std::remove(path_.c_str()); }

// --- Replays ----------------------------------------------------------------------------------

CaptureReplay::CaptureReplay(EngineOptions options, const PlayerOptions& player_options)
    : options_(std::move(options)),
      catalogue_(MakeCatalogue(options_)),
      player_(options_, catalogue_, *this, player_options,
              [this](std::string_view message) { told_.emplace_back(message); }) {}

absl::Status CaptureReplay::RunFeed(const Feed& feed) {
  const TemporaryFile file(TextOf(feed));
  return player_.Run({file.path()});
}

const SymbolEngine* CaptureReplay::symbol(std::string_view name) const {
  for (const Engine* engine : player_.engines()) {
    for (const auto& symbol : engine->symbols()) {
      if (symbol->name() == name) return symbol.get();
    }
  }
  return nullptr;
}

void CaptureReplay::OnRecord(const SymbolEngine& symbol, RecordBuffer& record) {
  if (record_watcher_) record_watcher_(symbol, record);
}

EngineOptions FixedGridOptions() {
  EngineOptions options;
  options.emit = EmitPolicy::All();
  options.instruments = {*ParseInstrumentOption("BTCUSDT:0.01:0.00001")};
  return options;
}

std::vector<Row> RowsOf(const Feed& feed, const EngineOptions& options) {
  CaptureReplay replay(options);
  std::vector<Row> rows;
  replay.set_record_watcher([&](const SymbolEngine&, const RecordBuffer& record) {
    rows.push_back({record.header(), {record.features().begin(), record.features().end()}});
  });
  const absl::Status played = replay.RunFeed(feed);
  if (!played.ok()) Refuse("cannot be played", std::string(played.message()));
  if (replay.player().counts().malformed_lines > 0) Refuse("malformed lines", feed.front());
  if (std::ranges::count(replay.notices(), NoticeKind::kMalformedFrame) > 0) {
    Refuse("malformed frames", feed.front());
  }
  return rows;
}

}  // namespace thalweg
