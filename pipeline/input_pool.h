// The memory of inputs on their way from the network through an engine to a recorder.
//
// Inputs come in sizes, each with a fixed count; what was never used is not resident, and what was
// used last is used first. Texts above the largest size are giants: allocated and freed on the
// network's thread, kGiantsMax at a time and kGiantBytesMax each. Where there is no room Take()
// answers null; nothing waits.
//
// Shares: a symbol may hold as many inputs of a size as are free of it. One symbol alone that
// floods takes half of them, n of them leave one part in n + 1 to the others, and no number has to
// be chosen for it.
//
// Threads: Take(), PutBack() and what tells of room belong to the network's thread. Return() and
// Release() are for those that are named there, each its own thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/input_queue.h"
#include "pipeline/live_input.h"

namespace thalweg {

// Bytes of text of each size. Of recorded frames, tickers and trades have some 200 bytes, depth
// events 2 KiB in the mean and 40 KiB at most; a snapshot of 1,000 levels a side has 64 KiB.
inline constexpr std::array<std::size_t, 4> kInputTextBytes{
    512, std::size_t{4} << 10, std::size_t{32} << 10, std::size_t{256} << 10};
inline constexpr std::size_t kInputSizes = kInputTextBytes.size();
// Room for some seconds of 10,000 messages each.
inline constexpr std::array<std::size_t, kInputSizes> kInputCounts{65'536, 16'384, 1'024, 64};
inline constexpr std::size_t kGiantsMax = 16;
inline constexpr std::size_t kGiantBytesMax = std::size_t{64} << 20;

struct InputPoolOptions {
  std::array<std::size_t, kInputSizes> counts = kInputCounts;  // Each at least 1.
};

class InputPool {
 public:
  // Who gives inputs back, each from one thread.
  enum class Returner : std::uint8_t { kEngine, kSink };

  // `shares`: how many symbols there are, and one for the rest. InvalidArgument; ResourceExhausted
  // when the system gives no memory.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<InputPool>> Create(
      const InputPoolOptions& options, std::size_t shares);
  ~InputPool();
  InputPool(const InputPool&) = delete;
  InputPool& operator=(const InputPool&) = delete;

  // --- the network's thread ---

  // An input with room for so many bytes of text; null when there is none.
  [[nodiscard]] LiveInput* Take(std::size_t text_bytes) noexcept;
  // Copies texts into the input, the payload as one line: a newline in it becomes a blank, as in a
  // recording, so that live and replay are given the same bytes. REQUIRES: they fit.
  static void SetText(LiveInput& input, std::string_view name, std::string_view payload) noexcept;
  // An input that was taken and is not used after all.
  void PutBack(LiveInput* input) noexcept;
  // Whether the share may hold one more input of that size; kInputSizes stands for giants.
  [[nodiscard]] bool HasRoom(std::uint32_t share, std::size_t size_class) noexcept;
  // Whether it holds so little that it may hold as much again: to begin anew after a refusal.
  [[nodiscard]] bool HasAmpleRoom(std::uint32_t share) noexcept;
  // The input is on its way to the engine, of its share.
  void Hold(const LiveInput& input) noexcept;
  void Unhold(const LiveInput& input) noexcept;
  [[nodiscard]] std::size_t free(std::size_t size_class) const noexcept;

  // --- others ---

  // The engine has used it: it is not of its share any more. The engine's thread.
  void Release(const LiveInput& input) noexcept;
  void Return(Returner returner, LiveInput* input) noexcept;

  [[nodiscard]] std::size_t count(std::size_t size_class) const noexcept {
    return size_class < kInputSizes ? sizes_[size_class].count : kGiantsMax;
  }
  [[nodiscard]] std::size_t input_count() const noexcept { return input_count_; }

 private:
  struct Size {
    std::size_t count = 0;
    std::size_t slot_bytes = 0;
    std::size_t text_bytes = 0;
    std::byte* memory = nullptr;
    std::size_t used = 0;  // Slots that were ever handed out.
    std::vector<LiveInput*> returned;
  };
  // Of one share: what was given to the engine, and what it has used. One writer each.
  struct Share {
    std::array<std::int64_t, kInputSizes + 1> held{};
    std::array<std::atomic<std::int64_t>, kInputSizes + 1> released{};
  };

  InputPool(const InputPoolOptions& options, std::size_t shares);

  void TakeBack() noexcept;
  [[nodiscard]] LiveInput* TakeGiant(std::size_t text_bytes) noexcept;
  static void FreeGiant(LiveInput* giant) noexcept;
  [[nodiscard]] std::int64_t InFlight(std::uint32_t share, std::size_t size_class) const noexcept;

  std::array<Size, kInputSizes> sizes_;
  std::size_t input_count_ = 0;
  std::size_t giants_ = 0;
  std::size_t takes_ = 0;  // Since the last TakeBack().
  std::vector<Share> shares_;
  InputQueue returns_;
};

}  // namespace thalweg
