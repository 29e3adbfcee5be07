// Keeps what audits found wrong as small recordings in a folder of their own, on a thread of its
// own: `<UTC time>-<SYMBOL>-<id>.zst`, each written at once and never touched again.
//
// Bounds: at most kEvidenceFilesMax files and kEvidenceBytesMax bytes are in the folder, those of
// earlier runs counted; at most kEvidenceWaitingMax wait for the disk. What is beyond is told and
// counted, and nothing that is there gives way to it: the first divergences say the most.
//
// Threads: Keep() any, with a lock that is held for a pointer; the rest whoever made it. `tell` is
// called on the folder's thread. Errors of the disk are told, and stop nothing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"
#include "pipeline/audit_evidence.h"
#include "pipeline/engine_options.h"

namespace thalweg {

inline constexpr std::size_t kEvidenceFilesMax = 100;
inline constexpr std::int64_t kEvidenceBytesMax = std::int64_t{256} << 20;
inline constexpr std::size_t kEvidenceWaitingMax = 16;

struct EvidenceCounts {
  std::int64_t written = 0;
  std::int64_t left_out = 0;  // No room in the folder or in the queue, or nothing to be made of it.
  std::int64_t failed = 0;    // The disk's.
};

class EvidenceFolder {
 public:
  // One sentence about one divergence, and where its evidence is.
  using Teller = std::function<void(std::string_view line)>;

  // Makes the folder when it is not there. Unavailable with path and reason. `run`: as of the run's
  // recordings.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<EvidenceFolder>> Open(const std::string& path,
                                                                            const std::string& run,
                                                                            Teller tell);
  // Close()
  ~EvidenceFolder();
  EvidenceFolder(const EvidenceFolder&) = delete;
  EvidenceFolder& operator=(const EvidenceFolder&) = delete;

  // `options`: of the engine; they outlive the folder.
  void Keep(std::shared_ptr<const AuditEvidence> evidence, const EngineOptions& options);

  // Writes what waits, and ends the thread.
  void Close();
  [[nodiscard]] EvidenceCounts counts() const;

 private:
  struct Waiting {
    std::shared_ptr<const AuditEvidence> evidence;
    const EngineOptions* options;
  };

  EvidenceFolder(std::string path, std::string run, Teller tell);
  void Run();
  void Write(const Waiting& waiting);
  void TellOf(const AuditEvidence& evidence, std::string_view where);

  const std::string path_;
  const std::string run_;
  const Teller tell_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> waiting_;  // Guarded by mutex_, like all below.
  bool closing_ = false;
  EvidenceCounts counts_;

  std::thread thread_;
};

// The file of a divergence; bytes of the symbol that are no letter or digit become '_'.
[[nodiscard]] std::string EvidenceName(const AuditEvidence& evidence);

}  // namespace thalweg
