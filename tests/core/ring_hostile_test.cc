// Rings with hostile contents: refused with field and value, or read without harm, by both readers
// and in the same words.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "absl/strings/match.h"
#include "core/ring_protocol.h"
#include "tests/core/ring_agreement.h"
#include "tests/core/ring_samples.h"
#include "thalweg/ring.h"

namespace thalweg {
namespace {

std::string SampleNamed(std::string_view name) {
  for (const RingSample& sample : MakeRingSamples()) {
    if (sample.name == name) return sample.bytes;
  }
  ADD_FAILURE() << name;
  return "";
}

void ExpectRefusalOrAgreement(const RingAgreement& agreement) {
  EXPECT_EQ(agreement.disagreement, "");
  if (agreement.refusal.empty()) return;
  EXPECT_TRUE(absl::StrContains(agreement.refusal, ": ring corrupt: field=")) << agreement.refusal;
}

TEST(RingHostileTest, EverySampleIsReadByBothAndAlike) {
  RingOfBytes ring;
  for (const RingSample& sample : MakeRingSamples()) {
    SCOPED_TRACE(sample.name);
    const RingAgreement agreement = ring.ReadByBoth(sample.bytes);
    EXPECT_EQ(agreement.refusal, "");
    EXPECT_EQ(agreement.disagreement, "");
  }
}

TEST(RingHostileTest, EveryFieldOfASchemaIsFoundByBothInTheSamePlace) {
  for (const std::string_view name : {"features", "ladders"}) {
    const RingFolder folder;
    const std::string path = folder.File("sample");
    std::ofstream(path, std::ios::binary) << SampleNamed(name);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    const absl::StatusOr<RingReader> cpp = RingReader::Open(path);
    ASSERT_TRUE(cpp.ok());
    thalweg_ring_reader* const c = thalweg_ring_open(path.c_str(), nullptr, nullptr, 0);
    ASSERT_NE(c, nullptr);
    EXPECT_GE(cpp->fields().size(), 3u);
    for (const RingField& field : cpp->fields()) {
      thalweg_ring_field found;
      ASSERT_TRUE(thalweg_ring_find_field(c, field.name.c_str(), &found)) << field.name;
      EXPECT_EQ(found.type, field.type);
      EXPECT_EQ(found.offset, field.offset);
      EXPECT_EQ(found.count, field.count);
    }
    thalweg_ring_close(c);
  }
}

// The right value, those beside it, and those at which arithmetic breaks.
std::set<std::uint64_t> HostileValues(std::uint64_t right) {
  return {0,
          1,
          std::uint64_t{1} << 31,
          UINT32_MAX,
          std::uint64_t{1} << 63,
          UINT64_MAX,
          right - 1,
          right,
          right + 1};
}

TEST(RingHostileTest, EveryMemberOfTheHeaderMayHoldAnything) {
  RingOfBytes ring;
  int refused = 0;
  for (const std::string_view name :
       {"features", "ladders", "features_last_numbers", "features_stages"}) {
    const std::string sample = SampleNamed(name);
    for (const RingHeaderMember& member : RingHeaderMembers()) {
      for (const std::uint64_t value : HostileValues(GetRingMember(sample, member))) {
        SCOPED_TRACE(testing::Message() << name << " " << member.name << " = " << value);
        std::string bytes = sample;
        SetRingMember(bytes, member, value);
        const RingAgreement agreement = ring.ReadByBoth(bytes);
        ExpectRefusalOrAgreement(agreement);
        refused += agreement.refusal.empty() ? 0 : 1;
      }
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(RingHostileTest, EveryWordOfAFileMayHoldAnything) {
  RingOfBytes ring;
  const std::string sample = SampleNamed("features");
  int read = 0;
  for (std::size_t offset = 0; offset < sample.size(); offset += sizeof(std::uint64_t)) {
    std::uint64_t right = 0;
    std::memcpy(&right, sample.data() + offset, sizeof(right));
    for (const std::uint64_t value : {std::uint64_t{0}, UINT64_MAX, right + 1}) {
      SCOPED_TRACE(testing::Message() << "word at " << offset << " = " << value);
      std::string bytes = sample;
      std::memcpy(bytes.data() + offset, &value, sizeof(value));
      const RingAgreement agreement = ring.ReadByBoth(bytes);
      ExpectRefusalOrAgreement(agreement);
      read += agreement.refusal.empty() ? 1 : 0;
    }
  }
  EXPECT_GT(read, 500);
}

TEST(RingHostileTest, ARefusalNamesTheMemberItsValueAndTheRightOne) {
  RingOfBytes ring;
  const std::string sample = SampleNamed("features");
  const std::set<std::string_view> fixed{"magic",       "version",     "header_bytes",
                                         "file_bytes",  "slot_bytes",  "statistics_bytes",
                                         "table_bytes", "entry_bytes", "ring_bytes"};
  std::size_t named = 0;
  for (const RingHeaderMember& member : RingHeaderMembers()) {
    if (!fixed.contains(member.name)) continue;
    const std::uint64_t right = GetRingMember(sample, member);
    std::string bytes = sample;
    SetRingMember(bytes, member, right + 64);
    EXPECT_EQ(ring.ReadByBoth(bytes).refusal,
              absl::StrCat(ring.path(), ": ring corrupt: field=", std::string(member.name),
                           " value=", right + 64, " expected=", right));
    ++named;
  }
  EXPECT_EQ(named, fixed.size());
}

TEST(RingHostileTest, EveryTruncationIsRefused) {
  RingOfBytes ring;
  const std::string sample = SampleNamed("features");
  for (std::size_t bytes = 0; bytes < sample.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    const RingAgreement agreement = ring.ReadByBoth(sample.substr(0, bytes));
    ExpectRefusalOrAgreement(agreement);
    EXPECT_TRUE(absl::StrContains(agreement.refusal, bytes < sizeof(RingHeader)
                                                         ? absl::StrCat("field=file value=", bytes)
                                                         : absl::StrCat("expected=", bytes)))
        << agreement.refusal;
  }
}

TEST(RingHostileTest, EveryTruncationThatTheHeaderAdmitsToIsRefusedToo) {
  RingOfBytes ring;
  const std::string sample = SampleNamed("features");
  for (std::size_t bytes = sizeof(RingHeader); bytes < sample.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    std::string cut = sample.substr(0, bytes);
    const std::uint64_t said = bytes;
    std::memcpy(cut.data() + offsetof(RingHeader, file_bytes), &said, sizeof(said));
    const RingAgreement agreement = ring.ReadByBoth(cut);
    ExpectRefusalOrAgreement(agreement);
    EXPECT_TRUE(absl::StrContains(agreement.refusal, "_offset value=")) << agreement.refusal;
  }
}

TEST(RingHostileTest, EveryTruncationInsideTheStagesIsRefused) {
  RingOfBytes ring;
  const std::string sample = SampleNamed("features_stages");
  RingHeader header;
  std::memcpy(static_cast<void*>(&header), sample.data(), sizeof(header));
  ASSERT_EQ(header.stage_count, kStages.size());
  for (std::size_t bytes = header.stages_offset; bytes < header.schema_offset; bytes += 8) {
    SCOPED_TRACE(bytes);
    std::string cut = sample.substr(0, bytes);
    const std::uint64_t said = bytes;
    std::memcpy(cut.data() + offsetof(RingHeader, file_bytes), &said, sizeof(said));
    const RingAgreement agreement = ring.ReadByBoth(cut);
    ExpectRefusalOrAgreement(agreement);
    EXPECT_TRUE(absl::StrContains(agreement.refusal, "field=stages_offset value="))
        << agreement.refusal;
  }
}

// Of the fuzzer: 'w' and the bytes of a file (tests/fuzz/core/ring_fuzz.cc).
TEST(RingHostileTest, TheSeedsOfTheFuzzerAreTheSamples) {
  for (const RingSample& sample : MakeRingSamples()) {
    const std::string path = THALWEG_SOURCE_DIR "/tests/fuzz/corpus/ring/" + sample.name;
    std::ifstream file(path, std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(seed == "w" + sample.bytes)
        << path << ": the format has changed; write it anew: write_ring_seeds FOLDER";
  }
}

// Stores nonsense all over a ring until it is killed: numbers near the right ones, bounds,
// anything.
[[noreturn]] void Scribble(std::uint64_t* words, std::size_t count) {
  std::mt19937_64 random(1);  // NOLINT: the same in every run.
  for (;;) {
    std::uint64_t value = random();
    if (value % 3 == 0) value %= 16;
    if (value % 3 == 1) value = UINT64_MAX - value % 16;
    std::atomic_ref(words[random() % count]).store(value, std::memory_order_relaxed);
  }
}

// A child process, so that what it does is no data race of this one.
class Scribbler {
 public:
  explicit Scribbler(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR);
    bytes_ = static_cast<std::size_t>(::lseek(descriptor, 0, SEEK_END));
    base_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
    if (base_ == MAP_FAILED) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // Should this process end before it kills the child.
      Scribble(static_cast<std::uint64_t*>(base_), bytes_ / sizeof(std::uint64_t));
    }
  }
  Scribbler(const Scribbler&) = delete;
  Scribbler& operator=(const Scribbler&) = delete;
  ~Scribbler() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::munmap(base_, bytes_);
  }
  // Of the word at an offset, how it is now.
  [[nodiscard]] std::uint64_t Word(std::size_t offset) const {
    return std::atomic_ref(static_cast<std::uint64_t*>(base_)[offset / sizeof(std::uint64_t)])
        .load(std::memory_order_relaxed);
  }

 private:
  void* base_ = nullptr;
  std::size_t bytes_ = 0;
  pid_t child_ = -1;
};

TEST(RingHostileTest, AScribblerDoesNoHarmToWhoReadsMeanwhile) {
  const RingFolder folder;
  const std::string path = folder.File("scribbled");
  std::ofstream(path, std::ios::binary) << SampleNamed("features");
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  absl::StatusOr<RingReader> cpp = RingReader::Open(path);
  ASSERT_TRUE(cpp.ok());
  thalweg_ring_reader* const c = thalweg_ring_open(path.c_str(), nullptr, nullptr, 0);
  ASSERT_NE(c, nullptr);
  std::vector<unsigned char> record(thalweg_ring_record_bytes(c));
  thalweg_ring_symbol symbol;
  thalweg_ring_statistics statistics;

  const Scribbler scribbler(path);
  // So many, and until the scribbler has been everywhere.
  constexpr int kRounds = 2'000;
  std::set<RingRead> seen;
  const auto scribbled = [&] {
    return scribbler.Word(0) != kRingMagic && seen.contains(RingRead::kCorrupt);
  };
  for (int i = 0; i < kRounds || !scribbled(); ++i) {
    for (const RingStart start : {RingStart::kOldest, RingStart::kNewest}) {
      cpp->Seek(start);
      thalweg_ring_seek_to(c, static_cast<thalweg_ring_start>(start));
      for (std::uint64_t n = 0; n < cpp->header().capacity; ++n) {
        seen.insert(cpp->Next());
        seen.insert(static_cast<RingRead>(thalweg_ring_next(c, record.data(), record.size())));
      }
    }
    for (std::size_t id = 0; id < 2; ++id) {
      (void)cpp->symbol(id);
      (void)cpp->Latest(id);
      (void)thalweg_ring_symbol_at(c, id, &symbol);
      (void)thalweg_ring_latest_at(c, id, record.data(), record.size());
    }
    (void)cpp->state("BTCUSDT");
    (void)thalweg_ring_state(c, "BTCUSDT", &symbol);
    (void)cpp->statistics();
    thalweg_ring_statistics_of(c, &statistics);
    (void)cpp->writer();
    (void)thalweg_ring_writer(c);
    // And to who opens it now.
    thalweg_ring_close(thalweg_ring_open(path.c_str(), nullptr, nullptr, 0));
    (void)RingReader::Open(path).ok();
  }
  thalweg_ring_close(c);
}

}  // namespace
}  // namespace thalweg
