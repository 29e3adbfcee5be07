// Faults M1 to M4 of the fault catalogue: what readers see of writers that die, stop and come back,
// and what a writer feels of readers that are slow, idle or killed. Each with real processes.
// (M5 to M9: ring_file_fault_test.cc. M10, and M1 and M3 under every schedule: ring_model.)
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/ring_protocol.h"
#include "tests/core/child_process.h"
#include "tests/core/ring_testing.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

constexpr SymbolId kSymbol{0};

std::int64_t MonotonicNow() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t Publish(RingWriter& writer, std::uint64_t n) {
  return writer.Publish(TestRecord(n).bytes(), kSymbol);
}

bool IsWhole(const RingRecord& record) {
  const std::uint64_t n = record.header().seq;
  return TestRecord::IsWhole(record, n, n);
}

// Reads all there is: whole records only, in their order, none lost uncounted. Answers how many.
std::uint64_t ReadWhatIsThere(RingReader& reader) {
  std::uint64_t read = 0;
  const std::uint64_t first = reader.position();
  const std::uint64_t lost = reader.lost();
  for (;;) {
    const std::uint64_t place = reader.position();
    const RingRead result = reader.Next();
    if (result == RingRead::kNothing || result == RingRead::kEnded) break;
    if (result == RingRead::kLapped) continue;
    EXPECT_EQ(result, RingRead::kRecord) << reader.corruption();
    if (result != RingRead::kRecord) break;
    EXPECT_EQ(reader.record().header().seq, place);
    EXPECT_TRUE(IsWhole(reader.record())) << place;
    ++read;
  }
  EXPECT_EQ(read + reader.lost() - lost, reader.position() - first);
  return read;
}

// --- M1 -----------------------------------------------------------------------------------------

// Lets a traced child run one instruction. False when it ended.
bool Step(pid_t child) {
  int status = 0;
  if (::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0) return false;
  return ::waitpid(child, &status, 0) == child && WIFSTOPPED(status);
}

// Everything that a writer does to a record, a status and a symbol's place, stopped after every
// instruction: at each store that the file shows, what a reader sees is what it would see of a
// writer killed there.
TEST(RingFaultTest, FaultM1WriterKilledBetweenAnyTwoStores) {
  constexpr std::uint64_t kBefore = 5;
  const RingFolder folder;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    const TestRing ring(folder, TestShape(2));
    ring.writer->AddSymbol(kSymbol, "BTCUSDT");
    ring.writer->SetStatus(kSymbol, StatusOf(1));
    for (std::uint64_t n = 1; n <= kBefore; ++n) Publish(*ring.writer, n);
    ring.writer->Beat(MonotonicNow() - kRingSilentAfterNs - 1);
    const TestRecord next(kBefore + 1);
    const TestRecord last(kBefore + 2);
    ::raise(SIGSTOP);
    ring.writer->Publish(next.bytes(), kSymbol);
    ring.writer->SetStatus(kSymbol, StatusOf(2));
    ring.writer->Publish(last.bytes(), kSymbol);
    ring.writer->AddSymbol(SymbolId{1}, "ETHUSDT");
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) GTEST_SKIP() << "this system lets no process be traced";
  ASSERT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);

  RingReader reader = OpenTestRing(folder);
  RingReader follower = OpenTestRing(folder);  // Reads on from state to state.
  std::uint64_t followed = ReadWhatIsThere(follower);
  std::uint64_t states = 0;
  std::uint64_t records_open = 0;
  std::uint64_t copies_open = 0;
  std::uint64_t statuses_open = 0;
  std::uint64_t newest_copy = 0;
  std::string before = BytesOf(folder.File("test"));
  int file = ::open(folder.File("test").c_str(), O_RDONLY);
  ASSERT_GE(file, 0);
  std::string now(before.size(), '\0');
  while (Step(child) && !HasFailure()) {
    siginfo_t signal = {};
    ::ptrace(PTRACE_GETSIGINFO, child, nullptr, &signal);
    if (signal.si_signo == SIGSTOP) break;
    ASSERT_EQ(::pread(file, now.data(), now.size(), 0), static_cast<ssize_t>(now.size()));
    if (now == before) continue;
    before = now;
    ++states;
    SCOPED_TRACE(testing::Message() << "store " << states);
    EXPECT_EQ(reader.writer(), RingWriterLife::kSilent);
    reader.Seek(RingStart::kOldest);
    if (ReadWhatIsThere(reader) < 2) ++records_open;
    followed += ReadWhatIsThere(follower);
    if (reader.Latest("BTCUSDT")) {
      EXPECT_TRUE(IsWhole(reader.record()));
      EXPECT_GE(reader.record().header().seq, newest_copy);
      newest_copy = reader.record().header().seq;
      EXPECT_GE(newest_copy, kBefore);
    } else {
      ++copies_open;
    }
    if (const std::optional<RingSymbol> symbol = reader.symbol(0)) {
      EXPECT_TRUE(IsWhole(symbol->status));
    } else {
      ++statuses_open;
    }
    if (const std::optional<RingSymbol> symbol = reader.symbol(1)) {
      EXPECT_EQ(symbol->name, "ETHUSDT");
    }
  }
  ::close(file);
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);

  // Each word of two records in ring and table was seen as it changed.
  constexpr std::uint64_t kWords = kTestRecordBytes / sizeof(std::uint64_t);
  EXPECT_GE(states, 4 * kWords);
  EXPECT_GE(records_open, kWords);
  EXPECT_GE(copies_open, kWords);
  EXPECT_GE(statuses_open, 4u);
  EXPECT_EQ(newest_copy, kBefore + 2);
  EXPECT_EQ(follower.position(), kBefore + 3);
  EXPECT_EQ(followed, 4u);  // 4 and 5, which the ring held, and the two.
  std::cout << states << " states between two stores\n";

  // The name is free at once, and the next generation lies in a file of its own.
  const TestRing successor(folder, TestShape(2));
  EXPECT_EQ(successor.name.generation(), 2u);
  EXPECT_EQ(follower.writer(), RingWriterLife::kSuperseded);
  EXPECT_EQ(follower.Next(), RingRead::kEnded);
  ASSERT_EQ(Publish(*successor.writer, 1), 1u);
  EXPECT_TRUE(follower.Reopen().value());
  EXPECT_EQ(follower.header().generation, 2u);
  EXPECT_EQ(ReadWhatIsThere(follower), 1u);
}

// Takes the name, makes the ring and publishes until it is killed.
int WriteUntilKilled(const RingFolder& folder) {
  const TestRing ring(folder, TestShape(64));
  ring.writer->AddSymbol(kSymbol, "BTCUSDT");
  for (std::uint64_t n = 1;; ++n) {
    if (Publish(*ring.writer, n) != n) return 1;
    ring.writer->SetStatus(kSymbol, StatusOf(n));
  }
}

RingReader OpenWhenThere(const RingFolder& folder) {
  RingOpenOptions oldest;
  oldest.start = RingStart::kOldest;
  for (;;) {
    absl::StatusOr<RingReader> reader = RingReader::Open(folder.File("test"), oldest);
    if (reader.ok()) return *std::move(reader);
  }
}

TEST(RingFaultTest, FaultM1WriterKilledAtRandomMomentsIsSucceededAtOnce) {
  const int kills = TakeShortPart() ? 10 : 50;
  const RingFolder folder;
  std::mt19937_64 random(1);
  std::optional<RingReader> reader;  // Goes from file to file.
  std::uint64_t read = 0;
  std::uint64_t files = 0;
  for (int kill = 0; kill < kills; ++kill) {
    SCOPED_TRACE(testing::Message() << "kill " << kill);
    ChildProcess writer([&] { return WriteUntilKilled(folder); });
    if (kill % 5 == 4) {
      // Anywhere between its first instruction and its first records.
      const std::uint64_t turns = random() % 400;
      for (std::uint64_t turn = 0; turn < turns; ++turn) ::sched_yield();
      writer.Signal(SIGKILL);
      ASSERT_EQ(writer.Wait(), -SIGKILL);
      continue;
    }
    // In the midst of its records: wait for its file, and some of them.
    const std::uint64_t wanted = 1 + random() % 5'000;
    if (!reader) reader.emplace(OpenWhenThere(folder));
    const std::uint64_t generation = reader->header().generation;
    while (reader->header().pid != static_cast<std::uint64_t>(writer.pid())) {
      (void)reader->Reopen();
    }
    EXPECT_GE(reader->header().generation, generation);
    while (reader->newest() < wanted) read += ReadWhatIsThere(*reader);
    writer.Signal(SIGKILL);
    ASSERT_EQ(writer.Wait(), -SIGKILL);
    ++files;

    read += ReadWhatIsThere(*reader);
    EXPECT_EQ(reader->position(), reader->newest() + 1);
    EXPECT_NE(reader->writer(), RingWriterLife::kClosed);
    if (reader->Latest("BTCUSDT")) {
      EXPECT_TRUE(IsWhole(reader->record()));
    }
    if (const std::optional<RingSymbol> symbol = reader->state("BTCUSDT")) {
      EXPECT_TRUE(IsWhole(symbol->status));
    }
  }
  std::cout << files << " files read to their ends, " << read << " records, " << reader->lost()
            << " lost\n";
  // What killed writers left does not stop the next one, and is gone with it.
  const TestRing successor(folder, TestShape(64));
  EXPECT_FALSE(std::filesystem::exists(folder.File("test.new")));
  EXPECT_GT(successor.name.generation(), reader->header().generation);
}

// --- M2 -----------------------------------------------------------------------------------------

TEST(RingFaultTest, FaultM2AStoppedWriterKeepsItsNameAsLongAsItsLock) {
  const RingFolder folder;
  ChildProcess writer([&] { return WriteUntilKilled(folder); });
  (void)OpenWhenThere(folder);
  writer.Signal(SIGSTOP);
  writer.WaitUntilStopped();
  const absl::StatusOr<RingName> successor = RingName::Take("test", 0600, folder.path());
  EXPECT_TRUE(absl::IsFailedPrecondition(successor.status())) << successor.status();
  EXPECT_TRUE(absl::IsFailedPrecondition(RingName::Take("test", 0600, folder.path()).status()));
}

TEST(RingFaultTest, FaultM2AWriterThatLostItsLockWhileStoppedPublishesNothingMore) {
  const RingFolder folder;
  // Ends with 0 when it was told that it is superseded, in every way it can be told.
  ChildProcess old([&] {
    const TestRing ring(folder, TestShape(64));
    ring.writer->AddSymbol(kSymbol, "BTCUSDT");
    std::uint64_t n = 1;
    while (Publish(*ring.writer, n) == n) {
      ring.writer->SetStatus(kSymbol, StatusOf(n));
      ++n;
    }
    const std::uint64_t newest = ring.writer->newest();
    const bool silenced = Publish(*ring.writer, n) == 0 && ring.writer->newest() == newest;
    ring.writer->SetStatus(kSymbol, StatusOf(n));
    return silenced && ring.writer->superseded() ? 0 : 1;
  });
  RingReader reader = OpenWhenThere(folder);
  while (reader.newest() < 1'000) (void)ReadWhatIsThere(reader);
  old.Signal(SIGSTOP);
  old.WaitUntilStopped();

  // As a cleaner of temporary files does.
  ASSERT_TRUE(std::filesystem::remove(folder.File("test.lock")));
  const TestRing successor(folder, TestShape(64));
  EXPECT_EQ(successor.name.generation(), 2u);
  ASSERT_EQ(Publish(*successor.writer, 1), 1u);
  const std::string file = BytesOf(folder.File("test"));
  const std::uint64_t newest = reader.newest();
  EXPECT_EQ(reader.writer(), RingWriterLife::kSuperseded);

  old.Signal(SIGCONT);
  EXPECT_EQ(old.Wait(), 0);
  // It may have been stopped behind its look at the state: then it ends the record that it was at,
  // in the file that nobody opens any more.
  EXPECT_LE(reader.newest(), newest + 1);
  (void)ReadWhatIsThere(reader);
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
  EXPECT_EQ(BytesOf(folder.File("test")), file);
  ASSERT_TRUE(reader.Reopen().value());
  EXPECT_EQ(ReadWhatIsThere(reader), 1u);
}

// --- M3 -----------------------------------------------------------------------------------------

TEST(RingFaultTest, FaultM3LappedBeforeTheCopy) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(2));
  RingReader reader = OpenTestRing(folder);
  std::uint64_t published = 0;
  std::uint64_t lost = 0;
  for (const std::uint64_t step : {1u, 2u, 3u, 4u, 5u, 1000u}) {
    const std::uint64_t next = published + 1;
    published += step;
    ring.PublishTo(published);
    SCOPED_TRACE(testing::Message() << "records " << next << " to " << published);
    if (step > 2) {
      ASSERT_EQ(reader.Next(), RingRead::kLapped);
      EXPECT_EQ(reader.last_lost(), step - 1);
      lost += step - 1;
      EXPECT_EQ(reader.position(), published);
    }
    EXPECT_EQ(ReadWhatIsThere(reader), std::min<std::uint64_t>(step, step > 2 ? 1 : 2));
    EXPECT_EQ(reader.lost(), lost);
  }
}

// Mapped memory whose reader is interrupted before one of its loads.
struct InterruptedMemory : MappedMemory {
  inline static int loads_left = -1;
  inline static std::function<void()> interruption;

  template <RingSite kSite>
  static std::uint64_t Load(const Word& word) noexcept {
    if (loads_left >= 0 && loads_left-- == 0) interruption();
    return MappedMemory::Load<kSite>(word);
  }
};

// A reader that is interrupted at each point of its copy, while so many records are published.
TEST(RingFaultTest, FaultM3LappedDuringTheCopy) {
  using Writing = RingProtocol<MappedMemory>;
  using Reading = RingProtocol<InterruptedMemory>;
  constexpr std::size_t kWords = 8;
  int laps = 0;
  for (const std::uint64_t capacity : {1u, 2u, 4u}) {
    // Newest, the slot's number, the words, the number again.
    for (int load = 0; load <= static_cast<int>(kWords) + 1; ++load) {
      for (std::uint64_t more = 0; more <= 2 * capacity + 1; ++more) {
        SCOPED_TRACE(testing::Message() << "capacity " << capacity << ", load " << load << ", "
                                        << more << " more records");
        std::vector<std::uint64_t> slots(capacity * kWords, 0);
        std::uint64_t newest = 0;
        const auto slot_of = [&](std::uint64_t n) {
          return slots.data() + (n - 1) % capacity * kWords;
        };
        const auto publish = [&] {
          const TestRecord record(newest + 1, kWords * sizeof(std::uint64_t));
          std::array<std::uint64_t, kWords> words;
          std::memcpy(words.data(), record.bytes().data(), sizeof(words));
          Writing::Write(slot_of(newest + 1), words.data(), kWords, newest + 1);
          Writing::Publish(newest, newest + 1);
        };
        for (std::uint64_t n = 0; n < capacity; ++n) publish();

        RingPlace place;
        std::array<std::uint64_t, kWords> copy;
        InterruptedMemory::loads_left = load;
        InterruptedMemory::interruption = [&] {
          for (std::uint64_t n = 0; n < more; ++n) publish();
        };
        const RingStep step = Reading::Next(place, newest, slot_of, capacity, kWords, copy.data());
        InterruptedMemory::loads_left = -1;
        if (more == 0) {
          ASSERT_EQ(step, RingStep::kRecord);
        } else {
          // Its slot was written again under it, before or after the words that it had.
          ASSERT_EQ(step, RingStep::kLapped);
          EXPECT_EQ(place.lost, newest - 1);
          EXPECT_EQ(place.last_lost, newest - 1);
          ++laps;
          ASSERT_EQ(Reading::Next(place, newest, slot_of, capacity, kWords, copy.data()),
                    RingStep::kRecord);
        }
        const std::uint64_t n = place.next - 1;
        for (std::size_t i = 0; i < kWords; ++i) {
          EXPECT_EQ(copy[i], i == kSeqWord ? n : TestRecord::Word(n, i));
        }
      }
    }
  }
  EXPECT_GT(laps, 100);
}

// Puts a word into the file as a writer that stopped there would have left it.
void SetSlotNumber(const RingFolder& folder, std::uint64_t slot, std::uint64_t number) {
  const RingReader reader = OpenTestRing(folder);
  const std::uint64_t at =
      reader.header().ring_offset + slot * reader.header().slot_bytes + kSeqWord * 8;
  const int file = ::open(reader.path().c_str(), O_WRONLY);
  ASSERT_EQ(::pwrite(file, &number, sizeof(number), static_cast<off_t>(at)), 8);
  ::close(file);
}

TEST(RingFaultTest, FaultM3ARecordThatIsBeingOverwrittenIsLostAndCounted) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(2));
  ring.PublishTo(4);
  RingReader reader = OpenTestRing(folder);
  SetSlotNumber(folder, 0, 0);  // Of record 3: 5 is being written.
  ASSERT_EQ(reader.Next(), RingRead::kLapped);
  EXPECT_EQ(reader.last_lost(), 1u);
  EXPECT_EQ(ReadWhatIsThere(reader), 1u);
  EXPECT_EQ(reader.position(), 5u);
  ring.PublishTo(5);
  EXPECT_EQ(ReadWhatIsThere(reader), 1u);
  EXPECT_EQ(reader.lost(), 1u);
}

// --- M4 -----------------------------------------------------------------------------------------

// The bytes that a writer makes of its records: slots, table, schema, numbers; without times.
std::string TimelessBytes(const std::string& path) {
  std::string bytes = BytesOf(path);
  for (const std::size_t member : {offsetof(RingHeader, pid), offsetof(RingHeader, start_ns),
                                   offsetof(RingHeader, heartbeat_ns)}) {
    bytes.replace(member, sizeof(std::uint64_t), sizeof(std::uint64_t), '\0');
  }
  return bytes;
}

TEST(RingFaultTest, FaultM4FiftyReadersKilledAtRandomLeaveTheWriterAsItWas) {
  constexpr int kReaders = 50;
  const std::uint64_t records = TakeShortPart() ? 5'000 : 100'000;
  const RingFolder folder;
  const TestRing ring(folder, TestShape(64));
  const SharedPage<std::array<std::atomic<std::uint64_t>, kReaders>> read;
  std::vector<ChildProcess> readers;
  for (int i = 0; i < kReaders; ++i) {
    std::atomic<std::uint64_t>& mine = (*read)[static_cast<std::size_t>(i)];
    readers.emplace_back([&folder, &mine, i] {
      RingReader reader = OpenTestRing(folder);
      mine.store(1);  // Is open.
      // One never polls, a third polls all the time, the others wait.
      if (i == 0) {
        for (;;) ::pause();
      }
      for (;;) {
        const RingRead result = i % 3 == 0 ? reader.Next() : reader.Wait(std::chrono::hours(1));
        if (result == RingRead::kCorrupt) return 1;
        if (result == RingRead::kEnded) return 0;
        if (result == RingRead::kNothing) ::sched_yield();
        if (result == RingRead::kRecord) {
          if (!IsWhole(reader.record())) return 2;
          mine.fetch_add(1, std::memory_order_relaxed);
        }
      }
    });
  }
  for (const std::atomic<std::uint64_t>& mine : *read) {
    while (mine.load() == 0) ::sched_yield();
  }

  // Half of them are killed while it publishes.
  std::vector<std::size_t> victims(kReaders);
  for (std::size_t i = 0; i < victims.size(); ++i) victims[i] = i;
  std::shuffle(victims.begin(), victims.end(), std::mt19937_64(1));
  victims.resize(kReaders / 2);
  std::size_t killed = 0;
  for (std::uint64_t n = 1; n <= records; ++n) {
    ASSERT_EQ(Publish(*ring.writer, n), n);
    if (killed < victims.size() && n >= (killed + 1) * records / (kReaders / 2 + 1)) {
      readers[victims[killed++]].Signal(SIGKILL);
    }
  }
  EXPECT_EQ(killed, victims.size());
  EXPECT_EQ(ring.writer->newest(), records);
  EXPECT_TRUE(absl::IsFailedPrecondition(RingName::Take("test", 0600, folder.path()).status()));

  // The same records where nobody reads.
  const RingFolder lonely_folder;
  const TestRing lonely(lonely_folder, TestShape(64));
  lonely.PublishTo(records);
  EXPECT_TRUE(TimelessBytes(folder.File("test")) == TimelessBytes(lonely_folder.File("test")));

  // The others read on to the end, but for the one that never reads.
  ring.writer->Close();
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const bool is_victim = std::find(victims.begin(), victims.end(), i) != victims.end();
    if (i == 0 && !is_victim) readers[i].Signal(SIGKILL);
    EXPECT_EQ(readers[i].Wait(), is_victim || i == 0 ? -SIGKILL : 0) << "reader " << i;
  }
}

}  // namespace
}  // namespace thalweg
