// A message from one process to another: how long it takes, and how many a second pass, through our
// ring, through queues and a socket that are used for the same, and for one cache line alone.
//
// One way: the sender stamps a message every kPaceNanos, the receiver looks at the clock when it
// has it; both spin, each on a core of its own. Flat out: as many as the sender can. A queue holds
// its sender back when it is full, so both sides take the same time a message; our ring never does,
// so its reader is lapped and receives a part: the columns are nanoseconds by messages sent and by
// messages received.
//
// All have room for kCapacity messages. moodycamel's queue allocates from the heap, so its sides
// are two threads of one process. Every word of each message is checked in a first pass. Both sides
// want a core: with less than two free ones the figures are the scheduler's.
#include <benchmark/benchmark.h>
#include <readerwriterqueue/readerwriterqueue.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/core/bench_ring.h"
#include "bench/workload.h"
#include "tests/core/child_process.h"
#include "tools/latency_histogram.h"
#include "tools/stopwatch.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kMessageBytes = 256;
constexpr std::size_t kWords = kMessageBytes / sizeof(std::uint64_t);
constexpr std::size_t kCapacity = 1'024;
// Where a message carries its number and its time.
constexpr std::size_t kNumberWord = kSeqWord;
constexpr std::size_t kTimeWord = 2;

using Message = std::array<std::uint64_t, kWords>;

constexpr std::int64_t kPaceNanos = 4'000;
constexpr std::uint64_t kPaced = 20'000;
constexpr std::uint64_t kFlatOut = 1'000'000;
constexpr std::uint64_t kChecked = 10'000;

bool IsShortPart() {
  const char* const part = std::getenv("THALWEG_TEST_PART");
  return part != nullptr && std::string(part) == "short";
}

Message MakeMessage(std::uint64_t n) {
  Message message;
  for (std::size_t i = 0; i < kWords; ++i) message[i] = MessageWord(n, i);
  message[kNumberWord] = n;
  return message;
}

bool IsMessage(const Message& message, std::uint64_t n) {
  for (std::size_t i = 0; i < kWords; ++i) {
    if (i != kTimeWord && message[i] != (i == kNumberWord ? n : MessageWord(n, i))) return false;
  }
  return true;
}

// --- Channels: what the receiver needs is opened in its own process. ----------------------------

class RingChannel {
 public:
  static constexpr bool kIsOneProcess = false;
  bool Send(const Message& message) {
    return ring_.writer().Publish(std::as_bytes(std::span(message)), kBenchSymbol) != 0;
  }
  void OpenReceiver() { reader_ = std::make_unique<RingReader>(ring_.Open()); }
  // The message, until the next call; null when there is none.
  const Message* Receive() {
    if (reader_->Next() != RingRead::kRecord) return nullptr;
    return reinterpret_cast<const Message*>(reader_->record().data());
  }

 private:
  BenchRing ring_{kMessageBytes, kCapacity};
  std::unique_ptr<RingReader> reader_;
};

class BoostChannel {
 public:
  static constexpr bool kIsOneProcess = false;
  bool Send(const Message& message) { return queue_->push(message); }
  void OpenReceiver() {}
  const Message* Receive() { return queue_->pop(received_) ? &received_ : nullptr; }

 private:
  SharedPage<boost::lockfree::spsc_queue<Message, boost::lockfree::capacity<kCapacity>>> queue_;
  Message received_;
};

class MoodycamelChannel {
 public:
  static constexpr bool kIsOneProcess = true;
  bool Send(const Message& message) { return queue_.try_enqueue(message); }
  void OpenReceiver() {}
  const Message* Receive() { return queue_.try_dequeue(received_) ? &received_ : nullptr; }

 private:
  moodycamel::ReaderWriterQueue<Message> queue_{kCapacity};
  Message received_;
};

class SocketChannel {
 public:
  static constexpr bool kIsOneProcess = false;
  SocketChannel() {
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends_.data()) != 0) FailCheck("no socket");
    // The kernel counts more for a message than its bytes.
    const int room = static_cast<int>(kCapacity * kMessageBytes);
    ::setsockopt(ends_[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  }
  SocketChannel(const SocketChannel&) = delete;
  SocketChannel& operator=(const SocketChannel&) = delete;
  ~SocketChannel() {
    for (const int end : ends_) ::close(end);
  }
  bool Send(const Message& message) {
    return ::send(ends_[0], message.data(), sizeof(message), MSG_DONTWAIT) ==
           static_cast<ssize_t>(sizeof(message));
  }
  void OpenReceiver() {}
  const Message* Receive() {
    return ::recv(ends_[1], received_.data(), sizeof(received_), MSG_DONTWAIT) ==
                   static_cast<ssize_t>(sizeof(received_))
               ? &received_
               : nullptr;
  }

 private:
  std::array<int, 2> ends_{};
  Message received_;
};

// Number and time in one cache line: what any of them waits for at least.
class CacheLineChannel {
 public:
  static constexpr bool kIsOneProcess = false;
  bool Send(const Message& message) {
    line_->time.store(message[kTimeWord], std::memory_order_relaxed);
    line_->number.store(message[kNumberWord], std::memory_order_release);
    return true;
  }
  void OpenReceiver() {}
  const Message* Receive() {
    const std::uint64_t n = line_->number.load(std::memory_order_acquire);
    if (n == received_[kNumberWord]) return nullptr;
    received_[kNumberWord] = n;
    received_[kTimeWord] = line_->time.load(std::memory_order_relaxed);
    return &received_;
  }

 private:
  struct alignas(kCacheLineBytes) Line {
    std::atomic<std::uint64_t> number{0};
    std::atomic<std::uint64_t> time{0};
  };
  SharedPage<Line> line_;
  Message received_{};
};

// --- Two sides ----------------------------------------------------------------------------------

// Puts this thread on the `place`th core that it may run on, if there is one for each side.
void TakeCore(int place) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || place-- > 0) continue;
    cpu_set_t mine;
    CPU_ZERO(&mine);
    CPU_SET(core, &mine);
    ::sched_setaffinity(0, sizeof(mine), &mine);
    return;
  }
}

// Restores where a thread may run.
class AffinityGuard {
 public:
  AffinityGuard() { ::sched_getaffinity(0, sizeof(before_), &before_); }
  AffinityGuard(const AffinityGuard&) = delete;
  AffinityGuard& operator=(const AffinityGuard&) = delete;
  ~AffinityGuard() { ::sched_setaffinity(0, sizeof(before_), &before_); }

 private:
  cpu_set_t before_;
};

// Looks without success before the core is offered to others; alone on it nobody takes it.
constexpr std::uint64_t kLooksBeforeYield = 10'000;

class Patience {
 public:
  void Look() noexcept {
    if (++looks_ % kLooksBeforeYield == 0) ::sched_yield();
  }

 private:
  std::uint64_t looks_ = 0;
};

struct Received {
  std::atomic<bool> is_open{false};
  std::atomic<bool> is_wrong{false};
  std::uint64_t count = 0;
  std::int64_t nanos = 0;  // From the first message to the last.
  std::int64_t p50 = 0;
  std::int64_t p99 = 0;
};

struct Plan {
  std::uint64_t messages = 0;
  std::int64_t pace_nanos = 0;  // 0: flat out.
  bool has_payload = true;
  bool is_checked = false;
};

template <class Channel>
void ReceiveAll(Channel& channel, const Plan& plan, const Stopwatch& clock, Received& received) {
  TakeCore(0);
  channel.OpenReceiver();
  LatencyHistogram times;
  Patience patience;
  received.is_open.store(true);
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  while (last < plan.messages) {
    const Message* const message = channel.Receive();
    if (message == nullptr) {
      patience.Look();
      continue;
    }
    const std::uint64_t n = (*message)[kNumberWord];
    if (n <= last || (plan.is_checked && plan.has_payload && !IsMessage(*message, n))) {
      received.is_wrong.store(true);
    }
    last = n;
    ++received.count;
    if (plan.pace_nanos != 0) times.Add(clock.Elapsed((*message)[kTimeWord], clock.Now()));
    if (first == 0) first = clock.Now();
  }
  received.nanos = clock.Elapsed(first, clock.Now());
  if (plan.pace_nanos != 0) {
    received.p50 = times.Percentile(50);
    received.p99 = times.Percentile(99);
  }
}

// Answers the nanoseconds that the sender took.
template <class Channel>
std::int64_t SendAll(Channel& channel, const Plan& plan, const Stopwatch& clock) {
  const AffinityGuard guard;
  TakeCore(1);
  Patience patience;
  Message message = MakeMessage(1);
  const std::uint64_t begin = clock.Now();
  std::uint64_t sent_at = begin;
  for (std::uint64_t n = 1; n <= plan.messages; ++n) {
    if (plan.is_checked) message = MakeMessage(n);
    message[kNumberWord] = n;
    if (plan.pace_nanos != 0) {
      while (clock.Elapsed(sent_at, clock.Now()) < plan.pace_nanos) {
      }
      sent_at = message[kTimeWord] = clock.Now();
    }
    while (!channel.Send(message)) patience.Look();
  }
  return clock.Elapsed(begin, clock.Now());
}

// Sends everything from this process to another, or to another thread.
template <class Channel>
std::int64_t Transfer(const Plan& plan, const Stopwatch& clock, Received& received) {
  Channel channel;
  const auto send = [&] {
    while (!received.is_open.load()) ::sched_yield();
    return SendAll(channel, plan, clock);
  };
  std::int64_t nanos = 0;
  if constexpr (Channel::kIsOneProcess) {
    std::thread receiver([&] { ReceiveAll(channel, plan, clock, received); });
    nanos = send();
    receiver.join();
  } else {
    ChildProcess receiver([&] {
      ReceiveAll(channel, plan, clock, received);
      return 0;
    });
    nanos = send();
    if (receiver.Wait() != 0) FailCheck("a receiver that ends");
  }
  if (received.is_wrong.load()) FailCheck("a message that was sent and received");
  return nanos;
}

const Stopwatch& Clock() {
  static const Stopwatch clock;
  return clock;
}

std::uint64_t Part(std::uint64_t messages) { return IsShortPart() ? messages / 20 : messages; }

template <class Channel>
void Check() {
  const SharedPage<Received> received;
  Plan plan;
  plan.messages = Part(kChecked);
  // So that nothing is lost.
  plan.pace_nanos = 1'000;
  plan.is_checked = true;
  plan.has_payload = !std::is_same_v<Channel, CacheLineChannel>;
  (void)Transfer<Channel>(plan, Clock(), *received);
}

template <class Channel>
void OneWay(::benchmark::State& state) {
  Check<Channel>();
  const SharedPage<Received> received;
  Plan plan;
  plan.messages = Part(kPaced);
  plan.pace_nanos = kPaceNanos;
  for (auto _ : state) (void)Transfer<Channel>(plan, Clock(), *received);
  state.counters["1: p50 ns"] = static_cast<double>(received->p50);
  state.counters["2: p99 ns"] = static_cast<double>(received->p99);
}

template <class Channel>
void FlatOut(::benchmark::State& state) {
  const SharedPage<Received> received;
  Plan plan;
  plan.messages = Part(kFlatOut);
  std::int64_t nanos = 0;
  for (auto _ : state) nanos = Transfer<Channel>(plan, Clock(), *received);
  state.counters["1: ns/sent"] = static_cast<double>(nanos) / static_cast<double>(plan.messages);
  state.counters["2: ns/received"] =
      static_cast<double>(received->nanos) / static_cast<double>(received->count);
}

template <class Channel>
void Register(const std::string& name) {
  ::benchmark::RegisterBenchmark(("BM_OneWay/256 bytes, one each 4 us/" + name).c_str(),
                                 OneWay<Channel>)
      ->Iterations(1);
  if constexpr (!std::is_same_v<Channel, CacheLineChannel>) {
    ::benchmark::RegisterBenchmark(("BM_FlatOut/256 bytes/" + name).c_str(), FlatOut<Channel>)
        ->Iterations(1);
  }
}

const bool kRegistered = [] {
  Register<RingChannel>("thalweg");
  Register<MoodycamelChannel>("moodycamel::ReaderWriterQueue (threads)");
  Register<BoostChannel>("boost::lockfree::spsc_queue");
  Register<SocketChannel>("unix seqpacket socket");
  Register<CacheLineChannel>("one cache line");
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
