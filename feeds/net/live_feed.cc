#include "feeds/net/live_feed.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "core/string_view.h"
#include "feeds/decode/decoder.h"
#include "feeds/net/backoff.h"
#include "feeds/net/changeover.h"
#include "feeds/net/connection_budget.h"
#include "feeds/net/dialer.h"
#include "feeds/net/network_loop.h"
#include "feeds/net/resolver.h"
#include "feeds/net/rest_answer.h"
#include "feeds/net/rest_request.h"
#include "feeds/net/server_trust.h"
#include "feeds/net/stream_plan.h"
#include "feeds/net/websocket_client.h"

namespace thalweg {
namespace {

constexpr std::string_view kCombinedBegin = R"({"stream":")";
constexpr std::string_view kShutdownStream = "!serverShutdown";
constexpr std::string_view kShutdownEvent = R"("e":"serverShutdown")";
constexpr std::int64_t kInvalidSymbol = -1121;
constexpr Nanos kCountsEvery = 50 * kMillisecond;

ReceiveTime WallNow() { return ReceiveTime(absl::GetCurrentTimeNanos()); }

std::string Seconds(Nanos span) {
  return absl::StrFormat("%.1f s", static_cast<double>(span) / static_cast<double>(kSecond));
}

// Of a frame in combined form; empty when it is not, or does not begin with it.
std::string_view StreamOf(std::string_view text) {
  if (!text.starts_with(kCombinedBegin)) return {};
  text.remove_prefix(kCombinedBegin.size());
  const std::size_t end = text.find('"');
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

}  // namespace

class LiveFeed::State {
 public:
  State(const LiveFeedOptions& options, const std::vector<FeedShard>& shards, FeedLog log,
        std::unique_ptr<ServerTrust> trust);

  absl::Status Plan();
  void Run();
  void Stop();
  [[nodiscard]] absl::Status status() const;
  [[nodiscard]] FeedCounts counts() const;

 private:
  class Link;
  // A planned connection: the one that is open, the one that is to take its place, and when the
  // next attempt is due.
  struct Slot {
    std::size_t shard = 0;
    ConnectionPlan plan;
    absl::flat_hash_map<std::string, std::size_t> stream_index;
    std::unique_ptr<Link> link;
    std::unique_ptr<Link> successor;
    std::optional<Changeover> changeover;  // Since the successor opened.
    std::optional<StreamWatch> learnt;     // The watch of the connection before.
    Backoff backoff;
    Nanos due = 0;  // Of the next attempt.
  };
  struct InfoRequest {
    RestRequest request;
    std::vector<std::string> symbols;
  };

  void Tick();
  void ShowCounts();
  void Log(std::string_view kind, std::string_view line) { log_(kind, line); }

  // exchangeInfo
  void BeginInfo(std::vector<std::string> symbols);
  void AskForInfo(Nanos now);
  void OnInfo(const InfoRequest& asked, const RestAnswer& answer);
  [[nodiscard]] absl::Status CheckListed(const std::vector<std::string>& symbols,
                                         std::string_view body) const;
  void Fail(absl::Status status);

  // Connections
  void Advance(Slot& slot, Nanos now);
  [[nodiscard]] std::unique_ptr<Link> Dial(Slot& slot, Nanos now);
  void OnLinkOpen(Slot& slot, Link& link);
  void OnLinkMessage(Slot& slot, Link& link, const SocketMessage& message);
  void OnLinkEnd(Slot& slot, Link& link, const SocketEnd& end);
  void GiveFrame(Slot& slot, Link& link, std::size_t stream, const SocketMessage& message);
  void TellOpen(Slot& slot, Link& link);
  void TellClosed(Slot& slot, Link& link, int code);
  void TakeOver(Slot& slot, std::string_view why);
  void Reconnect(Slot& slot, std::string_view why);
  void Schedule(Slot& slot, Nanos good_for, std::string_view why, Nanos now);
  void OnRefusal(const SocketEnd& end, Nanos now);
  void Retire(std::unique_ptr<Link> link);
  void AdvanceStop(Nanos now);

  // Snapshots
  void TakeOrders(Nanos now);
  void AskForSnapshots(Nanos now);
  void OnSnapshot(const SnapshotRequest& request, const RestAnswer& answer);
  void TellWaiting(Nanos now);

  const LiveFeedOptions options_;
  const std::vector<FeedShard> shards_;
  const FeedLog log_;
  const WatchOptions watch_options_;
  const SocketOptions socket_options_;

  NetworkLoop loop_;
  const std::unique_ptr<ServerTrust> trust_;
  const std::unique_ptr<Resolver> resolver_;
  Dialer dialer_;
  RestClient rest_;
  RandomSource random_;
  WeightBudget budget_;
  SnapshotQueue snapshots_;
  ConnectionBudget attempts_;
  absl::flat_hash_map<std::string, std::size_t> shard_of_symbol_;

  std::deque<std::unique_ptr<Slot>> slots_;
  std::vector<std::unique_ptr<Link>> retired_;  // Closing, or over.
  std::int64_t last_connection_ = 0;

  std::deque<InfoRequest> info_waiting_;
  std::size_t info_in_flight_ = 0;
  Backoff info_backoff_;
  Nanos info_due_ = 0;
  bool info_done_ = false;

  Nanos waiting_told_ = INT64_MIN / 2;
  Nanos counts_shown_ = INT64_MIN / 2;
  Nanos blocked_told_ = INT64_MIN;
  std::optional<Nanos> stopping_since_;
  FeedCounts now_counts_;

  mutable std::mutex mutex_;
  FeedCounts shown_counts_;  // Guarded, like the status.
  absl::Status status_;

  LoopTimer tick_;  // The last: it calls into all others.
};

// A connection and its watch.
class LiveFeed::State::Link final : public SocketObserver {
 public:
  Link(State& feed, Slot& slot, std::int64_t number)
      : feed_(feed), slot_(slot), number_(number), watch_(feed.watch_options_, slot.plan) {
    if (slot.learnt) watch_.Learn(*slot.learnt);
    socket_ = std::make_unique<WebSocketClient>(feed.dialer_, feed.options_.streams,
                                                slot.plan.Target(), feed.socket_options_, *this);
  }

  void OnOpen() override {
    opened_ = NetworkLoop::Now();
    is_open_ = true;
    watch_.OnOpen(opened_);
    feed_.OnLinkOpen(slot_, *this);
  }
  void OnMessage(const SocketMessage& message) override {
    feed_.OnLinkMessage(slot_, *this, message);
  }
  void OnPing() override { watch_.OnServerPing(NetworkLoop::Now()); }
  void OnPong() override { watch_.OnPong(NetworkLoop::Now()); }
  void OnEnd(const SocketEnd& end) override {
    is_open_ = false;
    is_over_ = true;
    feed_.OnLinkEnd(slot_, *this, end);
  }

  // Says goodbye; its end is awaited. Or lets it go at once.
  void Close() {
    if (is_open_) socket_->Close(kCloseNormal);
  }
  void Drop() {
    socket_.reset();
    is_open_ = false;
    is_over_ = true;
  }

  [[nodiscard]] std::int64_t number() const noexcept { return number_; }
  [[nodiscard]] StreamWatch& watch() noexcept { return watch_; }
  [[nodiscard]] WebSocketClient& socket() noexcept { return *socket_; }
  [[nodiscard]] bool has_socket() const noexcept { return socket_ != nullptr; }
  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  [[nodiscard]] Nanos opened() const noexcept { return opened_; }

  bool is_told = false;  // The shard knows it as open.

 private:
  State& feed_;
  Slot& slot_;
  const std::int64_t number_;
  StreamWatch watch_;
  Nanos opened_ = 0;
  bool is_open_ = false;
  bool is_over_ = false;
  std::unique_ptr<WebSocketClient> socket_;
};

LiveFeed::State::State(const LiveFeedOptions& options, const std::vector<FeedShard>& shards,
                       FeedLog log, std::unique_ptr<ServerTrust> trust)
    : options_(options),
      shards_(shards),
      log_(std::move(log)),
      watch_options_(WatchOptionsOf(options.market, options.test_time_scale)),
      trust_(std::move(trust)),
      resolver_(MakeSystemResolver(loop_)),
      dialer_(loop_, *trust_, *resolver_),
      rest_(loop_, *trust_, *resolver_, options.rest),
      random_(options.seed),
      budget_(DefaultRateLimits(options.market),
              {.own_share = options.weight_share, .test_time_scale = options.test_time_scale}),
      snapshots_({.market = options.market, .depth_limit = options.depth_limit}, budget_, random_),
      attempts_(kConnectAttemptsMax, kConnectWindow / options.test_time_scale),
      tick_(loop_) {}

absl::Status LiveFeed::State::Plan() {
  StreamPlanOptions planning;
  planning.market = options_.market;
  planning.trade_stream = options_.trade_stream == TradeStream::kTrade ? "trade" : "aggTrade";
  std::vector<std::string> all;
  for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
    absl::StatusOr<std::vector<ConnectionPlan>> plans =
        PlanStreams(planning, shards_[shard].symbols);
    if (!plans.ok()) return plans.status();
    for (ConnectionPlan& plan : *plans) {
      auto slot = std::make_unique<Slot>();
      slot->shard = shard;
      slot->plan = std::move(plan);
      for (std::size_t i = 0; i < slot->plan.streams.size(); ++i) {
        slot->stream_index.emplace(slot->plan.streams[i].name, i);
      }
      slots_.push_back(std::move(slot));
    }
    for (const std::string& symbol : shards_[shard].symbols) {
      shard_of_symbol_.emplace(symbol, shard);
      all.push_back(symbol);
    }
  }
  BeginInfo(std::move(all));
  return absl::OkStatus();
}

void LiveFeed::State::Run() {
  Tick();
  loop_.Run();
}

void LiveFeed::State::Stop() {
  loop_.Post([this] {
    if (stopping_since_) return;
    stopping_since_ = NetworkLoop::Now();
    for (const auto& slot : slots_) {
      slot->changeover.reset();
      if (slot->successor) Retire(std::move(slot->successor));
      if (slot->link) {
        TellClosed(*slot, *slot->link, kCloseNormal);
        Retire(std::move(slot->link));
      }
    }
  });
}

absl::Status LiveFeed::State::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

FeedCounts LiveFeed::State::counts() const {
  const std::lock_guard lock(mutex_);
  return shown_counts_;
}

void LiveFeed::State::Tick() {
  const Nanos now = NetworkLoop::Now();
  std::erase_if(retired_, [](const std::unique_ptr<Link>& link) { return link->is_over(); });
  if (stopping_since_) {
    AdvanceStop(now);
  } else {
    AskForInfo(now);
    if (info_done_) {
      for (const auto& slot : slots_) Advance(*slot, now);
    }
    TakeOrders(now);
    AskForSnapshots(now);
    TellWaiting(now);
  }
  if (now - counts_shown_ >= kCountsEvery) {
    counts_shown_ = now;
    ShowCounts();
  }
  tick_.Start(kFeedTick, [this] { Tick(); });
}

void LiveFeed::State::AdvanceStop(Nanos now) {
  if (!retired_.empty() && now - *stopping_since_ < kStopDeadline) return;
  for (const auto& link : retired_) link->Drop();
  ShowCounts();
  loop_.Stop();
}

void LiveFeed::State::ShowCounts() {
  now_counts_.connections = 0;
  for (const auto& slot : slots_) {
    for (const Link* link : {slot->link.get(), slot->successor.get()}) {
      if (link == nullptr || !link->is_open()) continue;
      ++now_counts_.connections;
    }
    if (slot->link && slot->link->has_socket()) {
      now_counts_.unread_bytes_max =
          std::max(now_counts_.unread_bytes_max, slot->link->socket().counts().unread_bytes_max);
    }
  }
  now_counts_.rest = rest_.counts();
  now_counts_.snapshots = snapshots_.counts();
  now_counts_.budget = budget_.counts();
  const std::lock_guard lock(mutex_);
  shown_counts_ = now_counts_;
}

// --- exchangeInfo -------------------------------------------------------------------------------

void LiveFeed::State::BeginInfo(std::vector<std::string> symbols) {
  std::size_t first = 0;
  for (RestRequest& request : ExchangeInfoRequests(options_.market, symbols)) {
    // Of several requests each has those symbols that fit, in order.
    std::vector<std::string> asked;
    if (options_.market == Market::kSpot) {
      while (first < symbols.size() &&
             request.target.find(absl::StrCat("%22", PercentEncoded(symbols[first]), "%22")) !=
                 std::string::npos) {
        asked.push_back(symbols[first++]);
      }
    } else {
      asked = symbols;
    }
    info_waiting_.push_back({std::move(request), std::move(asked)});
  }
}

void LiveFeed::State::AskForInfo(Nanos now) {
  if (info_done_ || now < info_due_) return;
  while (!info_waiting_.empty()) {
    const auto ticket = budget_.Take(info_waiting_.front().request.weight, now);
    if (!ticket) return;
    InfoRequest asked = std::move(info_waiting_.front());
    info_waiting_.pop_front();
    ++info_in_flight_;
    const std::string target = asked.request.target;
    rest_.Get(target, [this, asked = std::move(asked), ticket = *ticket](const RestAnswer& answer) {
      --info_in_flight_;
      budget_.OnAnswer(ticket, answer.Report(), NetworkLoop::Now());
      OnInfo(asked, answer);
    });
  }
}

void LiveFeed::State::OnInfo(const InfoRequest& asked, const RestAnswer& answer) {
  if (stopping_since_ || !status().ok()) return;
  const Nanos now = NetworkLoop::Now();
  if (answer.is_good()) {
    const auto limits = ReadRateLimits(answer.body);
    if (limits.ok()) {
      absl::Status listed = CheckListed(asked.symbols, answer.body);
      if (!listed.ok()) return Fail(std::move(listed));
      budget_.SetLimits(*limits);
      for (const FeedShard& shard : shards_) {
        shard.input->OnRest(answer.received, asked.request.target, answer.body);
      }
      info_backoff_.Reset();
      info_done_ = info_waiting_.empty() && info_in_flight_ == 0;
      return;
    }
  }
  if (answer.status.ok() && answer.code == 400 && ErrorCode(answer.body) == kInvalidSymbol) {
    // One unknown symbol fails the whole list: halves tell which.
    if (asked.symbols.size() <= 1) {
      return Fail(absl::NotFoundError(absl::StrCat("the exchange has no symbol ",
                                                   absl::StrJoin(asked.symbols, ", "), " (",
                                                   DescribeAnswer(answer), ")")));
    }
    const auto middle =
        asked.symbols.begin() + static_cast<std::ptrdiff_t>(asked.symbols.size() / 2);
    BeginInfo({asked.symbols.begin(), middle});
    BeginInfo({middle, asked.symbols.end()});
    return;
  }
  info_waiting_.push_back(asked);
  const Nanos wait = info_backoff_.Next(0, random_);
  info_due_ = now + wait;
  Log("exchangeInfo",
      absl::StrCat("exchangeInfo failed: ", DescribeAnswer(answer), "; again in ", Seconds(wait)));
}

absl::Status LiveFeed::State::CheckListed(const std::vector<std::string>& symbols,
                                          std::string_view body) const {
  std::vector<std::string> left_out;
  const auto listed = DecodeExchangeInfo(body, &left_out);
  if (!listed.ok()) return absl::OkStatus();  // The engines say what is wrong with it.
  for (const std::string& symbol : symbols) {
    const bool is_there =
        std::any_of(listed->begin(), listed->end(),
                    [&](const Instrument& instrument) { return instrument.symbol == symbol; }) ||
        std::any_of(left_out.begin(), left_out.end(),
                    [&](const std::string& why) { return why.find(symbol) != std::string::npos; });
    if (is_there) continue;
    return absl::NotFoundError(
        absl::StrCat("the exchange has no symbol ", symbol, " (it is not in exchangeInfo)"));
  }
  return absl::OkStatus();
}

void LiveFeed::State::Fail(absl::Status status) {
  const std::lock_guard lock(mutex_);
  if (status_.ok()) status_ = std::move(status);
}

// --- connections --------------------------------------------------------------------------------

void LiveFeed::State::Advance(Slot& slot, Nanos now) {
  if (!slot.link && !slot.successor && now >= slot.due) {
    slot.link = Dial(slot, now);
    return;
  }
  if (slot.link && slot.link->is_open()) {
    Link& link = *slot.link;
    for (;;) {
      const WatchStep step = link.watch().Advance(now, link.socket().pace());
      if (step.verdict == WatchVerdict::kReconnect) return Reconnect(slot, step.why);
      if (step.verdict == WatchVerdict::kReplace && !slot.successor && now >= slot.due) {
        slot.successor = Dial(slot, now);
        if (slot.successor) {
          Log("replace", absl::StrCat("conn ", link.number(), " is replaced by conn ",
                                      slot.successor->number(), ": ", step.why));
        }
      }
      if (step.text) link.socket().Send(*step.text);
      if (step.ping) link.socket().Ping();
      if (!step.text && !step.ping) break;
    }
  }
  if (slot.successor && slot.successor->is_open()) {
    Link& link = *slot.successor;
    for (;;) {
      const WatchStep step = link.watch().Advance(now, link.socket().pace());
      if (step.text) link.socket().Send(*step.text);
      if (step.ping) link.socket().Ping();
      if (!step.text && !step.ping) break;
    }
    if (slot.changeover->MayEnd(now) && link.watch().is_subscribed())
      TakeOver(slot, "it was asked to");
  }
}

// Null when no attempt may be made now.
std::unique_ptr<LiveFeed::State::Link> LiveFeed::State::Dial(Slot& slot, Nanos now) {
  if (!attempts_.TryTake(now)) {
    slot.due = attempts_.NextAt(now);
    if (slot.due != blocked_told_) {
      blocked_told_ = slot.due;
      Log("attempts",
          absl::StrCat("no attempt to connect may be made for ", Seconds(slot.due - now)));
    }
    return nullptr;
  }
  return std::make_unique<Link>(*this, slot, ++last_connection_);
}

void LiveFeed::State::OnLinkOpen(Slot& slot, Link& link) {
  ++now_counts_.opened;
  if (&link == slot.successor.get() && slot.link) {
    slot.changeover.emplace(slot.plan.streams.size(), link.opened());
    return;
  }
  TellOpen(slot, link);
  Log("open", absl::StrCat("conn ", link.number(), " is open: ", slot.plan.streams.size(),
                           " streams of ", options_.streams.Url()));
}

void LiveFeed::State::TellOpen(Slot& slot, Link& link) {
  link.is_told = true;
  shards_[slot.shard].input->OnConnectionOpen(
      link.number(), WallNow(), absl::StrCat(options_.streams.Url(), slot.plan.WholeTarget()));
  for (const PlannedStream& stream : slot.plan.streams) {
    if (stream.kind != StreamKind::kDepth) continue;
    snapshots_.OnConnectionBack(shards_[slot.shard].symbols[stream.symbol]);
  }
}

void LiveFeed::State::TellClosed(Slot& slot, Link& link, int code) {
  if (!link.is_told) return;
  link.is_told = false;
  shards_[slot.shard].input->OnConnectionClosed(link.number(), WallNow(), code);
}

void LiveFeed::State::OnLinkMessage(Slot& slot, Link& link, const SocketMessage& message) {
  const bool is_current = &link == slot.link.get() || &link == slot.successor.get();
  if (!is_current) return;  // It says goodbye.
  const std::string_view stream = StreamOf(message.text);
  if (!stream.empty()) {
    const auto found = slot.stream_index.find(Abseil(stream));
    if (found != slot.stream_index.end()) {
      link.watch().OnFrame(found->second, message.monotonic);
    } else {
      link.watch().OnLife(message.monotonic);
      if (stream == kShutdownStream) link.watch().OnShutdownNotice();
    }
    GiveFrame(slot, link,
              found == slot.stream_index.end() ? slot.plan.streams.size() : found->second, message);
    return;
  }
  link.watch().OnLife(message.monotonic);
  if (ReadControlReply(message.text)) {
    ++now_counts_.replies;
    link.watch().OnReply(message.text, message.monotonic);
  } else if (message.text.find(kShutdownEvent) != std::string_view::npos) {
    link.watch().OnShutdownNotice();
  } else if (message.text.starts_with('{') || message.text.starts_with('[')) {
    GiveFrame(slot, link, slot.plan.streams.size(), message);
  } else {
    ++now_counts_.strange_texts;
    Log("strange", absl::StrCat("conn ", link.number(), ": a message of ", message.text.size(),
                                " bytes that is no JSON"));
  }
}

void LiveFeed::State::GiveFrame(Slot& slot, Link& link, std::size_t stream,
                                const SocketMessage& message) {
  if (slot.changeover && &link == slot.successor.get()) {
    slot.changeover->Hold(stream, message.received, message.monotonic, message.text,
                          message.monotonic);
    return;
  }
  if (slot.changeover) slot.changeover->OnOldFrame(stream, message.text);
  ++now_counts_.frames;
  shards_[slot.shard].input->OnFrame(link.number(), message.received, message.monotonic,
                                     message.text);
}

// The successor becomes the slot's connection: what it said meanwhile follows what the old one
// said.
void LiveFeed::State::TakeOver(Slot& slot, std::string_view why) {
  Link& link = *slot.successor;
  TellOpen(slot, link);
  for (const Changeover::Held& held : slot.changeover->Release()) {
    ++now_counts_.frames;
    shards_[slot.shard].input->OnFrame(link.number(), held.received, held.monotonic, held.payload);
  }
  slot.changeover.reset();
  ++now_counts_.replaced;
  if (slot.link) {
    Log("replaced", absl::StrCat("conn ", slot.link->number(), " ended, conn ", link.number(),
                                 " goes on: ", Abseil(why)));
    slot.learnt.emplace(slot.link->watch());
    TellClosed(slot, *slot.link, kCloseNormal);
    Retire(std::move(slot.link));
  }
  slot.link = std::move(slot.successor);
}

// What is closing is kept until it is over; what is not open is let go.
void LiveFeed::State::Retire(std::unique_ptr<Link> link) {
  const WatchCounts& counts = link->watch().counts();
  now_counts_.watch.subscribe_errors += counts.subscribe_errors;
  now_counts_.watch.replies_lost += counts.replies_lost;
  now_counts_.watch.replies_unknown += counts.replies_unknown;
  now_counts_.watch.resubscribed += counts.resubscribed;
  now_counts_.watch.stalls += counts.stalls;
  now_counts_.watch.questions += counts.questions;
  if (link->is_open()) {
    link->Close();
  } else {
    link->Drop();
  }
  retired_.push_back(std::move(link));
}

void LiveFeed::State::OnLinkEnd(Slot& slot, Link& link, const SocketEnd& end) {
  const bool is_link = &link == slot.link.get();
  const bool is_successor = &link == slot.successor.get();
  if (!is_link && !is_successor) return;  // It was let go.
  const Nanos now = NetworkLoop::Now();
  if (!end.was_open) ++(end.http_status != 0 ? now_counts_.refused : now_counts_.failed_dials);
  if (end.was_open) ++now_counts_.ended;
  OnRefusal(end, now);
  const std::string why = absl::StrCat(
      "conn ", link.number(), end.was_open ? absl::StrCat(" closed ", end.code) : " failed", ": ",
      end.status.ok() ? "by the exchange" : std::string(end.status.message()));
  const Nanos good_for = end.was_open ? now - link.opened() : 0;
  if (is_successor) {
    slot.changeover.reset();
    Retire(std::move(slot.successor));
    return Schedule(slot, good_for, why, now);
  }
  TellClosed(slot, link, end.code);
  slot.learnt.emplace(link.watch());
  Retire(std::move(slot.link));
  if (slot.successor && slot.successor->is_open()) return TakeOver(slot, why);
  for (const PlannedStream& stream : slot.plan.streams) {
    if (stream.kind != StreamKind::kDepth) continue;
    snapshots_.OnConnectionLost(shards_[slot.shard].symbols[stream.symbol]);
  }
  if (slot.successor) {
    // It is on its way already, and takes the place.
    Log("ended", why);
    slot.link = std::move(slot.successor);
    return;
  }
  Schedule(slot, good_for, why, now);
}

void LiveFeed::State::OnRefusal(const SocketEnd& end, Nanos now) {
  if (end.http_status == 0) return;
  if (end.http_status != 418 && end.http_status != 429 && end.http_status != 403) return;
  const Nanos assumed = end.http_status == 418 ? kAssumedBan : kRefusalAssumed;
  attempts_.Block(now, end.retry_after.value_or(assumed / options_.test_time_scale));
  budget_.OnRefusal(end.http_status, end.retry_after, now);
}

void LiveFeed::State::Reconnect(Slot& slot, std::string_view why) {
  const Nanos now = NetworkLoop::Now();
  Link& link = *slot.link;
  const Nanos good_for = now - link.opened();
  const std::string line = absl::StrCat("conn ", link.number(), " is given up: ", Abseil(why));
  ++now_counts_.ended;
  TellClosed(slot, link, kCloseNone);
  slot.learnt.emplace(link.watch());
  link.Drop();
  Retire(std::move(slot.link));
  if (slot.successor && slot.successor->is_open()) return TakeOver(slot, line);
  for (const PlannedStream& stream : slot.plan.streams) {
    if (stream.kind != StreamKind::kDepth) continue;
    snapshots_.OnConnectionLost(shards_[slot.shard].symbols[stream.symbol]);
  }
  if (slot.successor) {
    slot.link = std::move(slot.successor);
    return Log("ended", line);
  }
  Schedule(slot, good_for, line, now);
}

void LiveFeed::State::Schedule(Slot& slot, Nanos good_for, std::string_view why, Nanos now) {
  const Nanos wait = slot.backoff.Next(good_for, random_);
  slot.due = std::max(now + wait, attempts_.NextAt(now));
  Log("ended", absl::StrCat(Abseil(why), "; again in ", Seconds(slot.due - now)));
}

// --- snapshots ----------------------------------------------------------------------------------

void LiveFeed::State::TakeOrders(Nanos now) {
  for (const FeedShard& shard : shards_) {
    while (std::optional<SnapshotOrder> order = shard.input->TakeOrder()) {
      snapshots_.Want(order->symbol, order->need, now);
    }
  }
}

void LiveFeed::State::AskForSnapshots(Nanos now) {
  while (std::optional<SnapshotRequest> request = snapshots_.Take(now)) {
    const std::string target = request->target;
    rest_.Get(target, [this, request = *std::move(request)](const RestAnswer& answer) {
      OnSnapshot(request, answer);
    });
  }
}

void LiveFeed::State::OnSnapshot(const SnapshotRequest& request, const RestAnswer& answer) {
  SnapshotResult result = SnapshotResult::kFailed;
  std::string why;
  if (answer.is_good()) {
    const absl::Status depth = CheckDepthAnswer(answer.body);
    result = depth.ok() ? SnapshotResult::kGood : SnapshotResult::kGarbage;
    why = std::string(depth.message());
  } else {
    const bool is_refusal = answer.status.ok() && answer.code >= 400 && answer.code < 500 &&
                            answer.code != 429 && answer.code != 418 && answer.code != 403;
    if (is_refusal) result = SnapshotResult::kRefused;
    why = DescribeAnswer(answer);
  }
  const SnapshotUse use = snapshots_.OnAnswer(request, result, answer.Report(), NetworkLoop::Now());
  if (!why.empty()) {
    Log("snapshot",
        absl::StrCat("snapshot of ", request.symbol, ", attempt ", request.attempt, ": ", why));
  }
  if (use != SnapshotUse::kGive || stopping_since_) return;
  shards_[shard_of_symbol_.at(request.symbol)].input->OnRest(answer.received, request.target,
                                                             answer.body);
}

void LiveFeed::State::TellWaiting(Nanos now) {
  if (now - waiting_told_ < kWaitingToldEvery || snapshots_.waiting() == 0) return;
  const std::vector<SnapshotEstimate> estimates = snapshots_.Estimates(now);
  // Those that are served at once are not worth a line.
  if (estimates.empty() || estimates.back().due - now < kSecond) return;
  waiting_told_ = now;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < estimates.size(); ++i) {
    if (i >= kWaitingNamed && i + 1 != estimates.size()) continue;
    if (i >= kWaitingNamed && estimates.size() > kWaitingNamed + 1) parts.emplace_back("...");
    parts.push_back(
        estimates[i].due == WeightBudget::kNever
            ? absl::StrCat(estimates[i].symbol, " never: its weight does not fit")
            : absl::StrCat(estimates[i].symbol, " in ", Seconds(estimates[i].due - now)));
  }
  Log("waiting",
      absl::StrCat(estimates.size(), " symbols wait for a snapshot: ", absl::StrJoin(parts, ", ")));
}

// ------------------------------------------------------------------------------------------------

LiveFeed::LiveFeed(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiveFeed::~LiveFeed() = default;

absl::StatusOr<std::unique_ptr<LiveFeed>> LiveFeed::Create(const LiveFeedOptions& options,
                                                           const std::vector<FeedShard>& shards,
                                                           FeedLog log) {
  absl::StatusOr<std::unique_ptr<ServerTrust>> trust = ServerTrust::Create(options.ca_path);
  if (!trust.ok()) return trust.status();
  auto state = std::make_unique<State>(options, shards, std::move(log), *std::move(trust));
  absl::Status planned = state->Plan();
  if (!planned.ok()) return planned;
  return std::unique_ptr<LiveFeed>(new LiveFeed(std::move(state)));
}

void LiveFeed::Run() { state_->Run(); }
void LiveFeed::Stop() { state_->Stop(); }
absl::Status LiveFeed::status() const { return state_->status(); }
FeedCounts LiveFeed::counts() const { return state_->counts(); }

}  // namespace thalweg
