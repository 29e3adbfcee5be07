// docs/RING.md, core/ring_format.h and include/thalweg/ring.h say the same of every byte.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "core/ring_format.h"
#include "core/stage.h"
#include "thalweg/ring.h"
#include "thalweg/ring_reader.h"

namespace thalweg {
namespace {

struct Member {
  std::string name;
  std::size_t offset;
  std::size_t bytes;
};
bool operator==(const Member& a, const Member& b) {
  return a.name == b.name && a.offset == b.offset && a.bytes == b.bytes;
}
std::ostream& operator<<(std::ostream& out, const Member& member) {
  return out << member.name << " at " << member.offset << ", " << member.bytes << " bytes";
}

std::size_t BytesOf(const std::string& type) {
  static const std::map<std::string, std::size_t> kBytes{
      {"u64", 8},
      {"i64", 8},
      {"u32", 4},
      {"u16", 2},
      {"char", 1},
      {"RingStatus", sizeof(RingStatus)},
      {"RingSymbolCounts", sizeof(RingSymbolCounts)}};
  std::smatch match;
  if (!std::regex_match(type, match, std::regex(R"((\w+)(?:\[(\d+)\])?)"))) return 0;
  const auto one = kBytes.find(match[1]);
  if (one == kBytes.end()) return 0;
  return one->second * (match[2].matched ? std::stoul(match[2]) : 1);
}

// The table of the part of the page with this heading.
std::vector<Member> TableUnder(const std::string& heading) {
  std::ifstream page(THALWEG_SOURCE_DIR "/docs/RING.md");
  std::vector<Member> rows;
  const std::regex row(R"(\| (\d+) \| ([^|]+) \| `(\w+)` \|.*)");
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (line.starts_with("#")) inside = line == heading;
    if (inside && std::regex_match(line, match, row)) {
      rows.push_back({match[3], std::stoul(match[1]), BytesOf(match[2])});
    }
  }
  return rows;
}

// A macro, as only the preprocessor makes a member's name and its place of one word.
#define MEMBER(name) \
  Member { #name, offsetof(T, name), sizeof(T::name) }

// The members of the C++ struct and of the C one, which have the same names.
template <class T>
std::vector<Member> MembersOfHeader() {
  return {MEMBER(magic),
          MEMBER(version),
          MEMBER(header_bytes),
          MEMBER(file_bytes),
          MEMBER(record_bytes),
          MEMBER(slot_bytes),
          MEMBER(schema_offset),
          MEMBER(schema_bytes),
          MEMBER(table_offset),
          MEMBER(table_bytes),
          MEMBER(entry_bytes),
          MEMBER(entry_capacity),
          MEMBER(statistics_offset),
          MEMBER(statistics_bytes),
          MEMBER(ring_offset),
          MEMBER(ring_bytes),
          MEMBER(capacity),
          MEMBER(schema_hash),
          MEMBER(generation),
          MEMBER(pid),
          MEMBER(start_ns),
          MEMBER(flags),
          MEMBER(stages_offset),
          MEMBER(stage_count),
          MEMBER(stage_bytes),
          MEMBER(reserved_a),
          MEMBER(writer_state),
          MEMBER(entry_count),
          MEMBER(heartbeat_ns),
          MEMBER(reserved_b),
          MEMBER(newest),
          MEMBER(reserved_c)};
}

template <class T>
std::vector<Member> MembersOfStatistics() {
  return {MEMBER(frames),         MEMBER(unnamed_frames), MEMBER(unlisted_symbols),
          MEMBER(records),        MEMBER(receive_ns),     MEMBER(speed_milli),
          MEMBER(latency_max_ns), MEMBER(reserved),       MEMBER(latency_cells)};
}

template <class T>
std::vector<Member> MembersOfStage() {
  return {MEMBER(count), MEMBER(sum_ns), MEMBER(max_ns), MEMBER(reserved), MEMBER(cells)};
}

template <class T>
std::vector<Member> MembersOfRecord() {
  return {MEMBER(schema_hash), MEMBER(seq),       MEMBER(recv_ns), MEMBER(event_ns),
          MEMBER(publish_ns),  MEMBER(update_id), MEMBER(flags),   MEMBER(symbol_id),
          MEMBER(trigger),     MEMBER(live_flags)};
}

template <class T>
std::vector<Member> MembersOfEntry() {
  return {MEMBER(name), MEMBER(status), MEMBER(counts)};
}

template <class T>
std::vector<Member> MembersOfStatus() {
  return {MEMBER(changed_ns), MEMBER(change),    MEMBER(quality), MEMBER(update_id),
          MEMBER(event_ns),   MEMBER(symbol_id), MEMBER(state),   MEMBER(reserved)};
}

template <class T>
std::vector<Member> MembersOfCounts() {
  return {MEMBER(depth_frames),     MEMBER(ticker_frames), MEMBER(trade_frames),
          MEMBER(malformed_frames), MEMBER(gaps),          MEMBER(synchronisations),
          MEMBER(lost_inputs),      MEMBER(reserved)};
}
#undef MEMBER

// The members lie one behind the other and fill the struct: none is left out.
void ExpectAll(const std::vector<Member>& members, std::size_t bytes) {
  std::size_t end = 0;
  for (const Member& member : members) {
    EXPECT_EQ(member.offset, end) << member.name;
    end = member.offset + member.bytes;
  }
  EXPECT_EQ(end, bytes);
}

TEST(RingDocumentTest, ThePageShowsEveryByteOfTheHeader) {
  const std::vector<Member> members = MembersOfHeader<RingHeader>();
  ExpectAll(members, sizeof(RingHeader));
  EXPECT_EQ(TableUnder("## Header"), members);
  EXPECT_EQ(MembersOfHeader<thalweg_ring_header>(), members);
}

TEST(RingDocumentTest, ThePageShowsEveryByteOfTheStatistics) {
  const std::vector<Member> members = MembersOfStatistics<RingStatistics>();
  ExpectAll(members, sizeof(RingStatistics));
  EXPECT_EQ(TableUnder("## Statistics"), members);
  EXPECT_EQ(MembersOfStatistics<thalweg_ring_statistics>(), members);
}

TEST(RingDocumentTest, ThePageShowsEveryByteOfAStage) {
  const std::vector<Member> members = MembersOfStage<RingStage>();
  ExpectAll(members, sizeof(RingStage));
  EXPECT_EQ(TableUnder("### Stages"), members);
  EXPECT_EQ(MembersOfStage<thalweg_ring_stage>(), members);
}

TEST(RingDocumentTest, ThePageNamesTheStagesInTheirOrder) {
  std::ifstream page(THALWEG_SOURCE_DIR "/docs/RING.md");
  const std::regex row(R"(\| (\d) \| `(\w+)` \| (.*) \|)");
  std::vector<std::string> names;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (line.starts_with("#")) inside = line == "### Stages";
    if (!inside || !std::regex_match(line, match, row)) continue;
    EXPECT_EQ(std::stoul(match[1]), names.size());
    ASSERT_LT(names.size(), kStages.size());
    EXPECT_EQ(match[3].str(), kStages[names.size()].description);
    names.push_back(match[2]);
  }
  ASSERT_EQ(names.size(), kStages.size());
  for (const StageEntry& stage : kStages) EXPECT_EQ(names[Index(stage.stage)], stage.name);
}

TEST(RingDocumentTest, ThePageShowsEveryByteOfARecordsHeader) {
  const std::vector<Member> members = MembersOfRecord<RecordHeader>();
  ExpectAll(members, sizeof(RecordHeader));
  EXPECT_EQ(TableUnder("## Record"), members);
  EXPECT_EQ(MembersOfRecord<thalweg_ring_record_header>(), members);
}

TEST(RingDocumentTest, ThePageShowsEveryByteOfAnEntry) {
  const std::vector<Member> members = MembersOfEntry<RingEntry>();
  ExpectAll(members, sizeof(RingEntry));
  EXPECT_EQ(TableUnder("## Table"), members);
  EXPECT_EQ(MembersOfEntry<thalweg_ring_symbol>(), members);

  const std::vector<Member> status = MembersOfStatus<RingStatus>();
  ExpectAll(status, sizeof(RingStatus));
  EXPECT_EQ(TableUnder("### Status"), status);
  EXPECT_EQ(MembersOfStatus<thalweg_ring_status>(), status);

  const std::vector<Member> counts = MembersOfCounts<RingSymbolCounts>();
  ExpectAll(counts, sizeof(RingSymbolCounts));
  EXPECT_EQ(TableUnder("### Counts"), counts);
  EXPECT_EQ(MembersOfCounts<thalweg_ring_counts>(), counts);
}

TEST(RingDocumentTest, CNamesTheSameNumbers) {
  EXPECT_EQ(THALWEG_RING_MAGIC, kRingMagic);
  EXPECT_EQ(std::uint32_t{THALWEG_RING_VERSION}, kRingVersion);
  EXPECT_EQ(THALWEG_RING_RECORD_BYTES_MAX, kRingRecordBytesMax);
  EXPECT_EQ(THALWEG_RING_CAPACITY_MAX, kRingCapacityMax);
  EXPECT_EQ(THALWEG_RING_SCHEMA_BYTES_MAX, kRingSchemaBytesMax);
  EXPECT_EQ(std::size_t{THALWEG_RING_ENTRIES_MAX}, kRingEntriesMax);
  EXPECT_EQ(std::size_t{THALWEG_RING_NAME_BYTES}, kRingNameBytes);
  EXPECT_EQ(std::size_t{THALWEG_RING_LATENCY_CELLS}, kRingLatencyCells);
  EXPECT_EQ(std::size_t{THALWEG_RING_STAGES_MAX}, kRingStagesMax);
  const auto stage = [](Stage value) { return static_cast<int>(value); };
  EXPECT_EQ(THALWEG_RING_STAGE_SOCKET, stage(Stage::kSocket));
  EXPECT_EQ(THALWEG_RING_STAGE_QUEUE, stage(Stage::kQueue));
  EXPECT_EQ(THALWEG_RING_STAGE_DECODE, stage(Stage::kDecode));
  EXPECT_EQ(THALWEG_RING_STAGE_BOOK, stage(Stage::kBook));
  EXPECT_EQ(THALWEG_RING_STAGE_FEATURES, stage(Stage::kFeatures));
  EXPECT_EQ(THALWEG_RING_STAGE_PUBLISH, stage(Stage::kPublish));
  EXPECT_EQ(THALWEG_RING_WAKES, kRingWakes);
  EXPECT_EQ(THALWEG_RING_SILENT_AFTER_NS, kRingSilentAfterNs);
  EXPECT_EQ(std::size_t{THALWEG_RING_SEQ_WORD}, kSeqWord);
  const auto state = [](RingWriterState value) { return static_cast<int>(value); };
  EXPECT_EQ(THALWEG_RING_STATE_WRITING, state(RingWriterState::kWriting));
  EXPECT_EQ(THALWEG_RING_STATE_CLOSED, state(RingWriterState::kClosed));
  EXPECT_EQ(THALWEG_RING_STATE_SUPERSEDED, state(RingWriterState::kSuperseded));
}

TEST(RingDocumentTest, CAnswersTheSameNumbers) {
  const auto read = [](RingRead value) { return static_cast<int>(value); };
  EXPECT_EQ(THALWEG_RING_RECORD, read(RingRead::kRecord));
  EXPECT_EQ(THALWEG_RING_NOTHING, read(RingRead::kNothing));
  EXPECT_EQ(THALWEG_RING_LAPPED, read(RingRead::kLapped));
  EXPECT_EQ(THALWEG_RING_ENDED, read(RingRead::kEnded));
  EXPECT_EQ(THALWEG_RING_CORRUPT, read(RingRead::kCorrupt));
  const auto life = [](RingWriterLife value) { return static_cast<int>(value); };
  EXPECT_EQ(THALWEG_RING_WRITING, life(RingWriterLife::kWriting));
  EXPECT_EQ(THALWEG_RING_SILENT, life(RingWriterLife::kSilent));
  EXPECT_EQ(THALWEG_RING_CLOSED, life(RingWriterLife::kClosed));
  EXPECT_EQ(THALWEG_RING_SUPERSEDED, life(RingWriterLife::kSuperseded));
  const auto kind = [](RingKind value) { return static_cast<int>(value); };
  EXPECT_EQ(THALWEG_RING_FEATURES, kind(RingKind::kFeatures));
  EXPECT_EQ(THALWEG_RING_LADDERS, kind(RingKind::kLadders));
  EXPECT_EQ(THALWEG_RING_TOPS, kind(RingKind::kTops));
}

}  // namespace
}  // namespace thalweg
