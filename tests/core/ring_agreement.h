// Gives the bytes of a ring's file, whatever they are, to the C++ reader and to the C reader, lets
// each read everything that it lets one read, and compares what they say.
#pragma once

#include <string>
#include <string_view>

#include "tests/core/ring_testing.h"

namespace thalweg {

struct RingAgreement {
  std::string refusal;       // Of the C++ reader; empty when it opened the file.
  std::string disagreement;  // What the two say differently; empty when they agree.
};

// A file that is written again and again. Threads: one at a time.
class RingOfBytes {
 public:
  RingOfBytes();
  RingOfBytes(const RingOfBytes&) = delete;
  RingOfBytes& operator=(const RingOfBytes&) = delete;
  ~RingOfBytes();

  // The C reader has the bytes in memory of just their size, so that a sanitizer sees it read
  // behind their end; the C++ reader, which only maps files, has the file.
  [[nodiscard]] RingAgreement ReadByBoth(std::string_view bytes);
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  RingFolder folder_;
  std::string path_ = folder_.File("bytes");
  int descriptor_ = -1;
};

}  // namespace thalweg
