// The C++ side of ring_c_test: a ring in a folder of its own, its writer, and the C++ reader of the
// same ring. Aborts when the C++ side fails. Threads: one at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct test_ring test_ring;

typedef struct test_ring_shape {
  uint64_t capacity;
  size_t record_bytes;
  uint64_t first_seq;
  bool wakes;
} test_ring_shape;

// Its name is "test", its table has four places.
test_ring* test_ring_create(test_ring_shape shape);
// Closes it and removes the folder.
void test_ring_destroy(test_ring* ring);
const char* test_ring_folder(const test_ring* ring);
// Of the feature ring.
const char* test_ring_path(const test_ring* ring);

// Publishes records until the newest is `last`; word i of record n is test_record_word(n, i).
void test_ring_publish_to(test_ring* ring, uint64_t last, uint32_t symbol);
uint64_t test_record_word(uint64_t n, size_t i);
// The same in a thread, which the destruction of the ring awaits.
void test_ring_publish_beside(test_ring* ring, uint64_t last);

void test_ring_add_symbol(test_ring* ring, uint32_t id, const char* name);
void test_ring_set_state(test_ring* ring, uint32_t id, uint32_t state, uint64_t update_id);
void test_ring_set_gaps(test_ring* ring, uint32_t id, uint64_t gaps);
// A sign of life, given so long ago.
void test_ring_beat(test_ring* ring, int64_t age_ns);
void test_ring_count(test_ring* ring, uint64_t frames, int64_t latency_ns);
void test_ring_add_stage(test_ring* ring, unsigned id, int64_t nanos);
void test_ring_close(test_ring* ring);
// The writer ends, and a new one takes the name, with records of this size.
void test_ring_take_over(test_ring* ring, size_t record_bytes);

// What the C++ reader reads from the oldest record on, one record behind the other; answers how
// many there are.
size_t test_ring_read_in_cpp(const test_ring* ring, void* records, size_t bytes);
// Its refusal to open the ring; empty when it does not refuse. Lives until the next call.
const char* test_ring_refusal_in_cpp(const test_ring* ring);

#ifdef __cplusplus
}
#endif
