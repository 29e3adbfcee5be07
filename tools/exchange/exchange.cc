#include "tools/exchange/exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/decode/rest_target.h"

namespace thalweg {
namespace {

constexpr int kGoingAway = 1'001;
constexpr int kNoGoodbye = 1'006;  // What ends without a close frame; a reset here.
constexpr int kPolicyViolation = 1'008;
constexpr std::string_view kLimitsPath = "/thalweg/limits";
constexpr std::string_view kFaultPath = "/thalweg/fault";

std::int64_t SecondsUp(Nanos span) {
  return std::max<std::int64_t>((span + kSecond - 1) / kSecond, 1);
}

SharedText Share(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

// Kinds that happen once, at a moment, and not to single frames.
bool IsMoment(FaultKind kind) {
  switch (kind) {
    case FaultKind::kStall:
    case FaultKind::kDribble:
    case FaultKind::kIdReset:
    case FaultKind::kShutdown:
    case FaultKind::kClose:
    case FaultKind::kPings:
    case FaultKind::kTickSize:
    case FaultKind::kStepSize:
    case FaultKind::kHalt:
    case FaultKind::kDelist:
    case FaultKind::kRelist:
    case FaultKind::kMaintenance:
      return true;
    default:
      return false;
  }
}

bool IsOfFrames(const Fault& fault) {
  return fault.trigger == FaultTrigger::kFrame || fault.trigger == FaultTrigger::kId ||
         fault.trigger == FaultTrigger::kTime;
}

// What is sent in the place of a good message.
std::string Malformed(const Fault& fault, const std::string& message) {
  if (fault.how == "truncated") return message.substr(0, message.size() / 2);
  if (fault.how == "utf8") return message.substr(0, message.size() / 2) + "\xc3\x28\xff";
  if (fault.how == "huge") return std::string(static_cast<std::size_t>(fault.bytes), ' ');
  return "\x01\x02<not json>{{{";
}

// Every level of each side in the opposite order.
std::string ReversedSides(const std::string& body) {
  std::string out = body;
  for (const char* const name : {"\"bids\":[", "\"asks\":["}) {
    const std::size_t begin = out.find(name);
    if (begin == std::string::npos) continue;
    const std::size_t first = begin + 8;
    const std::size_t end = out.find("]]", first);
    if (end == std::string::npos) continue;
    std::vector<std::string> levels;
    for (std::size_t at = first; at < end;) {
      const std::size_t close = out.find(']', at);
      levels.push_back(out.substr(at, close + 1 - at));
      at = close + 2;
    }
    std::string reversed;
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
      absl::StrAppend(&reversed, reversed.empty() ? "" : ",", *level);
    }
    out.replace(first, end + 1 - first, reversed);
  }
  return out;
}

std::string GarbageSnapshot(const std::string& how, const std::string& body) {
  if (how == "html") return "<html><body><h1>502 Bad Gateway</h1></body></html>";
  if (how == "empty") return "";
  if (how == "truncated") return body.substr(0, body.size() / 2);
  const std::size_t bids = body.find("\"bids\":[");
  const std::size_t asks = body.find("\"asks\":[");
  if (bids == std::string::npos || asks == std::string::npos) return body;
  if (how == "duplicate") {
    // The best bid twice.
    const std::size_t first = bids + 8;
    const std::size_t end = body.find(']', first);
    if (body[first] == ']' || end == std::string::npos) return body;
    return absl::StrCat(body.substr(0, first), body.substr(first, end + 1 - first), ",",
                        body.substr(first));
  }
  if (how == "ascending") return ReversedSides(body);
  if (how == "missing") {
    // The worst bid: an answer that nothing but an audit can tell from a good one.
    const std::size_t end = body.find("]]", bids);
    const std::size_t last = end == std::string::npos ? end : body.rfind(",[", end);
    if (last == std::string::npos || last < bids) return body;
    return absl::StrCat(body.substr(0, last), body.substr(end + 1));
  }
  // Bids and asks under each other's name, and each side in the order that it should have.
  std::string swapped = body;
  swapped.replace(bids, 8, "\"asks\":[");
  swapped.replace(asks, 8, "\"bids\":[");
  return ReversedSides(swapped);
}

}  // namespace

// A frame in the forms that connections want, each made when the first one wants it.
struct Exchange::Sending {
  StreamText text;
  std::string symbol;
  std::vector<const Fault*> faults;  // That treat this frame.
  std::int64_t id_shift = 0;

  struct Form {
    bool is_combined;
    std::optional<TimeUnit> unit;
    bool has_unknown_field;
    SharedText message;
  };
  std::vector<Form> forms;

  SharedText Message(bool is_combined, std::optional<TimeUnit> unit, bool has_unknown_field) {
    for (const Form& form : forms) {
      if (form.is_combined == is_combined && form.unit == unit &&
          form.has_unknown_field == has_unknown_field) {
        return form.message;
      }
    }
    const bool as_recorded = !unit && !has_unknown_field && id_shift == 0;
    std::string message;
    if (as_recorded && is_combined && !text.combined.empty()) {
      message = text.combined;
    } else {
      std::string payload(text.payload);
      if (id_shift != 0) payload = WithShiftedIds(payload, id_shift);
      if (unit) payload = InTimeUnit(payload, *unit);
      if (has_unknown_field) payload = WithUnknownField(payload);
      message = is_combined ? Combined(text.stream, payload) : payload;
    }
    forms.push_back({is_combined, unit, has_unknown_field, Share(std::move(message))});
    return forms.back().message;
  }
};

Exchange::Exchange(ExchangeOptions options, std::unique_ptr<ExchangeFeed> feed, ExchangeWire& wire)
    : options_(std::move(options)),
      feed_(std::move(feed)),
      wire_(wire),
      venue_(VenueOf(feed_->market(), options_.time_scale)),
      budget_(venue_),
      desk_(venue_, *feed_, tapes_, listing_) {
  for (const Fault& fault : options_.faults) Schedule(fault);
}

void Exchange::Schedule(const Fault& fault) {
  Scheduled scheduled;
  scheduled.fault = fault;
  scheduled.left = IsMoment(fault.kind) ? 1 : fault.count;
  faults_.push_back(std::move(scheduled));
}

void Exchange::AddFault(const Fault& fault) {
  // Of a long run there are many: those that are over only cost time.
  std::erase_if(faults_, [](const Scheduled& scheduled) { return scheduled.left == 0; });
  Schedule(fault);
}

Nanos Exchange::FeedTime(Nanos now) const {
  if (!feed_began_) return 0;
  if (options_.speed == 0) return newest_frame_;
  return static_cast<Nanos>(static_cast<double>(now - *feed_began_) * options_.speed);
}

EventTime Exchange::Clock(Nanos now) const { return feed_->start() + FeedTime(now); }

// ---- Requests

HttpAnswer Exchange::Ask(const HttpQuestion& question, Nanos now) {
  const std::int64_t weight = desk_.Weight(question);
  if (weight == 0) return AskOwn(question, now);
  if (std::optional<HttpAnswer> closed = Maintenance(now)) return *std::move(closed);
  const BudgetVerdict verdict = budget_.Charge(question.address, weight, now);
  HttpAnswer answer;
  if (verdict.status == 200) {
    const RestDesk::Depth depth = desk_.AsDepth(question);
    answer = depth.symbol.empty() ? desk_.Answer(question, Clock(now)) : AskDepth(depth, now);
  } else if (verdict.status == 418) {
    const std::int64_t until = (Clock(now) + verdict.retry_after).raw() / kMillisecond;
    answer = ErrorAnswer(418, -1003,
                         absl::StrCat("Way too much request weight used; IP banned until ", until,
                                      ". Please use WebSocket Streams for live updates to avoid "
                                      "bans."));
  } else if (verdict.raw_requests) {
    answer = ErrorAnswer(429, -1003,
                         absl::StrCat("Too many requests; current limit is ", verdict.limit,
                                      " requests per 5 MINUTES."));
  } else {
    answer =
        ErrorAnswer(429, -1003,
                    absl::StrCat("Too much request weight used; current limit is ", verdict.limit,
                                 " request weight per 1 MINUTE. Please use WebSocket Streams "
                                 "for live updates to avoid polling the API."));
  }
  const std::string used = absl::StrCat(verdict.weight_used);
  answer.headers.emplace_back("X-MBX-USED-WEIGHT", used);
  const StatedWindow window = StatedWindowOf(venue_.weight_window);
  answer.headers.emplace_back(
      absl::StrCat("X-MBX-USED-WEIGHT-", window.count, Abseil(window.interval.substr(0, 1))), used);
  if (verdict.status != 200) {
    answer.headers.emplace_back("Retry-After", absl::StrCat(SecondsUp(verdict.retry_after)));
  }
  return answer;
}

HttpAnswer Exchange::AskOwn(const HttpQuestion& question, Nanos now) {
  const std::string_view target = question.target;
  const std::string_view path = target.substr(0, target.find('?'));
  HttpAnswer answer;
  if (path == kLimitsPath) {
    const BudgetPeaks& peaks = budget_.peaks();
    answer.body =
        absl::StrCat(R"({"weight":{"limit":)", venue_.weight_max, R"(,"windowMs":)",
                     venue_.weight_window / kMillisecond, R"(,"most":)", peaks.weight,
                     R"(},"attempts":{"limit":)", venue_.attempts_max, R"(,"windowMs":)",
                     venue_.attempts_window / kMillisecond, R"(,"most":)", peaks.attempts,
                     R"(},"refused":)", peaks.refused, R"(,"banned":)", peaks.banned, "}");
    return answer;
  }
  if (path != kFaultPath) return desk_.Answer(question, Clock(now));
  const absl::StatusOr<Fault> fault =
      ParseFault(PercentDecoded(QueryParameter(target, "add").value_or("")));
  if (!fault.ok()) return ErrorAnswer(400, -1100, Standard(fault.status().message()));
  AddFault(*fault);
  answer.body = "{}";
  return answer;
}

HttpAnswer Exchange::AskDepth(const RestDesk::Depth& depth, Nanos now) {
  const auto shift = id_shifts_.find(depth.symbol);
  const std::int64_t id_shift = shift == id_shifts_.end() ? 0 : shift->second;
  std::int64_t ids_ago = 0;
  Nanos delay = 0;
  const Fault* garbage = nullptr;
  for (const Fault* const treating : Treating(FaultTrigger::kRequest, depth.symbol)) {
    const Fault& fault = *treating;
    options_.log(absl::StrCat("fault ", fault.text, ": depth of ", depth.symbol));
    if (fault.kind == FaultKind::kRestError) {
      HttpAnswer answer = ErrorAnswer(static_cast<int>(fault.status), -1001,
                                      "Internal error; unable to process your request.");
      if (fault.status == 429 || fault.status == 418) {
        answer.headers.emplace_back("Retry-After", "1");
      }
      answer.is_aborted = fault.status == 0;
      return answer;
    }
    if (fault.kind == FaultKind::kSnapshotOld) ids_ago = fault.by;
    if (fault.kind == FaultKind::kSnapshotLate) delay = fault.length;
    if (fault.kind == FaultKind::kSnapshotGarbage) garbage = &fault;
  }
  HttpAnswer answer = desk_.AnswerDepth(depth, Clock(now), ids_ago, id_shift);
  answer.delay = delay;
  if (garbage != nullptr && answer.status == 200) {
    answer.body = GarbageSnapshot(garbage->how, answer.body);
    if (garbage->how == "html") answer.content_type = "text/html";
  }
  return answer;
}

std::optional<HttpAnswer> Exchange::Maintenance(Nanos now) const {
  if (now >= maintenance_until_) return std::nullopt;
  HttpAnswer answer =
      ErrorAnswer(maintenance_status_, -1016, "This service is no longer available.");
  answer.is_aborted = maintenance_status_ == 0;
  return answer;
}

UpgradeVerdict Exchange::Open(const HttpQuestion& question, Nanos now) {
  UpgradeVerdict verdict;
  if (std::optional<HttpAnswer> closed = Maintenance(now)) {
    options_.log(absl::StrCat("connection refused: maintenance, ", question.address));
    verdict.refusal = *std::move(closed);
    return verdict;
  }
  const BudgetVerdict budget = budget_.Connect(question.address, now);
  if (budget.status != 200) {
    verdict.refusal = ErrorAnswer(budget.status, -1003, "Too many connection attempts.");
    verdict.refusal.headers.emplace_back("Retry-After",
                                         absl::StrCat(SecondsUp(budget.retry_after)));
    return verdict;
  }
  for (const Fault* const treating : Treating(FaultTrigger::kAttempt, "")) {
    const Fault& fault = *treating;
    options_.log(absl::StrCat("fault ", fault.text, ": connection refused"));
    verdict.refusal = ErrorAnswer(static_cast<int>(fault.status), -1001, "Refused.");
    verdict.refusal.is_aborted = fault.status == 0;
    if (fault.status == 429 || fault.status == 418) {
      verdict.refusal.headers.emplace_back("Retry-After", "1");
    }
    return verdict;
  }
  std::optional<StreamTarget> target = ParseStreamTarget(question.target, venue_.market);
  if (!target) {
    verdict.refusal = ErrorAnswer(404, -1000, "No streams at this address.");
    return verdict;
  }
  if (target->streams.size() > venue_.streams_max) {
    verdict.refusal = ErrorAnswer(400, -1000, "Too many streams.");
    return verdict;
  }
  const ConnectionNumber number = ++last_connection_;
  const auto [connection, added] = connections_.emplace(
      number, Connection(StreamSession(venue_, options_.error_shape, *std::move(target), now),
                         question.address));
  verdict.connection = number;
  options_.log(absl::StrCat("connection ", number, " from ", question.address,
                            " opened: ", question.target));
  BeginFeedIfWanted(connection->second.session, now);
  return verdict;
}

void Exchange::BeginFeedIfWanted(const StreamSession& session, Nanos now) {
  if (feed_began_) return;
  const bool wanted = std::any_of(
      session.streams().begin(), session.streams().end(), [&](const std::string& stream) {
        const std::string symbol = absl::AsciiStrToUpper(stream.substr(0, stream.find('@')));
        return stream.starts_with('!') ||
               std::any_of(feed_->symbols().begin(), feed_->symbols().end(),
                           [&](const ListedSymbol& listed) { return listed.name == symbol; });
      });
  if (!wanted) return;
  feed_began_ = now;
  options_.log("the feed begins");
}

void Exchange::OnText(ConnectionNumber number, std::string_view text, Nanos now) {
  const auto found = connections_.find(number);
  if (found == connections_.end() || found->second.is_closing) return;
  Connection& connection = found->second;
  if (!connection.session.CountClientFrame(now)) {
    budget_.CountCutConnection(connection.address, now);
    return CloseConnection(connection, number, kPolicyViolation, "Too many requests");
  }
  std::string how;
  for (const Fault* const fault : Treating(FaultTrigger::kControl, "")) {
    how = fault->how;
    options_.log(absl::StrCat("fault ", fault->text, ": reply on connection ", number));
  }
  std::string reply =
      how == "error" ? connection.session.Refuse(text) : connection.session.Answer(text);
  if (how == "other-id") reply = R"({"result":null,"id":"other"})";
  if (how != "lost") wire_.Send(number, Share(std::move(reply)), false);
  BeginFeedIfWanted(connection.session, now);
}

void Exchange::OnPing(ConnectionNumber number, Nanos now) {
  const auto found = connections_.find(number);
  if (found == connections_.end() || found->second.is_closing) return;
  if (found->second.session.CountClientFrame(now)) return;
  budget_.CountCutConnection(found->second.address, now);
  CloseConnection(found->second, number, kPolicyViolation, "Too many requests");
}

void Exchange::OnPong(ConnectionNumber number, std::string_view payload, Nanos now) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  found->second.session.OnPong(payload);
  OnPing(number, now);  // It counts as a frame like any other.
}

void Exchange::OnClosed(ConnectionNumber number, std::string_view how) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  options_.log(absl::StrCat("connection ", number, " ended after ", found->second.sent_count,
                            " messages: ", Abseil(how)));
  connections_.erase(found);
}

// ---- Time

void Exchange::CloseConnection(Connection& connection, ConnectionNumber number, int code,
                               const std::string& reason) {
  if (std::exchange(connection.is_closing, true)) return;
  options_.log(absl::StrCat("connection ", number, " is closed with ", code, ": ", reason));
  wire_.Close(number, code, reason);
}

void Exchange::TellShutdown(Connection& connection, ConnectionNumber number, Nanos now) {
  const Nanos unit =
      connection.session.unit() == TimeUnit::kMicrosecond ? kMicrosecond : kMillisecond;
  std::string event = absl::StrCat(R"({"e":"serverShutdown","E":)", Clock(now).raw() / unit, "}");
  if (connection.session.is_combined()) event = Combined("!serverShutdown", event);
  wire_.Send(number, Share(std::move(event)), false);
}

void Exchange::ShutDown(Nanos now) {
  for (auto& [number, connection] : connections_) {
    if (connection.is_closing) continue;
    TellShutdown(connection, number, now);
    CloseConnection(connection, number, kGoingAway, "shutdown");
  }
}

void Exchange::Advance(Nanos now) {
  for (auto& [number, connection] : connections_) {
    if (connection.is_closing) continue;
    const std::optional<Nanos> pong_deadline = connection.session.pong_deadline();
    if (pong_deadline && *pong_deadline <= now) {
      CloseConnection(connection, number, kPolicyViolation, "Pong timeout");
    } else if (connection.session.end_of_life() <= now) {
      CloseConnection(connection, number, kGoingAway, "connection expired");
    } else if (connection.close_at && *connection.close_at <= now) {
      CloseConnection(connection, number, connection.close_code, "shutdown");
    } else if (connection.session.next_ping() <= now) {
      const std::string payload = absl::StrCat(Clock(now).raw() / kMillisecond);
      connection.session.OnPingSent(payload, now);
      if (connection.no_pings_until < FeedTime(now)) wire_.Ping(number, payload);
    }
  }
  AdvanceFeed(now);
}

void Exchange::AdvanceFeed(Nanos now) {
  if (!feed_began_) return;
  EndHalts(FeedTime(now));
  for (std::size_t count = 0; count < kFramesPerAdvance && !is_feed_over_; ++count) {
    const std::optional<Nanos> at = feed_->NextAt();
    if (!at) {
      is_feed_over_ = true;
      options_.log(feed_->status().ok()
                       ? std::string("the feed is over")
                       : absl::StrCat("the feed ends: ", feed_->status().message()));
      break;
    }
    const bool is_due = options_.speed == 0 ? wire_.HasRoom() : *at <= FeedTime(now);
    if (!is_due) break;
    newest_frame_ = std::max(newest_frame_, *at);
    for (Scheduled& scheduled : faults_) {
      if (scheduled.left > 0 && IsMoment(scheduled.fault.kind) &&
          scheduled.fault.trigger == FaultTrigger::kTime && scheduled.fault.time <= *at) {
        --scheduled.left;
        BeginMoment(scheduled.fault, now);
      }
    }
    ReleaseHeld(*at, false);
    SendFrame(feed_->Next(), now);
  }
  // Also between frames, and behind the last one.
  for (Scheduled& scheduled : faults_) {
    if (scheduled.left > 0 && IsMoment(scheduled.fault.kind) &&
        scheduled.fault.trigger == FaultTrigger::kTime && scheduled.fault.time <= FeedTime(now)) {
      --scheduled.left;
      BeginMoment(scheduled.fault, now);
    }
  }
  ReleaseHeld(FeedTime(now), is_feed_over_ && options_.speed == 0);
}

std::optional<Nanos> Exchange::NextDue(Nanos now) {
  std::optional<Nanos> due;
  const auto consider = [&](std::optional<Nanos> time) {
    if (time && (!due || *time < *due)) due = time;
  };
  // Times of the feed as times of the clock, rounded up so that they are reached by then.
  const auto of_feed = [&](Nanos time) {
    return *feed_began_ + static_cast<Nanos>(static_cast<double>(time) / options_.speed) + 1;
  };
  const bool keeps_pace = feed_began_ && options_.speed != 0;
  for (const auto& [number, connection] : connections_) {
    if (connection.is_closing) continue;
    consider(connection.session.next_ping());
    consider(connection.session.pong_deadline());
    consider(connection.session.end_of_life());
    consider(connection.close_at);
    for (const Held& held : connection.held) {
      if (keeps_pace && held.due) consider(of_feed(*held.due));
    }
  }
  if (!feed_began_) return due;
  for (const Scheduled& scheduled : faults_) {
    if (keeps_pace && scheduled.left > 0 && IsMoment(scheduled.fault.kind) &&
        scheduled.fault.trigger == FaultTrigger::kTime) {
      consider(of_feed(scheduled.fault.time));
    }
  }
  if (const std::optional<Nanos> end = listing_.NextEnd(); end && keeps_pace) {
    consider(of_feed(*end));
  }
  if (is_feed_over_) return due;
  if (options_.speed == 0) {
    if (wire_.HasRoom()) consider(now);
  } else if (const std::optional<Nanos> at = feed_->NextAt()) {
    consider(of_feed(*at));
  } else {
    consider(now);  // Only to say that it is over.
  }
  return due;
}

// ---- Frames

void Exchange::RememberFrame(const FeedFrame& frame) {
  if (frame.symbol.empty()) return;
  if (frame.trade && frame.kind == FrameKind::kTrade) tapes_[frame.symbol].AddTrade(*frame.trade);
  if (frame.trade && frame.kind == FrameKind::kAggTrade) {
    tapes_[frame.symbol].AddAggregate(*frame.trade, frame.first_fill, frame.last_fill);
  }
  if (frame.ticker) tapes_[frame.symbol].SetTicker(*frame.ticker);
  if (!options_.on_book || frame.kind != FrameKind::kDepth || !frame.last) return;
  if (const std::optional<ExchangeBook> book = feed_->BookAt(frame.symbol, std::nullopt)) {
    const auto shift = id_shifts_.find(frame.symbol);
    const std::int64_t shifted = shift == id_shifts_.end() ? 0 : shift->second;
    options_.on_book(frame.symbol, UpdateId(frame.last->raw() - shifted), *book);
  }
}

bool Exchange::Matches(const Fault& fault, std::string_view stream, std::string_view symbol) {
  return (fault.stream.empty() || fault.stream == stream) &&
         (fault.symbol.empty() || fault.symbol == symbol);
}

bool Exchange::TreatsFrame(Scheduled& scheduled, const FeedFrame& frame, std::string_view stream) {
  const Fault& fault = scheduled.fault;
  if (scheduled.left == 0 || !IsOfFrames(fault) || !Matches(fault, stream, frame.symbol)) {
    return false;
  }
  ++scheduled.seen;
  switch (fault.trigger) {
    case FaultTrigger::kFrame:
      scheduled.has_begun = scheduled.has_begun || scheduled.seen >= fault.at;
      break;
    case FaultTrigger::kId:
      scheduled.has_begun = scheduled.has_begun || (frame.first && frame.first->raw() <= fault.at &&
                                                    fault.at <= frame.last->raw());
      break;
    case FaultTrigger::kTime:
      if (IsMoment(fault.kind)) return false;  // By the clock: AdvanceFeed().
      scheduled.has_begun = scheduled.has_begun || newest_frame_ >= fault.time;
      break;
    default:
      return false;
  }
  if (!scheduled.has_begun) return false;
  --scheduled.left;
  return true;
}

std::vector<const Fault*> Exchange::Treating(FaultTrigger trigger, std::string_view symbol) {
  std::vector<const Fault*> treating;
  for (Scheduled& scheduled : faults_) {
    const Fault& fault = scheduled.fault;
    if (fault.trigger != trigger || (!fault.symbol.empty() && fault.symbol != symbol)) continue;
    ++scheduled.seen;
    if (scheduled.left == 0 || scheduled.seen < fault.at) continue;
    --scheduled.left;
    treating.push_back(&fault);
  }
  return treating;
}

bool Exchange::BeginChange(const Fault& fault, Nanos now) {
  absl::Status done;
  switch (fault.kind) {
    case FaultKind::kTickSize:
      done = feed_->Change(fault.symbol, {.tick = fault.increment});
      break;
    case FaultKind::kStepSize: {
      int decimals = 0;
      while (PowerOfTen(kQtyDecimalsMax - decimals) > fault.increment.raw()) ++decimals;
      done = feed_->Change(fault.symbol, {.step_decimals = decimals});
      break;
    }
    case FaultKind::kHalt: {
      // What was recorded is kept back; it is a gap.
      const Nanos until = std::max(FeedTime(now), newest_frame_) + fault.length;
      listing_.Halt(fault.symbol, fault.how, until, !feed_->Halt(fault.symbol, until).ok());
      break;
    }
    case FaultKind::kDelist:
      listing_.Delist(fault.symbol);
      break;
    case FaultKind::kRelist:
      done = feed_->Relist(fault.symbol, fault.to);
      if (!done.ok()) break;
      listing_.Relist(fault.symbol);
      id_shifts_.erase(fault.symbol);
      tapes_[fault.symbol] = SymbolTape();
      break;
    case FaultKind::kMaintenance:
      maintenance_until_ = now + fault.length / options_.time_scale;
      maintenance_status_ = static_cast<int>(fault.status);
      for (auto& [number, connection] : connections_) {
        CloseConnection(connection, number, kGoingAway, "maintenance");
      }
      break;
    default:
      return false;
  }
  if (!done.ok()) options_.log(absl::StrCat("fault ", fault.text, " failed: ", done.message()));
  return true;
}

void Exchange::EndHalts(Nanos feed_time) {
  for (const std::string& symbol : listing_.Advance(feed_time)) {
    options_.log(absl::StrCat(symbol, " is TRADING again"));
  }
}

void Exchange::BeginMoment(const Fault& fault, Nanos now) {
  options_.log(absl::StrCat("fault ", fault.text));
  if (BeginChange(fault, now)) return;
  if (fault.kind == FaultKind::kIdReset) {
    if (const std::optional<UpdateId> id = feed_->BookId(fault.symbol)) {
      id_shifts_[fault.symbol] = id->raw() + 1 - fault.to;
    }
    return;
  }
  for (auto& [number, connection] : connections_) {
    if (fault.connection != 0 && fault.connection != number) continue;
    if (connection.is_closing) continue;
    switch (fault.kind) {
      case FaultKind::kStall: {
        const Nanos until = FeedTime(now) + fault.length;
        connection.stalls.push_back({until, fault.stream, fault.symbol, fault.is_lost});
        if (fault.no_pings) connection.no_pings_until = until;
        break;
      }
      case FaultKind::kDribble:
        wire_.Dribble(number, static_cast<std::size_t>(fault.bytes), fault.every, fault.length);
        break;
      case FaultKind::kShutdown:
        TellShutdown(connection, number, now);
        connection.close_at = now + fault.length;
        break;
      case FaultKind::kClose:
        if (fault.code == kNoGoodbye) {
          connection.is_closing = true;
          wire_.Cut(number, Share(""), 0, true);
          break;
        }
        CloseConnection(connection, number, static_cast<int>(fault.code), "as asked for");
        break;
      case FaultKind::kPings:
        for (std::int64_t i = 0; i < fault.count; ++i) {
          const std::string payload = absl::StrCat(Clock(now).raw() / kMillisecond, "-", i);
          connection.session.OnPingSent(payload, now);
          wire_.Ping(number, payload);
        }
        break;
      default:
        break;
    }
  }
}

void Exchange::SendFrame(const FeedFrame& frame, Nanos now) {
  if (!frame.is_sent || listing_.IsSilent(frame.symbol)) return;
  RememberFrame(frame);
  std::optional<StreamText> text = SplitStreamText(frame.text);
  if (!text) return;
  Sending sending;
  sending.text = *std::move(text);
  sending.symbol = frame.symbol;
  for (Scheduled& scheduled : faults_) {
    if (!TreatsFrame(scheduled, frame, sending.text.stream)) continue;
    if (IsMoment(scheduled.fault.kind)) {
      BeginMoment(scheduled.fault, now);
    } else {
      options_.log(absl::StrCat("fault ", scheduled.fault.text, ": frame ", scheduled.seen, " of ",
                                sending.text.stream));
      sending.faults.push_back(&scheduled.fault);
    }
  }
  if (const auto shift = id_shifts_.find(sending.symbol); shift != id_shifts_.end()) {
    sending.id_shift = shift->second;
  }
  for (auto& [number, connection] : connections_) {
    if (connection.is_closing || !connection.session.IsSubscribed(sending.text.stream)) continue;
    Deliver(connection, number, sending, now);
  }
}

void Exchange::SendNow(Connection& connection, ConnectionNumber number, const SharedText& message,
                       bool is_binary, std::string_view stream) {
  if (connection.is_closing) return;
  wire_.Send(number, message, is_binary);
  ++connection.sent_count;
  // A frame that waits for others of its stream has seen one more.
  std::vector<Held> released;
  for (auto held = connection.held.begin(); held != connection.held.end();) {
    if (held->frames_left > 0 && held->stream == stream && --held->frames_left == 0) {
      released.push_back(std::move(*held));
      held = connection.held.erase(held);
    } else {
      ++held;
    }
  }
  for (const Held& held : released) {
    wire_.Send(number, held.message, held.is_binary);
    ++connection.sent_count;
  }
}

void Exchange::Deliver(Connection& connection, ConnectionNumber number, Sending& sending,
                       Nanos now) {
  const StreamSession& session = connection.session;
  const std::string& stream = sending.text.stream;
  std::int64_t copies = 1;
  bool is_binary = false;
  bool has_unknown_field = false;
  const Fault* malformed = nullptr;
  Held held;
  held.stream = stream;
  for (const Fault* const fault : sending.faults) {
    if (fault->connection != 0 && fault->connection != number) continue;
    switch (fault->kind) {
      case FaultKind::kDrop:
        return;
      case FaultKind::kDuplicate:
        copies += fault->times;
        break;
      case FaultKind::kReorder:
        held.frames_left = fault->by;
        break;
      case FaultKind::kDelay:
        held.due = newest_frame_ + fault->length;
        break;
      case FaultKind::kUnknownField:
        has_unknown_field = true;
        break;
      case FaultKind::kUnknownEvent: {
        std::string event =
            absl::StrCat(R"({"e":"somethingNew","E":)", Clock(now).raw() / kMillisecond,
                         R"(,"s":")", sending.symbol, R"(","zz":[{"U":1,"u":2}]})");
        if (session.is_combined()) event = Combined(stream, event);
        wire_.Send(number, Share(std::move(event)), false);
        break;
      }
      case FaultKind::kMalformed:
        malformed = fault;
        break;
      case FaultKind::kCut:
        connection.is_closing = true;
        wire_.Cut(number, sending.Message(session.is_combined(), session.unit(), false),
                  static_cast<std::size_t>(fault->bytes), fault->how == "reset");
        return;
      default:
        break;
    }
  }
  SharedText message = sending.Message(session.is_combined(), session.unit(), has_unknown_field);
  if (malformed != nullptr) {
    is_binary = malformed->how == "binary";
    if (!is_binary) message = Share(Malformed(*malformed, *message));
  }
  for (const Stall& stall : connection.stalls) {
    const bool is_stalled = stall.until > newest_frame_ &&
                            (stall.stream.empty() || stall.stream == stream) &&
                            (stall.symbol.empty() || stall.symbol == sending.symbol);
    if (!is_stalled) continue;
    if (stall.is_lost) return;
    held.due = std::max(held.due.value_or(0), stall.until);
  }
  if (held.due || held.frames_left > 0) {
    held.message = message;
    held.is_binary = is_binary;
    if (held.due) held.frames_left = 0;
    connection.held.push_back(std::move(held));
    return;
  }
  for (std::int64_t copy = 0; copy < copies; ++copy) {
    SendNow(connection, number, message, is_binary, stream);
  }
}

void Exchange::ReleaseHeld(Nanos feed_time, bool all) {
  for (auto& [number, connection] : connections_) {
    if (connection.held.empty()) continue;
    std::vector<Held> due;
    for (auto held = connection.held.begin(); held != connection.held.end();) {
      // Behind the last frame nothing comes that a frame could still wait for.
      const bool is_due = held->due ? *held->due <= feed_time : is_feed_over_;
      if (all || is_due) {
        due.push_back(std::move(*held));
        held = connection.held.erase(held);
      } else {
        ++held;
      }
    }
    for (const Held& held : due) {
      SendNow(connection, number, held.message, held.is_binary, held.stream);
    }
  }
}

}  // namespace thalweg
