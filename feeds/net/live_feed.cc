#include "feeds/net/live_feed.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/string_view.h"
#include "feeds/decode/decoder.h"
#include "feeds/net/dialer.h"
#include "feeds/net/outage.h"
#include "feeds/net/rest_request.h"
#include "feeds/net/server_trust.h"
#include "feeds/net/stream_plan.h"

namespace thalweg {
namespace {

// Errors of exchangeInfo that are about a symbol: "Invalid symbol", "Illegal characters".
constexpr std::int64_t kInvalidSymbol = -1'121;
constexpr std::int64_t kIllegalCharacters = -1'100;

ReceiveTime WallNow() {
  return ReceiveTime(std::chrono::duration_cast<std::chrono::nanoseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count());
}

// At most so many lines a second.
class PacedLog {
 public:
  explicit PacedLog(std::function<void(std::string_view)> log) : log_(std::move(log)) {}

  void Write(std::string_view line, Nanos now) {
    if (!log_) return;
    if (now - second_ >= kSecond) {
      second_ = now;
      lines_ = 0;
      if (left_out_ > 0) {
        log_(absl::StrCat(std::exchange(left_out_, 0), " lines were left out: too many a second"));
      }
    }
    if (lines_ >= kLogLinesPerSecond) {
      ++left_out_;
      return;
    }
    ++lines_;
    log_(line);
  }

 private:
  const std::function<void(std::string_view)> log_;
  Nanos second_ = 0;
  std::int64_t lines_ = 0;
  std::int64_t left_out_ = 0;
};

SnapshotResult ResultOf(const RestAnswer& answer) {
  if (absl::IsCancelled(answer.status)) return SnapshotResult::kUnsent;
  if (answer.is_good()) {
    return CheckDepthAnswer(answer.body).ok() ? SnapshotResult::kGood : SnapshotResult::kGarbage;
  }
  // Of the address, or of the connection: the same question may be asked again soon.
  const int code = answer.code;
  const bool is_about_us = code == 429 || code == 418 || code == 403 || code == 408 || code == 425;
  const bool is_refused = answer.status.ok() && code / 100 == 4 && !is_about_us;
  return is_refused ? SnapshotResult::kRefused : SnapshotResult::kFailed;
}

WeightBudgetOptions WeightOptions(const LiveFeedOptions& options) {
  WeightBudgetOptions weight;
  weight.own_share = options.weight_share;
  weight.test_time_scale = options.weight_time_scale;
  return weight;
}

// A request beyond the share would be waited for without an end.
absl::Status CheckShare(const LiveFeedOptions& options, const std::vector<std::string>& symbols) {
  std::int64_t heaviest = DepthRequest(options.market, symbols.front(), options.depth_limit).weight;
  for (const RestRequest& request : ExchangeInfoRequests(options.market, symbols)) {
    heaviest = std::max(heaviest, request.weight);
  }
  const WeightBudget budget(DefaultRateLimits(options.market), WeightOptions(options));
  if (heaviest <= budget.own_limit()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a weight share of ", options.weight_share, " leaves ", budget.own_limit(),
                   " a minute, and one request weighs ", heaviest, ": take a larger share"));
}

}  // namespace

LiveFeedOptions LiveFeedOptionsOf(Market market) {
  LiveFeedOptions options;
  options.market = market;
  options.rest = DefaultEndpoint(market, Protocol::kRest);
  options.websocket = DefaultEndpoint(market, Protocol::kWebSocket);
  options.slot.watch = WatchOptionsOf(market, 1);
  return options;
}

class LiveFeed::Core {
 public:
  Core(LiveFeedOptions options, std::vector<FeedShard> shards, std::unique_ptr<ServerTrust> trust,
       std::vector<std::vector<ConnectionPlan>> plans)
      : options_(std::move(options)),
        shards_(std::move(shards)),
        trust_(std::move(trust)),
        resolver_(options_.make_resolver ? options_.make_resolver(loop_)
                                         : MakeSystemResolver(loop_)),
        dialer_(loop_, *trust_, *resolver_),
        rest_(loop_, *trust_, *resolver_, options_.rest),
        random_(options_.seed != 0 ? options_.seed : std::random_device()()),
        connects_(options_.connect_attempts, options_.connect_window),
        outage_(options_.slot.backoff),
        weight_(DefaultRateLimits(options_.market), WeightOptions(options_)),
        snapshots_({options_.market, options_.depth_limit, kSnapshotConcurrency}, weight_, random_),
        log_(options_.log),
        timer_(loop_) {
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      for (const std::string& symbol : shards_[i].symbols) shard_of_[symbol] = i;
      AddQuestion(i, shards_[i].symbols);
      for (ConnectionPlan& plan : plans[i]) AddStreams(i, std::move(plan));
    }
    AddLeg(options_.websocket);
    if (options_.second_leg) AddLeg(*options_.second_leg);
  }

  absl::Status Run() {
    Tick();
    loop_.Run();
    slots_.clear();
    return result_;
  }

  void Stop() {
    loop_.Post([this] { BeginStop(absl::OkStatus()); });
  }

  [[nodiscard]] FeedStatus Status() const {
    const std::lock_guard lock(status_mutex_);
    return status_;
  }

 private:
  // A part of a shard's symbols, as many as one request takes.
  struct Question {
    std::size_t shard = 0;
    std::vector<std::string> symbols;
    RestRequest request;
  };

  void Log(std::string_view line) { log_.Write(line, NetworkLoop::Now()); }

  void AddStreams(std::size_t shard, ConnectionPlan plan) {
    const auto on_depth = [this, shard](std::size_t symbol, bool comes) {
      const std::string& name = shards_[shard].symbols[symbol];
      if (comes) {
        snapshots_.OnConnectionBack(name, NetworkLoop::Now());
      } else {
        snapshots_.OnConnectionLost(name, NetworkLoop::Now());
      }
    };
    streams_.push_back(
        std::make_unique<MergedStreams>(std::move(plan), *shards_[shard].input, on_depth));
    shard_of_streams_.push_back(shard);
    for (const PlannedStream& stream : streams_.back()->plan().streams) {
      if (stream.kind != StreamKind::kDepth) continue;
      on_depth(stream.symbol, false);
      depth_of_[shards_[shard].symbols[stream.symbol]] = {streams_.back().get(), stream.symbol};
    }
  }

  [[nodiscard]] bool IsOnlyHost() const {
    return !options_.second_leg || options_.second_leg->host == options_.websocket.host;
  }

  // All streams once, over one endpoint.
  void AddLeg(Endpoint endpoint) {
    // Of one host, each leg begins with another of its addresses.
    if (!surroundings_.empty() && IsOnlyHost()) endpoint.first_address = 1;
    surroundings_.push_back(std::make_unique<SlotSurroundings>(
        SlotSurroundings{[this, endpoint](const std::string& target, SocketObserver& observer) {
                           return std::make_unique<WebSocketClient>(dialer_, endpoint, target,
                                                                    options_.socket, observer);
                         },
                         &NetworkLoop::Now, &WallNow, [this](std::string_view line) { Log(line); },
                         connects_, weight_, random_, last_connection_, endpoint.Url(),
                         IsOnlyHost(), INT64_MIN, &outage_, [this] { OnDoubt(); }}));
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      slots_.push_back(
          std::make_unique<StreamSlot>(options_.slot, *streams_[i], *surroundings_.back()));
      shard_of_slot_.push_back(shard_of_streams_[i]);
    }
  }

  // ---- exchangeInfo

  void AddQuestion(std::size_t shard, const std::vector<std::string>& symbols) {
    std::vector<RestRequest> requests = ExchangeInfoRequests(options_.market, symbols);
    if (requests.size() == 1) {
      questions_.push_back({shard, symbols, std::move(requests.front())});
    } else {
      AddHalves(shard, symbols);
    }
  }

  // REQUIRES: two symbols or more.
  void AddHalves(std::size_t shard, const std::vector<std::string>& symbols) {
    const auto middle = symbols.begin() + static_cast<std::ptrdiff_t>(symbols.size() / 2);
    AddQuestion(shard, {symbols.begin(), middle});
    AddQuestion(shard, {middle, symbols.end()});
  }

  void AskNext(Nanos now) {
    if (is_asking_ || now < next_question_) return;
    if (is_running_ && questions_.empty() && now >= next_round_) BeginRound();
    // What may have changed waits behind what is missing, but not for ever.
    const bool is_overdue = now - next_round_ >= options_.info_period;
    if (questions_.empty() || (is_running_ && !is_overdue && snapshots_.IsNeeded(now))) return;
    const RestRequest& request = questions_.front().request;
    const std::optional<WeightBudget::Ticket> ticket = weight_.Take(request.weight, now);
    if (!ticket) return;
    is_asking_ = true;
    ++info_attempts_;
    rest_.Get(request.target, [this, ticket](const RestAnswer& answer) {
      is_asking_ = false;
      weight_.OnAnswer(*ticket, answer.Report(), NetworkLoop::Now());
      BreakIfRefused();
      OnInfo(answer);
    });
  }

  void OnInfo(const RestAnswer& answer) {
    if (is_stopping_) return;
    if (absl::IsCancelled(answer.status)) return;  // The question is still the first.
    Question question = std::move(questions_.front());
    questions_.pop_front();
    if (answer.is_good()) {
      absl::Status status = TakeInfo(question, answer);
      if (absl::IsInvalidArgument(status)) return BeginStop(std::move(status));
      if (!status.ok()) return RetryInfo(std::move(question), answer, Standard(status.message()));
      return EndQuestion();
    }
    const std::int64_t code =
        answer.status.ok() && answer.code == 400 ? ErrorCode(answer.body).value_or(0) : 0;
    if (code != kInvalidSymbol && code != kIllegalCharacters) {
      return RetryInfo(std::move(question), answer, DescribeAnswer(answer));
    }
    // The answer does not say which symbol it is.
    if (question.symbols.size() > 1) return AddHalves(question.shard, question.symbols);
    absl::Status status = TellUnknown(question.symbols.front(), DescribeAnswer(answer));
    if (!status.ok()) return BeginStop(std::move(status));
    // The engine halts it by the exchange's own words.
    if (code == kInvalidSymbol) (void)Give(question, answer);
    EndQuestion();
  }

  // Every symbol again: those that are listed in as few questions as may be, each other one alone.
  void BeginRound() {
    for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
      std::vector<std::string> listed;
      for (const std::string& symbol : shards_[shard].symbols) {
        // Futures answer with the whole list.
        if (options_.market != Market::kSpot || !unknown_.contains(symbol)) {
          listed.push_back(symbol);
        } else {
          AddQuestion(shard, {symbol});
        }
      }
      if (!listed.empty()) AddQuestion(shard, listed);
    }
    round_is_news_ = false;
  }

  // Answered; the last one of a round says when the next one is.
  void EndQuestion() {
    if (!questions_.empty()) return;
    answered_at_ = NetworkLoop::Now();
    next_round_ = answered_at_ + options_.info_period;
    // Doubts that the answers do not explain are looked at less and less often.
    if (round_is_news_) {
      doubt_period_ = options_.info_doubt_period;
    } else if (round_is_doubted_) {
      doubt_period_ = std::min(2 * doubt_period_, options_.info_period);
    }
    round_is_doubted_ = false;
    if (std::exchange(is_doubted_meanwhile_, false)) OnDoubt();
  }

  void OnDoubt() {
    // Under way, its answer may be older than the doubt.
    if (is_asking_ || !questions_.empty()) {
      is_doubted_meanwhile_ = true;
      return;
    }
    round_is_doubted_ = true;
    next_round_ = std::min(next_round_, answered_at_ + doubt_period_);
  }

  // To the shard, when it says something new; whether it was given.
  bool Give(const Question& question, const RestAnswer& answer) {
    std::string rules = RulesOf(answer.body);
    std::string& given = given_[question.request.target];
    if (given == rules) return false;
    round_is_news_ = true;
    // The shard has no room: it is news in the next round as well, and that is soon.
    if (!shards_[question.shard].input->OnRest(answer.received, question.request.target,
                                               answer.body)) {
      is_doubted_meanwhile_ = true;
      return false;
    }
    given = std::move(rules);
    return true;
  }

  // The watches of its streams know whether they may be silent.
  void NoteHalt(const std::string& symbol, bool is_halted) {
    if (!(is_halted ? halted_.insert(symbol).second : halted_.erase(symbol) > 0)) return;
    Log(absl::StrCat("symbol ", symbol,
                     is_halted ? " does not trade: its streams may be silent" : " trades again"));
    const std::size_t shard = shard_of_.at(symbol);
    const std::vector<std::string>& symbols = shards_[shard].symbols;
    const auto index = static_cast<std::size_t>(std::find(symbols.begin(), symbols.end(), symbol) -
                                                symbols.begin());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (shard_of_slot_[i] == shard) slots_[i]->OnHalt(index, is_halted, NetworkLoop::Now());
    }
  }

  // InvalidArgument before anything runs; a symbol that was known is told in the log, and does not
  // trade.
  absl::Status TellUnknown(const std::string& symbol, const std::string& words) {
    if (is_running_) {
      if (unknown_.insert(symbol).second) {
        Log(absl::StrCat("symbol ", symbol, " has become unknown to ", options_.rest.Url(), ": ",
                         words));
      }
      NoteHalt(symbol, true);
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("symbol '", symbol, "' is unknown to ", options_.rest.Url(), ": ", words,
                     "; take one that is listed, spelled as the exchange does"));
  }

  void RetryInfo(Question question, const RestAnswer& answer, std::string_view why) {
    const Nanos now = NetworkLoop::Now();
    Nanos wait = info_backoff_.Next(0, random_);
    // That of 429 and 418 is about the whole address: the budget keeps it.
    if (answer.code >= 500) wait = std::max(wait, ServerPause(answer.retry_after));
    next_question_ = now + wait;
    problem_ = absl::StrCat("exchangeInfo: ", Abseil(why));
    const Nanos due = std::max(next_question_, weight_.blocked_until());
    Log(absl::StrFormat("%s; again in %.1f s", problem_, static_cast<double>(due - now) / kSecond));
    questions_.push_front(std::move(question));
  }

  // DataLoss: it is no exchangeInfo. InvalidArgument: a symbol is not in it, and never was.
  absl::Status TakeInfo(const Question& question, const RestAnswer& answer) {
    std::vector<std::string> left_out;
    const auto instruments = DecodeExchangeInfo(answer.body, &left_out);
    if (!instruments.ok()) return absl::DataLossError(instruments.status().message());
    // One that could not be read is listed all the same: the engine infers what it is.
    const std::set<std::string> listed = ReadListedSymbols(answer.body);
    for (const std::string& symbol : question.symbols) {
      if (listed.count(symbol) != 0) {
        unknown_.erase(symbol);
        continue;
      }
      absl::Status status = TellUnknown(symbol, "it is not among those that are listed");
      if (!status.ok()) return status;
    }
    if (const auto limits = ReadRateLimits(answer.body); limits.ok()) weight_.SetLimits(*limits);
    problem_.clear();
    info_backoff_.Reset();
    for (const Instrument& instrument : *instruments) {
      const auto shard = shard_of_.find(instrument.symbol);
      if (shard != shard_of_.end()) NoteHalt(instrument.symbol, !instrument.trading);
    }
    if (Give(question, answer)) {
      for (const std::string& reason : left_out) Log(absl::StrCat("exchangeInfo: ", reason));
    }
    return absl::OkStatus();
  }

  // ---- Snapshots

  void TakeOrders(Nanos now) {
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      for (int taken = 0; taken < kOrdersPerTick; ++taken) {
        const std::optional<SnapshotOrder> order = shards_[i].input->TakeOrder();
        if (!order) break;
        ++orders_;
        const auto shard = shard_of_.find(order->symbol);
        if (shard == shard_of_.end() || shard->second != i) {
          ++orders_unknown_;
        } else {
          snapshots_.Want(order->symbol, order->need, now, Traffic(order->symbol));
        }
      }
    }
  }

  // Frames of the symbol so far, of the connection that has its depth.
  [[nodiscard]] std::int64_t Traffic(const std::string& symbol) const {
    const auto found = depth_of_.find(symbol);
    return found == depth_of_.end() ? 0 : found->second.first->frames_of(found->second.second);
  }

  // What an answer says of this address is for all of it: what was not sent is not, and nothing is
  // dialled either.
  void BreakIfRefused() {
    const Nanos now = NetworkLoop::Now();
    if (weight_.state(now) == BudgetState::kOpen) return;
    rest_.CallOffUnsent();
    connects_.Block(now, weight_.blocked_until() - now);
  }

  void FetchSnapshots(Nanos now) {
    while (std::optional<SnapshotRequest> request = snapshots_.Take(now)) {
      rest_.Get(request->target,
                [this, asked = *request](const RestAnswer& answer) { OnSnapshot(asked, answer); });
    }
  }

  void OnSnapshot(const SnapshotRequest& request, const RestAnswer& answer) {
    const SnapshotResult result = ResultOf(answer);
    const SnapshotUse use =
        snapshots_.OnAnswer(request, result, answer.Report(), NetworkLoop::Now());
    BreakIfRefused();
    if (result == SnapshotResult::kUnsent) return;
    if (result == SnapshotResult::kGood) {
      problem_.clear();
    } else {
      problem_ = absl::StrCat("snapshot ", request.symbol, ": ",
                              result == SnapshotResult::kGarbage
                                  ? std::string(CheckDepthAnswer(answer.body).message())
                                  : DescribeAnswer(answer));
      Log(problem_);
    }
    if (use != SnapshotUse::kGive || is_stopping_) return;
    // One that the shard has no room for is counted. An engine that needs it orders another; the
    // segment that a recorder begins then does without.
    (void)shards_[shard_of_.at(request.symbol)].input->OnRest(answer.received, request.target,
                                                              answer.body);
  }

  // ---- The thread's round

  void Tick() {
    const Nanos now = NetworkLoop::Now();
    if (!is_stopping_) {
      TakeOrders(now);
      FetchSnapshots(now);
      AskNext(now);
      // All symbols are known to be some before anything is subscribed to.
      is_running_ = is_running_ || (questions_.empty() && !is_asking_);
    }
    if (is_running_ || is_stopping_) {
      for (const auto& slot : slots_) slot->Tick(now);
      const ReceiveTime wall = WallNow();
      for (const auto& streams : streams_) streams->OnTimer(now, wall);
    }
    if (now >= next_status_) {
      next_status_ = now + kStatusAge;
      WriteStatus(now);
    }
    if (is_stopping_ && (now >= stop_until_ || IsOver())) {
      for (const auto& slot : slots_) slot->Abandon();
      WriteStatus(now);
      return loop_.Stop();
    }
    timer_.Start(kFeedTick, [this] { Tick(); });
  }

  [[nodiscard]] bool IsOver() const {
    return std::all_of(slots_.begin(), slots_.end(),
                       [](const auto& slot) { return slot->is_over(); });
  }

  void BeginStop(absl::Status result) {
    if (std::exchange(is_stopping_, true)) return;
    result_ = std::move(result);
    stop_until_ = NetworkLoop::Now() + kStopDeadline;
    for (const auto& slot : slots_) slot->Stop();
  }

  void WriteStatus(Nanos now) {
    FeedStatus status;
    status.at = now;
    status.state = is_stopping_  ? FeedState::kStopped
                   : is_running_ ? FeedState::kRunning
                                 : FeedState::kAsking;
    status.problem = problem_;
    if (weight_.state(now) == BudgetState::kBanned) {
      status.banned_for = weight_.blocked_until() - now;
    }
    // As long as every endpoint refuses.
    Nanos refused_until = INT64_MAX;
    for (const auto& surroundings : surroundings_) {
      refused_until = std::min(refused_until, surroundings->refused_until);
    }
    status.refused_for = std::max({now, refused_until, connects_.blocked_until()}) - now;
    status.away_for = outage_.since(now);
    status.halted_symbols = static_cast<std::int64_t>(halted_.size());
    for (const auto& slot : slots_) status.connections.push_back(slot->Status(now));
    status.snapshots = snapshots_.Estimates(now);
    for (SnapshotEstimate& estimate : status.snapshots) {
      if (estimate.due != WeightBudget::kNever) estimate.due -= now;
    }
    status.snapshot_counts = snapshots_.counts();
    status.rest = rest_.counts();
    status.budget = weight_.counts();
    status.weight_used = weight_.used(now);
    status.weight_own = weight_.own_limit();
    status.orders = orders_;
    status.orders_unknown = orders_unknown_;
    status.info_attempts = info_attempts_;
    const std::lock_guard lock(status_mutex_);
    status_ = std::move(status);
  }

  const LiveFeedOptions options_;
  const std::vector<FeedShard> shards_;
  const std::unique_ptr<ServerTrust> trust_;
  NetworkLoop loop_;
  const std::unique_ptr<Resolver> resolver_;
  Dialer dialer_;
  RestClient rest_;
  RandomSource random_;
  ConnectionBudget connects_;
  Outage outage_;
  WeightBudget weight_;
  SnapshotQueue snapshots_;
  PacedLog log_;
  std::int64_t last_connection_ = 0;
  absl::flat_hash_map<std::string, std::size_t> shard_of_;
  std::vector<std::unique_ptr<MergedStreams>> streams_;
  std::vector<std::size_t> shard_of_streams_;
  // Which of them has a symbol's depth, and its number there.
  absl::flat_hash_map<std::string, std::pair<const MergedStreams*, std::size_t>> depth_of_;
  std::vector<std::unique_ptr<SlotSurroundings>> surroundings_;  // Of each leg.
  std::vector<std::unique_ptr<StreamSlot>> slots_;
  std::vector<std::size_t> shard_of_slot_;
  LoopTimer timer_;

  std::deque<Question> questions_;
  std::map<std::string, std::string> given_;  // By target: the rules that the shard was given last.
  Nanos answered_at_ = 0;                     // The last question of the round before.
  Nanos next_round_ = 0;
  Nanos doubt_period_ = options_.info_doubt_period;
  bool round_is_news_ = false;
  bool round_is_doubted_ = false;
  bool is_doubted_meanwhile_ = false;
  std::set<std::string> halted_;   // Symbols that do not trade.
  std::set<std::string> unknown_;  // Of these: those that are not listed any more.
  Backoff info_backoff_;
  Nanos next_question_ = 0;
  bool is_asking_ = false;
  bool is_running_ = false;
  bool is_stopping_ = false;
  Nanos stop_until_ = 0;
  Nanos next_status_ = 0;
  absl::Status result_;
  std::string problem_;
  std::int64_t orders_ = 0;
  std::int64_t orders_unknown_ = 0;
  std::int64_t info_attempts_ = 0;

  mutable std::mutex status_mutex_;
  FeedStatus status_;
};

LiveFeed::LiveFeed(std::unique_ptr<Core> core) : core_(std::move(core)) {}
LiveFeed::~LiveFeed() = default;

absl::StatusOr<std::unique_ptr<LiveFeed>> LiveFeed::Create(LiveFeedOptions options,
                                                           std::vector<FeedShard> shards) {
  if (shards.empty()) return absl::InvalidArgumentError("no shard to feed: name one");
  StreamPlanOptions plan;
  plan.market = options.market;
  plan.trade_stream = options.trade_stream;
  plan.streams_per_connection = options.streams_per_connection;
  std::vector<std::string> all;
  std::vector<std::vector<ConnectionPlan>> plans;
  for (const FeedShard& shard : shards) {
    all.insert(all.end(), shard.symbols.begin(), shard.symbols.end());
    auto planned = PlanStreams(plan, shard.symbols);
    if (!planned.ok()) return planned.status();
    plans.push_back(*std::move(planned));
  }
  // A symbol is of one shard.
  if (auto planned = PlanStreams(plan, all); !planned.ok()) return planned.status();
  if (absl::Status status = CheckShare(options, all); !status.ok()) return status;
  auto trust = ServerTrust::Create(options.ca_path);
  if (!trust.ok()) return trust.status();
  return std::unique_ptr<LiveFeed>(new LiveFeed(std::make_unique<Core>(
      std::move(options), std::move(shards), *std::move(trust), std::move(plans))));
}

absl::Status LiveFeed::Run() { return core_->Run(); }
void LiveFeed::Stop() { core_->Stop(); }
FeedStatus LiveFeed::Status() const { return core_->Status(); }

}  // namespace thalweg
