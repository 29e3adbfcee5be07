#include "tools/metrics/live_metrics.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/version.h"
#include "tools/metrics/live_health.h"
#include "tools/metrics/prometheus_text.h"

namespace thalweg {
namespace {

// A number of a struct of counts, and what it is called.
template <class Counts>
struct Row {
  std::string_view name;
  std::int64_t Counts::*field;
  std::string_view help;
};

constexpr Row<SymbolCounts> kSymbolRows[] = {
    {"thalweg_symbol_depth_events_total", &SymbolCounts::depth_frames, "Well-formed depth events."},
    {"thalweg_symbol_tickers_total", &SymbolCounts::ticker_frames,
     "Well-formed bookTicker messages."},
    {"thalweg_symbol_trades_total", &SymbolCounts::trade_frames,
     "Well-formed messages of the trade stream."},
    {"thalweg_symbol_unused_messages_total", &SymbolCounts::unused_frames,
     "Messages of streams that feed nothing."},
    {"thalweg_symbol_malformed_messages_total", &SymbolCounts::malformed_frames,
     "Messages that could not be read; of depth each is a gap."},
    {"thalweg_symbol_stale_tickers_total", &SymbolCounts::stale_tickers,
     "bookTicker messages older than one before."},
    {"thalweg_symbol_duplicate_trades_total", &SymbolCounts::duplicate_trades,
     "Trades that came again."},
    {"thalweg_symbol_other_trades_total", &SymbolCounts::other_trades,
     "Fills of futures that are no market orders."},
    {"thalweg_symbol_trade_gaps_total", &SymbolCounts::trade_gaps,
     "Breaks in the chain of trade ids."},
    {"thalweg_symbol_late_trades_total", &SymbolCounts::late_trades,
     "Trades older than the event clock when they came."},
    {"thalweg_symbol_disbelieved_times_total", &SymbolCounts::disbelieved_times,
     "Event times that leapt too far to be believed."},
    {"thalweg_symbol_snapshots_total", &SymbolCounts::snapshots, "Depth snapshots that were used."},
    {"thalweg_symbol_refused_snapshots_total", &SymbolCounts::refused_snapshots,
     "Depth snapshots that were refused whole."},
    {"thalweg_symbol_ticker_audits_total", &SymbolCounts::ticker_audits,
     "Comparisons of the best prices with a bookTicker of the same id."},
    {"thalweg_symbol_ticker_audits_equal_total", &SymbolCounts::ticker_audits_equal,
     "Of these: equal."},
    {"thalweg_symbol_crossed_events_total", &SymbolCounts::crossed_events,
     "Depth events after which the book was crossed."},
    {"thalweg_symbol_lost_inputs_total", &SymbolCounts::lost_inputs,
     "Messages that were lost before the engine."},
};

constexpr Row<BookCounts> kBookRows[] = {
    {"thalweg_book_applied_events_total", &BookCounts::applied,
     "Depth events applied to a synchronised book."},
    {"thalweg_book_stale_events_total", &BookCounts::stale, "Depth events that said nothing new."},
    {"thalweg_book_gaps_total", &BookCounts::gaps, "Breaks in the chain of update ids."},
    {"thalweg_book_id_restarts_total", &BookCounts::restarts, "Numberings that began anew."},
    {"thalweg_book_buffer_overflows_total", &BookCounts::overflows,
     "Depth events dropped while a snapshot was waited for, for want of room."},
    {"thalweg_book_synchronisations_total", &BookCounts::synchronisations,
     "Times that the book was built from a snapshot."},
    {"thalweg_book_audits_agreed_total", &BookCounts::audits_agreed,
     "Comparisons of the whole book with a snapshot: equal."},
    {"thalweg_book_audits_diverged_total", &BookCounts::audits_diverged,
     "Comparisons of the whole book with a snapshot: different."},
    {"thalweg_book_audits_wished_total", &BookCounts::audits_wished,
     "Snapshots that were wished in the background, to audit the book or to know more of it."},
    {"thalweg_book_audits_given_up_total", &BookCounts::audits_given_up,
     "Of these: for which none came in time."},
    {"thalweg_book_unused_snapshots_total", &BookCounts::snapshots_unused,
     "Snapshots that were too old, or older than one that was held."},
    {"thalweg_book_bucket_repairs_total", &BookCounts::bucket_repairs,
     "Buckets that differed from the levels and were built anew."},
};

constexpr Row<EngineCounts> kEngineRows[] = {
    {"thalweg_engine_messages_total", &EngineCounts::frames, "Messages given to the engine."},
    {"thalweg_engine_filtered_messages_total", &EngineCounts::filtered,
     "Of these: of symbols that were not asked for."},
    {"thalweg_engine_unused_messages_total", &EngineCounts::unused,
     "Of these: of streams that feed nothing."},
    {"thalweg_engine_unnamed_messages_total", &EngineCounts::unnamed,
     "Of these: too broken to say what they are."},
    {"thalweg_engine_unattributed_snapshots_total", &EngineCounts::unattributed_snapshots,
     "Snapshots of nobody knows which symbol."},
};

constexpr Row<ShardCounts> kShardRows[] = {
    {"thalweg_engine_inputs_total", &ShardCounts::inputs,
     "Inputs that the engine has used: messages, answers, connections, losses."},
    {"thalweg_engine_records_total", &ShardCounts::records, "Records that were made."},
    {"thalweg_engine_beats_total", &ShardCounts::beats,
     "Signs of life of the engine's thread, ten a second."},
};

constexpr Row<IntakeCounts> kIntakeRows[] = {
    {"thalweg_intake_messages_total", &IntakeCounts::frames,
     "Messages that the network handed over."},
    {"thalweg_intake_given_inputs_total", &IntakeCounts::given, "Inputs queued for the engine."},
    {"thalweg_intake_lost_messages_total", &IntakeCounts::lost_frames,
     "Messages lost because the engine had no room."},
    {"thalweg_intake_strange_messages_total", &IntakeCounts::strange_frames,
     "Messages that begin no JSON."},
    {"thalweg_intake_lost_answers_total", &IntakeCounts::lost_answers,
     "REST answers lost because the engine had no room, or that begin no JSON."},
};
constexpr Row<IntakeCounts> kIntakeGauges[] = {
    {"thalweg_intake_waiting_events", &IntakeCounts::waiting_events,
     "Connection events that wait for room."},
    {"thalweg_intake_waiting_answers", &IntakeCounts::waiting_answers,
     "REST answers that wait for room."},
};

constexpr Row<RecorderCounts> kRecorderRows[] = {
    {"thalweg_recorder_refused_inputs_total", &RecorderCounts::refused,
     "Inputs that the recorder had no room for: lost to the recording."},
};
constexpr Row<RecorderCounts> kRecorderGauges[] = {
    {"thalweg_recorder_waiting_inputs", &RecorderCounts::waiting,
     "Inputs that are not written yet."},
};
constexpr Row<SegmentCounts> kSegmentRows[] = {
    {"thalweg_recorder_segments_total", &SegmentCounts::segments, "Segments that were begun."},
    {"thalweg_recorder_faulty_segments_total", &SegmentCounts::faulty_segments,
     "Segments that ended suspect, or without all of their lines."},
    {"thalweg_recorder_lines_total", &SegmentCounts::lines, "Lines given to segments."},
    {"thalweg_recorder_lost_lines_total", &SegmentCounts::lost_lines,
     "Of these: lost, because the disk was full or failed."},
    {"thalweg_recorder_text_bytes_total", &SegmentCounts::text_bytes,
     "Size of the lines before compression."},
    {"thalweg_recorder_stored_bytes_total", &SegmentCounts::stored_bytes,
     "Size of the segments on disk."},
};

constexpr Row<SlotCounts> kSlotRows[] = {
    {"thalweg_connection_attempts_total", &SlotCounts::attempts, "Attempts to connect."},
    {"thalweg_connection_opens_total", &SlotCounts::opens, "Attempts that succeeded."},
    {"thalweg_connection_refusals_total", &SlotCounts::refusals,
     "Attempts that the exchange answered with another HTTP status than 101."},
    {"thalweg_connection_ends_total", &SlotCounts::ends, "Open connections that ended unasked."},
    {"thalweg_connection_reconnects_total", &SlotCounts::reconnects,
     "Open connections that were found dead and made anew."},
    {"thalweg_connection_replacements_total", &SlotCounts::replacements,
     "Planned change-overs that ended well."},
    {"thalweg_connection_dropped_successors_total", &SlotCounts::successors_dropped,
     "Successors that did not get every stream and were given up."},
    {"thalweg_connection_messages_total", &SlotCounts::frames,
     "Data messages, whether or not another leg had them first."},
    {"thalweg_connection_received_bytes_total", &SlotCounts::bytes, "Size of these messages."},
    {"thalweg_connection_replies_total", &SlotCounts::replies, "Replies to control messages."},
    {"thalweg_connection_shutdown_notices_total", &SlotCounts::shutdown_notices,
     "serverShutdown messages."},
    {"thalweg_connection_binary_messages_total", &SlotCounts::binary,
     "Binary messages, which are not used."},
    {"thalweg_connection_unnamed_messages_total", &SlotCounts::unnamed,
     "Data whose stream could not be told."},
    {"thalweg_connection_unknown_streams_total", &SlotCounts::unknown_streams,
     "Data of streams that were not asked for."},
    {"thalweg_connection_protocol_errors_total", &SlotCounts::protocol_errors,
     "Connections ended by what RFC 6455 forbids."},
    {"thalweg_connection_oversize_messages_total", &SlotCounts::oversize,
     "Connections ended by a message that is too large."},
};
constexpr Row<WatchCounts> kWatchRows[] = {
    {"thalweg_stream_subscribe_errors_total", &WatchCounts::subscribe_errors,
     "Requests for streams that the exchange refused."},
    {"thalweg_stream_lost_replies_total", &WatchCounts::replies_lost,
     "Control messages that were not answered in time."},
    {"thalweg_stream_unknown_replies_total", &WatchCounts::replies_unknown,
     "Replies to nothing that was asked."},
    {"thalweg_stream_resubscriptions_total", &WatchCounts::resubscribed,
     "Streams that were subscribed again."},
    {"thalweg_stream_stalls_total", &WatchCounts::stalls, "Streams found silent, and connections."},
    {"thalweg_stream_questions_total", &WatchCounts::questions,
     "Questions which streams are subscribed."},
};
constexpr Row<LegCounts> kLegRows[] = {
    {"thalweg_leg_first_events_total", &LegCounts::given,
     "Events that this connection was the first with."},
    {"thalweg_leg_copies_total", &LegCounts::copies, "Events that the other leg had before."},
    {"thalweg_leg_held_events_total", &LegCounts::held, "Events that waited for the other leg."},
    {"thalweg_leg_gaps_total", &LegCounts::gaps, "Gaps that no leg could fill."},
    {"thalweg_leg_expired_events_total", &LegCounts::expired,
     "Events that waited for the other leg for as long as they may, in vain."},
    {"thalweg_leg_broken_events_total", &LegCounts::broken,
     "Events without ids, dropped while another leg is open."},
    {"thalweg_leg_overlapping_events_total", &LegCounts::overlapping,
     "Events of futures that overlap what was given."},
    {"thalweg_leg_timed_copies_total", &LegCounts::behind_timed,
     "Copies that were timed, one of a stream at a time."},
    {"thalweg_leg_id_restarts_total", &LegCounts::restarts, "Numberings that began anew."},
};

constexpr Row<RestCounts> kRestRows[] = {
    {"thalweg_rest_requests_total", &RestCounts::requests, "REST requests."},
    {"thalweg_rest_retries_total", &RestCounts::retried, "Requests that were sent again."},
    {"thalweg_rest_connections_total", &RestCounts::connections, "Connections to REST."},
};
// How a request ended.
constexpr Row<RestCounts> kRestOutcomes[] = {
    {"answer", &RestCounts::answers, ""},      {"deadline", &RestCounts::deadlines, ""},
    {"dns", &RestCounts::dns_failures, ""},    {"connect", &RestCounts::connect_failures, ""},
    {"tls", &RestCounts::tls_failures, ""},    {"lost", &RestCounts::lost, ""},
    {"malformed", &RestCounts::malformed, ""}, {"overflow", &RestCounts::overflow, ""},
};
constexpr Row<BudgetCounts> kBudgetRows[] = {
    {"thalweg_weight_requests_total", &BudgetCounts::tickets,
     "Requests that were paid for out of the weight budget."},
    {"thalweg_weight_spent_total", &BudgetCounts::weight, "Request weight that was used."},
    {"thalweg_weight_pauses_total", &BudgetCounts::paused, "Answers 429 and 403."},
    {"thalweg_weight_bans_total", &BudgetCounts::banned, "Answers 418."},
    {"thalweg_weight_assumed_waits_total", &BudgetCounts::assumed,
     "Of both: without a usable Retry-After."},
};
constexpr Row<SnapshotQueueCounts> kSnapshotRows[] = {
    {"thalweg_snapshot_wishes_total", &SnapshotQueueCounts::wishes,
     "Times that a symbol wanted a snapshot."},
    {"thalweg_snapshot_merged_wishes_total", &SnapshotQueueCounts::merged,
     "Of these: one request served more than one."},
    {"thalweg_snapshot_requests_total", &SnapshotQueueCounts::requests,
     "Depth snapshots that were asked for."},
    {"thalweg_snapshot_given_total", &SnapshotQueueCounts::given,
     "Snapshots that were given to an engine."},
    {"thalweg_snapshot_dropped_total", &SnapshotQueueCounts::dropped,
     "Answers that came too late."},
    {"thalweg_snapshot_garbage_total", &SnapshotQueueCounts::garbage,
     "Answers with something else than a snapshot."},
    {"thalweg_snapshot_failed_total", &SnapshotQueueCounts::failed,
     "Requests without an answer, or with 5xx, 429 or 418."},
    {"thalweg_snapshot_refused_total", &SnapshotQueueCounts::refused,
     "Requests with another answer of 4xx."},
    {"thalweg_snapshot_repeated_total", &SnapshotQueueCounts::repeated,
     "Wishes right after a snapshot was given: it was of no use."},
    {"thalweg_snapshot_symbols_over_total", &SnapshotQueueCounts::symbols_over,
     "Wishes of symbols beyond the most that are followed."},
};
constexpr Row<FeedStatus> kFeedRows[] = {
    {"thalweg_feed_orders_total", &FeedStatus::orders, "Snapshot orders of engines."},
    {"thalweg_feed_unknown_orders_total", &FeedStatus::orders_unknown,
     "Orders of symbols that the shard does not have."},
    {"thalweg_feed_exchange_info_attempts_total", &FeedStatus::info_attempts,
     "Requests for exchangeInfo."},
};
constexpr Row<FeedStatus> kFeedGauges[] = {
    {"thalweg_feed_halted_symbols", &FeedStatus::halted_symbols,
     "Symbols that do not trade, by exchangeInfo."},
    {"thalweg_weight_used", &FeedStatus::weight_used,
     "Request weight that this process used in the window that ends now."},
    {"thalweg_weight_allowed", &FeedStatus::weight_own,
     "Request weight that this process may use in a window."},
};
constexpr Row<MetricsServerCounts> kServerRows[] = {
    {"thalweg_metrics_connections_total", &MetricsServerCounts::accepted,
     "Connections to this page that were accepted."},
    {"thalweg_metrics_refused_connections_total", &MetricsServerCounts::refused,
     "Connections to this page beyond the most that are held."},
    {"thalweg_metrics_answers_total", &MetricsServerCounts::answers,
     "Requests that were answered with a page."},
    {"thalweg_metrics_rejected_requests_total", &MetricsServerCounts::rejected,
     "Requests that were answered with an error."},
    {"thalweg_metrics_expired_connections_total", &MetricsServerCounts::expired,
     "Connections to this page that took too long."},
};

// Something that has numbers, and how it is called in labels.
template <class Counts>
struct Source {
  std::vector<MetricLabel> labels;
  const Counts* counts;
};

template <class Counts, std::size_t kRows>
void AddRows(const Row<Counts> (&rows)[kRows], MetricType type,
             const std::vector<Source<Counts>>& sources, PrometheusText& text) {
  for (const Row<Counts>& row : rows) {
    text.Begin(row.name, type, row.help);
    for (const Source<Counts>& source : sources) {
      text.Add(source.labels, source.counts->*row.field);
    }
  }
}

// The flags of a symbol's present state; FIRST_AFTER_RESYNC speaks of a record.
constexpr int kFlagBits = 17;
constexpr QualityWord kNoFlag = quality::kFirstAfterResync;
constexpr std::array<std::string_view, kStreamKinds> kStreams{"depth", "ticker", "trade"};

// The page of one scene, part by part.
class LivePage {
 public:
  LivePage(const LiveScene& scene, Nanos now) : scene_(scene), now_(now) {
    for (std::size_t i = 0; i < scene.shards.size(); ++i) {
      numbers_.push_back(absl::StrCat(i));
    }
    for (std::size_t i = 0; i < scene.feed.connections.size(); ++i) {
      const std::size_t a_leg =
          scene.feed.connections.size() / std::max<std::size_t>(scene.legs, 1);
      connections_.push_back({absl::StrCat(i), i < a_leg ? "1" : "2"});
    }
  }

  void AddRun() {
    text_.Begin("thalweg_build_info", MetricType::kGauge, "Always 1; its labels say which build.");
    text_.Add({{"version", ReleaseText()}, {"build", VersionText()}}, 1);
    const LiveHealth health = JudgeHealth(scene_, now_);
    text_.Begin("thalweg_healthy", MetricType::kGauge,
                "1 while /health answers 200: every required symbol is live.");
    text_.Add({}, health.verdict == HealthVerdict::kDown ? 0 : 1);
    text_.Begin("thalweg_degraded", MetricType::kGauge,
                "1 while /health has something to complain of, or is not 200.");
    text_.Add({}, health.verdict == HealthVerdict::kOk ? 0 : 1);
    text_.Begin("thalweg_symbols_required", MetricType::kGauge, "Symbols that have to be live.");
    text_.Add({}, static_cast<std::int64_t>(health.required));
    text_.Begin("thalweg_symbols_required_live", MetricType::kGauge, "Of these: live.");
    text_.Add({}, static_cast<std::int64_t>(health.required_live));
    text_.Begin("thalweg_scene_age_seconds", MetricType::kGauge,
                "How old everything on this page is.");
    text_.AddSpan({}, now_ - scene_.at);
  }

  void AddSymbols() {
    std::vector<Source<SymbolCounts>> counts;
    std::vector<Source<BookCounts>> books;
    for (const WatchedSymbol& symbol : scene_.symbols) {
      counts.push_back({{{"symbol", symbol.name}}, &symbol.reading.counts});
      books.push_back({{{"symbol", symbol.name}}, &symbol.reading.book});
    }
    text_.Begin("thalweg_symbol_state", MetricType::kGauge,
                "0 down, 1 buffering, 2 live, 3 resync, 4 halted.");
    for (const WatchedSymbol& symbol : scene_.symbols) {
      text_.Add({{"symbol", symbol.name}}, symbol.reading.state);
    }
    text_.Begin("thalweg_symbol_live", MetricType::kGauge,
                "1 while the symbol is live as /health understands it.");
    for (const WatchedSymbol& symbol : scene_.symbols) {
      text_.Add({{"symbol", symbol.name}}, IsLive(scene_, symbol) ? 1 : 0);
    }
    text_.Begin("thalweg_symbol_flag", MetricType::kGauge,
                "1 while the flag is set in the symbol's present quality word.");
    for (const WatchedSymbol& symbol : scene_.symbols) {
      for (int bit = 0; bit < kFlagBits; ++bit) {
        const QualityWord flag = QualityWord{1} << bit;
        if (flag == kNoFlag) continue;
        text_.Add({{"symbol", symbol.name}, {"flag", QualityBitName(bit)}},
                  (symbol.reading.quality & flag) != 0 ? 1 : 0);
      }
    }
    text_.Begin("thalweg_symbol_age_seconds", MetricType::kGauge,
                "Since the newest message of the stream that was used.");
    for (const WatchedSymbol& symbol : scene_.symbols) {
      for (std::size_t kind = 0; kind < kStreamKinds; ++kind) {
        const auto age = AgeOf(scene_, symbol, static_cast<StreamKind>(kind));
        if (age) text_.AddSpan({{"symbol", symbol.name}, {"stream", kStreams[kind]}}, *age);
      }
    }
    text_.Begin("thalweg_symbol_event_time_seconds", MetricType::kGauge,
                "The symbol's event clock, since the epoch, by the exchange's time.");
    for (const WatchedSymbol& symbol : scene_.symbols) {
      if (symbol.reading.event_ns == 0) continue;
      text_.AddSpan({{"symbol", symbol.name}}, symbol.reading.event_ns);
    }
    text_.Begin("thalweg_symbol_update_id", MetricType::kGauge,
                "The last update id that was applied to the book.");
    for (const WatchedSymbol& symbol : scene_.symbols) {
      text_.Add({{"symbol", symbol.name}}, symbol.reading.update_id);
    }
    AddRows(kSymbolRows, MetricType::kCounter, counts, text_);
    AddRows(kBookRows, MetricType::kCounter, books, text_);
  }

  void AddShards() {
    std::vector<Source<EngineCounts>> engines;
    std::vector<Source<ShardCounts>> shards;
    std::vector<Source<IntakeCounts>> intakes;
    std::vector<Source<RecorderCounts>> recorders;
    std::vector<Source<SegmentCounts>> segments;
    for (std::size_t i = 0; i < scene_.shards.size(); ++i) {
      const ShardScene& shard = scene_.shards[i];
      const std::vector<MetricLabel> labels{{"shard", numbers_[i]}};
      engines.push_back({labels, &shard.engine});
      shards.push_back({labels, &shard.counts});
      intakes.push_back({labels, &shard.counts.intake});
      if (!shard.recorder) continue;
      recorders.push_back({labels, &shard.recorder->counts});
      segments.push_back({labels, &shard.recorder->counts.segments});
    }
    AddRows(kEngineRows, MetricType::kCounter, engines, text_);
    AddRows(kShardRows, MetricType::kCounter, shards, text_);
    AddRows(kIntakeRows, MetricType::kCounter, intakes, text_);
    AddRows(kIntakeGauges, MetricType::kGauge, intakes, text_);
    text_.Begin("thalweg_recorder_good", MetricType::kGauge,
                "1 while the recorder takes every line; 0: it loses them.");
    for (std::size_t i = 0; i < scene_.shards.size(); ++i) {
      const auto& recorder = scene_.shards[i].recorder;
      if (recorder) text_.Add({{"shard", numbers_[i]}}, recorder->is_good() ? 1 : 0);
    }
    AddRows(kRecorderRows, MetricType::kCounter, recorders, text_);
    AddRows(kRecorderGauges, MetricType::kGauge, recorders, text_);
    AddRows(kSegmentRows, MetricType::kCounter, segments, text_);
  }

  void AddConnections() {
    std::vector<Source<SlotCounts>> slots;
    std::vector<Source<WatchCounts>> watches;
    std::vector<Source<LegCounts>> legs;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      const SlotCounts& counts = scene_.feed.connections[i].counts;
      const std::vector<MetricLabel> labels = LabelsOf(i);
      slots.push_back({labels, &counts});
      watches.push_back({labels, &counts.watch});
      legs.push_back({labels, &counts.leg});
    }
    AddOfSlots(
        "thalweg_connection_open", "1 while the connection is open.", [](const SlotStatus& slot) {
          return slot.state == SlotState::kOpen || slot.state == SlotState::kChanging ? 1 : 0;
        });
    AddOfSlots("thalweg_connection_streams", "Streams of the connection.",
               [](const SlotStatus& slot) { return static_cast<std::int64_t>(slot.streams); });
    AddOfSlots("thalweg_connection_unread_bytes", "What waits in the kernel.",
               [](const SlotStatus& slot) { return slot.unread_bytes; });
    AddSpansOfSlots("thalweg_connection_open_seconds", "Since it opened.",
                    [](const SlotStatus& slot) { return slot.open_for; });
    AddSpansOfSlots("thalweg_connection_silence_seconds",
                    "Since its newest message, or since it opened.",
                    [](const SlotStatus& slot) { return slot.silent_for; });
    AddRows(kSlotRows, MetricType::kCounter, slots, text_);
    AddRows(kWatchRows, MetricType::kCounter, watches, text_);
    AddRows(kLegRows, MetricType::kCounter, legs, text_);
    text_.Begin("thalweg_leg_behind_seconds_total", MetricType::kCounter,
                "How long after the first one copies came: of those that were timed, together.");
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      text_.AddSpan(LabelsOf(i), scene_.feed.connections[i].counts.leg.behind_sum);
    }
    AddSpansOfSlots("thalweg_leg_behind_max_seconds", "The longest of these times so far.",
                    [](const SlotStatus& slot) { return slot.counts.leg.behind_max; });
  }

  void AddFeed() {
    const FeedStatus& feed = scene_.feed;
    const std::vector<Source<FeedStatus>> feeds{{{}, &feed}};
    text_.Begin("thalweg_feed_running", MetricType::kGauge,
                "0 while exchangeInfo is not there; then 1.");
    text_.Add({}, feed.state == FeedState::kRunning ? 1 : 0);
    text_.Begin("thalweg_feed_banned_seconds", MetricType::kGauge,
                "How long nothing may be asked, by HTTP 418.");
    text_.AddSpan({}, feed.banned_for);
    text_.Begin("thalweg_feed_refused_seconds", MetricType::kGauge,
                "How long no connection is tried, because the exchange refused one.");
    text_.AddSpan({}, feed.refused_for);
    text_.Begin("thalweg_feed_away_seconds", MetricType::kGauge,
                "How long the exchange has been away: no connection is open and attempts fail.");
    text_.AddSpan({}, feed.away_for);
    AddRows(kFeedRows, MetricType::kCounter, feeds, text_);
    AddRows(kFeedGauges, MetricType::kGauge, feeds, text_);
    AddRows(kBudgetRows, MetricType::kCounter, {{{}, &feed.budget}}, text_);
    text_.Begin("thalweg_snapshot_waiting_symbols", MetricType::kGauge,
                "Symbols that wait for a snapshot.");
    text_.Add({}, static_cast<std::int64_t>(feed.snapshots.size()));
    AddRows(kSnapshotRows, MetricType::kCounter, {{{}, &feed.snapshot_counts}}, text_);
    AddRows(kRestRows, MetricType::kCounter, {{{}, &feed.rest}}, text_);
    text_.Begin("thalweg_rest_outcomes_total", MetricType::kCounter,
                "How REST requests ended; an answer is one of any HTTP status.");
    for (const Row<RestCounts>& row : kRestOutcomes) {
      text_.Add({{"outcome", row.name}}, feed.rest.*row.field);
    }
  }

  void AddRings() {
    AddOfRings("thalweg_ring_records_total", "Records that were published.",
               &RingStatistics::records);
    AddOfRings("thalweg_ring_messages_total", "Messages behind these records and others.",
               &RingStatistics::frames);
    AddOfRings("thalweg_ring_unlisted_symbols_total",
               "Symbols that found no place in the ring's table.",
               &RingStatistics::unlisted_symbols);
    text_.Begin("thalweg_ring_latency_seconds", MetricType::kHistogram,
                "From a message in memory to its record in the ring.");
    for (const PublishedRing& ring : scene_.rings) {
      text_.AddLatencies(LabelsOf(ring), ring.statistics.latency_cells);
    }
    text_.Begin("thalweg_ring_latency_max_seconds", MetricType::kGauge,
                "The longest of these times so far.");
    for (const PublishedRing& ring : scene_.rings) {
      text_.AddSpan(LabelsOf(ring), static_cast<Nanos>(ring.statistics.latency_max_ns));
    }
    AddStages();
  }

  void AddStages() {
    text_.Begin("thalweg_stage_latency_seconds", MetricType::kHistogram,
                "Times of a stage of a message's way to its record, of one message of some.");
    ForEachStage([&](const PublishedRing& ring, const StageEntry& entry, const RingStage& stage) {
      text_.AddLatencies({{"ring", ring.name}, {"stage", entry.name}}, stage.cells,
                         static_cast<Nanos>(stage.sum_ns));
    });
    text_.Begin("thalweg_stage_latency_max_seconds", MetricType::kGauge,
                "The longest of these times so far.");
    ForEachStage([&](const PublishedRing& ring, const StageEntry& entry, const RingStage& stage) {
      text_.AddSpan({{"ring", ring.name}, {"stage", entry.name}}, static_cast<Nanos>(stage.max_ns));
    });
  }

  void AddServer(const MetricsServerCounts& counts) {
    text_.Begin("thalweg_metrics_open_connections", MetricType::kGauge,
                "Connections to this page that are open.");
    text_.Add({}, counts.connections);
    AddRows(kServerRows, MetricType::kCounter, {{{}, &counts}}, text_);
  }

  [[nodiscard]] std::string Take() { return text_.Take(); }

 private:
  struct ConnectionName {
    std::string number;
    std::string_view leg;
  };

  [[nodiscard]] std::vector<MetricLabel> LabelsOf(std::size_t connection) const {
    return {{"connection", connections_[connection].number}, {"leg", connections_[connection].leg}};
  }
  [[nodiscard]] static std::vector<MetricLabel> LabelsOf(const PublishedRing& ring) {
    return {{"ring", ring.name}, {"kind", RingKindName(ring.kind)}};
  }

  // Of the rings that keep them: one of each shard's.
  template <class F>
  void ForEachStage(const F& take) const {
    for (const PublishedRing& ring : scene_.rings) {
      for (std::size_t i = 0; i < ring.stages.size(); ++i) take(ring, kStages[i], ring.stages[i]);
    }
  }

  template <class F>
  void AddOfSlots(std::string_view name, std::string_view help, const F& value) {
    text_.Begin(name, MetricType::kGauge, help);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      text_.Add(LabelsOf(i), std::int64_t{value(scene_.feed.connections[i])});
    }
  }
  template <class F>
  void AddSpansOfSlots(std::string_view name, std::string_view help, const F& span) {
    text_.Begin(name, MetricType::kGauge, help);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      text_.AddSpan(LabelsOf(i), span(scene_.feed.connections[i]));
    }
  }
  void AddOfRings(std::string_view name, std::string_view help,
                  std::uint64_t RingStatistics::*field) {
    text_.Begin(name, MetricType::kCounter, help);
    for (const PublishedRing& ring : scene_.rings) {
      text_.Add(LabelsOf(ring), static_cast<std::int64_t>(ring.statistics.*field));
    }
  }

  const LiveScene& scene_;
  const Nanos now_;
  std::vector<std::string> numbers_;  // Of shards, as texts.
  std::vector<ConnectionName> connections_;
  PrometheusText text_;
};

}  // namespace

std::string LiveMetricsText(const LiveScene& scene, const MetricsServerCounts& server, Nanos now) {
  LivePage page(scene, now);
  page.AddRun();
  page.AddSymbols();
  page.AddShards();
  page.AddConnections();
  page.AddFeed();
  page.AddRings();
  page.AddServer(server);
  return page.Take();
}

}  // namespace thalweg
