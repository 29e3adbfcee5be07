// The slot rule on another processor: a thread writes slots, another reads them; ends with 0 when
// each record that was read is whole and none was lost uncounted. Needs nothing but the C++
// library, so that a cross compiler alone can build it.
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <thread>

#include "core/ring_protocol.h"

namespace thalweg {
namespace {

using Protocol = RingProtocol<MappedMemory>;

constexpr std::uint64_t kRecords = 200'000;
constexpr std::uint64_t kCapacity = 4;
constexpr std::size_t kWords = 8;
using Record = std::array<std::uint64_t, kWords>;

std::array<Record, kCapacity> slots;
std::uint64_t newest = 0;

std::uint64_t* SlotOf(std::uint64_t n) { return slots[(n - 1) % kCapacity].data(); }

Record MakeRecord(std::uint64_t n) {
  Record record;
  for (std::size_t i = 0; i < kWords; ++i) record[i] = i == kSeqWord ? n : n * 1'000 + i;
  return record;
}

int Run() {
  std::thread writer([] {
    for (std::uint64_t n = 1; n <= kRecords; ++n) {
      Protocol::Write(SlotOf(n), MakeRecord(n).data(), kWords, n);
      Protocol::Publish(newest, n);
      if (n % kCapacity == 0) std::this_thread::yield();
    }
  });
  RingPlace place;
  std::uint64_t read = 0;
  std::uint64_t torn = 0;
  Record copy;
  while (place.next <= kRecords) {
    const std::uint64_t n = place.next;
    switch (Protocol::Next(place, newest, SlotOf, kCapacity, kWords, copy.data())) {
      case RingStep::kRecord:
        ++read;
        if (copy != MakeRecord(n)) ++torn;
        break;
      case RingStep::kNothing:
        std::this_thread::yield();
        break;
      case RingStep::kLapped:
        break;
      case RingStep::kCorrupt:
        std::puts("corrupt");
        return 1;
    }
  }
  writer.join();
  std::printf("%lu records read, %lu torn, %lu lost\n", static_cast<unsigned long>(read),
              static_cast<unsigned long>(torn), static_cast<unsigned long>(place.lost));
  return torn == 0 && read > 0 && read + place.lost == kRecords ? 0 : 1;
}

}  // namespace
}  // namespace thalweg

int main() { return thalweg::Run(); }
