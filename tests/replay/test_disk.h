// A disk in memory under test's control: how each call ends, how much room there is, and what is
// stored. The seam of replay/output_file.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "replay/output_file.h"

namespace thalweg {

enum class DiskCall : std::uint8_t { kOpen, kWrite, kSync, kClose };

enum class DiskAnswer : std::uint8_t {
  kGood,
  kShort,  // Write: takes half, one byte at least.
  kFull,   // Open, Write: no room.
  kError,  // Any call. Write takes half before it.
};

class TestDisk {
 public:
  // How a call ends; `number` counts all calls of all files from 1. Absent: all are good.
  std::function<DiskAnswer(DiskCall call, int number)> answer;
  std::size_t room = SIZE_MAX;               // For bytes; falls as they are stored.
  std::map<std::string, std::string> files;  // By path.
  int calls = 0;
  int syncs = 0;

  [[nodiscard]] absl::StatusOr<std::unique_ptr<OutputFile>> Open(const std::string& path) {
    if (Ask(DiskCall::kOpen) != DiskAnswer::kGood) {
      return absl::UnavailableError(path + ": Input/output error");
    }
    if (!files.try_emplace(path).second) return absl::AlreadyExistsError(path + ": File exists");
    return std::make_unique<File>(*this, path);
  }
  [[nodiscard]] std::unique_ptr<OutputFile> OpenOne() { return *Open("memory.zst"); }
  [[nodiscard]] const std::string& one() const { return files.at("memory.zst"); }

 private:
  class File final : public OutputFile {
   public:
    File(TestDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

    absl::StatusOr<std::size_t> Write(std::string_view bytes) override {
      switch (disk_.Ask(DiskCall::kWrite)) {
        case DiskAnswer::kGood:
          break;
        case DiskAnswer::kShort:
          bytes = bytes.substr(0, (bytes.size() + 1) / 2);
          break;
        case DiskAnswer::kFull:
          return absl::ResourceExhaustedError("No space left on device");
        case DiskAnswer::kError:
          Append(bytes.substr(0, bytes.size() / 2));
          return absl::UnavailableError("Input/output error");
      }
      if (disk_.room == 0) return absl::ResourceExhaustedError("No space left on device");
      return Append(bytes);
    }
    absl::Status Sync() override {
      ++disk_.syncs;
      return Answer(DiskCall::kSync);
    }
    absl::Status Close() override { return Answer(DiskCall::kClose); }
    const std::string& path() const noexcept override { return path_; }

   private:
    std::size_t Append(std::string_view bytes) {
      bytes = bytes.substr(0, std::min(bytes.size(), disk_.room));
      disk_.room -= bytes.size();
      disk_.files.at(path_).append(bytes);
      return bytes.size();
    }
    absl::Status Answer(DiskCall call) {
      if (disk_.Ask(call) == DiskAnswer::kError)
        return absl::UnavailableError("Input/output error");
      return absl::OkStatus();
    }

    TestDisk& disk_;
    const std::string path_;
  };

  DiskAnswer Ask(DiskCall call) {
    ++calls;
    return answer ? answer(call, calls) : DiskAnswer::kGood;
  }
};

}  // namespace thalweg
