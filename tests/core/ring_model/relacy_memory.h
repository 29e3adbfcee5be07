// Memory for core/ring_protocol.h whose every order and fence is checked: words of the Relacy model
// checker, which runs threads as coroutines and lets a load see any store that the C++ memory model
// lets it see, x86 or not.
//
// One order or fence can be left out, to see that the model notices; and a writer can be made to
// die after any of its stores. Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <relacy/atomic.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/event.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/var.hpp>

#include "core/ring_protocol.h"

namespace thalweg {

struct RelacyMemory {
  using Word = rl::atomic<std::uint64_t>;

  // This site has no order, or is no fence.
  inline static std::optional<RingSite> weakened;
  // Of the writer that is alive; then its stores do nothing.
  static constexpr int kAlive = -1;
  inline static int stores_left = kAlive;

  template <RingSite kSite>
  static std::uint64_t Load(const Word& word) noexcept {
    return word.load(Order<kSite>(), rl::debug_info(__func__, __FILE__, __LINE__));
  }
  template <RingSite kSite>
  static void Store(Word& word, std::uint64_t value) noexcept {
    if (stores_left == 0) return;
    if (stores_left > 0) --stores_left;
    word.store(value, Order<kSite>(), rl::debug_info(__func__, __FILE__, __LINE__));
  }
  template <RingSite kSite>
  static void Fence() noexcept {
    if (Order<kSite>() == rl::mo_relaxed) return;
    rl::atomic_thread_fence(Order<kSite>(), rl::debug_info(__func__, __FILE__, __LINE__));
  }

 private:
  template <RingSite kSite>
  static rl::memory_order Order() noexcept {
    if (weakened == kSite) return rl::mo_relaxed;
    switch (OrderAt(kSite)) {
      case std::memory_order::release:
        return rl::mo_release;
      case std::memory_order::acquire:
        return rl::mo_acquire;
      default:
        return rl::mo_relaxed;
    }
  }
};

}  // namespace thalweg
