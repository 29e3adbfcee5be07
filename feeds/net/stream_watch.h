// Whether a connection's streams are what they should be: subscribed, heard of, alive.
//
// Answered pings prove a socket, not data: connections were seen that answer pings and deliver
// nothing. So every stream has a watch of its own.
//
//   subscriptions  A reply that is an error, or that does not come in `reply_deadline` (a reply to
//                  another id is none): asked again, at most kSubscribeTriesMax times; then the
//                  connection is replaced.
//   first message  Of a stream that has said little or nothing for `first_message`,
//                  LIST_SUBSCRIPTIONS is asked: an illiquid symbol rightly says nothing. Not
//                  listed: subscribed again. The next question waits twice as long, up to
//                  `longest_silence`.
//   silence        The limit of a stream that is known (kKnownFrames frames) is `stream_silence`
//                  (6 s), or kSilenceGaps times its longest gap of the last minutes where that is
//                  more. Beyond it, while others are alive: unsubscribed and subscribed again, and
//                  the third time without effect the connection is replaced, once. All silent,
//                  by the same rule or for `unknown_silence`: the connection is made anew. Each
//                  time without effect doubles the limit, up to `longest_silence`, so quiet symbols
//                  cost a request now and then, and make no storm.
//   halted         Streams of a symbol that does not trade may be silent: nothing is done about
//                  it. Only exchangeInfo says whether it trades, so a silence is a doubt shortly
//                  before its limit, for somebody to ask before anything is done.
//   server pings   None for `server_ping_silence`: replaced, or made anew when no data came either.
//   own pings      Every `ping_every`, also while it waits to be replaced; no pong and nothing else
//                  for `pong_deadline`: half open.
//   end of life    serverShutdown was said, or the connection is `life` old: replaced.
//
// "Replaced" is make-before-break: the successor is opened first. Staleness of numbers is not
// judged here, the engine does that by itself. Requests are paced (feeds/net/frame_pace.h), and
// leave room for pongs. Pure: time is passed in. Threads: one. OnFrame allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/units.h"
#include "feeds/net/frame_pace.h"
#include "feeds/net/stream_plan.h"

namespace thalweg {

inline constexpr std::int64_t kSubscribeTriesMax = 3;
inline constexpr std::int64_t kKnownFrames = 20;
inline constexpr Nanos kSilenceGaps = 3;
// Of the limit of a silence, in sixths.
inline constexpr Nanos kDoubtSixths = 5;
// Looks over all streams in the time that one of them may be silent.
inline constexpr std::int64_t kLooksPerSilence = 20;
// Frames of a second that requests leave to pongs, and pings of ours.
inline constexpr std::size_t kFramesKeptForPongs = 2;

// "6.0 s", as logs say a span.
[[nodiscard]] std::string Seconds(Nanos span);

struct WatchOptions {
  Nanos reply_deadline = 5 * kSecond;
  Nanos first_message = 10 * kSecond;
  Nanos stream_silence = 6 * kSecond;
  Nanos unknown_silence = 60 * kSecond;
  Nanos longest_silence = 600 * kSecond;
  Nanos gap_window = 300 * kSecond;  // The longest gap is that of this and the window before.
  Nanos server_ping_silence = 60 * kSecond;
  Nanos ping_every = 10 * kSecond;
  Nanos pong_deadline = 5 * kSecond;
  Nanos life = 24 * kHour - 600 * kSecond;
  Nanos pace_window = kClientFramesWindow;
};

// Those of a market: futures ping every 3 minutes. `time_scale` divides every span, for exchanges
// in a box whose clock runs faster. REQUIRES: time_scale >= 1.
[[nodiscard]] WatchOptions WatchOptionsOf(Market market, std::int64_t time_scale);

// How long nothing came, and how long is too long.
class Silence {
 public:
  // A connection opened; what was learnt on the one before is kept.
  void Begin(Nanos now) noexcept;
  void OnFrame(Nanos now, const WatchOptions& options) noexcept;
  // Something was done about it: the limit doubles, and counts from now.
  void Act(Nanos now) noexcept;
  // It was right to be silent until now.
  void Forgive(Nanos now) noexcept;
  // It is silent for so long that one may ask why. True once in each silence.
  [[nodiscard]] bool Doubt(Nanos now, const WatchOptions& options) noexcept;

  // Enough frames came to say what is usual.
  [[nodiscard]] bool is_known() const noexcept { return frames_ >= kKnownFrames; }
  [[nodiscard]] Nanos Limit(const WatchOptions& options) const noexcept;
  // Since the newest frame, opening or act.
  [[nodiscard]] Nanos For(Nanos now) const noexcept { return now - std::max(last_, acted_); }
  [[nodiscard]] std::int64_t fruitless() const noexcept { return fruitless_; }
  [[nodiscard]] bool heard_since_open() const noexcept { return heard_; }

 private:
  Nanos last_ = 0;  // The newest frame, or the opening.
  Nanos acted_ = INT64_MIN;
  Nanos window_began_ = INT64_MIN;
  Nanos gap_ = 0;         // The longest of this window,
  Nanos gap_before_ = 0;  // and of the one before.
  std::int64_t frames_ = 0;
  std::int64_t frames_since_act_ = 0;
  std::int64_t fruitless_ = 0;  // Acts that nothing followed.
  bool heard_ = false;
  bool is_doubted_ = false;
};

enum class WatchVerdict : std::uint8_t {
  kGood,
  kReplace,    // Open a successor, then close this one.
  kReconnect,  // It is dead: close it, and open another.
};

struct WatchStep {
  WatchVerdict verdict = WatchVerdict::kGood;
  std::string why;                  // Of a verdict.
  std::optional<std::string> text;  // To be sent; it is paid for.
  bool ping = false;                // A ping is to be sent; likewise.
};

struct WatchCounts {
  std::int64_t subscribe_errors = 0;
  std::int64_t replies_lost = 0;
  std::int64_t replies_unknown = 0;  // Without an id that was asked with.
  std::int64_t resubscribed = 0;     // Streams.
  std::int64_t stalls = 0;           // Streams found silent, and connections.
  std::int64_t questions = 0;        // LIST_SUBSCRIPTIONS.
};

class StreamWatch {
 public:
  // `plan` outlives the watch.
  StreamWatch(const WatchOptions& options, const ConnectionPlan& plan);

  // What a watch on the same streams learnt about their gaps.
  void Learn(const StreamWatch& before);

  void OnOpen(Nanos now);
  // A frame of the plan's stream of that number.
  void OnFrame(std::size_t stream, Nanos now) noexcept;
  // Bytes came that are no frame of a stream.
  void OnLife(Nanos now) noexcept { life_sign_ = now; }
  void OnReply(std::string_view text, Nanos now);
  void OnServerPing(Nanos now) noexcept { server_ping_ = life_sign_ = now; }
  void OnPong(Nanos now) noexcept { pong_ = life_sign_ = now; }
  void OnShutdownNotice() noexcept { is_shutting_down_ = true; }
  // The symbol of the plan does not trade (true), or does.
  void OnHalt(std::size_t symbol, bool is_halted, Nanos now);
  // Nobody looked for a while until now: what came meanwhile is still to be read, so nothing was
  // silent and nothing is late.
  void OnPause(Nanos now) noexcept;

  // One step that is due; call again until there is none. A verdict stays.
  [[nodiscard]] WatchStep Advance(Nanos now, FramePace& pace);

  // A stream has begun to be silent for long, since this was asked last.
  [[nodiscard]] bool TakeDoubt() noexcept { return std::exchange(is_in_doubt_, false); }
  // The stream is one of a symbol that does not trade.
  [[nodiscard]] bool is_halted(std::size_t stream) const noexcept {
    return stream < halted_.size() && halted_[stream];
  }

  // Every stream was asked for, and every reply was good.
  [[nodiscard]] bool is_subscribed() const noexcept { return requests_.empty() && !failed_; }
  // A stream was asked for too often, in vain.
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }
  [[nodiscard]] const WatchCounts& counts() const noexcept { return counts_; }
  // What the exchange said of the newest refused request.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

 private:
  enum class Method : std::uint8_t { kSubscribe, kUnsubscribe, kList };
  struct Request {
    Method method = Method::kSubscribe;
    std::int64_t id = 0;  // 0: not sent yet.
    std::vector<std::size_t> streams;
    Nanos due = 0;  // To be sent, or answered.
    std::int64_t tries = 0;
  };

  void Ask(Method method, const std::vector<std::size_t>& streams, Nanos now);
  void Retry(Request& request, Nanos now);
  void OnListed(const std::vector<std::string>& listed, Nanos now);
  void DropOverdueRequests(Nanos now);

  [[nodiscard]] std::optional<WatchStep> JudgeLife(Nanos now) const;
  [[nodiscard]] std::optional<WatchStep> JudgeSilence(Nanos now);
  void LookForDoubts(Nanos now);
  void LookForSilentStreams(Nanos now);
  void LookForUnheardStreams(Nanos now);
  [[nodiscard]] std::optional<WatchStep> SendRequest(Nanos now, FramePace& pace);

  WatchOptions options_;
  const ConnectionPlan& plan_;
  std::vector<Silence> streams_;
  std::vector<bool> halted_;  // By stream.
  Silence all_;
  std::vector<Request> requests_;
  std::int64_t last_id_ = 0;
  Nanos opened_ = 0;
  Nanos server_ping_ = 0;
  Nanos ping_ = 0;  // Our newest one.
  Nanos pong_ = 0;
  Nanos life_sign_ = 0;
  Nanos next_look_ = 0;
  Nanos next_question_ = 0;
  Nanos question_wait_ = 0;
  bool is_shutting_down_ = false;
  bool is_in_doubt_ = false;
  bool failed_ = false;     // A request was tried too often.
  bool fruitless_ = false;  // A stream was subscribed again too often.
  std::string refusal_;
  WatchCounts counts_;
};

// A reply to a control message, as far as it is one.
struct ControlReply {
  std::optional<std::int64_t> id;
  bool is_error = false;
  std::string error;                // Code and words.
  std::vector<std::string> listed;  // Strings of `result`, where it is an array.
};
// Nothing when the text is data: it has `stream` or `e`. Both shapes of errors are read.
[[nodiscard]] std::optional<ControlReply> ReadControlReply(std::string_view text);

}  // namespace thalweg
