#include "pipeline/input_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <new>
#include <span>

#include "absl/strings/str_cat.h"
#include "feeds/decode/frame.h"

namespace thalweg {
namespace {

constexpr std::size_t kReturners = 2;
// Inputs taken between two looks at what came back: few, so that the same memory is used again.
constexpr std::size_t kTakesBetween = 32;
constexpr std::size_t kSlotAlignment = 64;

constexpr std::size_t RoundUp(std::size_t bytes) noexcept {
  return (bytes + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment;
}

// An input lies in front of its text, with padding between and behind.
constexpr std::size_t kTextOffset = RoundUp(sizeof(LiveInput)) + kPayloadPadding;
constexpr std::size_t SlotBytes(std::size_t text_bytes) noexcept {
  return RoundUp(kTextOffset + text_bytes + kPayloadPadding);
}

LiveInput* MakeInput(std::byte* slot, std::size_t size_class, std::size_t text_bytes) noexcept {
  auto* const input = new (slot) LiveInput;
  input->size_class = static_cast<std::uint8_t>(size_class);
  input->capacity = text_bytes;
  return input;
}

std::size_t SizeClassOf(std::size_t text_bytes) noexcept {
  std::size_t size_class = 0;
  while (size_class < kInputSizes && kInputTextBytes[size_class] < text_bytes) ++size_class;
  return size_class;
}

std::size_t Sum(const std::array<std::size_t, kInputSizes>& counts) noexcept {
  std::size_t sum = kGiantsMax;
  for (const std::size_t count : counts) sum += count;
  return sum;
}

// As a recording stores it (replay/recording_line.h): an engine is given what a replay will read.
void MakeOneLine(char* text, std::size_t size) noexcept {
  if (size == 0) return;
  if (text[size - 1] == '\r') text[size - 1] = ' ';
  char* const end = text + size;
  while ((text = static_cast<char*>(
              std::memchr(text, '\n', static_cast<std::size_t>(end - text)))) != nullptr) {
    *text = ' ';
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<InputPool>> InputPool::Create(const InputPoolOptions& options,
                                                             std::size_t shares) {
  for (std::size_t i = 0; i < kInputSizes; ++i) {
    if (options.counts[i] != 0 && options.counts[i] <= kInputCounts[i]) continue;
    return absl::InvalidArgumentError(absl::StrCat("input pool: ", options.counts[i], " inputs of ",
                                                   kInputTextBytes[i], " bytes; 1 to ",
                                                   kInputCounts[i], " can be"));
  }
  std::unique_ptr<InputPool> pool(new InputPool(options, shares));
  for (Size& size : pool->sizes_) {
    const std::size_t bytes = size.count * size.slot_bytes;
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      return absl::ResourceExhaustedError(
          absl::StrCat("input pool: ", bytes, " bytes of memory: ", std::strerror(errno)));
    }
    size.memory = static_cast<std::byte*>(memory);
  }
  return pool;
}

InputPool::InputPool(const InputPoolOptions& options, std::size_t shares)
    : input_count_(Sum(options.counts)), shares_(shares), returns_(kReturners, input_count_) {
  for (std::size_t i = 0; i < kInputSizes; ++i) {
    sizes_[i].count = options.counts[i];
    sizes_[i].text_bytes = kInputTextBytes[i];
    sizes_[i].slot_bytes = SlotBytes(kInputTextBytes[i]);
    sizes_[i].returned.reserve(options.counts[i]);
  }
}

InputPool::~InputPool() {
  TakeBack();  // Giants that came back.
  for (const Size& size : sizes_) {
    if (size.memory != nullptr) ::munmap(size.memory, size.count * size.slot_bytes);
  }
}

// --- The network's thread ---------------------------------------------------------------------

LiveInput* InputPool::Take(std::size_t text_bytes) noexcept {
  if (++takes_ >= kTakesBetween) TakeBack();
  const std::size_t size_class = SizeClassOf(text_bytes);
  if (size_class == kInputSizes) return TakeGiant(text_bytes);
  Size& size = sizes_[size_class];
  if (size.returned.empty() && size.used == size.count) TakeBack();
  if (!size.returned.empty()) {
    LiveInput* const input = size.returned.back();
    size.returned.pop_back();
    return input;
  }
  if (size.used == size.count) return nullptr;
  return MakeInput(size.memory + size.used++ * size.slot_bytes, size_class, size.text_bytes);
}

LiveInput* InputPool::TakeGiant(std::size_t text_bytes) noexcept {
  if (giants_ == kGiantsMax) TakeBack();
  if (giants_ == kGiantsMax || text_bytes > kGiantBytesMax) return nullptr;
  void* const slot =
      ::operator new (SlotBytes(text_bytes), std::align_val_t{kSlotAlignment}, std::nothrow);
  if (slot == nullptr) return nullptr;
  ++giants_;
  return MakeInput(static_cast<std::byte*>(slot), kInputSizes, text_bytes);
}

void InputPool::FreeGiant(LiveInput* giant) noexcept {
  ::operator delete (static_cast<void*>(giant), std::align_val_t{kSlotAlignment});
}

void InputPool::SetText(LiveInput& input, std::string_view name,
                        std::string_view payload) noexcept {
  assert(name.size() + payload.size() <= input.capacity);
  char* const text = reinterpret_cast<char*>(&input) + kTextOffset;
  if (!name.empty()) std::memcpy(text, name.data(), name.size());
  char* const behind = text + name.size();
  if (!payload.empty()) std::memcpy(behind, payload.data(), payload.size());
  MakeOneLine(behind, payload.size());
  // What a decoder reads behind a payload and never uses: without it a checker would see memory
  // that nobody wrote.
  std::memset(behind + payload.size(), 0, kPayloadPadding);
  input.name = {text, name.size()};
  input.payload = {behind, payload.size()};
}

void InputPool::PutBack(LiveInput* input) noexcept {
  if (input->size_class == kInputSizes) {
    --giants_;
    FreeGiant(input);
    return;
  }
  sizes_[input->size_class].returned.push_back(input);
}

void InputPool::TakeBack() noexcept {
  takes_ = 0;
  std::array<LiveInput*, 64> back;
  for (;;) {
    const std::size_t count = returns_.Take(back);
    for (LiveInput* const input : std::span(back).first(count)) PutBack(input);
    if (count < back.size()) return;
  }
}

bool InputPool::HasRoom(std::uint32_t share, std::size_t size_class) noexcept {
  const std::int64_t held = InFlight(share, size_class);
  if (held <= static_cast<std::int64_t>(free(size_class))) return true;
  TakeBack();
  return held <= static_cast<std::int64_t>(free(size_class));
}

bool InputPool::HasAmpleRoom(std::uint32_t share) noexcept {
  for (std::size_t size_class = 0; size_class <= kInputSizes; ++size_class) {
    if (2 * InFlight(share, size_class) > static_cast<std::int64_t>(free(size_class))) return false;
  }
  return true;
}

void InputPool::Hold(const LiveInput& input) noexcept {
  ++shares_[input.share].held[input.size_class];
}

void InputPool::Unhold(const LiveInput& input) noexcept {
  --shares_[input.share].held[input.size_class];
}

std::size_t InputPool::free(std::size_t size_class) const noexcept {
  if (size_class >= kInputSizes) return kGiantsMax - giants_;
  const Size& size = sizes_[size_class];
  return size.count - size.used + size.returned.size();
}

std::int64_t InputPool::InFlight(std::uint32_t share, std::size_t size_class) const noexcept {
  const Share& of = shares_[share];
  return of.held[size_class] - of.released[size_class].load(std::memory_order_relaxed);
}

// --- Others -----------------------------------------------------------------------------------

void InputPool::Release(const LiveInput& input) noexcept {
  // The engine's thread is its only writer.
  std::atomic<std::int64_t>& released = shares_[input.share].released[input.size_class];
  released.store(released.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void InputPool::Return(Returner returner, LiveInput* input) noexcept {
  if (input->in_use != nullptr) {
    input->in_use->store(false, std::memory_order_release);
    return;
  }
  // There is room for every input there is.
  [[maybe_unused]] const bool returned =
      returns_.PutQuietly(static_cast<std::size_t>(returner), input);
  assert(returned);
}

}  // namespace thalweg
