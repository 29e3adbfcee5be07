// Naming of frames: every view lies in the text, what stands in the padding does not matter, and
// where the text is JSON without surprises its name is the obvious one. Control replies are frames
// as well.

#include <set>
#include <string>

#include "feeds/decode/frame.h"
#include "simdjson.h"
#include "tests/feeds/decode/padded_text.h"
#include "tests/fuzz/fuzz_target.h"

namespace thalweg {
namespace {

namespace dom = simdjson::dom;
using fuzz::Require;

// The same part of another text.
std::size_t OffsetIn(std::string_view part, std::string_view text) {
  return part.empty() ? 0 : static_cast<std::size_t>(part.data() - text.data());
}

void RequireSamePart(std::string_view a, std::string_view text_a, std::string_view b,
                     std::string_view text_b) {
  Require(a == b && OffsetIn(a, text_a) == OffsetIn(b, text_b),
          "what stands in the padding does not change a name");
}

bool HasOneOfEachKey(dom::object object) {
  std::set<std::string_view> keys;
  for (const dom::key_value_pair field : object) {
    if (!keys.insert(field.key).second) return false;
  }
  return true;
}

// A frame with an envelope is named by its stream, whatever its payload says.
void CheckCombined(std::string_view stream, const FrameHead& head) {
  if (stream.empty()) {
    Require(head.kind == FrameKind::kUnnamed, "a stream without a name names nothing");
    return;
  }
  const std::size_t at_sign = stream.find('@');
  Require(head.stream_symbol == stream.substr(0, at_sign), "the stream's symbol");
  const std::string_view type =
      at_sign == std::string_view::npos ? std::string_view{} : stream.substr(at_sign + 1);
  Require(head.stream_type == type, "the stream's type");
  if (type == "depth" || type.starts_with("depth@")) {
    Require(head.kind == FrameKind::kDepth, "a depth stream carries diffs");
  }
  if (type == "depth5" || type == "depth20@100ms") {
    Require(head.kind == FrameKind::kPartialDepth, "a stream of a few levels carries pictures");
  }
  if (type == "bookTicker") Require(head.kind == FrameKind::kBookTicker, "a bookTicker stream");
  if (type == "trade") Require(head.kind == FrameKind::kTrade, "a trade stream");
  if (type == "aggTrade") Require(head.kind == FrameKind::kAggTrade, "an aggTrade stream");
  if (type == "kline_1m") Require(head.kind == FrameKind::kKline, "a kline stream");
}

void CheckRaw(dom::object top, const FrameHead& head) {
  std::string_view event;
  if (top["e"].get(event) == simdjson::SUCCESS) {
    // Without a symbol nobody knows whose it is.
    std::string_view symbol;
    if (top["s"].get(symbol) != simdjson::SUCCESS || symbol.empty()) return;
    if (event == "depthUpdate") Require(head.kind == FrameKind::kDepth, "a raw diff");
    if (event == "trade") Require(head.kind == FrameKind::kTrade, "a raw trade");
    if (event == "aggTrade") Require(head.kind == FrameKind::kAggTrade, "a raw aggTrade");
    if (event == "kline") Require(head.kind == FrameKind::kKline, "a raw kline");
    if (event == "bookTicker") Require(head.kind == FrameKind::kBookTicker, "a raw bookTicker");
    return;
  }
  if (top["lastUpdateId"].error() == simdjson::SUCCESS) {
    Require(head.kind == FrameKind::kSnapshot, "a collector's snapshot");
  }
}

void CheckAgainstDom(std::string_view text, const FrameHead& head) {
  static dom::parser& parser = *new dom::parser;
  dom::element root;
  dom::object top;
  if (text.find('\\') != std::string_view::npos ||
      parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS ||
      root.get(top) != simdjson::SUCCESS || !HasOneOfEachKey(top)) {
    return;
  }
  // A frame that has two names goes by the one that comes first.
  const bool is_snapshot = top["lastUpdateId"].error() == simdjson::SUCCESS;
  const bool is_event = top["e"].error() == simdjson::SUCCESS;
  if (is_snapshot && is_event) return;
  std::string_view stream;
  const bool has_data = top["data"].error() == simdjson::SUCCESS;
  if (top["stream"].get(stream) == simdjson::SUCCESS) {
    if (has_data && !is_snapshot && !is_event) CheckCombined(stream, head);
  } else if (!has_data) {
    CheckRaw(top, head);
  }
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  const std::string_view input = fuzz::TextOf(data, size);
  const PaddedText text(input);
  const PaddedText other(input, "\"}@,:{s."[size % 8]);
  const FrameHead head = NameFrame(text.view());
  const FrameHead other_head = NameFrame(other.view());
  for (const std::string_view part :
       {head.symbol, head.stream_symbol, head.stream_type, head.body}) {
    Require(fuzz::LiesIn(part, text.view()), "a name lies in its text");
  }
  Require(head.kind == other_head.kind, "what stands in the padding does not change a kind");
  RequireSamePart(head.symbol, text.view(), other_head.symbol, other.view());
  RequireSamePart(head.stream_symbol, text.view(), other_head.stream_symbol, other.view());
  RequireSamePart(head.stream_type, text.view(), other_head.stream_type, other.view());
  RequireSamePart(head.body, text.view(), other_head.body, other.view());
  CheckAgainstDom(text.view(), head);
  return 0;
}
