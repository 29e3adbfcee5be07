#include "feeds/net/stream_watch.h"

#include <cassert>
#include <charconv>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/decode/json_escapes.h"
#include "feeds/decode/json_skim.h"

namespace thalweg {
namespace {

constexpr std::string_view kMethods[] = {"SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS"};

WatchStep Step(WatchVerdict verdict, std::string why) {
  WatchStep step;
  step.verdict = verdict;
  step.why = std::move(why);
  return step;
}

// Strings of the array that begins at `at`.
std::vector<std::string> ReadStrings(const char* at, const char* end) {
  std::vector<std::string> strings;
  if (at == end || *at != '[') return strings;
  at = SkipBlanks(at + 1, end);
  while (at != end && *at == '"') {
    std::string_view text;
    at = SkimString(at, end, &text);
    if (at == nullptr) return strings;
    strings.push_back(Unescaped(text));
    at = SkipBlanks(at, end);
    if (at == end || *at != ',') return strings;
    at = SkipBlanks(at + 1, end);
  }
  return strings;
}

std::optional<std::int64_t> ReadId(const char* at, const char* end) {
  std::int64_t id = 0;
  const auto [stop, error] = std::from_chars(at, end, id);
  if (error != std::errc() || stop == at) return std::nullopt;
  return id;
}

// Calls `take(key, begin of value, end of value)` for the fields of the object. False: no object.
template <class Take>
bool WalkObject(std::string_view text, Take&& take) {
  const char* const end = text.data() + text.size();
  const char* at = SkipBlanks(text.data(), end);
  if (at == end || *at != '{') return false;
  do {
    std::string_view key;
    const char* const value = SkimKey(at + 1, end, &key);
    if (value == nullptr) return false;
    at = SkimValue(value, end);
    if (at == nullptr) return false;
    take(key, value, at);
    at = SkipBlanks(at, end);
  } while (at != end && *at == ',');
  return at != end && *at == '}';
}

std::string Text(const char* begin, const char* end) {
  return std::string(begin, static_cast<std::size_t>(end - begin));
}

}  // namespace

std::string Seconds(Nanos span) {
  const Nanos tenths = span / (100 * kMillisecond);
  return absl::StrCat(tenths / 10, ".", tenths % 10, " s");
}

std::optional<ControlReply> ReadControlReply(std::string_view text) {
  ControlReply reply;
  bool is_data = false;
  bool has_result = false;
  std::string code;
  std::string words;
  const bool is_object =
      WalkObject(text, [&](std::string_view key, const char* value, const char* end) {
        if (key == "stream" || key == "e" || key == "data") is_data = true;
        if (key == "id") reply.id = ReadId(value, end);
        if (key == "result") has_result = true, reply.listed = ReadStrings(value, end);
        if (key == "error") reply.is_error = true, words = Text(value, end);
        if (key == "code") code = Text(value, end);
        if (key == "msg") words = Text(value, end);
      });
  // {"code":2,"msg":"...","id":7}
  if (!code.empty()) reply.is_error = true;
  if (!is_object || is_data || (!has_result && !reply.is_error)) return std::nullopt;
  if (reply.is_error) reply.error = code.empty() ? words : absl::StrCat(code, " ", words);
  return reply;
}

WatchOptions WatchOptionsOf(Market market, std::int64_t time_scale) {
  assert(time_scale >= 1);
  WatchOptions options;
  // Three pings of the exchange.
  if (market != Market::kSpot) options.server_ping_silence = 540 * kSecond;
  for (Nanos* const span :
       {&options.reply_deadline, &options.first_message, &options.stream_silence,
        &options.unknown_silence, &options.longest_silence, &options.gap_window,
        &options.server_ping_silence, &options.ping_every, &options.pong_deadline, &options.life,
        &options.pace_window}) {
    *span /= time_scale;
  }
  return options;
}

void Silence::Begin(Nanos now) noexcept {
  last_ = now;
  heard_ = false;
  if (window_began_ == INT64_MIN) window_began_ = now;
}

void Silence::OnFrame(Nanos now, const WatchOptions& options) noexcept {
  ++frames_;
  ++frames_since_act_;
  heard_ = true;
  is_doubted_ = false;
  const bool helped = acted_ >= last_ && now - acted_ < options.stream_silence / 3;
  if (helped || frames_since_act_ >= kKnownFrames) fruitless_ = 0;
  if (now - window_began_ >= options.gap_window) {
    gap_before_ = std::exchange(gap_, 0);
    window_began_ = now;
  }
  // A silence that something was done about, with success, was none of the stream's own.
  if (!helped) gap_ = std::max(gap_, now - last_);
  last_ = now;
}

void Silence::Act(Nanos now) noexcept {
  acted_ = now;
  frames_since_act_ = 0;
  ++fruitless_;
  is_doubted_ = false;
}

void Silence::Forgive(Nanos now) noexcept {
  last_ = now;
  fruitless_ = 0;
  is_doubted_ = false;
}

bool Silence::Doubt(Nanos now, const WatchOptions& options) noexcept {
  if (is_doubted_ || !is_known() || For(now) < Limit(options) / 6 * kDoubtSixths) return false;
  is_doubted_ = true;
  return true;
}

Nanos Silence::Limit(const WatchOptions& options) const noexcept {
  Nanos limit = is_known()
                    ? std::max(options.stream_silence, kSilenceGaps * std::max(gap_, gap_before_))
                    : options.unknown_silence;
  for (std::int64_t i = 0; i < fruitless_ && limit < options.longest_silence; ++i) limit *= 2;
  return std::min(limit, options.longest_silence);
}

StreamWatch::StreamWatch(const WatchOptions& options, const ConnectionPlan& plan)
    : options_(options), plan_(plan), streams_(plan.streams.size()), halted_(plan.streams.size()) {}

void StreamWatch::Learn(const StreamWatch& before) {
  assert(before.streams_.size() == streams_.size());
  streams_ = before.streams_;
  halted_ = before.halted_;
  all_ = before.all_;
}

void StreamWatch::OnHalt(std::size_t symbol, bool is_halted, Nanos now) {
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (plan_.streams[i].symbol != symbol || halted_[i] == is_halted) continue;
    halted_[i] = is_halted;
    streams_[i].Forgive(now);
    all_.Forgive(now);
  }
}

void StreamWatch::OnOpen(Nanos now) {
  opened_ = server_ping_ = ping_ = pong_ = life_sign_ = now;
  next_look_ = now;
  question_wait_ = options_.first_message;
  next_question_ = now + question_wait_;
  all_.Begin(now);
  for (Silence& stream : streams_) stream.Begin(now);
  std::vector<std::size_t> rest;
  for (std::size_t i = plan_.in_target; i < streams_.size(); ++i) rest.push_back(i);
  Ask(Method::kSubscribe, rest, now);
}

void StreamWatch::OnFrame(std::size_t stream, Nanos now) noexcept {
  // How long a halt lasts is no gap that is usual.
  if (is_halted(stream)) {
    streams_[stream].Forgive(now);
    all_.Forgive(now);
  }
  all_.OnFrame(now, options_);
  if (stream < streams_.size()) streams_[stream].OnFrame(now, options_);
  life_sign_ = now;
}

void StreamWatch::OnPause(Nanos now) noexcept {
  server_ping_ = ping_ = pong_ = life_sign_ = now;
  all_.Begin(now);
  for (Silence& stream : streams_) stream.Begin(now);
  for (Request& request : requests_) {
    if (request.id != 0) request.due = now + options_.reply_deadline;
  }
}

void StreamWatch::Ask(Method method, const std::vector<std::size_t>& streams, Nanos now) {
  std::size_t at = 0;
  do {
    const std::size_t size = std::min(kSubscribeStreamsMax, streams.size() - at);
    if (size == 0 && method != Method::kList) return;
    Request request;
    request.method = method;
    request.streams.assign(streams.begin() + static_cast<std::ptrdiff_t>(at),
                           streams.begin() + static_cast<std::ptrdiff_t>(at + size));
    request.due = now;
    requests_.push_back(std::move(request));
    at += size;
  } while (at < streams.size());
}

void StreamWatch::Retry(Request& request, Nanos now) {
  request.id = 0;
  request.due = now + options_.reply_deadline;
  if (++request.tries >= kSubscribeTriesMax) failed_ = true;
}

void StreamWatch::OnReply(std::string_view text, Nanos now) {
  OnLife(now);
  const std::optional<ControlReply> reply = ReadControlReply(text);
  const auto request = std::find_if(requests_.begin(), requests_.end(), [&](const Request& asked) {
    return reply && reply->id && asked.id != 0 && asked.id == *reply->id;
  });
  if (request == requests_.end()) {
    ++counts_.replies_unknown;
    return;
  }
  if (!reply->is_error) {
    const bool is_list = request->method == Method::kList;
    requests_.erase(request);
    if (is_list) OnListed(reply->listed, now);
    return;
  }
  ++counts_.subscribe_errors;
  refusal_ = reply->error;
  if (request->method == Method::kSubscribe) {
    Retry(*request, now);
  } else {
    requests_.erase(request);
  }
}

void StreamWatch::OnListed(const std::vector<std::string>& listed, Nanos now) {
  const std::set<std::string> names(listed.begin(), listed.end());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const bool is_asked =
        std::any_of(requests_.begin(), requests_.end(), [&](const Request& request) {
          return std::find(request.streams.begin(), request.streams.end(), i) !=
                 request.streams.end();
        });
    if (!is_asked && names.count(plan_.streams[i].name) == 0) missing.push_back(i);
  }
  counts_.resubscribed += static_cast<std::int64_t>(missing.size());
  Ask(Method::kSubscribe, missing, now);
}

WatchStep StreamWatch::Advance(Nanos now, FramePace& pace) {
  std::optional<WatchStep> life = JudgeLife(now);
  if (life && life->verdict == WatchVerdict::kReconnect) return *std::move(life);
  if (!life && now >= next_look_) {
    next_look_ = now + options_.stream_silence / kLooksPerSilence;
    DropOverdueRequests(now);
    LookForDoubts(now);
    if (auto step = JudgeSilence(now)) return *std::move(step);
    LookForSilentStreams(now);
    LookForUnheardStreams(now);
  }
  if (now - ping_ >= options_.ping_every && pace.TryTake(now, 1)) {
    ping_ = now;
    WatchStep step;
    step.ping = true;
    return step;
  }
  // Pings go on while it waits for its successor: it may die before there is one.
  if (life) return *std::move(life);
  if (auto step = SendRequest(now, pace)) return *std::move(step);
  return {};
}

std::optional<WatchStep> StreamWatch::JudgeLife(Nanos now) const {
  const auto step = [](WatchVerdict verdict, std::string why) {
    return std::optional<WatchStep>(Step(verdict, std::move(why)));
  };
  if (pong_ < ping_ && life_sign_ <= ping_ && now - ping_ >= options_.pong_deadline) {
    return step(WatchVerdict::kReconnect,
                absl::StrCat("no pong and nothing else for ", Seconds(now - ping_)));
  }
  if (now - server_ping_ >= options_.server_ping_silence) {
    const bool has_data = all_.For(now) < options_.stream_silence;
    return step(has_data ? WatchVerdict::kReplace : WatchVerdict::kReconnect,
                absl::StrCat("no ping of the exchange for ", Seconds(now - server_ping_)));
  }
  if (is_shutting_down_) return step(WatchVerdict::kReplace, "the exchange said serverShutdown");
  if (now - opened_ >= options_.life) {
    return step(WatchVerdict::kReplace, absl::StrCat("it is ", Seconds(now - opened_),
                                                     " old, before the exchange cuts it"));
  }
  if (failed_) {
    return step(WatchVerdict::kReplace,
                absl::StrCat("SUBSCRIBE failed ", kSubscribeTriesMax, " times: ", refusal_));
  }
  if (fruitless_) {
    return step(WatchVerdict::kReplace, "a stream stays silent though subscribed again");
  }
  return std::nullopt;
}

std::optional<WatchStep> StreamWatch::JudgeSilence(Nanos now) {
  const Nanos silent = all_.For(now);
  if (silent < all_.Limit(options_)) return std::nullopt;
  // With some of them halted what is usual of all is unknown: one of the others has to be late.
  const bool some_halt = std::find(halted_.begin(), halted_.end(), true) != halted_.end();
  bool is_late = false;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    is_late = is_late || (!halted_[i] && streams_[i].For(now) >= streams_[i].Limit(options_));
  }
  if (some_halt && !is_late) return std::nullopt;
  ++counts_.stalls;
  all_.Act(now);
  return Step(WatchVerdict::kReconnect, absl::StrCat("silent for ", Seconds(silent)));
}

void StreamWatch::LookForDoubts(Nanos now) {
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (!halted_[i] && streams_[i].Doubt(now, options_)) is_in_doubt_ = true;
  }
}

// While others are alive.
void StreamWatch::LookForSilentStreams(Nanos now) {
  if (!requests_.empty() || all_.For(now) >= options_.stream_silence) return;
  std::vector<std::size_t> silent;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    Silence& stream = streams_[i];
    if (halted_[i] || !stream.is_known() || stream.For(now) < stream.Limit(options_)) continue;
    stream.Act(now);
    silent.push_back(i);
    if (stream.fruitless() == kSubscribeTriesMax) fruitless_ = true;
  }
  if (silent.empty()) return;
  counts_.stalls += static_cast<std::int64_t>(silent.size());
  counts_.resubscribed += static_cast<std::int64_t>(silent.size());
  Ask(Method::kUnsubscribe, silent, now);
  Ask(Method::kSubscribe, silent, now);
}

void StreamWatch::LookForUnheardStreams(Nanos now) {
  if (now < next_question_ || !requests_.empty()) return;
  bool is_unheard = false;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const Silence& stream = streams_[i];
    is_unheard = is_unheard ||
                 (!halted_[i] && !stream.is_known() && stream.For(now) >= options_.first_message);
  }
  if (!is_unheard) return;
  question_wait_ = std::min(2 * question_wait_, options_.longest_silence);
  next_question_ = now + question_wait_;
  ++counts_.questions;
  Ask(Method::kList, {}, now);
}

void StreamWatch::DropOverdueRequests(Nanos now) {
  for (std::size_t i = 0; i < requests_.size();) {
    Request& request = requests_[i];
    if (request.id == 0 || now < request.due) {
      ++i;
      continue;
    }
    ++counts_.replies_lost;
    refusal_ = "no reply";
    if (request.method == Method::kSubscribe) {
      Retry(request, now);
      request.due = now;  // It has waited already.
      ++i;
    } else {
      requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

std::optional<WatchStep> StreamWatch::SendRequest(Nanos now, FramePace& pace) {
  for (Request& request : requests_) {
    if (request.id != 0 || now < request.due) continue;
    if (!pace.TryTake(now, kFramesKeptForPongs)) return std::nullopt;
    request.id = ++last_id_;
    request.due = now + options_.reply_deadline;
    std::vector<std::string_view> names;
    for (const std::size_t stream : request.streams) names.push_back(plan_.streams[stream].name);
    WatchStep step;
    step.text =
        ControlRequest(kMethods[static_cast<std::size_t>(request.method)], names, request.id);
    return step;
  }
  return std::nullopt;
}

}  // namespace thalweg
