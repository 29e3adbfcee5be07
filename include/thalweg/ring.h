// Reads a ring of records that another process publishes in shared memory: for C, and for languages
// that call C. It needs nothing but this file, a POSIX system with futexes (Linux) and C11 or
// C++11.
//
//   char error[256];
//   thalweg_ring_reader* reader = thalweg_ring_open("live", NULL, error, sizeof(error));
//   thalweg_ring_field mid;
//   if (reader == NULL || !thalweg_ring_find_field(reader, "mid", &mid)) ...
//   for (;;) {
//     switch (thalweg_ring_wait(reader, 1000000000, record, sizeof(record))) {
//       case THALWEG_RING_RECORD: use(thalweg_ring_f64(record, mid.offset)); break;
//       ...
//
// A reader maps the file for reading alone, is known to nobody and costs the writer nothing. Each
// record is copied into the caller's memory and its number compared before and after the copy: what
// THALWEG_RING_RECORD leaves there is whole. A reader that is too slow is lapped, never waited for:
// it then learns exactly how many records it lost and goes on at the newest. No field of the file
// is trusted: one that makes no sense is refused by name and value.
//
// It says the same as the C++ reader (thalweg/ring_reader.h) in every case but one: the schema's
// text is not read when a file is opened. A field is checked when it is looked for.
//
// Threads: one at a time for each reader. Memory: open and reopen allocate (the reader, a copy of
// the schema), nothing else does. Whoever may write to the file may also truncate it, which stops a
// reader (SIGBUS); only its owner may, and files that others may write are refused. Format:
// docs/RING.md.
//
// Languages that cannot call inline functions load the shared library thalweg_ring (core/ring.c),
// which exports every function that is marked THALWEG_RING_API, under these names.
#pragma once

#if !defined(_DEFAULT_SOURCE) && !defined(_GNU_SOURCE)
#ifdef _FEATURES_H
#error "include thalweg/ring.h before other headers, or compile with -D_DEFAULT_SOURCE"
#endif
#define _DEFAULT_SOURCE 1  // With -std=c11 the system's headers show POSIX only when asked.
#endif

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef THALWEG_RING_API
#define THALWEG_RING_API static inline
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "rings are little endian"
#endif

#ifdef __cplusplus
extern "C" {
#endif

// --- The format
// ----------------------------------------------------------------------------------- docs/RING.md
// says what each member means.

#define THALWEG_RING_MAGIC UINT64_C(0x006765776c616874)  // "thalweg" and a zero.
#define THALWEG_RING_VERSION 1
#define THALWEG_RING_RECORD_BYTES_MAX (UINT64_C(1) << 20)
#define THALWEG_RING_CAPACITY_MAX (UINT64_C(1) << 30)
#define THALWEG_RING_SCHEMA_BYTES_MAX (UINT64_C(1) << 24)
#define THALWEG_RING_ENTRIES_MAX 8192
#define THALWEG_RING_NAME_BYTES 64  // Of a symbol; the zero at the end included.
#define THALWEG_RING_LATENCY_CELLS 256
#define THALWEG_RING_STAGES_MAX 64
#define THALWEG_RING_WAKES UINT64_C(1)  // In `flags`: the writer wakes readers that wait.
#define THALWEG_RING_SILENT_AFTER_NS INT64_C(1000000000)

typedef struct thalweg_ring_header {
  uint64_t magic;
  uint32_t version;
  uint32_t header_bytes;
  uint64_t file_bytes;
  uint32_t record_bytes;
  uint32_t slot_bytes;
  uint64_t schema_offset;
  uint64_t schema_bytes;
  uint64_t table_offset;
  uint64_t table_bytes;
  uint32_t entry_bytes;
  uint32_t entry_capacity;
  uint64_t statistics_offset;
  uint64_t statistics_bytes;
  uint64_t ring_offset;
  uint64_t ring_bytes;
  uint64_t capacity;
  uint64_t schema_hash;
  uint64_t generation;
  uint64_t pid;
  int64_t start_ns;
  uint64_t flags;
  uint64_t stages_offset;
  uint32_t stage_count;
  uint32_t stage_bytes;
  uint64_t reserved_a[3];
  uint32_t writer_state;
  uint32_t entry_count;
  int64_t heartbeat_ns;
  uint64_t reserved_b[6];
  uint64_t newest;
  uint64_t reserved_c[7];
} thalweg_ring_header;

typedef struct thalweg_ring_statistics {
  uint64_t frames;
  uint64_t unnamed_frames;
  uint64_t unlisted_symbols;
  uint64_t records;
  int64_t receive_ns;
  uint64_t speed_milli;
  uint64_t latency_max_ns;
  uint64_t reserved[9];
  uint64_t latency_cells[THALWEG_RING_LATENCY_CELLS];
} thalweg_ring_statistics;

typedef struct thalweg_ring_stage {
  uint64_t count;
  uint64_t sum_ns;
  uint64_t max_ns;
  uint64_t reserved[5];
  uint64_t cells[THALWEG_RING_LATENCY_CELLS];
} thalweg_ring_stage;

typedef struct thalweg_ring_status {
  int64_t changed_ns;
  uint64_t change;
  uint64_t quality;
  uint64_t update_id;
  int64_t event_ns;
  uint32_t symbol_id;
  uint32_t state;  // 0 down, 1 buffering, 2 live, 3 resync, 4 halted
  uint64_t reserved[2];
} thalweg_ring_status;

typedef struct thalweg_ring_counts {
  uint64_t depth_frames;
  uint64_t ticker_frames;
  uint64_t trade_frames;
  uint64_t malformed_frames;
  uint64_t gaps;
  uint64_t synchronisations;
  uint64_t lost_inputs;
  uint64_t reserved;
} thalweg_ring_counts;

// An entry of the table; a copy of the symbol's newest record follows it in the file.
typedef struct thalweg_ring_symbol {
  char name[THALWEG_RING_NAME_BYTES];
  thalweg_ring_status status;
  thalweg_ring_counts counts;
} thalweg_ring_symbol;

// The first 64 bytes of every record.
typedef struct thalweg_ring_record_header {
  uint64_t schema_hash;
  uint64_t seq;
  int64_t recv_ns;
  int64_t event_ns;
  int64_t publish_ns;
  uint64_t update_id;
  uint64_t flags;
  uint32_t symbol_id;
  uint16_t trigger;  // 1 depth, 2 ticker, 3 trade, 4 timer
  uint16_t live_flags;
} thalweg_ring_record_header;

static_assert(sizeof(thalweg_ring_header) == 320, "320 bytes of header");
static_assert(offsetof(thalweg_ring_header, version) == 8, "version at 8");
static_assert(offsetof(thalweg_ring_header, header_bytes) == 12, "header_bytes at 12");
static_assert(offsetof(thalweg_ring_header, file_bytes) == 16, "file_bytes at 16");
static_assert(offsetof(thalweg_ring_header, record_bytes) == 24, "record_bytes at 24");
static_assert(offsetof(thalweg_ring_header, slot_bytes) == 28, "slot_bytes at 28");
static_assert(offsetof(thalweg_ring_header, schema_offset) == 32, "schema_offset at 32");
static_assert(offsetof(thalweg_ring_header, schema_bytes) == 40, "schema_bytes at 40");
static_assert(offsetof(thalweg_ring_header, table_offset) == 48, "table_offset at 48");
static_assert(offsetof(thalweg_ring_header, table_bytes) == 56, "table_bytes at 56");
static_assert(offsetof(thalweg_ring_header, entry_bytes) == 64, "entry_bytes at 64");
static_assert(offsetof(thalweg_ring_header, entry_capacity) == 68, "entry_capacity at 68");
static_assert(offsetof(thalweg_ring_header, statistics_offset) == 72, "statistics_offset at 72");
static_assert(offsetof(thalweg_ring_header, statistics_bytes) == 80, "statistics_bytes at 80");
static_assert(offsetof(thalweg_ring_header, ring_offset) == 88, "ring_offset at 88");
static_assert(offsetof(thalweg_ring_header, ring_bytes) == 96, "ring_bytes at 96");
static_assert(offsetof(thalweg_ring_header, capacity) == 104, "capacity at 104");
static_assert(offsetof(thalweg_ring_header, schema_hash) == 112, "schema_hash at 112");
static_assert(offsetof(thalweg_ring_header, generation) == 120, "generation at 120");
static_assert(offsetof(thalweg_ring_header, pid) == 128, "pid at 128");
static_assert(offsetof(thalweg_ring_header, start_ns) == 136, "start_ns at 136");
static_assert(offsetof(thalweg_ring_header, flags) == 144, "flags at 144");
static_assert(offsetof(thalweg_ring_header, stages_offset) == 152, "stages_offset at 152");
static_assert(offsetof(thalweg_ring_header, stage_count) == 160, "stage_count at 160");
static_assert(offsetof(thalweg_ring_header, stage_bytes) == 164, "stage_bytes at 164");
static_assert(offsetof(thalweg_ring_header, writer_state) == 192, "writer_state at 192");
static_assert(offsetof(thalweg_ring_header, entry_count) == 196, "entry_count at 196");
static_assert(offsetof(thalweg_ring_header, heartbeat_ns) == 200, "heartbeat_ns at 200");
static_assert(offsetof(thalweg_ring_header, newest) == 256, "newest at 256");
static_assert(sizeof(thalweg_ring_statistics) == 2176, "2176 bytes of statistics");
static_assert(offsetof(thalweg_ring_statistics, latency_cells) == 128, "latency_cells at 128");
static_assert(sizeof(thalweg_ring_stage) == 2112, "2112 bytes of a stage");
static_assert(offsetof(thalweg_ring_stage, cells) == 64, "cells at 64");
static_assert(sizeof(thalweg_ring_symbol) == 192, "192 bytes before an entry's record");
static_assert(offsetof(thalweg_ring_symbol, status) == 64, "status at 64");
static_assert(offsetof(thalweg_ring_status, change) == 8, "change at 8");
static_assert(offsetof(thalweg_ring_status, state) == 44, "state at 44");
static_assert(offsetof(thalweg_ring_symbol, counts) == 128, "counts at 128");
static_assert(sizeof(thalweg_ring_record_header) == 64, "64 bytes of record header");
static_assert(offsetof(thalweg_ring_record_header, seq) == 8, "seq at 8");
static_assert(offsetof(thalweg_ring_record_header, trigger) == 60, "trigger at 60");

// --- What a reader is asked and answers
// -----------------------------------------------------------

typedef enum thalweg_ring_kind {
  THALWEG_RING_FEATURES = 0,
  THALWEG_RING_LADDERS = 1,
  THALWEG_RING_TOPS = 2,
} thalweg_ring_kind;

typedef enum thalweg_ring_start {
  THALWEG_RING_NEWEST = 0,  // The next record is the newest there is.
  THALWEG_RING_OLDEST =
      1,  // The oldest that is still held; while a full ring is being written, the
          // oldest but a sixteenth of it, so that the first read is not lapped.
} thalweg_ring_start;

// What became of an attempt to read a record.
typedef enum thalweg_ring_read {
  THALWEG_RING_RECORD = 0,        // It is in the caller's memory.
  THALWEG_RING_NOTHING = 1,       // There is none yet.
  THALWEG_RING_LAPPED = 2,        // Records were overwritten before they were read:
                                  // thalweg_ring_last_lost() of them. The next call goes on at the
                                  // newest.
  THALWEG_RING_ENDED = 3,         // Everything was read, and nothing follows: the writer closed the
                                  // file, or another one took the name; then reopen.
  THALWEG_RING_CORRUPT = 4,       // What lies in the file is no ring any more.
  THALWEG_RING_SMALL_BUFFER = 5,  // The caller's memory is smaller than a record; nothing was read.
} thalweg_ring_read;

typedef enum thalweg_ring_life {
  THALWEG_RING_WRITING = 0,
  THALWEG_RING_SILENT = 1,      // No sign of life for a second: it died, or was stopped.
  THALWEG_RING_CLOSED = 2,      // It ended well; the ring stays readable.
  THALWEG_RING_SUPERSEDED = 3,  // Another file has the name: reopen.
} thalweg_ring_life;

// The stages of a frame's way, each from the end of the one before.
typedef enum thalweg_ring_stage_id {
  THALWEG_RING_STAGE_SOCKET = 0,    // The kernel has its last bytes -> it is whole in memory.
  THALWEG_RING_STAGE_QUEUE = 1,     // -> the engine begins with it.
  THALWEG_RING_STAGE_DECODE = 2,    // -> its text is numbers.
  THALWEG_RING_STAGE_BOOK = 3,      // -> sequenced; levels, buckets and windows hold it.
  THALWEG_RING_STAGE_FEATURES = 4,  // -> its record is made.
  THALWEG_RING_STAGE_PUBLISH = 5,   // -> the record is visible in the ring.
} thalweg_ring_stage_id;

// All zero, or no options at all: the newest feature record in /dev/shm, of our own user or root.
typedef struct thalweg_ring_options {
  thalweg_ring_kind kind;
  thalweg_ring_start start;
  const char* folder;     // NULL: /dev/shm
  const uint32_t* owner;  // Files of this user are read; NULL: of this process's own, or root.
} thalweg_ring_options;

// A field of the record, as the schema tells it.
typedef struct thalweg_ring_field {
  char type[4];     // "u64", "i64", "f64", "u32", "u16"
  uint32_t offset;  // In the record.
  uint32_t count;   // Of values of that type, one after another.
} thalweg_ring_field;

#define THALWEG_RING_PATH_BYTES 4096  // The zero at the end included.

// Members are for the functions below.
typedef struct thalweg_ring_reader {
  const unsigned char* base;
  thalweg_ring_header header;  // As it was checked: never read again from the file.
  char* schema;                // A copy, with a zero behind it.
  dev_t device;
  ino_t inode;
  uint64_t next;
  uint64_t lost;
  uint64_t last_lost;
  uint64_t corrupt_found;
  uint64_t corrupt_expected;
  bool has_owner;
  uint32_t owner;
  char path[THALWEG_RING_PATH_BYTES];
} thalweg_ring_reader;

// --- Inside
// ---------------------------------------------------------------------------------------

// Looks at a slot that is being written before it counts as left by a dead writer. The first ones
// take a microsecond; then the writer may need our core.
#define THALWEG_RING_LOOKS_MAX 200
#define THALWEG_RING_LOOKS_BEFORE_YIELD 100
// Looks for a record before a waiting reader sleeps: some 50 us.
#define THALWEG_RING_SPINS_BEFORE_SLEEP 1000
// A waiting reader looks up after so long, woken or not: a dead writer wakes nobody.
#define THALWEG_RING_SLEEP_MAX_NS INT64_C(100000000)
#define THALWEG_RING_SLEEP_WITHOUT_WAKE_NS INT64_C(1000000)

#define THALWEG_RING_SEQ_WORD 1  // The word of a slot, and of a status, that is its lock.
#define THALWEG_RING_STATE_WRITING 1
#define THALWEG_RING_STATE_CLOSED 2
#define THALWEG_RING_STATE_SUPERSEDED 3

static inline void thalweg_ring_say_(char* error, size_t error_bytes, const char* format, ...) {
  va_list values;
  if (error == NULL || error_bytes == 0) return;
  va_start(values, format);
  (void)vsnprintf(error, error_bytes, format, values);
  va_end(values);
}

static inline int64_t thalweg_ring_now_(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_nsec;
}

static inline void thalweg_ring_pause_(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static inline uint64_t thalweg_ring_min_(uint64_t a, uint64_t b) { return a < b ? a : b; }

// The file's memory, in words. Offsets come from a header that was checked, so each is a multiple
// of 8.
static inline const uint64_t* thalweg_ring_words_(const thalweg_ring_reader* reader,
                                                  uint64_t offset) {
  return (const uint64_t*)(const void*)(reader->base + offset);
}

// Copies words each of which is atomic on its own. The caller's memory need not be aligned.
static inline void thalweg_ring_copy_(const uint64_t* words, size_t bytes, void* copy) {
  size_t i;
  for (i = 0; i < bytes / 8; ++i) {
    const uint64_t word = __atomic_load_n(words + i, __ATOMIC_RELAXED);
    memcpy((unsigned char*)copy + 8 * i, &word, 8);
  }
}

// The number in a slot now. Acquire: who sees number n sees the words of record n.
static inline uint64_t thalweg_ring_number_(const uint64_t* slot) {
  return __atomic_load_n(slot + THALWEG_RING_SEQ_WORD, __ATOMIC_ACQUIRE);
}

// Copies a slot if it holds record n > 0 before and after. Otherwise the copy means nothing. The
// fence is the partner of the writer's release fence behind "number = 0": who saw a word of the
// next record also sees that the slot is open.
static inline bool thalweg_ring_copy_record_(const uint64_t* slot, uint64_t n, size_t bytes,
                                             void* copy) {
  if (thalweg_ring_number_(slot) != n) return false;
  thalweg_ring_copy_(slot, bytes, copy);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  if (__atomic_load_n(slot + THALWEG_RING_SEQ_WORD, __ATOMIC_RELAXED) != n) return false;
  memcpy((unsigned char*)copy + 8 * THALWEG_RING_SEQ_WORD, &n, 8);
  return true;
}

// Copies what lies in a slot that is written again and again, whatever its number. False when it is
// being written each time one looks, or when nothing was ever written: then all its words are 0.
static inline bool thalweg_ring_copy_newest_(const uint64_t* slot, size_t bytes, void* copy) {
  int look;
  for (look = 0; look < THALWEG_RING_LOOKS_MAX; ++look) {
    const uint64_t number = thalweg_ring_number_(slot);
    uint64_t first[3];
    if (number != 0 && thalweg_ring_copy_record_(slot, number, bytes, copy)) return true;
    thalweg_ring_copy_(slot, sizeof(first), first);
    if (number == 0 && first[0] == 0 && first[1] == 0 && first[2] == 0) return false;
    if (look < THALWEG_RING_LOOKS_BEFORE_YIELD) {
      thalweg_ring_pause_();
    } else {
      sched_yield();
    }
  }
  return false;
}

static inline bool thalweg_ring_corrupt_(char* error, size_t error_bytes, const char* path,
                                         const char* field, uint64_t value, const char* expected) {
  thalweg_ring_say_(error, error_bytes, "%s: ring corrupt: field=%s value=%" PRIu64 " expected=%s",
                    path, field, value, expected);
  errno = EBADMSG;
  return false;
}

static inline bool thalweg_ring_require_equal_(char* error, size_t error_bytes, const char* path,
                                               const char* field, uint64_t value,
                                               uint64_t expected) {
  char text[32];
  if (value == expected) return true;
  (void)snprintf(text, sizeof(text), "%" PRIu64, expected);
  return thalweg_ring_corrupt_(error, error_bytes, path, field, value, text);
}

static inline bool thalweg_ring_require_range_(char* error, size_t error_bytes, const char* path,
                                               const char* field, uint64_t value, uint64_t max) {
  char text[48];
  if (value <= max) return true;
  (void)snprintf(text, sizeof(text), "at most %" PRIu64, max);
  return thalweg_ring_corrupt_(error, error_bytes, path, field, value, text);
}

// Everything that is relied on afterwards, against the size of the file: no access that is made
// with a header that passed leaves the file, whatever else it holds.
static inline bool thalweg_ring_check_header_(const thalweg_ring_header* h, uint64_t file_bytes,
                                              const char* path, char* error, size_t error_bytes) {
#define THALWEG_RING_EQUAL_(field, expected) \
  thalweg_ring_require_equal_(error, error_bytes, path, #field, h->field, expected)
#define THALWEG_RING_AT_MOST_(field, max) \
  thalweg_ring_require_range_(error, error_bytes, path, #field, h->field, max)
  const uint64_t record_bytes = h->record_bytes;
  char text[96];
  size_t i;
  if (!THALWEG_RING_EQUAL_(magic, THALWEG_RING_MAGIC) ||
      !THALWEG_RING_EQUAL_(version, THALWEG_RING_VERSION) ||
      !THALWEG_RING_EQUAL_(header_bytes, sizeof(thalweg_ring_header)) ||
      !THALWEG_RING_EQUAL_(file_bytes, file_bytes)) {
    return false;
  }
  if (record_bytes < 64 || record_bytes > THALWEG_RING_RECORD_BYTES_MAX || record_bytes % 64 != 0) {
    (void)snprintf(text, sizeof(text), "a multiple of 64 in [64, %" PRIu64 "]",
                   THALWEG_RING_RECORD_BYTES_MAX);
    return thalweg_ring_corrupt_(error, error_bytes, path, "record_bytes", record_bytes, text);
  }
  if (!THALWEG_RING_EQUAL_(slot_bytes, record_bytes)) return false;
  if (h->capacity == 0 || h->capacity > THALWEG_RING_CAPACITY_MAX ||
      (h->capacity & (h->capacity - 1)) != 0) {
    (void)snprintf(text, sizeof(text), "a power of two in [1, %" PRIu64 "]",
                   THALWEG_RING_CAPACITY_MAX);
    return thalweg_ring_corrupt_(error, error_bytes, path, "capacity", h->capacity, text);
  }
  if (h->stage_count != 0 && (!THALWEG_RING_EQUAL_(stage_bytes, sizeof(thalweg_ring_stage)) ||
                              !THALWEG_RING_AT_MOST_(stage_count, THALWEG_RING_STAGES_MAX))) {
    return false;
  }
  // No product or sum below can overflow: their factors are bounded here.
  if (!THALWEG_RING_EQUAL_(statistics_bytes, sizeof(thalweg_ring_statistics)) ||
      !THALWEG_RING_AT_MOST_(schema_bytes, THALWEG_RING_SCHEMA_BYTES_MAX) ||
      !THALWEG_RING_EQUAL_(entry_bytes, sizeof(thalweg_ring_symbol) + record_bytes) ||
      !THALWEG_RING_AT_MOST_(entry_capacity, THALWEG_RING_ENTRIES_MAX) ||
      !THALWEG_RING_EQUAL_(table_bytes, (uint64_t)h->entry_bytes * h->entry_capacity) ||
      !THALWEG_RING_EQUAL_(ring_bytes, h->capacity * record_bytes)) {
    return false;
  }
  {
    // The parts in their order, each behind the one before, all inside the file.
    const char* const names[] = {"statistics_offset", "stages_offset", "schema_offset",
                                 "table_offset", "ring_offset"};
    const uint64_t offsets[] = {h->statistics_offset, h->stages_offset, h->schema_offset,
                                h->table_offset, h->ring_offset};
    const uint64_t sizes[] = {h->statistics_bytes, (uint64_t)h->stage_count * h->stage_bytes,
                              h->schema_bytes, h->table_bytes, h->ring_bytes};
    uint64_t from = sizeof(thalweg_ring_header);
    for (i = 0; i < 5; ++i) {
      if (i == 1 && h->stage_count == 0) continue;
      if (offsets[i] % 64 != 0 || offsets[i] < from || offsets[i] > file_bytes ||
          sizes[i] > file_bytes - offsets[i]) {
        (void)snprintf(text, sizeof(text),
                       "a multiple of 64 from %" PRIu64 " on with %" PRIu64
                       " bytes behind it in the file",
                       from, sizes[i]);
        return thalweg_ring_corrupt_(error, error_bytes, path, names[i], offsets[i], text);
      }
      from = offsets[i] + sizes[i];
    }
  }
  if (h->generation == 0) {
    return thalweg_ring_corrupt_(error, error_bytes, path, "generation", 0, "1 or more");
  }
  if (h->writer_state < THALWEG_RING_STATE_WRITING ||
      h->writer_state > THALWEG_RING_STATE_SUPERSEDED) {
    return thalweg_ring_corrupt_(error, error_bytes, path, "writer_state", h->writer_state,
                                 "1, 2 or 3");
  }
  return THALWEG_RING_AT_MOST_(entry_count, h->entry_capacity);
#undef THALWEG_RING_EQUAL_
#undef THALWEG_RING_AT_MOST_
}

// Makes what lies at `base` that which is read, if it is a ring; else nothing changes. The mapping
// belongs to the reader from then on.
static inline bool thalweg_ring_take_(thalweg_ring_reader* reader, const unsigned char* base,
                                      uint64_t bytes, char* error, size_t error_bytes) {
  thalweg_ring_header header;
  char* schema;
  if (bytes < sizeof(header)) {
    return thalweg_ring_corrupt_(error, error_bytes, reader->path, "file", bytes,
                                 "at least 320 bytes");
  }
  // Copied once: what is checked is what is used.
  thalweg_ring_copy_((const uint64_t*)(const void*)base, sizeof(header), &header);
  if (!thalweg_ring_check_header_(&header, bytes, reader->path, error, error_bytes)) return false;
  schema = (char*)malloc((size_t)header.schema_bytes + 1);
  if (schema == NULL) {
    thalweg_ring_say_(error, error_bytes, "%s: no memory for a schema of %" PRIu64 " bytes",
                      reader->path, header.schema_bytes);
    errno = ENOMEM;
    return false;
  }
  memcpy(schema, base + header.schema_offset, (size_t)header.schema_bytes);
  schema[header.schema_bytes] = 0;

  free(reader->schema);
  if (reader->base != NULL)
    munmap((void*)(uintptr_t)reader->base, (size_t)reader->header.file_bytes);
  reader->base = base;
  reader->header = header;
  reader->schema = schema;
  reader->corrupt_found = 0;
  reader->corrupt_expected = 0;
  return true;
}

// A regular file that is ours and that others cannot write.
static inline bool thalweg_ring_check_file_(const thalweg_ring_reader* reader,
                                            const struct stat* file, char* error,
                                            size_t error_bytes) {
  const uid_t self = geteuid();
  const bool ours =
      reader->has_owner ? file->st_uid == reader->owner : file->st_uid == self || file->st_uid == 0;
  errno = EACCES;
  if (!S_ISREG(file->st_mode)) {
    thalweg_ring_say_(error, error_bytes, "%s: is not a regular file", reader->path);
    return false;
  }
  if (!ours) {
    thalweg_ring_say_(error, error_bytes,
                      "%s: belongs to user %u, and only files of user %u%s are used", reader->path,
                      (unsigned)file->st_uid, (unsigned)(reader->has_owner ? reader->owner : self),
                      reader->has_owner ? "" : " or root");
    return false;
  }
  if ((file->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    thalweg_ring_say_(error, error_bytes,
                      "%s: others may write it (mode %04o): remove it, or chmod it to 0600 or 0640",
                      reader->path, (unsigned)file->st_mode & 07777u);
    return false;
  }
  return true;
}

// Opens and maps the file that has the path now. When it fails, nothing changes.
static inline bool thalweg_ring_open_file_(thalweg_ring_reader* reader, char* error,
                                           size_t error_bytes) {
  struct stat file;
  void* base = MAP_FAILED;
  int saved;
  // O_NONBLOCK: what lies there may be a pipe, which would wait for somebody.
  const int descriptor = open(reader->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    saved = errno;
    thalweg_ring_say_(error, error_bytes, "%s: %s: %s", reader->path,
                      saved == ELOOP ? "is a link, which is never followed" : "cannot open",
                      strerror(saved));
    errno = saved;
    return false;
  }
  if (fstat(descriptor, &file) != 0) {
    saved = errno;
    thalweg_ring_say_(error, error_bytes, "%s: cannot look at it: %s", reader->path,
                      strerror(saved));
  } else if (!thalweg_ring_check_file_(reader, &file, error, error_bytes)) {
    saved = errno;
  } else if (file.st_size < (off_t)sizeof(thalweg_ring_header)) {
    thalweg_ring_corrupt_(error, error_bytes, reader->path, "file", (uint64_t)file.st_size,
                          "at least 320 bytes");
    saved = errno;
  } else {
    base = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
    saved = errno;
    if (base == MAP_FAILED) {
      thalweg_ring_say_(error, error_bytes, "%s: cannot map it: %s", reader->path, strerror(saved));
    }
  }
  close(descriptor);
  if (base != MAP_FAILED) {
    if (thalweg_ring_take_(reader, (const unsigned char*)base, (uint64_t)file.st_size, error,
                           error_bytes)) {
      reader->device = file.st_dev;
      reader->inode = file.st_ino;
      return true;
    }
    saved = errno;
    munmap(base, (size_t)file.st_size);
  }
  errno = saved;
  return false;
}

// Writes the path of a ring's file: `name` itself when it has a '/'.
static inline bool thalweg_ring_set_path_(thalweg_ring_reader* reader, const char* name,
                                          const thalweg_ring_options* options, char* error,
                                          size_t error_bytes) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const size_t length = strlen(name);
  const bool is_path = strchr(name, '/') != NULL;
  const char* const folder =
      options != NULL && options->folder != NULL ? options->folder : "/dev/shm";
  const thalweg_ring_kind kind = options != NULL ? options->kind : THALWEG_RING_FEATURES;
  int written;
  if (!is_path && (length == 0 || length > 64 || strspn(name, letters) != length)) {
    thalweg_ring_say_(error, error_bytes,
                      "'%s' is no name for a ring: 1 to 64 letters, digits, '-' and '_'", name);
    errno = EINVAL;
    return false;
  }
  if (is_path) {
    written = snprintf(reader->path, sizeof(reader->path), "%s", name);
  } else {
    written = snprintf(reader->path, sizeof(reader->path), "%s/thalweg.%s%s", folder, name,
                       kind == THALWEG_RING_LADDERS ? ".ladders"
                       : kind == THALWEG_RING_TOPS  ? ".tops"
                                                    : "");
  }
  if (written < 0 || (size_t)written >= sizeof(reader->path)) {
    thalweg_ring_say_(error, error_bytes, "the path of ring '%.64s' is longer than %d", name,
                      THALWEG_RING_PATH_BYTES - 1);
    errno = ENAMETOOLONG;
    return false;
  }
  return true;
}

// Whether the text goes on with `word` at `*at`, which is then moved behind it.
static inline bool thalweg_ring_skip_(const char* text, size_t end, size_t* at, const char* word) {
  const size_t length = strlen(word);
  if (end - *at < length || memcmp(text + *at, word, length) != 0) return false;
  *at += length;
  return true;
}

// A number of one to nine digits.
static inline bool thalweg_ring_digits_(const char* text, size_t end, size_t* at, uint32_t* value) {
  const size_t begin = *at;
  *value = 0;
  while (*at < end && text[*at] >= '0' && text[*at] <= '9') {
    if (*at - begin == 9) return false;
    *value = *value * 10 + (uint32_t)(text[*at] - '0');
    ++*at;
  }
  return *at > begin;
}

// The part of a field's line behind its name; false unless the field lies inside the record.
static inline bool thalweg_ring_parse_field_(const char* text, size_t end, size_t at,
                                             uint64_t record_bytes, thalweg_ring_field* field) {
  uint64_t size;
  if (end - at < 3) return false;
  memcpy(field->type, text + at, 3);
  field->type[3] = 0;
  at += 3;
  if (!thalweg_ring_skip_(text, end, &at, "\",\"offset\":") ||
      !thalweg_ring_digits_(text, end, &at, &field->offset) ||
      !thalweg_ring_skip_(text, end, &at, ",\"count\":") ||
      !thalweg_ring_digits_(text, end, &at, &field->count)) {
    return false;
  }
  if (strcmp(field->type, "u64") == 0 || strcmp(field->type, "i64") == 0 ||
      strcmp(field->type, "f64") == 0) {
    size = 8;
  } else if (strcmp(field->type, "u32") == 0) {
    size = 4;
  } else if (strcmp(field->type, "u16") == 0) {
    size = 2;
  } else {
    return false;
  }
  return field->count >= 1 && field->count <= record_bytes / size &&
         field->offset <= record_bytes - field->count * size && field->offset % size == 0;
}

// --- Opening
// --------------------------------------------------------------------------------------

THALWEG_RING_API void thalweg_ring_close(thalweg_ring_reader* reader) {
  if (reader == NULL) return;
  if (reader->base != NULL)
    munmap((void*)(uintptr_t)reader->base, (size_t)reader->header.file_bytes);
  free(reader->schema);
  free(reader);
}

// The number of the newest record in the ring; 0 before the first.
THALWEG_RING_API uint64_t thalweg_ring_newest(const thalweg_ring_reader* reader) {
  // Acquire: who saw n finds slot n at n or later.
  return __atomic_load_n(thalweg_ring_words_(reader, offsetof(thalweg_ring_header, newest)),
                         __ATOMIC_ACQUIRE);
}

// What is known of the writer.
THALWEG_RING_API thalweg_ring_life thalweg_ring_writer(const thalweg_ring_reader* reader) {
  const uint32_t state = __atomic_load_n(
      (const uint32_t*)(const void*)(reader->base + offsetof(thalweg_ring_header, writer_state)),
      __ATOMIC_ACQUIRE);
  uint64_t beat;
  uint64_t age;
  if (state == THALWEG_RING_STATE_CLOSED) return THALWEG_RING_CLOSED;
  if (state == THALWEG_RING_STATE_SUPERSEDED) return THALWEG_RING_SUPERSEDED;
  beat = __atomic_load_n(thalweg_ring_words_(reader, offsetof(thalweg_ring_header, heartbeat_ns)),
                         __ATOMIC_RELAXED);
  // Unsigned: a hostile heartbeat must not overflow.
  age = (uint64_t)thalweg_ring_now_() - beat;
  return state == THALWEG_RING_STATE_WRITING && (int64_t)age <= THALWEG_RING_SILENT_AFTER_NS
             ? THALWEG_RING_WRITING
             : THALWEG_RING_SILENT;
}

// The oldest record that is still held, or one so much newer.
static inline uint64_t thalweg_ring_oldest_(const thalweg_ring_reader* reader, uint64_t margin) {
  const uint64_t last = thalweg_ring_newest(reader);
  const uint64_t capacity = reader->header.capacity;
  return last > capacity ? last - capacity + 1 + margin : 1;
}

// What the next call reads.
THALWEG_RING_API void thalweg_ring_seek_to(thalweg_ring_reader* reader, thalweg_ring_start start) {
  if (start == THALWEG_RING_OLDEST) {
    const bool writing = thalweg_ring_writer(reader) == THALWEG_RING_WRITING;
    reader->next = thalweg_ring_oldest_(reader, writing ? reader->header.capacity / 16 : 0);
  } else {
    const uint64_t last = thalweg_ring_newest(reader);
    reader->next = last > 1 ? last : 1;
  }
}

// Record `seq` > 0 is next; if it is gone, the next call is lapped; if it is to come, there is
// nothing yet.
THALWEG_RING_API void thalweg_ring_seek(thalweg_ring_reader* reader, uint64_t seq) {
  reader->next = seq;
}

// `name`: of a ring, or, with a '/', the path of its file. NULL options: see there. NULL is
// answered when it cannot be opened: then `error`, if there is one, says why, with the path, the
// value and the remedy, and errno is ENOENT (no such ring), EACCES (not ours, or others may write
// it), ELOOP (a link), EBADMSG (no ring, or of a version that this program does not read), or the
// system's.
THALWEG_RING_API thalweg_ring_reader* thalweg_ring_open(const char* name,
                                                        const thalweg_ring_options* options,
                                                        char* error, size_t error_bytes) {
  thalweg_ring_reader* const reader = (thalweg_ring_reader*)calloc(1, sizeof(*reader));
  int saved;
  if (reader == NULL) {
    thalweg_ring_say_(error, error_bytes, "no memory for a reader");
    return NULL;
  }
  if (options != NULL && options->owner != NULL) {
    reader->has_owner = true;
    reader->owner = *options->owner;
  }
  if (thalweg_ring_set_path_(reader, name, options, error, error_bytes) &&
      thalweg_ring_open_file_(reader, error, error_bytes)) {
    thalweg_ring_seek_to(reader, options != NULL ? options->start : THALWEG_RING_NEWEST);
    return reader;
  }
  saved = errno;
  thalweg_ring_close(reader);
  errno = saved;
  return NULL;
}

// Opens the file that has the name now, if it is another one, at its oldest record; fields and
// records of the old one are void, and the size of a record may differ. 1: there was another one:
// what was not read of the old one and what the new one holds no more are lost (of generations
// between the two nothing is known but the new one's number); 0: there was not; -1: it cannot be
// opened, `error` and errno say why, and the old one stays.
THALWEG_RING_API int thalweg_ring_reopen(thalweg_ring_reader* reader, char* error,
                                         size_t error_bytes) {
  struct stat file;
  uint64_t last;
  uint64_t left;
  if (lstat(reader->path, &file) != 0) {
    const int saved = errno;
    thalweg_ring_say_(error, error_bytes, "%s: cannot look at it: %s", reader->path,
                      strerror(saved));
    errno = saved;
    return -1;
  }
  if (file.st_dev == reader->device && file.st_ino == reader->inode) return 0;
  // What was not read of the old file never will be, nor what the new one holds no more.
  last = thalweg_ring_newest(reader);
  left = reader->next != 0 && last >= reader->next ? last - reader->next + 1 : 0;
  if (!thalweg_ring_open_file_(reader, error, error_bytes)) return -1;
  thalweg_ring_seek_to(reader, THALWEG_RING_OLDEST);
  reader->last_lost = left + reader->next - 1;
  reader->lost += reader->last_lost;
  return 1;
}

// --- Records, one after another
// -------------------------------------------------------------------

// Bytes of a record.
THALWEG_RING_API size_t thalweg_ring_record_bytes(const thalweg_ring_reader* reader) {
  return reader->header.record_bytes;
}

static inline thalweg_ring_read thalweg_ring_at_end_(const thalweg_ring_reader* reader) {
  const uint32_t state = __atomic_load_n(
      (const uint32_t*)(const void*)(reader->base + offsetof(thalweg_ring_header, writer_state)),
      __ATOMIC_ACQUIRE);
  if (state == THALWEG_RING_STATE_WRITING) return THALWEG_RING_NOTHING;
  // A record that was published before it ended counts first.
  return reader->next != 0 && reader->next <= thalweg_ring_newest(reader) ? THALWEG_RING_NOTHING
                                                                          : THALWEG_RING_ENDED;
}

static inline thalweg_ring_read thalweg_ring_lapped_(thalweg_ring_reader* reader) {
  // Nothing is in a hurry where nobody writes any more: what is still held is read.
  const uint64_t last = thalweg_ring_writer(reader) == THALWEG_RING_WRITING
                            ? thalweg_ring_newest(reader)
                            : thalweg_ring_oldest_(reader, 0);
  // Who sees that a slot is open need not see what was published before: then the record after the
  // lost one is the next. With one slot it may even not be published yet.
  const uint64_t next = last > reader->next ? last : reader->next + 1;
  reader->last_lost = next - reader->next;
  reader->lost += reader->last_lost;
  reader->next = next;
  return THALWEG_RING_LAPPED;
}

// Reads the next record into `record`, which has room for `bytes`. Never waits.
THALWEG_RING_API thalweg_ring_read thalweg_ring_next(thalweg_ring_reader* reader, void* record,
                                                     size_t bytes) {
  const thalweg_ring_header* const header = &reader->header;
  const uint64_t n = reader->next;
  const uint64_t last = thalweg_ring_newest(reader);
  const uint64_t* slot;
  uint64_t found;
  if (bytes < header->record_bytes) return THALWEG_RING_SMALL_BUFFER;
  if (n == 0 || n > last) return thalweg_ring_at_end_(reader);
  if (last - n >= header->capacity) return thalweg_ring_lapped_(reader);
  slot = thalweg_ring_words_(
      reader, header->ring_offset + ((n - 1) & (header->capacity - 1)) * header->slot_bytes);
  if (thalweg_ring_copy_record_(slot, n, header->record_bytes, record)) {
    reader->next = n + 1;  // 0 after the last number there is: nothing can follow.
    return THALWEG_RING_RECORD;
  }
  // The slot's next record is being written, or a later one stands in it.
  found = thalweg_ring_number_(slot);
  if (found == 0 || (found > n && (found - n) % header->capacity == 0)) {
    return thalweg_ring_lapped_(reader);
  }
  reader->corrupt_found = found;
  reader->corrupt_expected = n;
  return THALWEG_RING_CORRUPT;
}

// thalweg_ring_next(), but waits up to `timeout_ns` when there is nothing: first spinning, then
// asleep on a futex that a writer made for it wakes; with another writer it looks each millisecond.
THALWEG_RING_API thalweg_ring_read thalweg_ring_wait(thalweg_ring_reader* reader,
                                                     int64_t timeout_ns, void* record,
                                                     size_t bytes) {
  const int64_t nap = (reader->header.flags & THALWEG_RING_WAKES) != 0
                          ? THALWEG_RING_SLEEP_MAX_NS
                          : THALWEG_RING_SLEEP_WITHOUT_WAKE_NS;
  int64_t start;
  int spin;
  for (spin = 0; spin < THALWEG_RING_SPINS_BEFORE_SLEEP; ++spin) {
    const thalweg_ring_read read = thalweg_ring_next(reader, record, bytes);
    if (read != THALWEG_RING_NOTHING) return read;
    thalweg_ring_pause_();
  }
  start = thalweg_ring_now_();
  for (;;) {
    // Read before one looks: a record published after the look changes it, and the sleep is none.
    const uint32_t seen = (uint32_t)thalweg_ring_newest(reader);
    const thalweg_ring_read read = thalweg_ring_next(reader, record, bytes);
    const int64_t left = timeout_ns - (thalweg_ring_now_() - start);
    int64_t sleep;
    struct timespec time;
    if (read != THALWEG_RING_NOTHING || left <= 0) return read;
    sleep = left < nap ? left : nap;
    time.tv_sec = (time_t)(sleep / 1000000000);
    time.tv_nsec = (long)(sleep % 1000000000);
    (void)syscall(SYS_futex, reader->base + offsetof(thalweg_ring_header, newest), FUTEX_WAIT, seen,
                  &time, NULL, 0);
  }
}

// The number of the record that is read next.
THALWEG_RING_API uint64_t thalweg_ring_position(const thalweg_ring_reader* reader) {
  return reader->next;
}

// Records that were lost since the reader was opened.
THALWEG_RING_API uint64_t thalweg_ring_lost(const thalweg_ring_reader* reader) {
  return reader->lost;
}

// At the last THALWEG_RING_LAPPED, or when the last other file was opened.
THALWEG_RING_API uint64_t thalweg_ring_last_lost(const thalweg_ring_reader* reader) {
  return reader->last_lost;
}

// What THALWEG_RING_CORRUPT found: "ring corrupt: field=seq value=... expected=...".
THALWEG_RING_API void thalweg_ring_corruption(const thalweg_ring_reader* reader, char* text,
                                              size_t text_bytes) {
  thalweg_ring_say_(text, text_bytes,
                    "ring corrupt: field=seq value=%" PRIu64 " expected=%" PRIu64
                    ", or a later one of its slot",
                    reader->corrupt_found, reader->corrupt_expected);
}

// --- Symbols
// --------------------------------------------------------------------------------------

// How many symbols the table has now.
THALWEG_RING_API size_t thalweg_ring_symbol_count(const thalweg_ring_reader* reader) {
  // Acquire: who sees the count sees the names.
  const uint32_t count = __atomic_load_n(
      (const uint32_t*)(const void*)(reader->base + offsetof(thalweg_ring_header, entry_count)),
      __ATOMIC_ACQUIRE);
  return (size_t)thalweg_ring_min_(count, reader->header.entry_capacity);
}

static inline uint64_t thalweg_ring_entry_(const thalweg_ring_reader* reader, size_t id) {
  return reader->header.table_offset + id * reader->header.entry_bytes;
}

// The id of the symbol with this name, "BTCUSDT"; -1 when the table has none.
THALWEG_RING_API int64_t thalweg_ring_symbol_id(const thalweg_ring_reader* reader,
                                                const char* name) {
  const size_t length = strlen(name);
  const size_t count = thalweg_ring_symbol_count(reader);
  size_t id;
  if (length == 0 || length >= THALWEG_RING_NAME_BYTES) return -1;
  for (id = 0; id < count; ++id) {
    // With the zero behind it.
    if (memcmp(reader->base + thalweg_ring_entry_(reader, id), name, length + 1) == 0) {
      return (int64_t)id;
    }
  }
  return -1;
}

// The symbol with this id as the table has it now. False when there is none, or when its status was
// being written each time one looked: the writer died there.
THALWEG_RING_API bool thalweg_ring_symbol_at(const thalweg_ring_reader* reader, size_t id,
                                             thalweg_ring_symbol* symbol) {
  uint64_t entry;
  if (id >= thalweg_ring_symbol_count(reader)) return false;
  entry = thalweg_ring_entry_(reader, id);
  if (!thalweg_ring_copy_newest_(
          thalweg_ring_words_(reader, entry + offsetof(thalweg_ring_symbol, status)),
          sizeof(symbol->status), &symbol->status)) {
    return false;
  }
  thalweg_ring_copy_(thalweg_ring_words_(reader, entry), sizeof(symbol->name), symbol->name);
  symbol->name[sizeof(symbol->name) - 1] = 0;
  thalweg_ring_copy_(thalweg_ring_words_(reader, entry + offsetof(thalweg_ring_symbol, counts)),
                     sizeof(symbol->counts), &symbol->counts);
  return true;
}

// The same by its name.
THALWEG_RING_API bool thalweg_ring_state(const thalweg_ring_reader* reader, const char* name,
                                         thalweg_ring_symbol* symbol) {
  const int64_t id = thalweg_ring_symbol_id(reader, name);
  return id >= 0 && thalweg_ring_symbol_at(reader, (size_t)id, symbol);
}

// The newest record of a symbol: THALWEG_RING_RECORD; THALWEG_RING_NOTHING when it has none (or the
// writer died over it); THALWEG_RING_SMALL_BUFFER. The place of thalweg_ring_next() does not
// change.
THALWEG_RING_API thalweg_ring_read thalweg_ring_latest_at(const thalweg_ring_reader* reader,
                                                          size_t id, void* record, size_t bytes) {
  const size_t record_bytes = reader->header.record_bytes;
  if (bytes < record_bytes) return THALWEG_RING_SMALL_BUFFER;
  if (id >= thalweg_ring_symbol_count(reader)) return THALWEG_RING_NOTHING;
  return thalweg_ring_copy_newest_(thalweg_ring_words_(reader, thalweg_ring_entry_(reader, id) +
                                                                   sizeof(thalweg_ring_symbol)),
                                   record_bytes, record)
             ? THALWEG_RING_RECORD
             : THALWEG_RING_NOTHING;
}

// The same by its name.
THALWEG_RING_API thalweg_ring_read thalweg_ring_latest(const thalweg_ring_reader* reader,
                                                       const char* name, void* record,
                                                       size_t bytes) {
  const int64_t id = thalweg_ring_symbol_id(reader, name);
  if (bytes < reader->header.record_bytes) return THALWEG_RING_SMALL_BUFFER;
  if (id < 0) return THALWEG_RING_NOTHING;
  return thalweg_ring_latest_at(reader, (size_t)id, record, bytes);
}

// --- The ring itself
// ------------------------------------------------------------------------------

// Where a field lies. False when the schema has none of that name, or one that does not lie in the
// record.
THALWEG_RING_API bool thalweg_ring_find_field(const thalweg_ring_reader* reader, const char* name,
                                              thalweg_ring_field* field) {
  const char* const text = reader->schema;
  const size_t bytes = (size_t)reader->header.schema_bytes;
  size_t line = 0;
  // No field's name has these, and with them a name could match across the end of one.
  if (strpbrk(name, "\"\\\n") != NULL) return false;
  while (line < bytes) {
    const char* const newline = (const char*)memchr(text + line, '\n', bytes - line);
    const size_t end = newline == NULL ? bytes : (size_t)(newline - text);
    size_t at = line;
    if (thalweg_ring_skip_(text, end, &at, "{\"name\":\"") &&
        thalweg_ring_skip_(text, end, &at, name) &&
        thalweg_ring_skip_(text, end, &at, "\",\"type\":\"")) {
      return thalweg_ring_parse_field_(text, end, at, reader->header.record_bytes, field);
    }
    line = end + 1;
  }
  return false;
}

// The f64 at an offset of a record.
THALWEG_RING_API double thalweg_ring_f64(const void* record, size_t offset) {
  double value;
  memcpy(&value, (const unsigned char*)record + offset, sizeof(value));
  return value;
}

// The schema block: JSON text, with a zero behind it. It lives until close or reopen.
THALWEG_RING_API const char* thalweg_ring_schema(const thalweg_ring_reader* reader) {
  return reader->schema;
}

// The header as it was checked when the file was opened; what changes in it has functions here.
THALWEG_RING_API const thalweg_ring_header* thalweg_ring_header_of(
    const thalweg_ring_reader* reader) {
  return &reader->header;
}

THALWEG_RING_API const char* thalweg_ring_path(const thalweg_ring_reader* reader) {
  return reader->path;
}

THALWEG_RING_API void thalweg_ring_statistics_of(const thalweg_ring_reader* reader,
                                                 thalweg_ring_statistics* statistics) {
  thalweg_ring_copy_(thalweg_ring_words_(reader, reader->header.statistics_offset),
                     sizeof(*statistics), statistics);
}

// The times of a stage. False, and nothing written, when this ring has none.
THALWEG_RING_API bool thalweg_ring_stage_of(const thalweg_ring_reader* reader, unsigned id,
                                            thalweg_ring_stage* stage) {
  if (id >= reader->header.stage_count) return false;
  thalweg_ring_copy_(
      thalweg_ring_words_(reader, reader->header.stages_offset + (uint64_t)id * sizeof(*stage)),
      sizeof(*stage), stage);
  return true;
}

#ifdef __cplusplus
}  // extern "C"
#endif
