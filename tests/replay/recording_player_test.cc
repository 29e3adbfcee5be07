// What the player makes of files: which engine a line belongs to, how files join, and what it says
// of files that are not whole.

#include "replay/recording_player.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "replay/market.h"
#include "tests/replay/capture.h"
#include "tests/replay/stored_recordings.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

constexpr std::int64_t kStart = 1'723'161'255'000'000'000;

std::string At(std::int64_t seconds, std::string_view rest) {
  return absl::StrCat(kStart + seconds * kSecond, " ", std::string(rest));
}

std::string Header(std::int64_t seconds, std::string_view run, int shard, std::string_view symbols,
                   int segment = 1) {
  return At(seconds,
            absl::StrCat(R"(#thalweg 1 {"run":")", std::string(run), R"(","shard":)", shard,
                         R"(,"segment":)", segment, R"(,"symbols":[)", std::string(symbols), "]}"));
}

std::string Depth(std::int64_t seconds, std::int64_t id, std::string_view symbol = "BTCUSDT") {
  std::string stream(symbol);
  std::ranges::transform(stream, stream.begin(), [](char c) { return static_cast<char>(c | 32); });
  return At(
      seconds,
      absl::StrCat(R"({"stream":")", stream, R"(@depth@100ms","data":{"e":"depthUpdate","E":)",
                   (kStart + seconds * kSecond) / kMillisecond, R"(,"s":")", std::string(symbol),
                   R"(","U":)", id, R"(,"u":)", id, R"(,"b":[["100.00",")", id, R"("]],"a":[]}})"));
}

std::string Snapshot(std::int64_t seconds, std::int64_t id, std::string_view symbol = "BTCUSDT") {
  return At(seconds, absl::StrCat("#rest GET /api/v3/depth?symbol=", std::string(symbol),
                                  R"(&limit=1000 {"lastUpdateId":)", id,
                                  R"(,"bids":[["99.99","3"]],"asks":[["100.02","1"]]})"));
}

// A snapshot and the events that continue it, a second apart.
Feed Session(std::int64_t seconds, std::int64_t first_id, int events,
             std::string_view symbol = "BTCUSDT") {
  Feed feed{Snapshot(seconds, first_id - 1, symbol)};
  for (int i = 0; i < events; ++i) feed.push_back(Depth(seconds + i, first_id + i, symbol));
  return feed;
}

Feed operator+(Feed a, const Feed& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Plays texts as files of their own and keeps what came of it.
class PlayerTest : public testing::Test {
 protected:
  void Play(const std::vector<Feed>& feeds, const PlayerOptions& player_options = {}) {
    std::vector<std::string> texts;
    for (const Feed& feed : feeds) texts.push_back(TextOf(feed));
    PlayBytes(texts, player_options);
  }

  void PlayBytes(const std::vector<std::string>& files, const PlayerOptions& player_options = {}) {
    std::vector<std::string> paths;
    for (const std::string& bytes : files) {
      files_.push_back(std::make_unique<TemporaryFile>(bytes));
      paths.push_back(files_.back()->path());
    }
    replay_ = std::make_unique<CaptureReplay>(EngineOptions{}, player_options);
    replay_->set_record_watcher([this](const SymbolEngine& symbol, const RecordBuffer& record) {
      records_.push_back(absl::StrCat(symbol.name(), " ", record.header().update_id));
    });
    status_ = replay_->Run(paths);
  }

  [[nodiscard]] const PlayerCounts& counts() const { return replay_->player().counts(); }
  [[nodiscard]] std::vector<const Engine*> engines() const { return replay_->player().engines(); }
  [[nodiscard]] bool WasTold(std::string_view part) const {
    return std::ranges::any_of(replay_->told(), [part](const std::string& message) {
      return message.find(part) != std::string::npos;
    });
  }

  // "BTCUSDT 100", "BTCUSDT 101"...: the update id of every record.
  std::vector<std::string> records_;
  absl::Status status_;
  std::unique_ptr<CaptureReplay> replay_;

 private:
  std::vector<std::unique_ptr<TemporaryFile>> files_;
};

using Records = std::vector<std::string>;

class NullOutput final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine&, RecordBuffer&) override {}
  void OnNotice(const Notice&) override {}
};

// --- Runs and shards --------------------------------------------------------------------------

TEST_F(PlayerTest, FilesWithoutAHeaderAreOneStream) {
  Play({Session(0, 100, 2), {Depth(5, 102), Depth(6, 103)}});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101", "BTCUSDT 102", "BTCUSDT 103"}));
  EXPECT_EQ(engines().size(), 1u);
  EXPECT_EQ(replay_->symbol("BTCUSDT")->book_counts().synchronisations, 1);
}

TEST_F(PlayerTest, ASecondSegmentOfARunGoesOnWithItsEngine) {
  Play({Feed{Header(0, "a", 0, R"("BTCUSDT")")} + Session(0, 100, 2),
        {Header(5, "a", 0, R"("BTCUSDT")", 2), Depth(5, 102)}});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101", "BTCUSDT 102"}));
}

// A segment says again what a replay that begins with it needs. The notice of an exchangeInfo
// answer that cannot be used shows whether the engine was given it.
TEST_F(PlayerTest, WhatASegmentRepeatsIsUsedOnlyWithoutTheSegmentBeforeIt) {
  const auto header = [](int segment, int repeats) {
    return At(0, absl::StrCat(R"(#thalweg 1 {"run":"r","segment":)", segment, R"(,"repeats":)",
                              repeats, "}"));
  };
  const std::string info = At(0, "#rest GET /api/v3/exchangeInfo {}");
  const std::string conn = At(0, "#conn 1 open wss://h/ws/btcusdt@depth");
  const Feed first{header(7, 0), info, conn};
  const Feed second{header(8, 2), info, conn, info};  // The last one is new.
  const auto infos_used = [&](const std::vector<Feed>& feeds) {
    Play(feeds);
    return std::ranges::count(replay_->notices(), NoticeKind::kExchangeInfoUnusable);
  };
  EXPECT_EQ(infos_used({first, second}), 2);
  EXPECT_EQ(infos_used({second}), 2) << "read alone";
  EXPECT_EQ(infos_used({first, {header(9, 2), info, conn}}), 2) << "one is missing between them";
  EXPECT_EQ(infos_used({first, {header(8, 2), Depth(0, 1), info, conn}}), 2) << "not its beginning";
  // What the first segment lost with its end may be just that.
  std::string cut = Zstd(TextOf(first) + TextOf(first), {.flush_bytes = TextOf(first).size()});
  cut.resize(cut.size() - 5);
  PlayBytes({cut, TextOf(second)});
  EXPECT_EQ(std::ranges::count(replay_->notices(), NoticeKind::kExchangeInfoUnusable), 3);
}

TEST_F(PlayerTest, ANewRunBeginsAFreshEngine) {
  Play({Feed{Header(0, "a", 0, R"("BTCUSDT")")} + Session(0, 100, 2),
        {Header(5, "b", 0, R"("BTCUSDT")"), Depth(5, 102)}});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101"})) << "102 has no book to continue.";
  ASSERT_EQ(engines().size(), 1u);
  EXPECT_EQ(engines()[0]->symbols()[0]->book_counts().applied, 0);
}

TEST_F(PlayerTest, ANewRunWithinAFileBeginsAFreshEngine) {
  Play({Feed{Header(0, "a", 0, R"("BTCUSDT")")} + Session(0, 100, 2) +
        Feed{Header(5, "b", 0, R"("BTCUSDT")"), Depth(5, 102)}});
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101"}));
}

TEST_F(PlayerTest, ShardsOfARunAreEnginesOfTheirOwn) {
  const Feed first = Feed{Header(0, "a", 0, R"("BTCUSDT")")} + Session(0, 100, 2);
  const Feed second = Feed{Header(0, "a", 1, R"("ETHUSDT")")} + Session(0, 700, 2, "ETHUSDT");
  const Feed first_again{Header(9, "a", 0, R"("BTCUSDT")", 2), Depth(9, 102)};
  Play({first, second, first_again});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(records_,
            Records({"BTCUSDT 100", "BTCUSDT 101", "ETHUSDT 700", "ETHUSDT 701", "BTCUSDT 102"}));
  ASSERT_EQ(engines().size(), 2u);
  EXPECT_EQ(engines()[0]->symbols()[0]->name(), "BTCUSDT");
  EXPECT_EQ(engines()[1]->symbols()[0]->name(), "ETHUSDT");
  EXPECT_EQ(engines()[1]->symbols().size(), 1u);
}

TEST_F(PlayerTest, ShardsThatAreMergedKeepToTheirEngines) {
  const Feed first = Feed{Header(0, "a", 0, R"("BTCUSDT")")} + Session(0, 100, 3);
  const Feed second = Feed{Header(0, "a", 1, R"("ETHUSDT")")} + Session(0, 700, 3, "ETHUSDT");
  Play({first, second}, {.merge = true});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "ETHUSDT 700", "BTCUSDT 101", "ETHUSDT 701",
                               "BTCUSDT 102", "ETHUSDT 702"}));
  ASSERT_EQ(engines().size(), 2u);
  for (const Engine* engine : engines()) EXPECT_EQ(engine->symbols().size(), 1u);
}

TEST_F(PlayerTest, TheHeaderNumbersTheSymbols) {
  Play({Feed{Header(0, "a", 0, R"("ETHUSDT","BTCUSDT")")} + Session(0, 100, 1)});
  ASSERT_NE(replay_->symbol("BTCUSDT"), nullptr);
  EXPECT_EQ(Index(replay_->symbol("BTCUSDT")->id()), 1u);
  EXPECT_EQ(replay_->player().SymbolsSeen(), std::set<std::string>({"BTCUSDT"}));
}

TEST_F(PlayerTest, SymbolsOfEarlierRunsStaySeen) {
  Play({Feed{Header(0, "a", 0, R"("BTCUSDT")")} + Session(0, 100, 1),
        Feed{Header(5, "b", 0, R"("ETHUSDT")")} + Session(5, 700, 1, "ETHUSDT")});
  EXPECT_EQ(replay_->player().SymbolsSeen(), std::set<std::string>({"BTCUSDT", "ETHUSDT"}));
  EXPECT_EQ(replay_->symbol("BTCUSDT"), nullptr) << "Its engine ended with its run.";
}

TEST_F(PlayerTest, LinesBeforeAHeaderAreARunThatEndsWithIt) {
  const Feed run = Feed{Header(5, "a", 0, R"("ETHUSDT")")} + Session(5, 700, 1, "ETHUSDT");
  Play({{Depth(0, 100)}, run});
  EXPECT_EQ(counts().not_live_at_run_end, Records({"BTCUSDT"})) << "It had no snapshot.";
  Play({Session(0, 100, 1), run});
  EXPECT_EQ(counts().not_live_at_run_end, Records());
}

TEST_F(PlayerTest, AHeaderAtTheVeryBeginningEndsNoRun) {
  EngineOptions options;
  options.symbols = {"BTCUSDT"};
  CaptureReplay replay(options);
  EXPECT_TRUE(replay.RunFeed(Feed{Header(0, "a", 0, R"("BTCUSDT")")} + Session(0, 100, 1)).ok());
  EXPECT_EQ(replay.player().counts().not_live_at_run_end, Records());
  EXPECT_EQ(replay.player().engines().size(), 1u);
}

TEST_F(PlayerTest, AFileWithoutAHeaderKeepsItsEngineBesideMergedRuns) {
  Play({Session(0, 100, 2), Feed{Header(0, "a", 0, R"("ETHUSDT")")} + Session(0, 700, 2, "ETHUSDT"),
        Feed{Header(0, "b", 0, R"("BNBUSDT")")} + Session(0, 900, 2, "BNBUSDT")},
       {.merge = true});
  EXPECT_EQ(engines().size(), 3u);
  for (const char* const name : {"BTCUSDT", "ETHUSDT", "BNBUSDT"}) {
    ASSERT_NE(replay_->symbol(name), nullptr) << name;
    EXPECT_TRUE(replay_->symbol(name)->live()) << name;
  }
}

TEST_F(PlayerTest, FaultF6AHeaderOfAnUnknownVersionEndsTheReplayBehindEverythingBeforeIt) {
  const Feed unknown{At(1, R"(#thalweg 2 {"run":"b"})"), Depth(1, 101)};
  for (const bool merge : {false, true}) {
    records_.clear();
    Play({Session(0, 100, 1) + unknown, {Depth(2, 102)}}, {.merge = merge});
    EXPECT_EQ(status_.code(), absl::StatusCode::kDataLoss) << status_;
    EXPECT_TRUE(absl::StrContains(status_.message(), ":3: #thalweg: ")) << status_;
    EXPECT_TRUE(absl::StrContains(status_.message(), "version 2")) << status_;
    EXPECT_EQ(records_, Records({"BTCUSDT 100"}));
  }
}

TEST_F(PlayerTest, AHeaderWithoutARunIsToldAndChangesNothing) {
  Play({Session(0, 100, 1) + Feed{At(1, R"(#thalweg 1 {"shard":0})"), Depth(2, 101),
                                  At(2, R"(#thalweg 1 {"run":""})"), Depth(3, 102)}});
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101", "BTCUSDT 102"}));
  EXPECT_EQ(counts().malformed_lines, 2);
  EXPECT_TRUE(WasTold("a header without a run"));
}

// --- How files join ---------------------------------------------------------------------------

TEST_F(PlayerTest, AFileThatStartsBeforeTheOneBeforeEndedIsToldAndPlayed) {
  Play({Session(0, 100, 4), {Depth(2, 104)}, {Depth(7, 105)}});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(counts().overlapping_files, 1);
  EXPECT_TRUE(WasTold("starts before the recording before it ended"));
  EXPECT_EQ(records_.back(), "BTCUSDT 105");
}

TEST_F(PlayerTest, AFileThatStartsWhereTheOneBeforeEndedIsNoOverlap) {
  Play({Session(0, 100, 4), {Depth(3, 104)}});
  EXPECT_EQ(counts().overlapping_files, 0);
  EXPECT_EQ(replay_->told(), std::vector<std::string>());
}

TEST_F(PlayerTest, MergedFilesAreInterleavedByTimeAndTiesKeepTheirOrder) {
  const Feed odd{Snapshot(0, 99), Depth(1, 100), Depth(3, 102)};
  const Feed even{Depth(2, 101), Depth(3, 103), Depth(4, 104)};
  Play({odd, even}, {.merge = true});
  EXPECT_EQ(records_,
            Records({"BTCUSDT 100", "BTCUSDT 101", "BTCUSDT 102", "BTCUSDT 103", "BTCUSDT 104"}));
  EXPECT_EQ(replay_->symbol("BTCUSDT")->book_counts().gaps, 0);
  EXPECT_EQ(counts().overlapping_files, 0);
}

TEST_F(PlayerTest, TheSameFilesUnmergedHaveGaps) {
  const Feed odd{Snapshot(0, 99), Depth(1, 100), Depth(3, 102)};
  const Feed even{Depth(2, 101), Depth(3, 103), Depth(4, 104)};
  Play({odd, even});
  EXPECT_EQ(records_, Records({"BTCUSDT 100"}));
  EXPECT_EQ(replay_->symbol("BTCUSDT")->book_counts().gaps, 1);
  EXPECT_EQ(counts().overlapping_files, 1);
}

TEST_F(PlayerTest, TheWatcherSeesEveryGoodLineAndThePositionTellsWhere) {
  const TemporaryFile file(TextOf(Session(0, 100, 2) + Feed{"nonsense"} + Feed{Depth(2, 102)}));
  CaptureReplay replay(EngineOptions{});
  std::vector<std::int64_t> lines;
  replay.set_line_watcher([&](const RecordingLine& line) {
    lines.push_back(replay.player().position().line);
    EXPECT_EQ(replay.player().position().path, file.path());
    EXPECT_EQ(replay.player().position().receive_time, line.receive_time);
  });
  ASSERT_TRUE(replay.Run({file.path()}).ok());
  EXPECT_EQ(lines, std::vector<std::int64_t>({1, 2, 3, 5}));
  EXPECT_EQ(replay.player().counts().lines, 5);
  EXPECT_EQ(replay.player().position().bytes_read, replay.player().position().bytes_total);
}

TEST_F(PlayerTest, ALineWatcherCanStopTheReplayBehindItsLine) {
  const TemporaryFile first(TextOf(Session(0, 100, 3)));
  const TemporaryFile second(TextOf(Session(9, 200, 3)));
  for (const bool merge : {false, true}) {
    const EngineOptions options;
    const Catalogue catalogue = MakeCatalogue(options);
    NullOutput output;
    std::vector<std::string> told;
    RecordingPlayer player(
        options, catalogue, output, {.merge = merge},
        [&told](const FileMessage& message) { told.emplace_back(message.text); });
    player.set_line_watcher([&player](const RecordingLine&) { player.Stop(); });
    EXPECT_TRUE(player.Run({first.path(), second.path()}).ok());
    EXPECT_EQ(player.counts().lines, 1);
    EXPECT_EQ(told, std::vector<std::string>());
  }
}

TEST_F(PlayerTest, StepsPlayALineEachAndEndAsARunDoes) {
  const TemporaryFile first(TextOf(Session(0, 100, 2)));
  const TemporaryFile second(TextOf({Depth(5, 102)}));
  const TemporaryFile unknown(TextOf({Depth(6, 103), At(7, R"(#thalweg 2 {"run":"b"})")}));
  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  NullOutput output;
  RecordingPlayer player(options, catalogue, output, {}, [](const FileMessage&) {});
  ASSERT_TRUE(player.Open({first.path(), second.path()}).ok());
  EXPECT_EQ(player.counts().lines, 0);
  for (int line = 1; line <= 4; ++line) {
    ASSERT_TRUE(player.Step().value());
    EXPECT_EQ(player.counts().lines, line);
    EXPECT_EQ(player.position().path, line < 4 ? first.path() : second.path());
  }
  for (int again = 0; again < 2; ++again) EXPECT_FALSE(player.Step().value());
  EXPECT_EQ(player.FindSymbol("BTCUSDT")->update_id(), UpdateId(102));

  // Further files go on where these ended; an error is answered once.
  ASSERT_TRUE(player.Open({unknown.path(), first.path()}).ok());
  ASSERT_TRUE(player.Step().value());
  EXPECT_EQ(player.FindSymbol("BTCUSDT")->update_id(), UpdateId(103));
  EXPECT_EQ(player.Step().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(player.Step().value());
  EXPECT_TRUE(absl::IsNotFound(player.Open({"/nonexistent"})));
}

TEST_F(PlayerTest, AStoppedPlayerStepsNoMore) {
  const TemporaryFile file(TextOf(Session(0, 100, 3)));
  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  NullOutput output;
  RecordingPlayer player(options, catalogue, output, {}, [](const FileMessage&) {});
  ASSERT_TRUE(player.Open({file.path()}).ok());
  ASSERT_TRUE(player.Step().value());
  player.Stop();
  EXPECT_FALSE(player.Step().value());
  EXPECT_EQ(player.counts().lines, 1);
}

TEST_F(PlayerTest, AGateSeesEveryLineBeforeItIsUsedAndItsPlace) {
  const TemporaryFile first(TextOf(Session(0, 100, 2)));
  const TemporaryFile second(TextOf(Feed{"not a line"} + Session(9, 102, 1)));
  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  NullOutput output;
  RecordingPlayer player(options, catalogue, output, {}, [](const FileMessage&) {});
  std::vector<std::string> passed;
  std::vector<std::string> used;
  player.set_line_gate([&](const RecordingLine& line) {
    EXPECT_EQ(player.position().receive_time, line.receive_time);
    passed.push_back(absl::StrCat(player.files_played(), ":", player.position().line));
    EXPECT_EQ(passed.size(), used.size() + 1) << "before the line, and after the one before it";
  });
  player.set_line_watcher([&](const RecordingLine&) {
    used.push_back(absl::StrCat(player.files_played(), ":", player.position().line));
  });
  EXPECT_TRUE(player.Run({first.path(), second.path()}).ok());
  EXPECT_EQ(passed, (std::vector<std::string>{"0:1", "0:2", "0:3", "1:2", "1:3"}));
  EXPECT_EQ(used, passed);
}

TEST_F(PlayerTest, AGateCanStopTheReplayBeforeItsLine) {
  const TemporaryFile file(TextOf(Session(0, 100, 3)));
  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  NullOutput output;
  RecordingPlayer player(options, catalogue, output, {}, [](const FileMessage&) {});
  int gates = 0;
  int used = 0;
  player.set_line_gate([&](const RecordingLine&) {
    if (++gates == 3) player.Stop();
  });
  player.set_line_watcher([&](const RecordingLine&) { ++used; });
  EXPECT_TRUE(player.Run({file.path()}).ok());
  EXPECT_EQ(used, 2);
  EXPECT_EQ(player.FindSymbol("BTCUSDT")->counts().depth_frames, 1);
}

// --- Files that are not whole -----------------------------------------------------------------

TEST_F(PlayerTest, AMalformedLineIsToldAndSteppedOver) {
  Play({Session(0, 100, 1) + Feed{"not a line", Depth(1, 101)}});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(counts().malformed_lines, 1);
  EXPECT_TRUE(WasTold("no line of a recording"));
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101"}));
}

TEST_F(PlayerTest, LinesOfUnknownKindAreCounted) {
  Play({Session(0, 100, 1) + Feed{At(1, "#sbe AAAA"), At(1, "#later what")}});
  EXPECT_EQ(counts().other_lines, 2);
  EXPECT_EQ(counts().malformed_lines, 0);
}

TEST_F(PlayerTest, AFileInWhichNothingIsALineIsRefusedByName) {
  PlayBytes({"some\nother\ntext\n"});
  EXPECT_EQ(status_.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status_.message(), "nothing in it is a line of a recording"));
  EXPECT_TRUE(absl::StrContains(status_.message(), "thalweg-test-"));
}

TEST_F(PlayerTest, AnEmptyFileIsToldAndNoError) {
  Play({{}, Session(0, 100, 1)});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(counts().empty_files, 1);
  EXPECT_EQ(records_, Records({"BTCUSDT 100"}));
}

TEST_F(PlayerTest, AnAbsentFileIsToldBeforeAnythingIsPlayed) {
  const TemporaryFile good(TextOf(Session(0, 100, 1)));
  CaptureReplay replay(EngineOptions{});
  const absl::Status status = replay.Run({good.path(), "/nowhere/recording.zst"});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_EQ(replay.player().counts().lines, 0);
}

TEST_F(PlayerTest, AFileWithACutEndIsPlayedToItsLastWholeLineAndTheNextOneFollows) {
  const std::string whole = Gzip(TextOf(Session(0, 100, 400)));
  PlayBytes({whole.substr(0, whole.size() / 2), TextOf(Session(900, 800, 2))});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(counts().cut_files, 1);
  EXPECT_TRUE(WasTold("its end is cut"));
  ASSERT_GT(records_.size(), 100u);
  ASSERT_LT(records_.size(), 402u);
  EXPECT_EQ(records_.back(), "BTCUSDT 801") << "The gap is closed by the next file's snapshot.";
}

// Three zstd frames: a session, an event that is damaged, and what follows.
std::string WithDamageInTheMiddle(const Feed& last) {
  std::string middle = Zstd(TextOf({Depth(2, 102)}));
  middle[middle.size() - 6] = static_cast<char>(middle[middle.size() - 6] ^ 1);
  return Zstd(TextOf(Session(0, 100, 2))) + middle + Zstd(TextOf(last));
}

TEST_F(PlayerTest, DamageEndsTheReplayAfterEverythingBeforeItWasUsed) {
  PlayBytes({WithDamageInTheMiddle({Depth(3, 103)}), TextOf({Depth(4, 104)})});
  EXPECT_EQ(status_.code(), absl::StatusCode::kDataLoss) << status_;
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101"}));
  EXPECT_EQ(counts().holes, 0);
}

TEST_F(PlayerTest, FaultF6SalvageGoesOnBehindDamageAndSaysSoInTheRecords) {
  std::vector<bool> dropped;
  const Feed last{Depth(3, 102), Depth(4, 103), Depth(70, 104)};
  const TemporaryFile file(WithDamageInTheMiddle(last));
  CaptureReplay replay(EngineOptions{}, {.salvage = true});
  replay.set_record_watcher([&](const SymbolEngine&, const RecordBuffer& record) {
    dropped.push_back((record.header().flags & quality::kDroppedInput) != 0);
  });
  const absl::Status status = replay.Run({file.path()});
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(replay.player().counts().holes, 1);
  EXPECT_EQ(dropped, std::vector<bool>({false, false, true, true, false}))
      << "The flag lasts a minute of event time.";
}

TEST_F(PlayerTest, FaultF6AHoleInTheIdsBehindDamageIsAGapLikeAnyOther) {
  PlayBytes({WithDamageInTheMiddle({Depth(3, 103), Depth(4, 104)})}, {.salvage = true});
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(counts().holes, 1);
  EXPECT_TRUE(WasTold("damage stepped over"));
  EXPECT_EQ(replay_->symbol("BTCUSDT")->book_counts().gaps, 1);
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101"}));
}

TEST_F(PlayerTest, ADropOfDepthFramesIsAGapAndALossIsNot) {
  Play({Session(0, 100, 2) + Feed{At(2, "#lost 3 disk full"), Depth(2, 102),
                                  At(3, "#drop 1 depth BTCUSDT"), Depth(3, 103)}});
  EXPECT_EQ(records_, Records({"BTCUSDT 100", "BTCUSDT 101", "BTCUSDT 102"}));
  EXPECT_EQ(replay_->symbol("BTCUSDT")->counts().lost_inputs, 4);
}

// --- Memory -----------------------------------------------------------------------------------

// Replays with the program itself and answers the most memory it held, in bytes. The child begins
// with this process's peak, so this process must stay small.
std::int64_t PeakMemoryOfReplay(const std::vector<std::string>& recordings) {
  std::vector<std::string> words{THALWEG_PROGRAM, "replay", "--digest", "--emit", "all"};
  words.insert(words.end(), recordings.begin(), recordings.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0);
  }
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, THALWEG_PROGRAM, &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  int exit_status = -1;
  rusage usage{};
  EXPECT_EQ(wait4(child, &exit_status, 0, &usage), child);
  EXPECT_EQ(exit_status, 0);
  return usage.ru_maxrss * std::int64_t{1024};
}

constexpr std::int64_t kMegabyte = 1'000'000;
constexpr Nanos kLengthOnce = 360 * kSecond;  // Beyond the longest window of the features, 300 s.

// Ever new events, unlike a recording played again, of which all are stale.
void WriteMarket(Nanos length, const std::string& path) {
  MarketOptions options;
  options.symbols = {*ParseMarketSymbol("BTCUSDT")};
  SyntheticMarket market(options);
  std::ofstream file(path, std::ios::binary);
  std::string text;
  for (MarketLine line = market.Next(); line.received.raw() < options.start.raw() + length;
       line = market.Next()) {
    text.clear();
    AppendLine(line.received, line.text, &text);
    file << text;
  }
  ASSERT_TRUE(file.flush()) << path;
}

TEST(PlayerMemoryTest, MemoryDoesNotGrowWithTheRecording) {
  if (TakeShortPart()) GTEST_SKIP() << "a sanitizer's own memory would be measured";
  const TemporaryFile once;
  const TemporaryFile longer;
  WriteMarket(kLengthOnce, once.path());
  WriteMarket(5 * kLengthOnce, longer.path());
  const std::int64_t peak = PeakMemoryOfReplay({once.path()});
  EXPECT_LT(peak, 100 * kMegabyte);
  EXPECT_LT(PeakMemoryOfReplay({longer.path()}), peak + 10 * kMegabyte);
}

}  // namespace
}  // namespace thalweg
