#include "feeds/net/stream_slot.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/net/rest_answer.h"

namespace thalweg {
namespace {

constexpr std::string_view kShutdownStream = "!serverShutdown";
constexpr std::string_view kShutdownEvent = R"({"e":"serverShutdown")";
// Of why something ended, in a log line and in the status.
constexpr std::size_t kWhyBytesMax = 300;

std::string Shortened(std::string_view text) {
  std::string line(text.substr(0, kWhyBytesMax));
  // The other side's words: a line stays a line.
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return line;
}

void Add(const WatchCounts& from, WatchCounts* to) {
  to->subscribe_errors += from.subscribe_errors;
  to->replies_lost += from.replies_lost;
  to->replies_unknown += from.replies_unknown;
  to->resubscribed += from.resubscribed;
  to->stalls += from.stalls;
  to->questions += from.questions;
}

}  // namespace

// A connection, from its dial to its end.
class StreamSlot::Link : public SocketObserver {
 public:
  Link(StreamSlot& slot, const WatchOptions& options)
      : watch(std::make_unique<StreamWatch>(options, slot.streams_.plan())), slot_(slot) {}

  void OnOpen() override {
    if (!is_buried) slot_.OnOpen(*this);
  }
  void OnMessage(const SocketMessage& message) override {
    if (is_heard) slot_.OnMessage(*this, message);
  }
  void OnPing() override { watch->OnServerPing(slot_.surroundings_.now()); }
  void OnPong() override { watch->OnPong(slot_.surroundings_.now()); }
  void OnEnd(const SocketEnd& end) override {
    if (!is_buried) slot_.OnEnd(*this, end);
  }

  std::unique_ptr<StreamWatch> watch;
  std::unique_ptr<StreamSocket> socket;
  std::int64_t id = 0;  // 0: not open.
  std::size_t leg = 0;  // Of the streams, while it is open.
  Nanos opened = 0;
  Nanos heard = 0;                 // Its newest message.
  Nanos overlap_from = 0;          // A successor's: since it has all its streams.
  std::int64_t rivals_frames = 0;  // And how many frames the old connection had then.
  bool is_heard = true;
  bool is_buried = false;
  bool was_subscribed = false;  // All its streams were.
  bool is_lagging = false;

 private:
  StreamSlot& slot_;
};

StreamSlot::StreamSlot(const SlotOptions& options, MergedStreams& streams,
                       SlotSurroundings& surroundings)
    : options_(options),
      streams_(streams),
      surroundings_(surroundings),
      backoff_(options.backoff),
      member_(surroundings.outage == nullptr ? 0 : surroundings.outage->Join()) {}
StreamSlot::~StreamSlot() = default;

bool StreamSlot::is_over() const noexcept {
  return is_stopping_ && !current_ && !successor_ && closing_.empty();
}

void StreamSlot::Log(std::string_view text) const { surroundings_.log(text); }

void StreamSlot::Doubt() const {
  if (surroundings_.on_doubt) surroundings_.on_doubt();
}

// ---- Attempts

Nanos StreamSlot::NextDialAt(Nanos at) const {
  const WeightBudget& weight = surroundings_.weight;
  at = std::max(at, surroundings_.refused_until);
  if (weight.state(at) == BudgetState::kBanned) at = weight.blocked_until();
  if (surroundings_.outage != nullptr) at = surroundings_.outage->NextAt(member_, at);
  return surroundings_.connects.NextAt(at);
}

std::unique_ptr<StreamSlot::Link> StreamSlot::Dial(Nanos now) {
  if (is_stopping_ || NextDialAt(now) > now || !surroundings_.connects.TryTake(now)) return nullptr;
  ++counts_.attempts;
  auto link = std::make_unique<Link>(*this, options_.watch);
  if (current_) {
    link->watch->Learn(*current_->watch);
  } else if (learnt_) {
    link->watch->Learn(*learnt_);
  }
  for (const std::size_t symbol : halted_) link->watch->OnHalt(symbol, true, now);
  link->socket = surroundings_.open(streams_.plan().Target(), *link);
  return link;
}

void StreamSlot::Tick(Nanos now) {
  buried_.clear();
  NotePause(now);
  PassTurn(now);
  if (!current_ && now >= next_attempt_) current_ = Dial(now);
  if (current_ && current_->id != 0) TickLink(*current_, now);
  TickSuccessor(now);
}

// One that may not dial when it is its turn leaves it to the next.
void StreamSlot::PassTurn(Nanos now) {
  Outage* const outage = surroundings_.outage;
  if (outage == nullptr || !outage->is_on() || outage->probe_at() > now || current_) return;
  if (std::max(next_attempt_, surroundings_.refused_until) > now) outage->Pass(member_);
}

// Before the first frame behind it is told to a watch, which would take the pause for its gap.
void StreamSlot::NotePause(Nanos now) {
  const bool is_pause = now - looked_ >= kPauseMin;
  looked_ = std::max(looked_, now);
  if (!is_pause) return;
  for (Link* const link : {current_.get(), successor_.get()}) {
    if (link != nullptr && link->id != 0) link->watch->OnPause(now);
  }
}

void StreamSlot::TickLink(Link& link, Nanos now) {
  const bool is_lagging = link.socket->counts().unread_bytes > kLagBytes;
  if (std::exchange(link.is_lagging, is_lagging) != is_lagging) streams_.OnLag(link.id, is_lagging);
  while (link.is_heard && !link.is_buried && !is_stopping_) {
    WatchStep step = link.watch->Advance(now, link.socket->pace());
    if (link.watch->TakeDoubt()) Doubt();
    if (step.verdict != WatchVerdict::kGood) return TakeVerdict(link, step.verdict, step.why, now);
    if (!step.text && !step.ping) return;
    if (step.text) link.socket->Send(*std::move(step.text));
    if (step.ping) link.socket->Ping();
  }
}

void StreamSlot::OnHalt(std::size_t symbol, bool is_halted, Nanos now) {
  if (is_halted) {
    halted_.insert(symbol);
  } else {
    halted_.erase(symbol);
  }
  for (Link* const link : {current_.get(), successor_.get()}) {
    if (link != nullptr) link->watch->OnHalt(symbol, is_halted, now);
  }
  if (learnt_) learnt_->OnHalt(symbol, is_halted, now);
}

void StreamSlot::TakeVerdict(Link& link, WatchVerdict verdict, std::string_view why, Nanos now) {
  if (&link == successor_.get()) {
    // The successor is no better.
    const bool is_worse = verdict == WatchVerdict::kReconnect || link.watch->has_failed();
    if (is_worse) DropSuccessor(why, now);
    return;
  }
  if (verdict == WatchVerdict::kReconnect) {
    ++counts_.reconnects;
    return EndCurrent(kCloseNone, why, std::nullopt, now);
  }
  if (successor_ || now < next_successor_) return;
  successor_ = Dial(now);
  if (successor_) Log(absl::StrCat("conn ", link.id, " is to be replaced: ", Shortened(why)));
}

void StreamSlot::TickSuccessor(Nanos now) {
  if (!successor_ || successor_->id == 0) return;
  TickLink(*successor_, now);
  if (!successor_) return;
  if (!successor_->was_subscribed) {
    successor_->was_subscribed = successor_->watch->is_subscribed();
    successor_->overlap_from = now;
  }
  const bool is_subscribed = successor_->was_subscribed;
  if (is_subscribed && HasCaughtUp(*successor_, now)) return Promote(now);
  if (now - successor_->opened < options_.successor_deadline) return;
  // The old one silent: then the new one is as good, and has more of its life before it.
  const LegMerge& merge = streams_.merge();
  if (merge.frames(current_->leg) == successor_->rivals_frames) return Promote(now);
  if (is_subscribed && merge.frames(successor_->leg) > 0) return Promote(now);
  DropSuccessor(is_subscribed ? "it delivers nothing, and the old connection does"
                              : "it did not get all streams, and the old connection has them",
                now);
}

// Whether a successor has all that the old connection delivers.
bool StreamSlot::HasCaughtUp(const Link& successor, Nanos now) const {
  const LegMerge& merge = streams_.merge();
  const Nanos overlap = now - successor.overlap_from;
  if (merge.frames(successor.leg) == 0 || overlap < options_.overlap) return false;
  return overlap >= options_.join_deadline || merge.IsReplacedBy(current_->leg, successor.leg);
}

// ---- What sockets tell

void StreamSlot::OnOpen(Link& link) {
  const Nanos now = surroundings_.now();
  ++counts_.opens;
  link.id = ++surroundings_.last_connection;
  link.opened = link.heard = now;
  link.watch->OnOpen(now);
  if (surroundings_.outage != nullptr) {
    if (const std::optional<Nanos> away = surroundings_.outage->OnOpen(now)) {
      Log(absl::StrCat("the exchange is back after ", Seconds(*away)));
      Doubt();
    }
  }
  const ConnectionPlan& plan = streams_.plan();
  if (&link == successor_.get()) link.rivals_frames = streams_.merge().frames(current_->leg);
  link.leg = streams_.Open(link.id, surroundings_.wall(),
                           absl::StrCat(surroundings_.url, plan.WholeTarget()));
  Log(absl::StrCat("conn ", link.id, " open: ", plan.streams.size(), " streams, ",
                   plan.streams.front().name, " first"));
}

void StreamSlot::OnMessage(Link& link, const SocketMessage& message) {
  const Nanos now = message.monotonic;
  NotePause(now);
  link.heard = now;
  if (message.is_binary) {
    ++counts_.binary;
    return link.watch->OnLife(now);
  }
  bool is_data = true;
  const std::size_t stream = Classify(link, message.text, now, &is_data);
  if (!is_data) return;
  ++counts_.frames;
  counts_.bytes += static_cast<std::int64_t>(message.text.size());
  streams_.OnFrame(link.leg, stream,
                   {link.id, message.received, message.monotonic, message.text, message.socket_ns},
                   now);
}

std::size_t StreamSlot::Classify(Link& link, std::string_view text, Nanos now, bool* is_data) {
  const std::size_t none = streams_.plan().streams.size();
  if (const std::string_view name = StreamNameIn(text); !name.empty()) {
    const std::size_t stream = streams_.Find(name);
    if (stream != none) {
      link.watch->OnFrame(stream, now);
      if (link.watch->is_halted(stream)) Doubt();
      return stream;
    }
    link.watch->OnLife(now);
    if (name.starts_with(kShutdownStream)) {
      ++counts_.shutdown_notices;
      link.watch->OnShutdownNotice();
    } else {
      ++counts_.unknown_streams;
    }
    return none;
  }
  if (ReadControlReply(text)) {
    ++counts_.replies;
    *is_data = false;
    link.watch->OnReply(text, now);
    return none;
  }
  link.watch->OnLife(now);
  if (text.substr(0, kShutdownEvent.size()) == kShutdownEvent) {
    ++counts_.shutdown_notices;
    link.watch->OnShutdownNotice();
  } else {
    ++counts_.unnamed;
  }
  return none;
}

void StreamSlot::NoteRefusal(const SocketEnd& end, Nanos now) {
  if (end.code == 1'009) ++counts_.oversize;
  if (end.status.code() == absl::StatusCode::kInvalidArgument && end.code != 1'009) {
    ++counts_.protocol_errors;
  }
  if (end.http_status == 0) return;
  ++counts_.refusals;
  const int status = end.http_status;
  if (status != 418 && status != 429 && status != 403) return;
  if (status == 418) surroundings_.connects.Block(now, end.retry_after.value_or(kAssumedBan));
  const Nanos refused_for =
      std::clamp(end.retry_after.value_or(kRefusalAssumed), Nanos{0}, kBanMax);
  surroundings_.refused_until = std::max(surroundings_.refused_until, now + refused_for);
  // Another endpoint may be of another opinion.
  if (status == 418 || surroundings_.is_only_endpoint) {
    surroundings_.weight.OnRefusal(status, end.retry_after, now);
  }
}

void StreamSlot::OnEnd(Link& link, const SocketEnd& end) {
  const Nanos now = surroundings_.now();
  const auto in_closing = std::find_if(closing_.begin(), closing_.end(),
                                       [&](const auto& other) { return other.get() == &link; });
  if (in_closing != closing_.end()) {
    std::unique_ptr<Link> closed = std::move(*in_closing);
    closing_.erase(in_closing);
    return Bury(std::move(closed));
  }
  NoteRefusal(end, now);
  const absl::string_view why = end.status.ok() ? "as asked for" : end.status.message();
  if (&link == successor_.get()) return DropSuccessor(Standard(why), now, end.retry_after);
  if (link.id != 0 && !is_stopping_) ++counts_.ends;
  EndCurrent(end.code, Standard(why), end.retry_after, now);
}

// ---- Ends and successions

void StreamSlot::TellClosed(Link& link, int code) {
  if (link.id == 0) return;
  link.is_heard = false;
  if (surroundings_.outage != nullptr) surroundings_.outage->OnClosed();
  streams_.Close(link.leg, link.id, surroundings_.wall(), code, surroundings_.now());
  AddCounts(streams_.merge().counts(link.leg), &counts_.leg);
}

void StreamSlot::Bury(std::unique_ptr<Link> link) {
  link->is_heard = false;
  link->is_buried = true;
  Add(link->watch->counts(), &counts_.watch);
  buried_.push_back(std::move(link));
}

void StreamSlot::EndCurrent(int code, std::string_view why, std::optional<Nanos> retry_after,
                            Nanos now) {
  std::unique_ptr<Link> link = std::move(current_);
  const std::int64_t id = link->id;
  const Nanos good_for = id == 0 ? 0 : now - link->opened;
  last_end_ = Shortened(why);
  TellClosed(*link, code);
  learnt_ = std::make_unique<StreamWatch>(*link->watch);
  Bury(std::move(link));
  const std::string name = id == 0 ? "an attempt" : absl::StrCat("conn ", id);
  if (successor_) {
    Log(absl::StrCat(name, " closed ", code, ": ", last_end_, "; its successor takes over"));
    if (successor_->id != 0) return Promote(now);
    current_ = std::move(successor_);
    return;
  }
  if (is_stopping_) return;
  Outage* const outage = surroundings_.outage;
  const bool begins =
      id == 0 && outage != nullptr && outage->OnFailure(member_, now, surroundings_.random);
  // In an outage the waits are those of all.
  const bool is_away = outage != nullptr && outage->is_on();
  next_attempt_ = now + std::max(is_away ? 0 : backoff_.Next(good_for, surroundings_.random),
                                 ServerPause(retry_after));
  const Nanos at = NextDialAt(next_attempt_);
  Log(absl::StrCat(name, id == 0 ? " failed: " : absl::StrCat(" closed ", code, ": "), last_end_,
                   "; ",
                   at == Outage::kNever ? "another connection asks when the exchange is back"
                                        : absl::StrCat("again in ", Seconds(at - now))));
  if (begins) Log("no connection is open and attempts fail: one at a time until one opens");
}

void StreamSlot::DropSuccessor(std::string_view why, Nanos now, std::optional<Nanos> retry_after) {
  std::unique_ptr<Link> link = std::move(successor_);
  ++counts_.successors_dropped;
  last_end_ = Shortened(why);
  TellClosed(*link, kCloseNone);
  Bury(std::move(link));
  next_successor_ =
      now + std::max(backoff_.Next(0, surroundings_.random), ServerPause(retry_after));
  if (!is_stopping_) {
    Log(absl::StrCat("a successor failed: ", last_end_, "; again in ",
                     Seconds(NextDialAt(next_successor_) - now)));
  }
}

// The successor is the connection from now on; the old one, if there is any, says goodbye.
void StreamSlot::Promote(Nanos now) {
  std::unique_ptr<Link> old = std::exchange(current_, std::move(successor_));
  ++counts_.replacements;
  // Should the new one want to be replaced too, then not at once.
  const Nanos good_for = old ? now - old->opened : 0;
  next_successor_ = now + backoff_.Next(good_for, surroundings_.random);
  if (!old) return;
  TellClosed(*old, kCloseNormal);
  Log(absl::StrCat("conn ", current_->id, " has taken over from conn ", old->id));
  StreamSocket& socket = *old->socket;
  closing_.push_back(std::move(old));
  socket.Close(kCloseNormal);
}

void StreamSlot::Stop() {
  is_stopping_ = true;
  if (successor_) DropSuccessor("stopped", surroundings_.now());
  if (current_) current_->socket->Close(kCloseNormal);
}

void StreamSlot::Abandon() {
  if (!current_) return;
  TellClosed(*current_, kCloseNormal);
  Bury(std::move(current_));
}

SlotStatus StreamSlot::Status(Nanos now) const {
  SlotStatus status;
  status.streams = streams_.plan().streams.size();
  status.first_stream = streams_.plan().streams.front().name;
  status.last_end = last_end_;
  status.counts = counts_;
  // Of those that say goodbye too, or a count would go back and rise again.
  for (const auto& link : closing_) Add(link->watch->counts(), &status.counts.watch);
  if (current_) {
    Add(current_->watch->counts(), &status.counts.watch);
    status.connection = current_->id;
    status.state = current_->id == 0 ? SlotState::kConnecting
                   : successor_      ? SlotState::kChanging
                                     : SlotState::kOpen;
    for (const Link* const link : {current_.get(), successor_.get()}) {
      if (link == nullptr || link->id == 0) continue;
      AddCounts(streams_.merge().counts(link->leg), &status.counts.leg);
    }
    if (current_->id != 0) {
      status.open_for = now - current_->opened;
      status.silent_for = now - current_->heard;
    }
    status.unread_bytes = current_->socket->counts().unread_bytes;
  } else {
    const Nanos at = NextDialAt(std::max(now, next_attempt_));
    const bool waits = at == Outage::kNever;
    status.next_attempt_in = (waits ? std::max(now, surroundings_.outage->probe_at()) : at) - now;
  }
  return status;
}

}  // namespace thalweg
