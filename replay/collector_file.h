// A file in the form of hftbacktest's collector, being written: `<ns> <payload>` lines, packed by
// gzip when the name ends in .gz.
//
// The first error is kept and told by Close(); what was written before it stays.
// Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"

namespace thalweg {

class CollectorFile {
 public:
  // A new file, or standard output for "-". AlreadyExists when there is anything of that name, else
  // Unavailable, with path and reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CollectorFile>> Create(
      const std::string& path);
  ~CollectorFile();
  CollectorFile(const CollectorFile&) = delete;
  CollectorFile& operator=(const CollectorFile&) = delete;

  void Write(ReceiveTime received, std::string_view payload);
  // Unavailable with path and reason after any error.
  [[nodiscard]] absl::Status Close();
  // Ends the file and removes it, unless it is standard output.
  void Discard();

 private:
  struct State;
  explicit CollectorFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
