// The one thread of the network: sockets, timers and what is posted to it run here, one after
// another.
//
// REST client, WebSocket connections and whatever joins them are made for a loop, live on its
// thread and need no locks between each other. Callbacks never run inside the call that asked for
// them. Boost.Asio stays behind Context (feeds/net/network_context.h, for sources only).
//
// Threads: Run() from one thread, which owns everything that is made for the loop; Stop() and
// Post() from any; all else on the loop's thread, or before Run(). Lifetime: the loop outlives what
// is made for it.
#pragma once

#include <functional>
#include <memory>

#include "core/units.h"

namespace thalweg {

class NetworkLoop {
 public:
  NetworkLoop();
  ~NetworkLoop();
  NetworkLoop(const NetworkLoop&) = delete;
  NetworkLoop& operator=(const NetworkLoop&) = delete;

  // Until Stop(), also while there is nothing to do. May be called again afterwards.
  void Run();
  // Ends Run() behind the callback that is under way; what was not run waits for the next Run(), or
  // is destroyed with the loop. A Stop() before Run() ends that one at once.
  void Stop();
  // Runs it on the loop's thread. Allocates.
  void Post(std::function<void()> task);

  // CLOCK_MONOTONIC in ns: the clock that is passed to everything without sockets.
  [[nodiscard]] static Nanos Now() noexcept;

  struct Context;
  [[nodiscard]] Context& context() noexcept { return *context_; }

 private:
  const std::unique_ptr<Context> context_;
};

// Calls once after a while, unless it is cancelled, started again or destroyed before.
class LoopTimer {
 public:
  explicit LoopTimer(NetworkLoop& loop);
  ~LoopTimer();
  LoopTimer(const LoopTimer&) = delete;
  LoopTimer& operator=(const LoopTimer&) = delete;

  // `delay` <= 0: as soon as the loop comes to it.
  void Start(Nanos delay, std::function<void()> on_due);
  void Cancel();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace thalweg
