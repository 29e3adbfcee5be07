#include "feeds/net/network_loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "feeds/net/network_context.h"

namespace thalweg {

namespace asio = boost::asio;

NetworkLoop::NetworkLoop() : context_(std::make_unique<Context>()) {}
NetworkLoop::~NetworkLoop() = default;

void NetworkLoop::Run() {
  context_->io.run();
  context_->io.restart();
}

void NetworkLoop::Stop() { context_->io.stop(); }

void NetworkLoop::Post(std::function<void()> task) { asio::post(context_->io, std::move(task)); }

Nanos NetworkLoop::Now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct LoopTimer::State {
  explicit State(NetworkLoop& loop) : timer(IoOf(loop)) {}

  asio::steady_timer timer;
  // Of the newest Start() or Cancel(): a call that was queued before it no longer counts.
  std::int64_t number = 0;
};

LoopTimer::LoopTimer(NetworkLoop& loop) : state_(std::make_shared<State>(loop)) {}
LoopTimer::~LoopTimer() { Cancel(); }

void LoopTimer::Start(Nanos delay, std::function<void()> on_due) {
  const std::int64_t number = ++state_->number;
  state_->timer.expires_after(std::chrono::nanoseconds(std::max<Nanos>(delay, 0)));
  state_->timer.async_wait([state = std::weak_ptr(state_), number,
                            call = std::move(on_due)](boost::system::error_code error) {
    const auto alive = state.lock();
    if (!error && alive && alive->number == number) call();
  });
}

void LoopTimer::Cancel() {
  ++state_->number;
  state_->timer.cancel();
}

}  // namespace thalweg
