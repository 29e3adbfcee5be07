// Counts the allocations of each thread of a program that was not built for it:
//
//   LD_PRELOAD=liballocation_watch.so THALWEG_ALLOCATIONS=FILE PROGRAM
//
// FILE becomes a table of ALLOCATION_THREADS entries of two 64-bit words, little endian: a thread's
// id (of the kernel; 0: no more entries) and how often it has called malloc, calloc, realloc or an
// aligned form of them so far. It may be read while the program runs. The entry of a thread that
// has ended stays. operator new of libstdc++ calls malloc, and so is counted.
//
// glibc only. Threads: any.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kAllocationThreads = 4096 };

struct Entry {
  _Atomic uint64_t thread;
  _Atomic uint64_t count;
};

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* memory, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

static struct Entry* _Atomic entries;
static atomic_size_t taken;
// Of the static block of thread-local storage, whose use allocates nothing.
static __thread struct Entry* mine __attribute__((tls_model("initial-exec")));

static void Count(void) {
  if (mine == NULL) {
    struct Entry* const table = atomic_load_explicit(&entries, memory_order_acquire);
    if (table == NULL) return;
    const size_t place = atomic_fetch_add(&taken, 1);
    if (place >= kAllocationThreads) return;
    mine = &table[place];
    atomic_store(&mine->thread, (uint64_t)syscall(SYS_gettid));
  }
  atomic_fetch_add_explicit(&mine->count, 1, memory_order_relaxed);
}

__attribute__((constructor)) static void Begin(void) {
  const char* const path = getenv("THALWEG_ALLOCATIONS");
  if (path == NULL) return;
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const size_t bytes = kAllocationThreads * sizeof(struct Entry);
  if (file < 0 || ftruncate(file, (off_t)bytes) != 0) abort();
  void* const memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) abort();
  close(file);
  atomic_store_explicit(&entries, (struct Entry*)memory, memory_order_release);
}

void* malloc(size_t size) {
  Count();
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  Count();
  return __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) {
  Count();
  return __libc_realloc(memory, size);
}

void* memalign(size_t alignment, size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
  Count();
  void* const made = __libc_memalign(alignment, size);
  if (made == NULL) return ENOMEM;
  *memory = made;
  return 0;
}
