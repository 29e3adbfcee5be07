// A queue of inputs from one thread's producers to another thread, and the bell that wakes it.
//
// Invariant: what one producer puts in comes out in that order; between producers there is none,
// and none of them waits for more than some hundred inputs of each other one. All memory is there
// from the start: Put() answers false where there is no room, and neither it nor Take() allocates,
// waits or calls the kernel, but for the wake of a consumer that sleeps.
//
// Waiting is by a futex on the monotonic clock: a wall clock that is set back wakes nobody late.
// Threads: each producer one at a time; one consumer.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "core/units.h"
#include "pipeline/live_input.h"

namespace thalweg {

// Attempts of an empty queue before its consumer sleeps: some microseconds, about what a wake
// costs.
inline constexpr int kSpinsBeforeSleep = 200;

class InputQueue {
 public:
  // Each of `producers` can hold `capacity` inputs.
  InputQueue(std::size_t producers, std::size_t capacity);
  ~InputQueue();
  InputQueue(const InputQueue&) = delete;
  InputQueue& operator=(const InputQueue&) = delete;

  // False: no room.
  [[nodiscard]] bool Put(std::size_t producer, LiveInput* input) noexcept;
  // The same without a wake, for a consumer that looks by itself.
  [[nodiscard]] bool PutQuietly(std::size_t producer, LiveInput* input) noexcept;

  // What is there, at most out.size(); answers how many.
  [[nodiscard]] std::size_t Take(std::span<LiveInput*> out) noexcept;
  // The same, and waits for the first one, at most so long. Answers 0 too when Wake() was called.
  [[nodiscard]] std::size_t Wait(std::span<LiveInput*> out, Nanos at_most) noexcept;

  // Any thread.
  void Wake() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
