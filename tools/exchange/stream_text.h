// The text of stream messages: which stream a recorded frame is of, its raw and its combined form,
// and the few changes that are made to it: another time unit, shifted ids, fields added.
//
// A form that was recorded is sent byte for byte; the other one is cut out of it or put around it.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

// A frame of a feed. Views live as long as the frame's text.
struct StreamText {
  std::string stream;         // "btcusdt@depth@100ms"; of a raw frame, what it must be.
  std::string_view payload;   // What a raw connection is sent.
  std::string_view combined;  // What a combined connection is sent; empty when not recorded so.
};

// Nothing when the frame is of no stream that can be named: then nobody can have subscribed to it.
// A raw depth event is taken for one of 100 ms. REQUIRES: kPayloadPadding readable bytes around it.
[[nodiscard]] std::optional<StreamText> SplitStreamText(std::string_view frame);

// `{"stream":"<stream>","data":<payload>}`
[[nodiscard]] std::string Combined(std::string_view stream, std::string_view payload);

enum class TimeUnit : std::uint8_t { kMillisecond, kMicrosecond };

// The payload with its times in that unit; those that are in it already stay as they are. The close
// time of a candle is the last moment of its interval in either unit.
[[nodiscard]] std::string InTimeUnit(std::string_view payload, TimeUnit unit);

// The payload of a depth event, book ticker or snapshot with `shift` taken off its update ids; an
// id never gets below 0.
[[nodiscard]] std::string WithShiftedIds(std::string_view payload, std::int64_t shift);

// With a field that no client knows, before the others.
[[nodiscard]] std::string WithUnknownField(std::string_view payload);

}  // namespace thalweg
