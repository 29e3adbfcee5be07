// From frame to records in three rings nothing is allocated and the kernel is not called.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/ring_publisher.h"
#include "tests/core/allocation_count.h"
#include "tests/core/ring_testing.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {
namespace {

// An engine that publishes, warm, and frames for it that were made before.
class Publishing {
 public:
  explicit Publishing(bool wakes = false) {
    options_.emit = EmitPolicy::All();
    options_.bucket_sizes = {"0.1", "1"};
    RingPublisherOptions publishing;
    publishing.name = "test";
    publishing.folder = folder_.path();
    publishing.wakes = wakes;
    publisher_ = *RingPublisher::Create(publishing, options_, catalogue_);
    engine_ = std::make_unique<Engine>(options_, catalogue_, *publisher_);
    engine_->set_stage_clock(publisher_->TimeStages());
    MakeFrames(1);
    (void)Play();
    GiveLine(Now(), market_.Rest(), engine_.get());
    MakeFrames(1'500);
    (void)Play();
    MakeFrames(300);
  }

  // The frames that are ready, with a beat and a silence that OnStatus() tells after each round.
  // Answers whether every one was published.
  bool Play() {
    const std::uint64_t before = newest();
    for (const Frame& frame : frames_) {
      publisher_->BeginFrame(frame.received, RingPublisher::MonotonicNow());
      engine_->OnFrame(frame.received,
                       std::string_view(frame.padded)
                           .substr(kPayloadPadding, frame.padded.size() - 2 * kPayloadPadding));
      publisher_->EndFrame();
    }
    engine_->OnTimer(frames_.back().received + kHour);
    publisher_->SetCounts(*engine_);
    publisher_->Beat(RingPublisher::MonotonicNow());
    return newest() - before == frames_.size() && engine_->symbols()[0]->live();
  }

 private:
  struct Frame {
    ReceiveTime received;
    std::string padded;
  };
  [[nodiscard]] ReceiveTime Now() const { return ReceiveTime(market_.now_ms() * kMillisecond); }
  [[nodiscard]] std::uint64_t newest() {
    if (!reader_) {
      RingOpenOptions options;
      options.folder = folder_.path();
      reader_ = std::make_unique<RingReader>(*RingReader::Open("test", options));
    }
    return reader_->newest();
  }
  void MakeFrames(int steps) {
    frames_.clear();
    const std::string padding(kPayloadPadding, ' ');
    const auto add = [&](const std::string& text) {
      frames_.push_back({Now(), padding + text + padding});
    };
    for (int i = 0; i < steps; ++i) {
      market_.Pass(100);
      market_.Move(10);
      add(market_.Depth());
      add(market_.Ticker());
      add(market_.Trade());
    }
  }

  RingFolder folder_;
  FeedBuilder market_{"AAAUSDT", FeedBuilder::Numbering::kSpot, 7, 200};
  EngineOptions options_;
  const Catalogue catalogue_{{"0.1", "1"}};
  std::unique_ptr<RingPublisher> publisher_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<RingReader> reader_;
  std::vector<Frame> frames_;
};

TEST(RingPublisherHotPath, PublishingAllocatesNothing) {
  Publishing publishing;
  const std::int64_t before = AllocationCount();
  EXPECT_TRUE(publishing.Play());
  EXPECT_EQ(AllocationCount(), before);
}

// A filter that kills for every system call but the end, and clocks where they are one.
bool ForbidSystemCalls() {
  std::array<sock_filter, 5> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

constexpr int kNoSeccomp = 2;

// How a child ends that plays under the filter, as waitpid() tells it.
int PlayInAChildWithoutSystemCalls(Publishing& publishing) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!ForbidSystemCalls()) ::_exit(kNoSeccomp);
    ::syscall(SYS_exit, publishing.Play() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(RingPublisherHotPath, PublishingMakesNoSystemCall) {
  Publishing publishing;
  const int status = PlayInAChildWithoutSystemCalls(publishing);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoSeccomp) GTEST_SKIP() << "no seccomp here";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// That the test above can fail.
TEST(RingPublisherHotPath, TheOptionalWakeIsASystemCall) {
  Publishing publishing(true);
  const int status = PlayInAChildWithoutSystemCalls(publishing);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoSeccomp) GTEST_SKIP() << "no seccomp here";
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

}  // namespace
}  // namespace thalweg
