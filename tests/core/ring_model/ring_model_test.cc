// The slot rule and the reader's place (core/ring_protocol.h), the same source that RingWriter and
// RingReader run, under the Relacy model checker: on x86 neither a test nor a sanitizer can see
// that an order or a fence is missing, since the processor adds most of them by itself.
//
// Proven is, for every schedule tried and everything that the memory model lets a load see:
//   - a copy that was accepted is whole: each of its words is the one of its number;
//   - a record that a reader is told of is in its slot, or was overwritten (never kCorrupt), and
//     "lapped" is said of no record that was not at least begun to be overwritten;
//   - a reader's place only grows, and what it read and what it lost add up to what was published;
//   - leaving out any single order or fence breaks one of these.
// Words are checked against their number one by one, so a record of one word beside its lock shows
// every torn copy there is, in the fewest steps.
//
// Exhaustive searches try every schedule of few steps, random ones many steps. For more of them:
// THALWEG_RING_MODEL_SCHEDULES, which also adds the exhaustive searches that take minutes.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/core/ring_model/relacy_memory.h"

namespace thalweg {
namespace {

using Protocol = RingProtocol<RelacyMemory>;
using Word = RelacyMemory::Word;

// What Relacy shows of where a step was made: nothing, the site says more.
rl::debug_info Here() { return {}; }

void Clear(Word& word) { word.store(0, rl::mo_relaxed, Here()); }

// A record's word, other for each number and each word.
constexpr std::uint64_t WordOf(std::uint64_t n, std::size_t i) { return n * 16 + i; }

template <std::size_t kWords>
struct Record {
  explicit Record(std::uint64_t n) {
    for (std::size_t i = 0; i < kWords; ++i) words[i] = WordOf(n, i);
  }
  static bool IsWhole(const std::array<std::uint64_t, kWords>& copy, std::uint64_t n) {
    for (std::size_t i = 0; i < kWords; ++i) {
      if (copy[i] != (i == kSeqWord ? n : WordOf(n, i))) return false;
    }
    return true;
  }
  std::array<std::uint64_t, kWords> words;
};

struct RingCase {
  std::uint64_t capacity = 1;
  std::uint64_t publishes = 1;
  int readers = 1;
  int steps = 1;  // Of each reader, before it reads what is left.
  std::size_t words = 2;
  bool from_newest = false;  // A reader starts at the newest record or at the first, by choice.
  bool dies = false;         // The writer dies after some store, or before the first.
};

// A ring and the number of its newest record, as RingWriter::Publish() writes them.
template <RingCase kCase>
struct RingModel : rl::test_suite<RingModel<kCase>, 1 + kCase.readers> {
  static constexpr std::uint64_t kCapacity = kCase.capacity;
  static constexpr std::uint64_t kPublishes = kCase.publishes;
  static constexpr std::size_t kWords = kCase.words;

  static std::string Name() {
    return absl::StrCat("ring of ", kCapacity, ", ", kPublishes, " records of ", kWords, " words, ",
                        kCase.readers, " x ", kCase.steps, " steps of readers",
                        kCase.from_newest ? " from the newest or the first" : "",
                        kCase.dies ? ", the writer dies" : "");
  }
  // Of one publish: open, words, close, newest.
  static constexpr int kStores = static_cast<int>(kWords + 2);

  void before() {
    Clear(newest);
    for (auto& slot : slots) {
      for (Word& word : slot) Clear(word);
    }
    RelacyMemory::stores_left = RelacyMemory::kAlive;
  }

  void thread(unsigned index) {
    if (index == 0) {
      if (kCase.dies) {
        RelacyMemory::stores_left = static_cast<int>(rl::rand(kStores * kPublishes + 1));
      }
      for (std::uint64_t n = 1; n <= kPublishes; ++n) {
        if (RelacyMemory::stores_left != 0) begun = n;
        Protocol::Write(Slot(n), Record<kWords>(n).words.data(), kWords, n);
        if (RelacyMemory::stores_left != 0) published = n;
        Protocol::Publish(newest, n);
      }
      return;
    }
    RingPlace place;
    if (kCase.from_newest && rl::rand(2) == 1) {
      place.next = std::max<std::uint64_t>(Protocol::Newest(newest), 1);
    }
    const std::uint64_t first = place.next;
    std::uint64_t read = 0;
    for (int step = 0; step < kCase.steps; ++step) Step(place, read);
    RL_ASSERT(read + place.lost == place.next - first);
    readers[index - 1] = {place, read, first};
  }

  // Everything that was published is read or lost, and nothing else is.
  void after() {
    for (Reader& reader : readers) {
      while (Step(reader.place, reader.read)) {
      }
      RL_ASSERT(reader.place.next == published + 1);
      RL_ASSERT(reader.read + reader.place.lost == reader.place.next - reader.first);
    }
  }

  // False when there is nothing to read.
  bool Step(RingPlace& place, std::uint64_t& read) {
    const RingPlace at = place;
    std::array<std::uint64_t, kWords> copy;
    switch (Protocol::Next(
        place, newest, [this](std::uint64_t n) { return Slot(n); }, kCapacity, kWords,
        copy.data())) {
      case RingStep::kRecord:
        RL_ASSERT(Record<kWords>::IsWhole(copy, at.next));
        RL_ASSERT(place.next == at.next + 1 && place.lost == at.lost);
        ++read;
        return true;
      case RingStep::kLapped:
        RL_ASSERT(begun >= at.next + kCapacity);
        RL_ASSERT(place.next > at.next && place.last_lost == place.next - at.next);
        return true;
      case RingStep::kCorrupt:
        RL_ASSERT(false && "a slot that no writer leaves");
        return false;
      case RingStep::kNothing:
        break;
    }
    RL_ASSERT(place.next == at.next);
    return false;
  }

  Word* Slot(std::uint64_t n) { return slots[(n - 1) % kCapacity].data(); }

  struct Reader {
    RingPlace place;
    std::uint64_t read = 0;
    std::uint64_t first = 1;
  };

  Word newest;
  std::array<std::array<Word, kWords>, kCapacity> slots;
  std::array<Reader, kCase.readers> readers;
  // Known to the checks, not to the readers: these are no memory of the model.
  std::uint64_t begun = 0;
  std::uint64_t published = 0;
};

struct TableCase {
  std::uint64_t writes = 1;
  int readers = 1;
  int looks = 1;
  std::size_t words = 2;
  bool dies = false;
};

// A status, or a symbol's copy of its newest record: a slot that is written again and again, and
// read whatever its number is.
template <TableCase kCase>
struct TableModel : rl::test_suite<TableModel<kCase>, 1 + kCase.readers> {
  static constexpr std::uint64_t kWrites = kCase.writes;
  static constexpr std::size_t kWords = kCase.words;

  static std::string Name() {
    return absl::StrCat("table, ", kWrites, " times ", kWords, " words, ", kCase.readers, " x ",
                        kCase.looks, " looks of readers", kCase.dies ? ", the writer dies" : "");
  }
  void before() {
    for (Word& word : slot) Clear(word);
    RelacyMemory::stores_left = RelacyMemory::kAlive;
  }

  void thread(unsigned index) {
    if (index == 0) {
      constexpr int kStores = static_cast<int>((kWords + 1) * kWrites);
      if (kCase.dies) RelacyMemory::stores_left = static_cast<int>(rl::rand(kStores + 1));
      for (std::uint64_t n = 1; n <= kWrites; ++n) {
        Protocol::Write(slot.data(), Record<kWords>(n).words.data(), kWords, n);
      }
      return;
    }
    std::uint64_t last = 0;
    for (int look = 0; look < kCase.looks; ++look) {
      const std::uint64_t n = Protocol::Number(slot.data());
      std::array<std::uint64_t, kWords> copy;
      if (n == 0 || !Protocol::Copy(slot.data(), n, kWords, copy.data())) continue;
      RL_ASSERT(Record<kWords>::IsWhole(copy, n));
      RL_ASSERT(n >= last && n <= kWrites);
      last = n;
    }
  }

  std::array<Word, kWords> slot;
};

// A writer that ends well after its last record, and a reader that may say that nothing follows
// only when it has read everything (RingReader::AtEnd): the state is looked at first, then newest.
struct ClosingModel : rl::test_suite<ClosingModel, 2> {
  static std::string Name() { return "a ring that is closed"; }
  static constexpr std::uint64_t kPublishes = 2;

  void before() {
    Clear(newest);
    Clear(closed);
    RelacyMemory::stores_left = RelacyMemory::kAlive;
  }
  void thread(unsigned index) {
    if (index == 0) {
      for (std::uint64_t n = 1; n <= kPublishes; ++n) Protocol::Publish(newest, n);
      closed.store(1, rl::mo_release, Here());
      return;
    }
    const std::uint64_t next = Protocol::Newest(newest) + 1;
    if (closed.load(rl::mo_acquire, Here()) == 0) return;
    if (next > Protocol::Newest(newest)) RL_ASSERT(next == kPublishes + 1);
  }

  Word newest;
  Word closed;
};

// Two generations: the second writer makes its file whole, gives it the name, and then marks the
// first file superseded. Who reads the first one to its end and goes to the file that has the name
// finds the second, whole. The name is a word here; in a file system it orders more.
struct SuccessorModel : rl::test_suite<SuccessorModel, 3> {
  static std::string Name() { return "two writers, a file each"; }
  static constexpr std::size_t kWords = 2;
  struct File {
    Word newest;
    std::array<Word, kWords> slot;
    Word superseded;
  };

  void before() {
    for (File& file : files) {
      Clear(file.newest);
      for (Word& word : file.slot) Clear(word);
      Clear(file.superseded);
    }
    Clear(name);
    RelacyMemory::stores_left = RelacyMemory::kAlive;
  }
  // Generation g writes records 10 g + 1, ...: none of one is one of the other.
  void Write(std::size_t generation) {
    for (std::uint64_t n = 1; n <= 2; ++n) {
      const Record<kWords> record(generation * 10 + n);
      Protocol::Write(files[generation].slot.data(), record.words.data(), kWords, n);
      Protocol::Publish(files[generation].newest, n);
    }
  }
  void thread(unsigned index) {
    switch (index) {
      case 0:
        Write(0);
        break;
      case 1:
        Write(1);
        name.store(1, rl::mo_release, Here());
        files[0].superseded.store(1, rl::mo_release, Here());
        break;
      default:
        Read();
    }
  }
  void Read() {
    RingPlace place;
    std::size_t generation = 0;
    for (int step = 0; step < 8; ++step) {
      File& file = files[generation];
      const std::uint64_t at = place.next;
      std::array<std::uint64_t, kWords> copy;
      const RingStep read = Protocol::Next(
          place, file.newest, [&](std::uint64_t) { return file.slot.data(); }, 1, kWords,
          copy.data());
      RL_ASSERT(read != RingStep::kCorrupt);
      if (read == RingStep::kRecord) RL_ASSERT(copy[0] == WordOf(generation * 10 + at, 0));
      if (read == RingStep::kNothing && file.superseded.load(rl::mo_acquire, Here()) == 1) {
        RL_ASSERT(generation == 0);
        RL_ASSERT(name.load(rl::mo_acquire, Here()) == 1);
        generation = 1;
        place = {};
        RL_ASSERT(Protocol::Newest(files[1].newest) == 2);
      }
    }
  }

  std::array<File, 2> files;
  Word name;
};

// --- Searches -----------------------------------------------------------------------------------

constexpr std::uint64_t kSchedulesDefault = 200'000;

// What is asked for; 0 when nothing is.
std::uint64_t SchedulesAskedFor() {
  const char* const text = std::getenv("THALWEG_RING_MODEL_SCHEDULES");
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

rl::test_params Search(rl::scheduler_type_e type) {
  rl::test_params params;
  params.search_type = type;
  params.iteration_count = SchedulesAskedFor() == 0
                               ? kSchedulesDefault
                               : static_cast<rl::iteration_t>(SchedulesAskedFor());
  return params;
}

// Without a weakening the model must hold; a failure prints every step of it.
template <class Model>
void Prove(rl::scheduler_type_e type) {
  rl::test_params params = Search(type);
  std::ostream silence(nullptr);
  params.progress_stream = &silence;
  params.output_stream = &silence;
  RelacyMemory::weakened.reset();
  const auto start = std::chrono::steady_clock::now();
  const bool holds = rl::simulate<Model>(params);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << rl::format(type) << ": " << Model::Name() << ": " << params.stop_iteration
            << " executions, " << took.count() << " s\n";
  if (holds) return;
  params.output_stream = &std::cout;
  params.collect_history = true;
  params.output_history = true;
  (void)rl::simulate<Model>(params);
  ADD_FAILURE() << rl::test_result_str(params.test_result) << ", the steps are above";
}

// How many executions it takes to see that the site is weakened; 0 when the search does not.
template <class Model>
std::uint64_t ExecutionsUntilCaught(RingSite weakened, rl::scheduler_type_e type) {
  rl::test_params params = Search(type);
  std::ostream silence(nullptr);
  params.progress_stream = &silence;
  params.output_stream = &silence;
  RelacyMemory::weakened = weakened;
  const bool missed = rl::simulate<Model>(params);
  RelacyMemory::weakened.reset();
  return missed ? 0 : params.stop_iteration;
}

TEST(RingModelTest, EveryScheduleOfFourPublishesAndOneReader) {
  Prove<RingModel<RingCase{.capacity = 1, .publishes = 4}>>(rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 2, .publishes = 4}>>(rl::sched_full);
  // A reader that starts at the newest; two steps; torn copies of two words.
  Prove<RingModel<RingCase{.capacity = 2, .publishes = 3, .from_newest = true}>>(rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 1, .publishes = 2, .steps = 2, .from_newest = true}>>(
      rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 1, .publishes = 3, .words = 3}>>(rl::sched_full);
  if (SchedulesAskedFor() == 0) return;
  Prove<RingModel<RingCase{.capacity = 1, .publishes = 4, .from_newest = true}>>(rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 2, .publishes = 4, .from_newest = true}>>(rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 1, .publishes = 3, .steps = 2}>>(rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 1, .publishes = 4, .words = 3}>>(rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 2, .publishes = 4, .words = 3}>>(rl::sched_full);
}

TEST(RingModelTest, SeveralReadersReadWholeRecordsInTheirOrder) {
  Prove<RingModel<RingCase{
      .capacity = 1, .publishes = 8, .readers = 2, .steps = 6, .words = 3, .from_newest = true}>>(
      rl::sched_random);
  Prove<RingModel<RingCase{
      .capacity = 2, .publishes = 8, .readers = 3, .steps = 6, .words = 3, .from_newest = true}>>(
      rl::sched_random);
  Prove<RingModel<RingCase{
      .capacity = 4, .publishes = 12, .readers = 2, .steps = 8, .words = 4, .from_newest = true}>>(
      rl::sched_random);
}

TEST(RingModelTest, AStatusIsWholeWhileItIsWritten) {
  Prove<TableModel<TableCase{.writes = 4}>>(rl::sched_full);
  Prove<TableModel<TableCase{.writes = 2, .looks = 2}>>(rl::sched_full);
  Prove<TableModel<TableCase{.writes = 8, .readers = 3, .looks = 6, .words = 4}>>(rl::sched_random);
}

TEST(RingModelTest, FaultM1WriterKilledBetweenAnyTwoStoresLeavesNoHalfRecord) {
  Prove<RingModel<RingCase{.capacity = 1, .publishes = 3, .dies = true}>>(rl::sched_full);
  Prove<RingModel<RingCase{.capacity = 2, .publishes = 3, .dies = true}>>(rl::sched_full);
  Prove<RingModel<RingCase{
      .capacity = 1, .publishes = 6, .readers = 2, .steps = 6, .words = 3, .dies = true}>>(
      rl::sched_random);
  Prove<RingModel<RingCase{.capacity = 2,
                           .publishes = 6,
                           .readers = 2,
                           .steps = 6,
                           .words = 3,
                           .from_newest = true,
                           .dies = true}>>(rl::sched_random);
  Prove<TableModel<TableCase{.writes = 3, .dies = true}>>(rl::sched_full);
  Prove<TableModel<TableCase{.writes = 6, .readers = 2, .looks = 6, .words = 4, .dies = true}>>(
      rl::sched_random);
}

TEST(RingModelTest, TheEndIsToldAfterTheLastRecordOnly) { Prove<ClosingModel>(rl::sched_full); }

TEST(RingModelTest, ReadersOfASupersededFileFindItsSuccessorWhole) {
  Prove<SuccessorModel>(rl::sched_random);
}

struct Weakening {
  RingSite site;
  const char* name;
};
constexpr std::array kWeakenings{
    Weakening{RingSite::kOpenFence, "OpenFence"}, Weakening{RingSite::kCloseSlot, "CloseSlot"},
    Weakening{RingSite::kPublish, "Publish"},     Weakening{RingSite::kReadNewest, "ReadNewest"},
    Weakening{RingSite::kCheckSlot, "CheckSlot"}, Weakening{RingSite::kCopyFence, "CopyFence"},
};

constexpr std::size_t kSites = static_cast<std::size_t>(RingSite::kRecheckSlot) + 1;
constexpr std::size_t OrderedSites() {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kSites; ++i) {
    if (OrderAt(static_cast<RingSite>(i)) != std::memory_order::relaxed) ++count;
  }
  return count;
}
static_assert(kWeakenings.size() == OrderedSites(), "a site that has an order is not weakened");

// Models that show every weakening, one or the other.
using SmallRing = RingModel<RingCase{.capacity = 1, .publishes = 2, .steps = 2}>;
using SmallTable = TableModel<TableCase{.writes = 2}>;
using LargeRing =
    RingModel<RingCase{.capacity = 2, .publishes = 6, .readers = 2, .steps = 4, .words = 3}>;
using LargeTable = TableModel<TableCase{.writes = 6, .looks = 4, .words = 3}>;

class RingModelWeakeningTest : public testing::TestWithParam<Weakening> {};

// M10: on a machine that reorders more than x86 does, each of these would be a torn record.
TEST_P(RingModelWeakeningTest, FaultM10AnOrderOrFenceThatIsLeftOutIsCaught) {
  const RingSite site = GetParam().site;
  // Records that newest tells of are ordered by it; the table alone needs the slot's own order.
  const std::uint64_t ring = ExecutionsUntilCaught<SmallRing>(site, rl::sched_full);
  const std::uint64_t table = ExecutionsUntilCaught<SmallTable>(site, rl::sched_full);
  std::cout << "caught in execution " << ring << " of the ring, " << table
            << " of the table (0: not there)\n";
  EXPECT_TRUE(ring != 0 || table != 0);
  const std::uint64_t random_ring = ExecutionsUntilCaught<LargeRing>(site, rl::sched_random);
  const std::uint64_t random_table = ExecutionsUntilCaught<LargeTable>(site, rl::sched_random);
  std::cout << "at random: " << random_ring << " of the ring, " << random_table
            << " of the table\n";
  EXPECT_TRUE(random_ring != 0 || random_table != 0);
}

INSTANTIATE_TEST_SUITE_P(EachSite, RingModelWeakeningTest, testing::ValuesIn(kWeakenings),
                         [](const testing::TestParamInfo<Weakening>& weakening) {
                           return weakening.param.name;
                         });

}  // namespace
}  // namespace thalweg
