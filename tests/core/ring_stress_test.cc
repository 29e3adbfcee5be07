// A ring under load: a writer that publishes as fast as it can, reader processes beside it that
// check every word of what they read.
//
// Proven is of each reader: no torn record, no number that goes back, and what it read and what it
// lost add up to what was published; the same of a symbol's status and of its newest record, which
// are written over and over in one place. The processes map the file on their own, so a sanitizer
// sees each of them alone; the last test has two threads on the same words, for the thread
// sanitizer to see.
//
// THALWEG_RING_STRESS_READS: validated reads of each test with processes.
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "core/ring_protocol.h"
#include "tests/core/child_process.h"
#include "tests/core/ring_testing.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

constexpr SymbolId kSymbol{0};
constexpr std::size_t kRecordWords = kTestRecordBytes / sizeof(std::uint64_t);
constexpr std::uint64_t kCapacity = 1'024;
constexpr int kReadersMax = 3;

std::uint64_t ReadsWanted() {
  const char* const asked = std::getenv("THALWEG_RING_STRESS_READS");
  if (asked != nullptr) return std::strtoull(asked, nullptr, 10);
  // Two tests: 10^7 together, or a thirtieth of it.
  return TakeShortPart() ? 166'667 : 5'000'000;
}

bool IsWhole(const RingRecord& record) {
  const std::uint64_t n = record.header().seq;
  std::array<std::uint64_t, kRecordWords> words;
  std::memcpy(words.data(), record.data(), sizeof(words));
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < kRecordWords; ++i) {
    wrong |= words[i] ^ (i == kSeqWord ? n : TestRecord::Word(n, i));
  }
  return wrong == 0;
}

// What a reader process found.
struct Report {
  std::atomic<std::uint64_t> read{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> laps{0};
  std::atomic<std::uint64_t> last{0};  // The number of the last record that there was.
  std::atomic<std::uint64_t> states{0};
  std::atomic<std::uint64_t> latest{0};
  std::atomic<std::uint64_t> torn{0};
  std::atomic<std::uint64_t> backwards{0};
  std::atomic<bool> is_open{false};
  std::atomic<bool> saw_the_end{false};
};

struct Shared {
  std::array<Report, kReadersMax> reports;
};

void Count(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// A reader that finds nothing so often lets others run.
constexpr std::uint64_t kLooksBeforeYield = 1'000;
// Every so many records a reader looks at the table.
constexpr std::uint64_t kRecordsBetweenLooks = 64;

void LookAtTable(RingReader& reader, Report& report, std::uint64_t& update_id,
                 std::uint64_t& newest) {
  if (const std::optional<RingSymbol> symbol = reader.symbol(0)) {
    Count(report.states);
    if (!IsWhole(symbol->status)) Count(report.torn);
    if (symbol->status.update_id < update_id) Count(report.backwards);
    update_id = symbol->status.update_id;
  }
  if (reader.Latest(std::size_t{0})) {
    Count(report.latest);
    if (!IsWhole(reader.record())) Count(report.torn);
    if (reader.record().header().seq < newest) Count(report.backwards);
    newest = reader.record().header().seq;
  }
}

// Reads the ring from its first record to its end.
int ReadAll(const RingFolder& folder, Report& report) {
  RingReader reader = OpenTestRing(folder);
  report.is_open.store(true);
  std::uint64_t last = 0;
  std::uint64_t update_id = 0;
  std::uint64_t newest = 0;
  std::uint64_t idle = 0;
  for (;;) {
    switch (reader.Next()) {
      case RingRead::kRecord: {
        const std::uint64_t seq = reader.record().header().seq;
        if (!IsWhole(reader.record())) Count(report.torn);
        if (seq <= last) Count(report.backwards);
        last = seq;
        Count(report.read);
        const std::uint64_t read = report.read.load(std::memory_order_relaxed);
        if (read % kRecordsBetweenLooks == 0) LookAtTable(reader, report, update_id, newest);
        break;
      }
      case RingRead::kNothing:
        // A writer at full speed is back at once; one that lost its core needs ours.
        if (++idle % kLooksBeforeYield == 0) ::sched_yield();
        break;
      case RingRead::kLapped:
        Count(report.laps);
        break;
      case RingRead::kEnded:
        report.lost.store(reader.lost());
        report.last.store(reader.position() - 1);
        report.saw_the_end.store(true);
        return 0;
      case RingRead::kCorrupt:
        return 1;
    }
  }
}

// The writer is this process; it goes on until each reader has its share.
void ReadersCheckEveryWord(int readers) {
  const std::uint64_t wanted = ReadsWanted();
  const auto start = std::chrono::steady_clock::now();
  const RingFolder folder;
  const SharedPage<Shared> shared;
  TestRing ring(folder, TestShape(kCapacity));
  ASSERT_TRUE(ring.writer->AddSymbol(kSymbol, "BTCUSDT"));
  ring.writer->SetStatus(kSymbol, StatusOf(1));
  std::vector<ChildProcess> children;
  for (int i = 0; i < readers; ++i) {
    Report& report = shared->reports[static_cast<std::size_t>(i)];
    children.emplace_back([&] { return ReadAll(folder, report); });
  }
  const std::span reports(shared->reports.data(), static_cast<std::size_t>(readers));
  while (!std::all_of(reports.begin(), reports.end(),
                      [](const Report& report) { return report.is_open.load(); })) {
    ::sched_yield();
  }

  const auto is_done = [&] {
    std::uint64_t read = 0;
    bool each = true;
    for (const Report& report : reports) {
      read += report.read.load(std::memory_order_relaxed);
      each = each && report.read.load(std::memory_order_relaxed) > 0;
    }
    return each && read >= wanted;
  };
  std::array<std::uint64_t, kRecordWords> words;
  std::uint64_t n = 0;
  while (!is_done()) {
    // Between two looks at the readers the writer knows nothing of them.
    for (int i = 0; i < 256; ++i) {
      ++n;
      for (std::size_t word = 0; word < kRecordWords; ++word) {
        words[word] = TestRecord::Word(n, word);
      }
      if (ring.writer->Publish(std::as_bytes(std::span(words)), kSymbol) != n) break;
      if (n % 4 == 0) ring.writer->SetStatus(kSymbol, StatusOf(n));
    }
    ASSERT_EQ(ring.writer->newest(), n);
  }
  ring.writer->Close();

  std::uint64_t read = 0;
  for (int i = 0; i < readers; ++i) {
    ASSERT_EQ(children[static_cast<std::size_t>(i)].Wait(), 0) << "reader " << i;
    const Report& report = reports[static_cast<std::size_t>(i)];
    SCOPED_TRACE(testing::Message() << "reader " << i);
    EXPECT_TRUE(report.saw_the_end);
    EXPECT_EQ(report.torn, 0u);
    EXPECT_EQ(report.backwards, 0u);
    EXPECT_EQ(report.last, n);
    EXPECT_EQ(report.read + report.lost, n);
    EXPECT_GT(report.latest + report.states, 0u);
    read += report.read;
    std::cout << "reader " << i << ": " << report.read << " records read and checked, "
              << report.lost << " lost in " << report.laps << " laps, " << report.states
              << " states, " << report.latest << " newest records\n";
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << readers << " readers: " << read << " reads of " << kTestRecordBytes
            << " bytes, 0 torn, of " << n << " records published, " << took.count() << " s"
            << (TakeShortPart() ? " (short part: sanitizers)" : "") << "\n";
}

TEST(RingStressTest, AProcessReadsNoTornRecordAndLosesNoneUncounted) { ReadersCheckEveryWord(1); }

TEST(RingStressTest, ThreeProcessesReadNoTornRecordAndLoseNoneUncounted) {
  ReadersCheckEveryWord(3);
}

// Slots that two threads have at the same addresses: what the protocol does is visible to the
// thread sanitizer here.
TEST(RingStressTest, ThreadsShareSlotsWithoutADataRace) {
  using Protocol = RingProtocol<MappedMemory>;
  constexpr std::uint64_t kSlots = 4;
  const std::uint64_t reads_wanted = TakeShortPart() ? 20'000 : 300'000;
  std::vector<std::uint64_t> slots(kSlots * kRecordWords, 0);
  std::vector<std::uint64_t> table(kRecordWords, 0);
  std::uint64_t newest = 0;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> published{0};
  const auto slot_of = [&](std::uint64_t n) {
    return slots.data() + (n - 1) % kSlots * kRecordWords;
  };

  std::thread writer([&] {
    std::array<std::uint64_t, kRecordWords> words;
    std::uint64_t n = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      ++n;
      for (std::size_t i = 0; i < kRecordWords; ++i) words[i] = TestRecord::Word(n, i);
      Protocol::Write(slot_of(n), words.data(), kRecordWords, n);
      Protocol::Publish(newest, n);
      Protocol::Write(table.data(), words.data(), kRecordWords, n);
      // On one core the reader needs its turn.
      if (n % kSlots == 0) std::this_thread::yield();
    }
    published.store(n);
  });

  const auto is_whole = [](const std::array<std::uint64_t, kRecordWords>& copy, std::uint64_t n) {
    for (std::size_t i = 0; i < kRecordWords; ++i) {
      if (copy[i] != (i == kSeqWord ? n : TestRecord::Word(n, i))) return false;
    }
    return true;
  };
  RingPlace place;
  std::uint64_t read = 0;
  std::uint64_t copies = 0;
  std::uint64_t torn = 0;
  std::uint64_t idle = 0;
  bool corrupt = false;
  std::array<std::uint64_t, kRecordWords> copy;
  const auto step = [&] {
    const std::uint64_t n = place.next;
    const RingStep result =
        Protocol::Next(place, newest, slot_of, kSlots, kRecordWords, copy.data());
    corrupt |= result == RingStep::kCorrupt;
    if (result == RingStep::kRecord) {
      ++read;
      if (!is_whole(copy, n)) ++torn;
    }
    return result;
  };
  while (read < reads_wanted && !corrupt) {
    if (step() == RingStep::kNothing && ++idle % kLooksBeforeYield == 0) std::this_thread::yield();
    const std::uint64_t n = Protocol::Number(table.data());
    if (n != 0 && Protocol::Copy(table.data(), n, kRecordWords, copy.data())) {
      ++copies;
      if (!is_whole(copy, n)) ++torn;
    }
  }
  stop.store(true);
  writer.join();
  while (!corrupt && step() != RingStep::kNothing) {
  }
  EXPECT_FALSE(corrupt);
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(read + place.lost, published.load());
  EXPECT_EQ(place.next, published.load() + 1);
  std::cout << read << " records and " << copies << " table copies read, " << place.lost
            << " lost\n";
}

}  // namespace
}  // namespace thalweg
