// Faults M5 to M9 of the fault catalogue: files that are corrupt, cut, somebody else's or of
// another build, file systems that are full, numbers that end. (M1 to M4: ring_fault_test.cc.)
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/core/child_process.h"
#include "tests/core/ring_testing.h"

namespace thalweg {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr SymbolId kSymbol{0};

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// In place, as a process that has the file mapped would see it.
void Overwrite(const std::string& path, std::size_t offset, const void* bytes, std::size_t count) {
  const int file = ::open(path.c_str(), O_WRONLY);
  ASSERT_GE(file, 0) << path;
  ASSERT_EQ(::pwrite(file, bytes, count, static_cast<off_t>(offset)), static_cast<ssize_t>(count));
  ::close(file);
}

absl::StatusOr<RingReader> OpenFile(const std::string& path) {
  RingOpenOptions options;
  options.start = RingStart::kOldest;
  return RingReader::Open(path, options);
}

// The files of a folder, sorted, without the prefix that all have.
std::vector<std::string> FilesIn(const RingFolder& folder) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    names.push_back(file.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A ring that ended well, with so many records in it.
void MakeRing(const RingFolder& folder, std::uint64_t capacity, std::uint64_t records) {
  const TestRing ring(folder, TestShape(capacity));
  ring.writer->AddSymbol(kSymbol, "BTCUSDT");
  ring.PublishTo(records);
}

// --- M5 -----------------------------------------------------------------------------------------

struct HeaderMember {
  std::string_view name;
  std::size_t offset;
  std::size_t bytes;
};

// Those that a reader relies on.
constexpr std::array kMembers{
    HeaderMember{"magic", offsetof(RingHeader, magic), sizeof(RingHeader::magic)},
    HeaderMember{"version", offsetof(RingHeader, version), sizeof(RingHeader::version)},
    HeaderMember{"header_bytes", offsetof(RingHeader, header_bytes),
                 sizeof(RingHeader::header_bytes)},
    HeaderMember{"file_bytes", offsetof(RingHeader, file_bytes), sizeof(RingHeader::file_bytes)},
    HeaderMember{"record_bytes", offsetof(RingHeader, record_bytes),
                 sizeof(RingHeader::record_bytes)},
    HeaderMember{"slot_bytes", offsetof(RingHeader, slot_bytes), sizeof(RingHeader::slot_bytes)},
    HeaderMember{"schema_offset", offsetof(RingHeader, schema_offset),
                 sizeof(RingHeader::schema_offset)},
    HeaderMember{"schema_bytes", offsetof(RingHeader, schema_bytes),
                 sizeof(RingHeader::schema_bytes)},
    HeaderMember{"table_offset", offsetof(RingHeader, table_offset),
                 sizeof(RingHeader::table_offset)},
    HeaderMember{"table_bytes", offsetof(RingHeader, table_bytes), sizeof(RingHeader::table_bytes)},
    HeaderMember{"entry_bytes", offsetof(RingHeader, entry_bytes), sizeof(RingHeader::entry_bytes)},
    HeaderMember{"entry_capacity", offsetof(RingHeader, entry_capacity),
                 sizeof(RingHeader::entry_capacity)},
    HeaderMember{"statistics_offset", offsetof(RingHeader, statistics_offset),
                 sizeof(RingHeader::statistics_offset)},
    HeaderMember{"statistics_bytes", offsetof(RingHeader, statistics_bytes),
                 sizeof(RingHeader::statistics_bytes)},
    HeaderMember{"ring_offset", offsetof(RingHeader, ring_offset), sizeof(RingHeader::ring_offset)},
    HeaderMember{"ring_bytes", offsetof(RingHeader, ring_bytes), sizeof(RingHeader::ring_bytes)},
    HeaderMember{"capacity", offsetof(RingHeader, capacity), sizeof(RingHeader::capacity)},
    HeaderMember{"schema_hash", offsetof(RingHeader, schema_hash), sizeof(RingHeader::schema_hash)},
    HeaderMember{"generation", offsetof(RingHeader, generation), sizeof(RingHeader::generation)},
    HeaderMember{"writer_state", offsetof(RingHeader, writer_state),
                 sizeof(RingHeader::writer_state)},
    HeaderMember{"entry_count", offsetof(RingHeader, entry_count), sizeof(RingHeader::entry_count)},
};

void SetMember(const std::string& path, std::string_view name, std::uint64_t value) {
  const auto member = std::find_if(kMembers.begin(), kMembers.end(),
                                   [&](const HeaderMember& each) { return each.name == name; });
  ASSERT_NE(member, kMembers.end()) << name;
  Overwrite(path, member->offset, &value, member->bytes);
}

TEST(RingFileFaultTest, FaultM5EachHeaderFieldThatMakesNoSenseIsRefusedByNameAndValue) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;
  const std::map<std::string_view, std::vector<std::uint64_t>> faults = {
      {"magic", {0, UINT64_MAX}},
      {"version", {0, UINT32_MAX}},
      {"header_bytes", {0, 4096}},
      {"file_bytes", {0, UINT64_MAX}},
      {"record_bytes", {0, 8, 257, UINT32_MAX}},
      {"slot_bytes", {0, 512}},
      {"schema_offset", {0, 1, UINT64_MAX - 63}},
      {"schema_bytes", {kHuge, UINT64_MAX}},
      {"table_offset", {64, kHuge}},
      {"table_bytes", {0, UINT64_MAX}},
      {"entry_bytes", {0, UINT32_MAX}},
      {"entry_capacity", {UINT32_MAX}},
      {"statistics_offset", {0, 321, UINT64_MAX - 63}},
      {"statistics_bytes", {8}},
      {"ring_offset", {0, kHuge}},
      {"ring_bytes", {0, UINT64_MAX}},
      {"capacity", {0, 3, kHuge}},
      {"schema_hash", {1}},
      {"generation", {0}},
      {"writer_state", {0, 4}},
      {"entry_count", {5, UINT32_MAX}},
  };
  ASSERT_EQ(faults.size(), kMembers.size());
  const RingFolder folder;
  MakeRing(folder, 8, 20);
  const std::string path = folder.File("test");
  const std::string good = BytesOf(path);
  for (const auto& [field, values] : faults) {
    for (const std::uint64_t value : values) {
      SCOPED_TRACE(testing::Message() << field << " = " << value);
      SetMember(path, field, value);
      const absl::StatusOr<RingReader> reader = OpenFile(path);
      EXPECT_TRUE(absl::IsInvalidArgument(reader.status())) << reader.status();
      EXPECT_THAT(
          MessageOf(reader.status()),
          AllOf(HasSubstr(path), HasSubstr(absl::StrCat("ring corrupt: field=", std::string(field),
                                                        " value=", value, " expected="))));
      Overwrite(path, 0, good.data(), sizeof(RingHeader));
    }
  }
  EXPECT_TRUE(OpenFile(path).ok());
}

// Calls until a reader has nothing more to say, at most so many.
constexpr int kCallsMax = 100;

struct Outcome {
  std::uint64_t read = 0;
  std::uint64_t laps = 0;
  RingRead last = RingRead::kNothing;
};

Outcome ReadToTheEnd(RingReader& reader) {
  Outcome outcome;
  for (int call = 0; call < kCallsMax; ++call) {
    outcome.last = reader.Next();
    switch (outcome.last) {
      case RingRead::kRecord:
        ++outcome.read;
        break;
      case RingRead::kLapped:
        ++outcome.laps;
        break;
      default:
        return outcome;
    }
  }
  ADD_FAILURE() << "a reader that does not end";
  return outcome;
}

TEST(RingFileFaultTest, FaultM5ANewestThatIsFarAheadEndsTheReaderInAFewSteps) {
  const RingFolder folder;
  MakeRing(folder, 8, 20);
  for (const std::uint64_t newest :
       {std::uint64_t{21}, std::uint64_t{28}, std::uint64_t{29}, std::uint64_t{1'000'003},
        std::uint64_t{1} << 32, UINT64_MAX - 1, UINT64_MAX}) {
    SCOPED_TRACE(newest);
    Overwrite(folder.File("test"), offsetof(RingHeader, newest), &newest, sizeof(newest));
    RingReader reader = OpenTestRing(folder);
    EXPECT_EQ(ReadToTheEnd(reader).last, RingRead::kCorrupt);
    EXPECT_THAT(reader.corruption(),
                AllOf(HasSubstr("ring corrupt: field=seq value="),
                      HasSubstr(absl::StrCat("expected=", reader.position()))));
    // Again: it says the same, and goes nowhere.
    EXPECT_EQ(reader.Next(), RingRead::kCorrupt);
    // The table does not depend on it.
    EXPECT_TRUE(reader.Latest("BTCUSDT"));
  }
}

TEST(RingFileFaultTest, FaultM5ANewestThatGoesBackIsNothingNew) {
  const RingFolder folder;
  MakeRing(folder, 8, 20);
  RingReader reader = OpenTestRing(folder);
  EXPECT_EQ(ReadToTheEnd(reader).read, 8u);
  const std::uint64_t newest = 3;
  Overwrite(folder.File("test"), offsetof(RingHeader, newest), &newest, sizeof(newest));
  EXPECT_EQ(ReadToTheEnd(reader).last, RingRead::kEnded);
  EXPECT_EQ(reader.position(), 21u);
}

TEST(RingFileFaultTest, FaultM5ASlotWithARandomNumberIsCorruptOrGoneNeverARecord) {
  const RingFolder folder;
  MakeRing(folder, 8, 20);
  const std::string path = folder.File("test");
  const RingHeader header = OpenTestRing(folder).header();
  std::mt19937_64 random(1);
  for (int i = 0; i < 2'000; ++i) {
    // Of record 17. Small numbers too, which may be those of other records.
    const std::uint64_t number = i % 2 == 0 ? random() : random() % 64;
    if (number == 17) continue;
    SCOPED_TRACE(number);
    Overwrite(path, header.ring_offset + kSeqWord * 8, &number, sizeof(number));
    RingReader reader = OpenTestRing(folder);
    reader.Seek(17);
    const RingRead read = reader.Next();
    // What a writer leaves: open, or a later record of this slot.
    const bool is_possible = number == 0 || (number > 17 && (number - 17) % 8 == 0);
    EXPECT_EQ(read, is_possible ? RingRead::kLapped : RingRead::kCorrupt);
    if (read == RingRead::kCorrupt) {
      EXPECT_EQ(reader.corruption(), absl::StrCat("ring corrupt: field=seq value=", number,
                                                  " expected=17, or a later one of its slot"));
    }
  }
}

// Scribbles over a file while a reader has it open, and opens it anew.
TEST(RingFileFaultTest, FaultM5ReadersOfScribbledFilesEndWithoutReadingBeyondThem) {
  const RingFolder folder;
  MakeRing(folder, 8, 20);
  const std::string path = folder.File("test");
  const std::string good = BytesOf(path);
  std::mt19937_64 random(1);
  int opened = 0;
  for (int round = 0; round < 3'000; ++round) {
    RingReader reader = OpenTestRing(folder);
    // A few words anywhere, mostly in header and table, where things are believed.
    for (std::uint64_t word = 1 + random() % 4; word > 0; --word) {
      const std::size_t area = random() % 2 == 0 ? sizeof(RingHeader) : good.size();
      const std::size_t offset = random() % (area / 8) * 8;
      const std::uint64_t value = random() >> random() % 64;
      Overwrite(path, offset, &value, sizeof(value));
    }
    (void)ReadToTheEnd(reader);
    reader.Seek(RingStart::kOldest);
    (void)ReadToTheEnd(reader);
    for (std::size_t id = 0; id < reader.symbol_count(); ++id) {
      if (const std::optional<RingSymbol> symbol = reader.symbol(id)) {
        EXPECT_LE(symbol->name.size(), kRingNameBytes);
      }
      (void)reader.Latest(id);
    }
    EXPECT_LE(reader.symbol_count(), reader.header().entry_capacity);
    (void)reader.writer();
    (void)reader.statistics();
    absl::StatusOr<RingReader> other = OpenFile(path);
    if (other.ok()) {
      ++opened;
      (void)ReadToTheEnd(*other);
    }
    Overwrite(path, 0, good.data(), good.size());
  }
  EXPECT_GT(opened, 100);
  EXPECT_LT(opened, 3'000);
}

// --- M6 -----------------------------------------------------------------------------------------

TEST(RingFileFaultTest, FaultM6AFileThatWasCutIsRefused) {
  const RingFolder folder;
  MakeRing(folder, 8, 20);
  const std::string path = folder.File("test");
  const std::string good = BytesOf(path);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, sizeof(RingHeader) - 1, sizeof(RingHeader),
        std::size_t{4096}, good.size() - 1, good.size() + 1, good.size() + 4096}) {
    SCOPED_TRACE(size);
    std::filesystem::resize_file(path, size);
    const absl::StatusOr<RingReader> reader = OpenFile(path);
    EXPECT_TRUE(absl::IsInvalidArgument(reader.status())) << reader.status();
    EXPECT_THAT(MessageOf(reader.status()),
                AllOf(HasSubstr("ring corrupt: field=file"), HasSubstr(absl::StrCat(size))));
    std::filesystem::resize_file(path, 0);
    std::ofstream(path, std::ios::binary) << good;
  }
  EXPECT_TRUE(OpenFile(path).ok());
}

// What came of making a ring of 2 MiB in a folder that has no room for it.
struct RefusedRing {
  bool tried = false;
  bool refused = false;
  std::array<char, 512> message{};
  std::array<char, 64> left{};  // A file that was left behind.
};

void TryToMakeALargeRing(const std::string& folder, RefusedRing& result) {
  const absl::StatusOr<RingName> name = RingName::Take("test", 0600, folder);
  if (!name.ok()) return;
  result.tried = true;
  const absl::Status status = RingWriter::Create(*name, TestShape(8'192)).status();
  result.refused = absl::IsResourceExhausted(status);
  std::strncpy(result.message.data(), MessageOf(status).c_str(), result.message.size() - 1);
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string left = file.path().filename().string();
    if (left != "thalweg.test.lock") {
      std::strncpy(result.left.data(), left.c_str(), result.left.size() - 1);
    }
  }
}

void ExpectRefused(const RefusedRing& result, const RingFolder& folder) {
  const std::string message(result.message.data());
  EXPECT_TRUE(result.refused) << message;
  // Path, what was asked for, what there is, and what to do.
  EXPECT_THAT(message, AllOf(HasSubstr(folder.File("test.new")), HasSubstr("no room for a ring of"),
                             HasSubstr("are free in"), HasSubstr("capacity smaller")));
  EXPECT_STREQ(result.left.data(), "");
}

TEST(RingFileFaultTest, FaultM6ARingLargerThanItsFileSystemIsRefusedAndLeavesNothing) {
  const RingFolder folder;
  const SharedPage<RefusedRing> result;
  // A file system of 1 MiB, that this child alone sees.
  ChildProcess child([&] {
    const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") == 0;
    if (mounted) TryToMakeALargeRing(folder.path(), *result);
    return 0;
  });
  ASSERT_EQ(child.Wait(), 0);
  if (result->tried) {
    ExpectRefused(*result, folder);
  } else {
    std::cout << "no file system may be mounted here; the limit of a file's size takes its place\n";
  }
}

TEST(RingFileFaultTest, FaultM6ARingLargerThanAFileMayBeIsRefusedAndLeavesNothing) {
  const RingFolder folder;
  const SharedPage<RefusedRing> result;
  ChildProcess child([&] {
    constexpr rlimit kLimit{std::uint64_t{1} << 20, std::uint64_t{1} << 20};
    ::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &kLimit) == 0) TryToMakeALargeRing(folder.path(), *result);
    return 0;
  });
  ASSERT_EQ(child.Wait(), 0);
  ASSERT_TRUE(result->tried);
  ExpectRefused(*result, folder);
}

// --- M7 -----------------------------------------------------------------------------------------

TEST(RingFileFaultTest, FaultM7PermissionsAreThoseAskedForWhateverTheUmask) {
  const mode_t before = ::umask(0);
  for (const mode_t mask : {0000u, 0022u, 0077u}) {
    for (const std::uint32_t mode : {0600u, 0640u}) {
      SCOPED_TRACE(testing::Message() << std::oct << "umask " << mask << " mode " << mode);
      const RingFolder folder;
      ::umask(mask);
      const RingName name = RingName::Take("test", mode, folder.path()).value();
      const auto writer = RingWriter::Create(name, TestShape(2)).value();
      struct stat stat = {};
      ASSERT_EQ(::stat(folder.File("test").c_str(), &stat), 0);
      EXPECT_EQ(stat.st_mode & 07777, mode);
      ASSERT_EQ(::stat(folder.File("test.lock").c_str(), &stat), 0);
      EXPECT_EQ(stat.st_mode & 07177, 0u);  // Ours alone.
    }
  }
  ::umask(before);
}

TEST(RingFileFaultTest, FaultM7ALinkInPlaceIsNeverFollowed) {
  for (const std::string end : {"test", "test.new", "test.lock"}) {
    SCOPED_TRACE(end);
    const RingFolder folder;
    const RingFolder elsewhere;
    const std::string victim = elsewhere.path() + "/precious";
    std::ofstream(victim) << "precious";
    std::filesystem::create_symlink(victim, folder.File(end));

    const absl::StatusOr<RingReader> reader = OpenFile(folder.File("test"));
    EXPECT_FALSE(reader.ok());
    const absl::StatusOr<RingName> name = RingName::Take("test", 0600, folder.path());
    if (end == "test.lock") {
      EXPECT_TRUE(absl::IsPermissionDenied(name.status())) << name.status();
      EXPECT_THAT(MessageOf(name.status()), HasSubstr(folder.File(end)));
    } else {
      // It lies where a ring is to be, and is ours to replace.
      ASSERT_TRUE(name.ok()) << name.status();
      ASSERT_TRUE(RingWriter::Create(*name, TestShape(2)).ok());
      EXPECT_TRUE(
          std::filesystem::is_regular_file(std::filesystem::symlink_status(folder.File("test"))));
      EXPECT_FALSE(std::filesystem::exists(folder.File("test.new")));
    }
    EXPECT_EQ(BytesOf(victim), "precious");
  }
}

TEST(RingFileFaultTest, FaultM7AReaderRefusesALinkToAGoodRing) {
  const RingFolder folder;
  MakeRing(folder, 8, 3);
  std::filesystem::create_symlink(folder.File("test"), folder.File("link"));
  const absl::StatusOr<RingReader> reader = OpenFile(folder.File("link"));
  EXPECT_TRUE(absl::IsPermissionDenied(reader.status()));
  EXPECT_THAT(MessageOf(reader.status()), AllOf(HasSubstr(folder.File("link")), HasSubstr("link")));
}

TEST(RingFileFaultTest, FaultM7AFileThatOthersMayWriteIsRefused) {
  const RingFolder folder;
  MakeRing(folder, 8, 3);
  for (const mode_t mode : {0620u, 0602u, 0666u}) {
    SCOPED_TRACE(mode);
    ASSERT_EQ(::chmod(folder.File("test").c_str(), mode), 0);
    const absl::StatusOr<RingReader> reader = OpenFile(folder.File("test"));
    EXPECT_TRUE(absl::IsPermissionDenied(reader.status()));
    EXPECT_THAT(MessageOf(reader.status()),
                AllOf(HasSubstr(folder.File("test")), HasSubstr(absl::StrFormat("%04o", mode)),
                      HasSubstr("chmod")));
    ASSERT_EQ(::chmod(folder.File("test.lock").c_str(), mode), 0);
    const absl::StatusOr<RingName> name = RingName::Take("test", 0600, folder.path());
    EXPECT_TRUE(absl::IsPermissionDenied(name.status()));
    EXPECT_THAT(MessageOf(name.status()), HasSubstr(folder.File("test.lock")));
    ASSERT_EQ(::chmod(folder.File("test.lock").c_str(), 0600), 0);
  }
  for (const mode_t mode : {0600u, 0640u, 0644u}) {
    ASSERT_EQ(::chmod(folder.File("test").c_str(), mode), 0);
    EXPECT_TRUE(OpenFile(folder.File("test")).ok()) << mode;
  }
}

TEST(RingFileFaultTest, FaultM7WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  const RingFolder folder;
  ASSERT_EQ(::mkfifo(folder.File("test").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(OpenFile(folder.File("test")).status()));
  std::filesystem::remove(folder.File("test"));
  std::filesystem::create_directory(folder.File("test"));
  EXPECT_FALSE(OpenFile(folder.File("test")).ok());
  // Nor is a folder in its place taken away, or anything left beside it.
  const RingName name = RingName::Take("test", 0600, folder.path()).value();
  EXPECT_FALSE(RingWriter::Create(name, TestShape(2)).ok());
  EXPECT_EQ(FilesIn(folder), (std::vector<std::string>{"thalweg.test", "thalweg.test.lock"}));
}

TEST(RingFileFaultTest, FaultM7ANameThatAnotherUserHasIsLeftToHim) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make files of another user";
  constexpr uid_t kOther = 65'534;
  for (const std::string end : {"test", "test.ladders", "test.lock"}) {
    SCOPED_TRACE(end);
    const RingFolder folder;
    MakeRing(folder, 8, 3);
    if (end == "test.ladders") {
      std::filesystem::copy_file(folder.File("test"), folder.File(end));
    }
    const std::string before = BytesOf(folder.File(end));
    ASSERT_EQ(::chown(folder.File(end).c_str(), kOther, kOther), 0);
    const absl::StatusOr<RingName> name = RingName::Take("test", 0600, folder.path());
    EXPECT_TRUE(absl::IsPermissionDenied(name.status())) << name.status();
    EXPECT_THAT(MessageOf(name.status()),
                AllOf(HasSubstr(folder.File(end)), HasSubstr(absl::StrCat(kOther))));
    EXPECT_EQ(BytesOf(folder.File(end)), before);
    if (end != "test") continue;
    const absl::StatusOr<RingReader> reader = OpenFile(folder.File(end));
    EXPECT_TRUE(absl::IsPermissionDenied(reader.status()));
    EXPECT_THAT(MessageOf(reader.status()), HasSubstr(absl::StrCat(kOther)));
    // Unless its reader says whose rings it trusts.
    RingOpenOptions options;
    options.owner = kOther;
    EXPECT_TRUE(RingReader::Open(folder.File(end), options).ok());
  }
}

// --- M8 -----------------------------------------------------------------------------------------

// Records in a ring that begins at a late number, from the oldest that is held to the end.
void ExpectRecords(std::uint64_t first, std::uint64_t records, std::uint64_t capacity) {
  SCOPED_TRACE(testing::Message() << records << " records from " << first);
  const RingFolder folder;
  RingShape shape = TestShape(capacity);
  shape.first_seq = first;
  const TestRing ring(folder, shape);
  RingReader follower = OpenTestRing(folder);
  follower.Seek(first);
  RingReader late = OpenTestRing(folder);
  late.Seek(first);
  for (std::uint64_t i = 0; i < records; ++i) {
    ASSERT_EQ(ring.writer->Publish(TestRecord(i).bytes(), kSymbol), first + i);
    ASSERT_EQ(follower.Next(), RingRead::kRecord);
    EXPECT_TRUE(TestRecord::IsWhole(follower.record(), i, first + i));
  }
  EXPECT_EQ(follower.lost(), 0u);
  EXPECT_EQ(follower.Next(), RingRead::kNothing);
  ASSERT_EQ(late.Next(), RingRead::kLapped);
  EXPECT_EQ(late.last_lost(), records - 1);
  ASSERT_EQ(late.Next(), RingRead::kRecord);
  EXPECT_EQ(late.record().header().seq, first + records - 1);

  RingReader oldest = OpenTestRing(folder);
  for (std::uint64_t i = records - capacity; i < records; ++i) {
    ASSERT_EQ(oldest.Next(), RingRead::kRecord);
    EXPECT_TRUE(TestRecord::IsWhole(oldest.record(), i, first + i));
  }
  EXPECT_EQ(oldest.Next(), RingRead::kNothing);
  ring.writer->Close();
  EXPECT_EQ(oldest.Next(), RingRead::kEnded);
  EXPECT_EQ(late.Next(), RingRead::kEnded);
}

TEST(RingFileFaultTest, FaultM8NumbersPassEveryPowerOfTwoAndReachTheLastOne) {
  for (const std::uint64_t capacity : {std::uint64_t{1}, std::uint64_t{4}}) {
    for (const int bit : {16, 31, 32, 33, 48, 62, 63}) {
      ExpectRecords((std::uint64_t{1} << bit) - 5, 10, capacity);
    }
    ExpectRecords(kRingSeqMax - 9, 10, capacity);
  }
}

TEST(RingFileFaultTest, FaultM8AfterTheLastNumberNothingIsPublished) {
  const RingFolder folder;
  RingShape shape = TestShape(4);
  shape.first_seq = kRingSeqMax - 1;
  const TestRing ring(folder, shape);
  ring.writer->AddSymbol(kSymbol, "BTCUSDT");
  ASSERT_EQ(ring.writer->Publish(TestRecord(1).bytes(), kSymbol), kRingSeqMax - 1);
  ASSERT_EQ(ring.writer->Publish(TestRecord(2).bytes(), kSymbol), kRingSeqMax);
  const std::string full = BytesOf(folder.File("test"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ring.writer->Publish(TestRecord(3).bytes(), kSymbol), 0u);
  }
  EXPECT_EQ(BytesOf(folder.File("test")), full);
  RingReader reader = OpenTestRing(folder, RingStart::kNewest);
  ASSERT_EQ(reader.Next(), RingRead::kRecord);
  EXPECT_TRUE(TestRecord::IsWhole(reader.record(), 2, kRingSeqMax));
  ASSERT_TRUE(reader.Latest("BTCUSDT"));
  EXPECT_TRUE(TestRecord::IsWhole(reader.record(), 2, kRingSeqMax));
  // The symbol's state is told all the same.
  RingStatus status;
  status.state = 3;
  ring.writer->SetStatus(kSymbol, status);
  EXPECT_EQ(reader.symbol(0)->status.state, 3u);
}

TEST(RingFileFaultTest, FaultM8AReaderThatLosesTheLastRecordIsAtItsEnd) {
  const RingFolder folder;
  RingShape shape = TestShape(4);
  shape.first_seq = kRingSeqMax - 3;
  {
    const TestRing ring(folder, shape);
    for (std::uint64_t i = 0; i < 4; ++i) {
      ASSERT_NE(ring.writer->Publish(TestRecord(i).bytes(), kSymbol), 0u);
    }
  }
  RingReader reader = OpenTestRing(folder);
  reader.Seek(kRingSeqMax);
  // As if another record were being written over it.
  const std::uint64_t open = 0;
  const std::size_t slot = (kRingSeqMax - 1) % 4;
  Overwrite(folder.File("test"),
            reader.header().ring_offset + slot * kTestRecordBytes + kSeqWord * 8, &open,
            sizeof(open));
  EXPECT_EQ(reader.Next(), RingRead::kLapped);
  EXPECT_EQ(reader.last_lost(), 1u);
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
}

// --- M9 -----------------------------------------------------------------------------------------

TEST(RingFileFaultTest, FaultM9AnotherBuildsLayoutIsRefusedWithBothValues) {
  struct Other {
    std::string_view member;
    std::uint64_t value;
    const char* words;
  };
  const std::vector<Other> others = {
      {"version", 2, "field=version value=2 expected=1"},
      {"header_bytes", 384, "field=header_bytes value=384 expected=320"},
      {"statistics_bytes", 2240, "field=statistics_bytes value=2240 expected=2176"},
      {"entry_bytes", 512, "field=entry_bytes value=512 expected=448"},
      {"slot_bytes", 320, "field=slot_bytes value=320 expected=256"},
  };
  const RingFolder folder;
  MakeRing(folder, 8, 3);
  const std::string path = folder.File("test");
  const std::string good = BytesOf(path);
  for (const Other& other : others) {
    SetMember(path, other.member, other.value);
    const absl::StatusOr<RingReader> reader = OpenFile(path);
    EXPECT_TRUE(absl::IsInvalidArgument(reader.status()));
    EXPECT_THAT(MessageOf(reader.status()), HasSubstr(other.words));
    Overwrite(path, 0, good.data(), sizeof(RingHeader));
  }
}

// Room for stages is told in words of the header that an older build's reader takes for reserved:
// to it, they lie in a gap between two parts. A file of an older build has none.
TEST(RingFileFaultTest, FaultM9ABuildThatKnowsOfNoStagesReadsARingThatHasThem) {
  const RingFolder folder;
  RingShape shape = TestShape(8);
  shape.stages = true;
  {
    const TestRing ring(folder, shape);
    ring.PublishTo(3);
  }
  const std::string path = folder.File("test");
  const absl::StatusOr<RingReader> reader = OpenFile(path);
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(reader->stage(Stage::kBook));
  EXPECT_EQ(reader->header().statistics_bytes, 2176u);

  RingHeader older = reader->header();
  older.stages_offset = older.stage_count = older.stage_bytes = 0;
  Overwrite(path, 0, &older, sizeof(older));
  absl::StatusOr<RingReader> of_older = OpenFile(path);
  ASSERT_TRUE(of_older.ok()) << of_older.status();
  EXPECT_FALSE(of_older->stage(Stage::kBook));
  EXPECT_EQ(of_older->Next(), RingRead::kRecord);
  EXPECT_EQ(of_older->schema(), shape.schema);
}

TEST(RingFileFaultTest, FaultM9StagesOfAnotherBuildAreReadAsFarAsTheyAreKnown) {
  const RingFolder folder;
  RingShape shape = TestShape(8);
  shape.stages = true;
  { const TestRing ring(folder, shape); }
  const std::string path = folder.File("test");
  RingHeader header = OpenFile(path)->header();
  header.stage_count = 2;
  Overwrite(path, 0, &header, sizeof(header));
  const absl::StatusOr<RingReader> reader = OpenFile(path);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE(reader->stage(Stage::kQueue));
  EXPECT_FALSE(reader->stage(Stage::kDecode));
}

TEST(RingFileFaultTest, FaultM5StagesThatMakeNoSenseAreRefusedByNameAndValue) {
  const RingFolder folder;
  RingShape shape = TestShape(8);
  shape.stages = true;
  { const TestRing ring(folder, shape); }
  const std::string path = folder.File("test");
  const RingHeader good = OpenFile(path)->header();
  const auto refusal_of = [&](std::uint64_t offset, std::uint32_t count, std::uint32_t bytes) {
    RingHeader header = good;
    header.stages_offset = offset;
    header.stage_count = count;
    header.stage_bytes = bytes;
    Overwrite(path, 0, &header, sizeof(header));
    return MessageOf(OpenFile(path).status());
  };
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;
  for (const std::uint64_t offset :
       {std::uint64_t{0}, good.stages_offset + 1, good.statistics_offset, kHuge, UINT64_MAX - 63}) {
    EXPECT_THAT(refusal_of(offset, good.stage_count, good.stage_bytes),
                HasSubstr(absl::StrCat("field=stages_offset value=", offset, " expected=")));
  }
  EXPECT_THAT(refusal_of(good.stages_offset, 65, good.stage_bytes),
              HasSubstr("field=stage_count value=65 expected=at most 64"));
  // More than there is room for in front of the schema.
  EXPECT_THAT(refusal_of(good.stages_offset, 7, good.stage_bytes),
              HasSubstr("field=schema_offset value="));
  for (const std::uint32_t bytes : {0U, 8U, 2176U, UINT32_MAX}) {
    EXPECT_THAT(refusal_of(good.stages_offset, good.stage_count, bytes),
                HasSubstr(absl::StrCat("field=stage_bytes value=", bytes, " expected=2112")));
  }
}

TEST(RingFileFaultTest, FaultM9ASchemaThatIsNotTheHeadersIsRefusedWithBothHashes) {
  const RingFolder folder;
  RingShape shape = TestShape(8);
  const std::uint64_t real = shape.schema_hash;
  shape.schema_hash = real + 1;
  { const TestRing ring(folder, shape); }
  const absl::StatusOr<RingReader> reader = OpenFile(folder.File("test"));
  EXPECT_TRUE(absl::IsInvalidArgument(reader.status()));
  EXPECT_THAT(MessageOf(reader.status()),
              AllOf(HasSubstr(absl::StrCat("field=schema_hash value=", real + 1)),
                    HasSubstr(absl::StrCat("expected=", real))));
}

}  // namespace
}  // namespace thalweg
