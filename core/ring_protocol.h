// The slot rule: how one writer and any number of readers share records without a lock.
//
// A slot is a record; its word 1 is the record's number and the lock at once: 0 while the slot is
// being written, n when it is record n, whole. Record n lies in slot (n - 1) modulo the capacity.
// The writer never waits and never looks at a reader. A reader looks at the number before and
// after it copies: equal to n both times, the copy is record n; anything else, n is gone.
//
// Memory is a policy, so that the same source runs on mapped memory (MappedMemory) and under a
// model checker, which weakens each site in turn (tests/core/ring_model). The sites and their
// partners:
//
//   writer                              reader
//   kOpenSlot     store 0, relaxed
//   kOpenFence    fence, release    <-> kCopyFence: who saw a word of the next record sees that the
//   kWriteWord    store, relaxed        slot is open
//   kCloseSlot    store n, release  <-> kCheckSlot: who saw n sees its words
//   kPublish      newest, release   <-> kReadNewest: who saw newest finds its slot at n or later
//   kCheckSlot    load, acquire
//   kReadWord     load, relaxed
//   kCopyFence    fence, acquire
//   kRecheckSlot  load, relaxed
//
// Source: Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012).
// Threads: one writer a ring; readers anywhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/ring_format.h"

namespace thalweg {

enum class RingSite : std::uint8_t {
  kOpenSlot,
  kOpenFence,
  kWriteWord,
  kCloseSlot,
  kPublish,
  kReadNewest,
  kCheckSlot,
  kReadWord,
  kCopyFence,
  kRecheckSlot,
};

[[nodiscard]] constexpr std::memory_order OrderAt(RingSite site) noexcept {
  switch (site) {
    case RingSite::kOpenFence:
    case RingSite::kCloseSlot:
    case RingSite::kPublish:
      return std::memory_order_release;
    case RingSite::kReadNewest:
    case RingSite::kCheckSlot:
    case RingSite::kCopyFence:
      return std::memory_order_acquire;
    case RingSite::kOpenSlot:
    case RingSite::kWriteWord:
    case RingSite::kReadWord:
    case RingSite::kRecheckSlot:
      break;
  }
  return std::memory_order_relaxed;
}

// Words of a mapped file. Loads alone touch memory that is mapped for reading alone.
struct MappedMemory {
  using Word = std::uint64_t;

  template <RingSite kSite>
  static std::uint64_t Load(const Word& word) noexcept {
    // No load changes what it reads; atomic_ref of a const type came after C++20.
    return std::atomic_ref(const_cast<Word&>(word)).load(OrderAt(kSite));  // NOLINT
  }
  template <RingSite kSite>
  static void Store(Word& word, std::uint64_t value) noexcept {
    std::atomic_ref(word).store(value, OrderAt(kSite));
  }
  template <RingSite kSite>
  static void Fence() noexcept {
    std::atomic_thread_fence(OrderAt(kSite));
  }
};
static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free);

// What a reader found in the slot where record n should be.
enum class SlotVerdict : std::uint8_t {
  kWhole,    // Record n; the copy is good.
  kGone,     // It was overwritten, or is being overwritten now.
  kCorrupt,  // A number that no writer leaves there.
};

// What became of a reader's step.
enum class RingStep : std::uint8_t {
  kRecord,   // The copy is the record at the place, which is one further now.
  kNothing,  // It is not published yet.
  kLapped,   // It was overwritten; the place is one that can be read.
  kCorrupt,  // As of SlotVerdict. The place stays.
};

// A reader's place in its ring, and what it missed on the way there.
struct RingPlace {
  std::uint64_t next = 1;  // The record to read; 0 when the numbers are used up.
  std::uint64_t lost = 0;
  std::uint64_t last_lost = 0;  // At the last kLapped.
};

template <class Memory>
struct RingProtocol {
  using Word = typename Memory::Word;

  // Writes the words of record n, whatever its word 1 is, into a slot.
  static void Write(Word* slot, const std::uint64_t* record, std::size_t words,
                    std::uint64_t n) noexcept {
    Memory::template Store<RingSite::kOpenSlot>(slot[kSeqWord], 0);
    Memory::template Fence<RingSite::kOpenFence>();
    Memory::template Store<RingSite::kWriteWord>(slot[0], record[0]);
    for (std::size_t i = kSeqWord + 1; i < words; ++i) {
      Memory::template Store<RingSite::kWriteWord>(slot[i], record[i]);
    }
    Memory::template Store<RingSite::kCloseSlot>(slot[kSeqWord], n);
  }

  static void Publish(Word& newest, std::uint64_t n) noexcept {
    Memory::template Store<RingSite::kPublish>(newest, n);
  }

  [[nodiscard]] static std::uint64_t Newest(const Word& newest) noexcept {
    return Memory::template Load<RingSite::kReadNewest>(newest);
  }

  // The number in a slot now: what Copy() should find in a slot that may hold any record.
  [[nodiscard]] static std::uint64_t Number(const Word* slot) noexcept {
    return Memory::template Load<RingSite::kCheckSlot>(slot[kSeqWord]);
  }

  // Copies a slot if it holds record n > 0 before and after. Otherwise the copy means nothing.
  [[nodiscard]] static bool Copy(const Word* slot, std::uint64_t n, std::size_t words,
                                 std::uint64_t* copy) noexcept {
    if (Number(slot) != n) return false;
    copy[0] = Memory::template Load<RingSite::kReadWord>(slot[0]);
    copy[kSeqWord] = n;
    for (std::size_t i = kSeqWord + 1; i < words; ++i) {
      copy[i] = Memory::template Load<RingSite::kReadWord>(slot[i]);
    }
    Memory::template Fence<RingSite::kCopyFence>();
    if (Memory::template Load<RingSite::kRecheckSlot>(slot[kSeqWord]) == n) return true;
    copy[kSeqWord] = 0;  // Words of two records must not look like one.
    return false;
  }

  // Copy() of a record that Newest() has told: says why there is none.
  [[nodiscard]] static SlotVerdict Read(const Word* slot, std::uint64_t n, std::uint64_t capacity,
                                        std::size_t words, std::uint64_t* copy) noexcept {
    if (Copy(slot, n, words, copy)) return SlotVerdict::kWhole;
    const std::uint64_t found = Number(slot);
    // The slot's next record is being written, or a later one stands in it. n itself can be found
    // only by a reader whose first look was at a slot that no writer of ours leaves.
    if (found == 0 || (found > n && (found - n) % capacity == 0)) return SlotVerdict::kGone;
    return SlotVerdict::kCorrupt;
  }

  // Reads the record at the place. `slot_of(n)` is the slot of record n.
  template <class SlotOf>
  [[nodiscard]] static RingStep Next(RingPlace& place, const Word& newest, const SlotOf& slot_of,
                                     std::uint64_t capacity, std::size_t words,
                                     std::uint64_t* copy) noexcept {
    const std::uint64_t last = Newest(newest);
    if (place.next == 0 || place.next > last) return RingStep::kNothing;
    if (last - place.next >= capacity) return Lapped(place, newest);
    switch (Read(slot_of(place.next), place.next, capacity, words, copy)) {
      case SlotVerdict::kWhole:
        ++place.next;  // 0 after kRingSeqMax: nothing can follow.
        return RingStep::kRecord;
      case SlotVerdict::kGone:
        return Lapped(place, newest);
      case SlotVerdict::kCorrupt:
        break;
    }
    return RingStep::kCorrupt;
  }

 private:
  static RingStep Lapped(RingPlace& place, const Word& newest) noexcept {
    const std::uint64_t last = Newest(newest);
    // Who sees that a slot is open need not see what was published before: then the record after
    // the lost one is the next. With one slot it may even not be published yet.
    const std::uint64_t next = last > place.next ? last : place.next + 1;
    place.last_lost = next - place.next;
    place.lost += place.last_lost;
    place.next = next;
    return RingStep::kLapped;
  }
};

}  // namespace thalweg
