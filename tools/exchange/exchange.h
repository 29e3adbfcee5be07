// A loopback exchange without its sockets: connections, requests, a feed, limits and faults, on a
// clock that is passed in.
//
// The feed begins with the first subscription to a symbol of it and goes at `speed`; when it is
// over the exchange is silent and keeps its connections. What is to be sent goes to an
// ExchangeWire before the call returns. The same calls at the same times give the same bytes.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "tools/exchange/exchange_feed.h"
#include "tools/exchange/fault.h"
#include "tools/exchange/listing.h"
#include "tools/exchange/request_budget.h"
#include "tools/exchange/rest_desk.h"
#include "tools/exchange/stream_session.h"
#include "tools/exchange/symbol_tape.h"
#include "tools/exchange/venue.h"

namespace thalweg {

// The number of a connection, from 1 in the order in which they opened.
using ConnectionNumber = std::int64_t;
using SharedText = std::shared_ptr<const std::string>;

// Frames sent in one call of Advance(); the rest waits for the next one, so that clients are heard
// in between.
inline constexpr std::size_t kFramesPerAdvance = 1'000;

// Where messages go. Nothing calls back into the exchange.
class ExchangeWire {
 public:
  virtual ~ExchangeWire() = default;

  virtual void Send(ConnectionNumber connection, SharedText message, bool is_binary) = 0;
  virtual void Ping(ConnectionNumber connection, const std::string& payload) = 0;
  // Closes the WebSocket behind what was sent.
  virtual void Close(ConnectionNumber connection, int code, const std::string& reason) = 0;
  // Sends the first `bytes` bytes of the message's WebSocket frame and ends the TCP connection: as
  // if nothing more came, or by a reset.
  virtual void Cut(ConnectionNumber connection, SharedText message, std::size_t bytes,
                   bool is_reset) = 0;
  // From now on `bytes` at a time, one part every `every`, for `length`.
  virtual void Dribble(ConnectionNumber connection, std::size_t bytes, Nanos every,
                       Nanos length) = 0;
  // False while clients have more to read than they should: a feed at full speed then waits.
  [[nodiscard]] virtual bool HasRoom() const = 0;
};

struct ExchangeOptions {
  std::int64_t time_scale = 1;
  double speed = 1;  // 0: as fast as clients read.
  ErrorShape error_shape = ErrorShape::kWrapped;
  std::vector<Fault> faults;
  std::function<void(std::string_view)> log = [](std::string_view) {};
  // After each depth event of the feed, also of those that faults keep from everybody: its last id
  // as it is sent, and the book after it. Costs a copy of the book.
  std::function<void(std::string_view symbol, UpdateId id, const ExchangeBook& book)> on_book;
};

// How an attempt to open a WebSocket went: a connection, or an answer in its place.
struct UpgradeVerdict {
  std::optional<ConnectionNumber> connection;
  HttpAnswer refusal;
};

class Exchange {
 public:
  // `wire` outlives the exchange.
  Exchange(ExchangeOptions options, std::unique_ptr<ExchangeFeed> feed, ExchangeWire& wire);

  // All times are of one monotone clock that began at 0.
  [[nodiscard]] HttpAnswer Ask(const HttpQuestion& question, Nanos now);
  [[nodiscard]] UpgradeVerdict Open(const HttpQuestion& question, Nanos now);
  void OnText(ConnectionNumber number, std::string_view text, Nanos now);
  void OnPing(ConnectionNumber number, Nanos now);
  void OnPong(ConnectionNumber number, std::string_view payload, Nanos now);
  // It is gone, whoever ended it.
  void OnClosed(ConnectionNumber number, std::string_view how);

  // Does what is due.
  void Advance(Nanos now);
  // When Advance() has something to do again; nothing: not before something else happens.
  [[nodiscard]] std::optional<Nanos> NextDue(Nanos now);

  // Says serverShutdown to everybody and closes every connection.
  void ShutDown(Nanos now);

  // As if it had stood in the options; what it counts it counts from now on.
  void AddFault(const Fault& fault);
  [[nodiscard]] const BudgetPeaks& peaks() const noexcept { return budget_.peaks(); }

  // How the feed ended, as far as it has.
  [[nodiscard]] absl::Status feed_status() const { return feed_->status(); }
  [[nodiscard]] bool is_feed_over() const noexcept { return is_feed_over_; }
  [[nodiscard]] ExchangeFeed& feed() noexcept { return *feed_; }

 private:
  // A message that waits: until a time of the feed, or for frames of its stream.
  struct Held {
    SharedText message;
    bool is_binary = false;
    std::string stream;
    std::optional<Nanos> due;
    std::int64_t frames_left = 0;
  };
  struct Stall {
    Nanos until = 0;
    std::string stream;
    std::string symbol;
    bool is_lost = false;
  };
  struct Connection {
    Connection(StreamSession opened_session, std::string client_address)
        : session(std::move(opened_session)), address(std::move(client_address)) {}
    StreamSession session;
    std::string address;
    std::vector<Held> held;
    std::vector<Stall> stalls;
    Nanos no_pings_until = -1;
    std::optional<Nanos> close_at;
    int close_code = 1'001;
    bool is_closing = false;
    std::int64_t sent_count = 0;
  };
  // A fault and how far it is.
  struct Scheduled {
    Fault fault;
    std::int64_t seen = 0;  // Frames, requests, attempts or messages that it is about.
    std::int64_t left = 0;  // Still to be treated once it began.
    bool has_begun = false;
  };
  // A frame on its way to the connections.
  struct Sending;

  [[nodiscard]] Nanos FeedTime(Nanos now) const;
  [[nodiscard]] EventTime Clock(Nanos now) const;
  void BeginFeedIfWanted(const StreamSession& session, Nanos now);
  void AdvanceFeed(Nanos now);
  void SendFrame(const FeedFrame& frame, Nanos now);
  void RememberFrame(const FeedFrame& frame);
  void Deliver(Connection& connection, ConnectionNumber number, Sending& sending, Nanos now);
  void SendNow(Connection& connection, ConnectionNumber number, const SharedText& message,
               bool is_binary, std::string_view stream);
  void ReleaseHeld(Nanos feed_time, bool all);
  void CloseConnection(Connection& connection, ConnectionNumber number, int code,
                       const std::string& reason);
  void TellShutdown(Connection& connection, ConnectionNumber number, Nanos now);

  [[nodiscard]] static bool Matches(const Fault& fault, std::string_view stream,
                                    std::string_view symbol);
  // Counts a frame, and says whether the fault treats it.
  [[nodiscard]] bool TreatsFrame(Scheduled& scheduled, const FeedFrame& frame,
                                 std::string_view stream);
  // Counts a request, attempt or control message, and says which faults treat it.
  [[nodiscard]] std::vector<const Fault*> Treating(FaultTrigger trigger, std::string_view symbol);
  void BeginMoment(const Fault& fault, Nanos now);
  // True: it was one of an instrument, or of the whole exchange.
  [[nodiscard]] bool BeginChange(const Fault& fault, Nanos now);
  void EndHalts(Nanos feed_time);
  // The answer to everything while a maintenance lasts.
  [[nodiscard]] std::optional<HttpAnswer> Maintenance(Nanos now) const;
  [[nodiscard]] HttpAnswer AskDepth(const RestDesk::Depth& depth, Nanos now);
  // Requests of ours, which no exchange has.
  [[nodiscard]] HttpAnswer AskOwn(const HttpQuestion& question, Nanos now);
  void Schedule(const Fault& fault);

  const ExchangeOptions options_;
  const std::unique_ptr<ExchangeFeed> feed_;
  ExchangeWire& wire_;
  const Venue venue_;
  RequestBudget budget_;
  SymbolTapes tapes_;
  Listing listing_;
  RestDesk desk_;
  std::vector<Scheduled> faults_;
  std::map<ConnectionNumber, Connection> connections_;
  ConnectionNumber last_connection_ = 0;
  std::map<std::string, std::int64_t, std::less<>> id_shifts_;  // By symbol.
  Nanos maintenance_until_ = 0;
  int maintenance_status_ = 503;
  std::optional<Nanos> feed_began_;
  Nanos newest_frame_ = 0;  // Its time in the feed.
  bool is_feed_over_ = false;
};

}  // namespace thalweg
