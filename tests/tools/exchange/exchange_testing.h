// An exchange on a small recording, without sockets: what it would have sent is kept.
//
// Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "tests/tools/test_folder.h"
#include "tools/exchange/exchange.h"

namespace thalweg {

inline constexpr std::int64_t kTestStart = 1'732'154'400'000'000'000;  // ns
inline constexpr std::int64_t kTestStartMs = kTestStart / kMillisecond;

// Keeps what is sent, in order.
class KeptWire : public ExchangeWire {
 public:
  struct Item {
    std::string kind;  // text, binary, ping, close, cut, reset, dribble
    ConnectionNumber connection = 0;
    std::string text;         // The message, payload or reason.
    std::int64_t number = 0;  // Code or bytes.
  };

  void Send(ConnectionNumber connection, SharedText message, bool is_binary) override {
    items.push_back({is_binary ? "binary" : "text", connection, *message, 0});
  }
  void Ping(ConnectionNumber connection, const std::string& payload) override {
    items.push_back({"ping", connection, payload, 0});
  }
  void Close(ConnectionNumber connection, int code, const std::string& reason) override {
    items.push_back({"close", connection, reason, code});
  }
  void Cut(ConnectionNumber connection, SharedText message, std::size_t bytes,
           bool is_reset) override {
    items.push_back(
        {is_reset ? "reset" : "cut", connection, *message, static_cast<std::int64_t>(bytes)});
  }
  void Dribble(ConnectionNumber connection, std::size_t bytes, Nanos, Nanos) override {
    items.push_back({"dribble", connection, "", static_cast<std::int64_t>(bytes)});
  }
  [[nodiscard]] bool HasRoom() const override { return has_room; }

  // Texts of messages to a connection.
  [[nodiscard]] std::vector<std::string> Texts(ConnectionNumber connection = 1) const;
  [[nodiscard]] std::vector<Item> Of(std::string_view kind) const;

  std::vector<Item> items;
  bool has_room = true;
};

// The messages of the recording that exchanges are tested with: symbol DEMOUSDT, a depth event each
// 100 ms from 0.0 s to 1.9 s, number i (from 0) with U = 101 + 2i and u = U + 1; a snapshot of id
// 104 at 0.35 s; a ticker and a trade behind each event.
[[nodiscard]] std::string DepthMessage(int i);
[[nodiscard]] std::string TickerMessage(int i);
[[nodiscard]] std::string TradeMessage(int i);
[[nodiscard]] std::string DemoRecording();
inline constexpr int kDemoEvents = 20;
inline constexpr char kDemoDepth[] = "demousdt@depth@100ms";

// An exchange on that recording, with time in the test's hand.
class TestExchange {
 public:
  explicit TestExchange(const std::vector<std::string>& faults = {}, ExchangeOptions options = {});

  // Opens a connection. REQUIRES: it is accepted.
  ConnectionNumber Open(const std::string& target);
  [[nodiscard]] HttpAnswer Get(const std::string& target);
  void Text(ConnectionNumber number, std::string_view text) { exchange->OnText(number, text, now); }
  // Goes on to a time, stopping wherever something is due.
  void RunTo(Nanos time);

  TestFolder folder;
  KeptWire wire;
  std::vector<std::string> log;
  std::unique_ptr<Exchange> exchange;
  Nanos now = 0;
};

}  // namespace thalweg
