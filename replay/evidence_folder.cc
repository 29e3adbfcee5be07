#include "replay/evidence_folder.h"

#include <pthread.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "replay/audit_recording.h"
#include "replay/output_file.h"
#include "replay/recording_writer.h"
#include "replay/segment_writer.h"

namespace thalweg {
namespace {

// Keep() wakes nobody: that would be a call of the kernel on an engine's thread.
constexpr auto kLookPeriod = std::chrono::milliseconds(50);
constexpr std::string_view kSuffix = ".zst";

struct Used {
  std::size_t files = 0;
  std::int64_t bytes = 0;
};

absl::StatusOr<Used> UsedOf(const std::string& path) {
  Used used;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    ++used.files;
    std::error_code gone;
    const std::uintmax_t bytes = entry->file_size(gone);
    if (!gone) used.bytes += static_cast<std::int64_t>(bytes);
  }
  if (error) return absl::UnavailableError(absl::StrCat(path, ": ", error.message()));
  return used;
}

}  // namespace

std::string EvidenceName(const AuditEvidence& evidence) {
  std::string symbol = evidence.instrument.symbol;
  for (char& c : symbol) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return absl::StrCat(UtcStamp(evidence.received), "-", symbol, "-", evidence.id.raw(),
                      Abseil(kSuffix));
}

absl::StatusOr<std::unique_ptr<EvidenceFolder>> EvidenceFolder::Open(const std::string& path,
                                                                     const std::string& run,
                                                                     Teller tell) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return absl::UnavailableError(absl::StrCat(path, ": ", error.message()));
  const absl::StatusOr<Used> used = UsedOf(path);
  if (!used.ok()) return used.status();
  std::unique_ptr<EvidenceFolder> folder(new EvidenceFolder(path, run, std::move(tell)));
  folder->thread_ = std::thread([made = folder.get()] { made->Run(); });
  pthread_setname_np(folder->thread_.native_handle(), "evidence");
  return folder;
}

EvidenceFolder::EvidenceFolder(std::string path, std::string run, Teller tell)
    : path_(std::move(path)), run_(std::move(run)), tell_(std::move(tell)) {}

EvidenceFolder::~EvidenceFolder() { Close(); }

void EvidenceFolder::Keep(std::shared_ptr<const AuditEvidence> evidence,
                          const EngineOptions& options) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kEvidenceWaitingMax) {
    ++counts_.left_out;
    return;
  }
  waiting_.push_back({std::move(evidence), &options});
}

void EvidenceFolder::Close() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

EvidenceCounts EvidenceFolder::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

// --- The folder's thread ------------------------------------------------------------------------

void EvidenceFolder::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    // What was kept before the close is then seen.
    const bool closing = closing_;
    std::deque<Waiting> waiting;
    waiting.swap(waiting_);
    lock.unlock();
    for (const Waiting& one : waiting) {
      try {
        Write(one);
      } catch (...) {
        // No memory for a copy of the book as text: the run goes on without it.
        const std::lock_guard again(mutex_);
        ++counts_.failed;
      }
    }
    lock.lock();
    if (closing) return;
    wake_.wait_for(lock, kLookPeriod, [this] { return closing_; });
  }
}

void EvidenceFolder::Write(const Waiting& waiting) {
  const AuditEvidence& evidence = *waiting.evidence;
  const auto count = [this](std::int64_t EvidenceCounts::*counter) {
    const std::lock_guard lock(mutex_);
    ++(counts_.*counter);
  };
  const std::string name = EvidenceName(evidence);
  const std::vector<AuditLine> lines =
      AuditRecording(evidence, *waiting.options, absl::StrCat(run_, "-", name));
  if (lines.empty()) {
    count(&EvidenceCounts::left_out);
    return TellOf(evidence, "no evidence can be made of it");
  }
  const absl::StatusOr<Used> used = UsedOf(path_);
  if (used.ok() && (used->files >= kEvidenceFilesMax || used->bytes >= kEvidenceBytesMax)) {
    count(&EvidenceCounts::left_out);
    return TellOf(evidence, absl::StrCat("no evidence is kept: ", path_, " holds ", used->files,
                                         " files, ", used->bytes, " bytes; move them away"));
  }
  absl::Status status = used.status();
  const std::string path = std::filesystem::path(path_) / name;
  std::error_code ignored;
  if (status.ok()) {
    absl::StatusOr<std::unique_ptr<RecordingWriter>> writer = RecordingWriter::Create(path);
    status = writer.status();
    if (status.ok()) {
      for (const AuditLine& line : lines) (*writer)->Write(line.received, line.text);
      status = (*writer)->Close();
      // What is not whole is no evidence, and takes a place.
      if (!status.ok()) std::filesystem::remove(path, ignored);
    }
  }
  count(status.ok() ? &EvidenceCounts::written : &EvidenceCounts::failed);
  TellOf(evidence, status.ok() ? absl::StrCat("evidence: ", path)
                               : absl::StrCat("no evidence: ", status.message()));
}

void EvidenceFolder::TellOf(const AuditEvidence& evidence, std::string_view where) {
  if (!tell_) return;
  tell_(absl::StrCat(evidence.instrument.symbol, ": audit diverged at ", evidence.id.raw(), ": ",
                     Describe(evidence), "; ", Abseil(where)));
}

}  // namespace thalweg
