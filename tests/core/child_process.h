// A forked child of a test, in which a function runs. It dies with the test, however that ends.
//
// Threads: fork before any is started. The child must not use assertions of GoogleTest: it tells by
// its exit status, or through SharedPage.
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>

namespace thalweg {

class ChildProcess {
 public:
  // `body` returns the exit status.
  template <class Body>
  explicit ChildProcess(Body body) : pid_(::fork()) {
    if (pid_ < 0) std::abort();
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(body());
  }
  ChildProcess(ChildProcess&& other) noexcept : pid_(other.pid_) { other.pid_ = 0; }
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess() {
    if (pid_ <= 0) return;
    Signal(SIGKILL);
    (void)Wait();
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void Signal(int signal) const { ::kill(pid_, signal); }
  // Until the child is stopped by a signal, as SIGSTOP does.
  void WaitUntilStopped() const { ::waitpid(pid_, nullptr, WUNTRACED); }
  // Until it ended: its exit status, or minus the signal that killed it.
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

// A T that this process shares with its children.
template <class T>
class SharedPage {
 public:
  SharedPage() {
    void* const memory =
        ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    value_ = new (memory) T();
  }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;
  ~SharedPage() { ::munmap(value_, sizeof(T)); }

  T* operator->() const noexcept { return value_; }
  T& operator*() const noexcept { return *value_; }

 private:
  T* value_;
};

}  // namespace thalweg
