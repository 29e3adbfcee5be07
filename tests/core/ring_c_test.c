// The C reader beside a writer: what it reads, what it misses, what it says of both, what it
// refuses; and that it reads the same bytes as the C++ reader.
#include <thalweg/ring.h>

#include "tests/core/ring_c_writer.h"

#define RECORD_BYTES ((size_t)256)
#define RECORD_WORDS (RECORD_BYTES / 8)
#define MINUTE_NS (INT64_C(60) * 1000000000)

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      exit(EXIT_FAILURE);                                                            \
    }                                                                                \
  } while (0)

static test_ring* make_ring(uint64_t capacity) {
  const test_ring_shape shape = {capacity, RECORD_BYTES, 1, false};
  return test_ring_create(shape);
}

static thalweg_ring_reader* open_ring(const test_ring* ring, thalweg_ring_start start) {
  char error[512] = "";
  thalweg_ring_options options = {0};
  thalweg_ring_reader* reader;
  options.folder = test_ring_folder(ring);
  options.start = start;
  reader = thalweg_ring_open("test", &options, error, sizeof(error));
  if (reader == NULL) fprintf(stderr, "%s\n", error);
  CHECK(reader != NULL);
  return reader;
}

static bool is_record(const uint64_t* words, uint64_t n) {
  size_t i;
  for (i = 0; i < RECORD_WORDS; ++i) {
    if (words[i] != test_record_word(n, i)) return false;
  }
  return true;
}

static void check_next(thalweg_ring_reader* reader, uint64_t n) {
  uint64_t words[RECORD_WORDS];
  CHECK(thalweg_ring_next(reader, words, sizeof(words)) == THALWEG_RING_RECORD);
  CHECK(is_record(words, n));
}

static thalweg_ring_read next_of(thalweg_ring_reader* reader) {
  uint64_t words[RECORD_WORDS];
  return thalweg_ring_next(reader, words, sizeof(words));
}

// Writes a word into the ring's file, as a writer gone mad would.
static void scribble(const test_ring* ring, uint64_t offset, uint64_t value) {
  const int descriptor = open(test_ring_path(ring), O_RDWR);
  CHECK(descriptor >= 0);
  CHECK(pwrite(descriptor, &value, sizeof(value), (off_t)offset) == (ssize_t)sizeof(value));
  CHECK(close(descriptor) == 0);
}

// The next open must fail like this, with the same words as the C++ reader.
static void check_refused(const test_ring* ring, int error_number, const char* words) {
  char error[512] = "";
  errno = 0;
  CHECK(thalweg_ring_open(test_ring_path(ring), NULL, error, sizeof(error)) == NULL);
  CHECK(errno == error_number);
  CHECK(strstr(error, words) != NULL);
  CHECK(strcmp(error, test_ring_refusal_in_cpp(ring)) == 0);
}

static void every_record_is_read_in_its_order_as_it_was_published(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  uint64_t n;
  CHECK(next_of(reader) == THALWEG_RING_NOTHING);
  CHECK(thalweg_ring_record_bytes(reader) == RECORD_BYTES);
  for (n = 1; n <= 30; ++n) {
    test_ring_publish_to(ring, n, 0);
    CHECK(thalweg_ring_newest(reader) == n);
    check_next(reader, n);
    CHECK(next_of(reader) == THALWEG_RING_NOTHING);
  }
  CHECK(thalweg_ring_lost(reader) == 0);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_reader_starts_at_the_newest_at_the_oldest_or_at_a_number(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* reader;
  uint64_t n;
  test_ring_publish_to(ring, 20, 0);
  reader = open_ring(ring, THALWEG_RING_NEWEST);
  check_next(reader, 20);
  thalweg_ring_seek_to(reader, THALWEG_RING_OLDEST);
  for (n = 13; n <= 20; ++n) check_next(reader, n);
  thalweg_ring_seek(reader, 17);
  CHECK(thalweg_ring_position(reader) == 17);
  check_next(reader, 17);
  thalweg_ring_seek(reader, 22);
  CHECK(next_of(reader) == THALWEG_RING_NOTHING);
  test_ring_publish_to(ring, 22, 0);
  check_next(reader, 22);
  CHECK(thalweg_ring_lost(reader) == 0);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_slow_reader_is_lapped_not_waited_for_and_learns_how_many_it_lost(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  test_ring_publish_to(ring, 3, 0);
  check_next(reader, 1);
  test_ring_publish_to(ring, 9, 0);
  check_next(reader, 2);  // Still held: 2 to 9 are.
  test_ring_publish_to(ring, 50, 0);
  CHECK(next_of(reader) == THALWEG_RING_LAPPED);
  CHECK(thalweg_ring_last_lost(reader) == 47);  // 3 to 49.
  check_next(reader, 50);
  thalweg_ring_seek(reader, 1);
  CHECK(next_of(reader) == THALWEG_RING_LAPPED);
  CHECK(thalweg_ring_last_lost(reader) == 49);
  CHECK(thalweg_ring_lost(reader) == 96);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_record_that_is_being_overwritten_is_lost(void) {
  test_ring* const ring = make_ring(4);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  const thalweg_ring_header* const header = thalweg_ring_header_of(reader);
  test_ring_publish_to(ring, 4, 0);
  scribble(ring, header->ring_offset + 8, 0);  // Slot 0, of records 1, 5, ...: record 5 begins.
  CHECK(next_of(reader) == THALWEG_RING_LAPPED);
  CHECK(thalweg_ring_last_lost(reader) == 3);  // 1 to 3.
  check_next(reader, 4);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_ring_of_one_slot_holds_its_newest_record(void) {
  test_ring* const ring = make_ring(1);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  test_ring_publish_to(ring, 1, 0);
  check_next(reader, 1);
  test_ring_publish_to(ring, 3, 0);
  CHECK(next_of(reader) == THALWEG_RING_LAPPED);
  CHECK(thalweg_ring_last_lost(reader) == 1);
  check_next(reader, 3);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void numbers_end_at_the_last_there_is(void) {
  const test_ring_shape shape = {4, RECORD_BYTES, UINT64_MAX - 9, false};
  test_ring* const ring = test_ring_create(shape);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_NEWEST);
  uint64_t n = UINT64_MAX - 9;
  thalweg_ring_seek(reader, n);
  for (;; ++n) {
    test_ring_publish_to(ring, n, 0);
    check_next(reader, n);
    if (n == UINT64_MAX) break;
  }
  CHECK(next_of(reader) == THALWEG_RING_NOTHING);
  test_ring_close(ring);
  CHECK(next_of(reader) == THALWEG_RING_ENDED);
  thalweg_ring_seek_to(reader, THALWEG_RING_OLDEST);
  check_next(reader, UINT64_MAX - 3);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_closed_ring_is_read_to_its_end(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* reader;
  uint64_t words[RECORD_WORDS];
  uint64_t n;
  test_ring_publish_to(ring, 10, 0);
  test_ring_close(ring);
  reader = open_ring(ring, THALWEG_RING_OLDEST);
  CHECK(thalweg_ring_writer(reader) == THALWEG_RING_CLOSED);
  for (n = 3; n <= 10; ++n) check_next(reader, n);
  CHECK(next_of(reader) == THALWEG_RING_ENDED);
  CHECK(thalweg_ring_wait(reader, MINUTE_NS, words, sizeof(words)) == THALWEG_RING_ENDED);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_writer_without_a_sign_of_life_for_a_second_is_silent(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_NEWEST);
  test_ring_beat(ring, -MINUTE_NS);
  CHECK(thalweg_ring_writer(reader) == THALWEG_RING_WRITING);
  test_ring_beat(ring, THALWEG_RING_SILENT_AFTER_NS + 1);
  CHECK(thalweg_ring_writer(reader) == THALWEG_RING_SILENT);
  CHECK(next_of(reader) == THALWEG_RING_NOTHING);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_new_writer_makes_a_new_file_and_readers_follow_it(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  char error[512];
  uint64_t words[2 * RECORD_WORDS];
  test_ring_publish_to(ring, 5, 0);
  check_next(reader, 1);
  CHECK(thalweg_ring_reopen(reader, error, sizeof(error)) == 0);
  test_ring_take_over(ring, 2 * RECORD_BYTES);
  test_ring_publish_to(ring, 2, 0);
  CHECK(thalweg_ring_writer(reader) == THALWEG_RING_SUPERSEDED);
  check_next(reader, 2);  // The old file stays as it was.
  CHECK(thalweg_ring_reopen(reader, error, sizeof(error)) == 1);
  CHECK(thalweg_ring_lost(reader) == 3);  // 3 to 5 of the old file.
  CHECK(thalweg_ring_header_of(reader)->generation == 2);
  CHECK(thalweg_ring_writer(reader) == THALWEG_RING_WRITING);
  // Its records are larger: a buffer of the old size is refused, not overrun.
  CHECK(thalweg_ring_record_bytes(reader) == 2 * RECORD_BYTES);
  CHECK(next_of(reader) == THALWEG_RING_SMALL_BUFFER);
  CHECK(thalweg_ring_next(reader, words, sizeof(words)) == THALWEG_RING_RECORD);
  CHECK(is_record(words, 1));
  CHECK(thalweg_ring_position(reader) == 2);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void what_a_new_file_holds_no_more_is_lost_too(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  test_ring_publish_to(ring, 5, 0);
  check_next(reader, 1);
  test_ring_take_over(ring, RECORD_BYTES);
  test_ring_publish_to(ring, 20, 0);
  CHECK(thalweg_ring_reopen(reader, NULL, 0) == 1);
  CHECK(thalweg_ring_last_lost(reader) == 4 + 12);
  check_next(reader, 13);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_file_that_cannot_be_reopened_leaves_the_reader_as_it_was(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  char error[512] = "";
  test_ring_publish_to(ring, 5, 0);
  test_ring_take_over(ring, RECORD_BYTES);
  scribble(ring, offsetof(thalweg_ring_header, magic), 0);
  CHECK(thalweg_ring_reopen(reader, error, sizeof(error)) == -1);
  CHECK(errno == EBADMSG);
  CHECK(strstr(error, "field=magic value=0") != NULL);
  CHECK(thalweg_ring_lost(reader) == 0);
  check_next(reader, 1);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_symbols_newest_record_is_there_for_who_comes_late(void) {
  test_ring* const ring = make_ring(2);
  thalweg_ring_reader* reader;
  uint64_t words[RECORD_WORDS];
  test_ring_add_symbol(ring, 0, "BTCUSDT");
  test_ring_add_symbol(ring, 1, "ETHUSDT");
  reader = open_ring(ring, THALWEG_RING_OLDEST);
  CHECK(thalweg_ring_symbol_count(reader) == 2);
  CHECK(thalweg_ring_symbol_id(reader, "ETHUSDT") == 1);
  CHECK(thalweg_ring_symbol_id(reader, "ETH") == -1);
  CHECK(thalweg_ring_symbol_id(reader, "") == -1);
  CHECK(thalweg_ring_latest(reader, "BTCUSDT", words, sizeof(words)) == THALWEG_RING_NOTHING);
  test_ring_publish_to(ring, 1, 0);
  test_ring_publish_to(ring, 9, 1);
  CHECK(thalweg_ring_latest(reader, "BTCUSDT", words, sizeof(words)) == THALWEG_RING_RECORD);
  CHECK(is_record(words, 1));
  CHECK(thalweg_ring_latest_at(reader, 1, words, sizeof(words)) == THALWEG_RING_RECORD);
  CHECK(is_record(words, 9));
  CHECK(thalweg_ring_latest(reader, "XRPUSDT", words, sizeof(words)) == THALWEG_RING_NOTHING);
  CHECK(thalweg_ring_latest_at(reader, 2, words, sizeof(words)) == THALWEG_RING_NOTHING);
  CHECK(thalweg_ring_latest_at(reader, 1, words, 255) == THALWEG_RING_SMALL_BUFFER);
  CHECK(thalweg_ring_position(reader) == 1);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void a_status_is_seen_at_once_without_a_record(void) {
  test_ring* const ring = make_ring(2);
  thalweg_ring_symbol symbol;
  thalweg_ring_reader* reader;
  test_ring_add_symbol(ring, 0, "BTCUSDT");
  reader = open_ring(ring, THALWEG_RING_OLDEST);
  CHECK(thalweg_ring_state(reader, "BTCUSDT", &symbol));
  CHECK(symbol.status.state == 0);
  test_ring_set_state(ring, 0, 3, 42);
  test_ring_set_gaps(ring, 0, 7);
  CHECK(thalweg_ring_state(reader, "BTCUSDT", &symbol));
  CHECK(strcmp(symbol.name, "BTCUSDT") == 0);
  CHECK(symbol.status.state == 3);
  CHECK(symbol.status.update_id == 42);
  CHECK(symbol.counts.gaps == 7);
  CHECK(!thalweg_ring_state(reader, "ETHUSDT", &symbol));
  CHECK(!thalweg_ring_symbol_at(reader, 1, &symbol));
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void what_a_writer_died_over_is_told_as_absent(void) {
  test_ring* const ring = make_ring(2);
  thalweg_ring_reader* reader;
  thalweg_ring_symbol symbol;
  uint64_t words[RECORD_WORDS];
  uint64_t entry;
  test_ring_add_symbol(ring, 0, "BTCUSDT");
  test_ring_publish_to(ring, 1, 0);
  reader = open_ring(ring, THALWEG_RING_OLDEST);
  entry = thalweg_ring_header_of(reader)->table_offset;
  scribble(ring, entry + 64 + 8, 0);   // status.change
  scribble(ring, entry + 192 + 8, 0);  // seq of the copy of the newest record
  CHECK(!thalweg_ring_state(reader, "BTCUSDT", &symbol));
  CHECK(thalweg_ring_latest(reader, "BTCUSDT", words, sizeof(words)) == THALWEG_RING_NOTHING);
  check_next(reader, 1);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void statistics_are_the_writers(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_NEWEST);
  thalweg_ring_statistics statistics;
  test_ring_count(ring, 12, 5);
  test_ring_publish_to(ring, 3, 0);
  thalweg_ring_statistics_of(reader, &statistics);
  CHECK(statistics.frames == 12);
  CHECK(statistics.records == 3);
  CHECK(statistics.latency_max_ns == 5);
  CHECK(statistics.latency_cells[5] == 1);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void stages_are_the_writers(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_NEWEST);
  thalweg_ring_stage stage;
  test_ring_add_stage(ring, THALWEG_RING_STAGE_BOOK, 5);
  test_ring_add_stage(ring, THALWEG_RING_STAGE_BOOK, 7);
  CHECK(thalweg_ring_stage_of(reader, THALWEG_RING_STAGE_BOOK, &stage));
  CHECK(stage.count == 2);
  CHECK(stage.sum_ns == 12);
  CHECK(stage.max_ns == 7);
  CHECK(stage.cells[5] == 1);
  CHECK(stage.cells[7] == 1);
  CHECK(thalweg_ring_stage_of(reader, THALWEG_RING_STAGE_PUBLISH, &stage));
  CHECK(stage.count == 0);
  CHECK(!thalweg_ring_stage_of(reader, THALWEG_RING_STAGE_PUBLISH + 1, &stage));
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void waiting_is_ended_by_a_record(bool wakes) {
  const test_ring_shape shape = {8, RECORD_BYTES, 1, wakes};
  test_ring* const ring = test_ring_create(shape);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_NEWEST);
  uint64_t words[RECORD_WORDS];
  CHECK(thalweg_ring_wait(reader, 1, words, sizeof(words)) == THALWEG_RING_NOTHING);
  test_ring_publish_beside(ring, 1);
  CHECK(thalweg_ring_wait(reader, MINUTE_NS, words, sizeof(words)) == THALWEG_RING_RECORD);
  CHECK(is_record(words, 1));
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void waiting_is_ended_by_a_record_of_a_writer_that_wakes(void) {
  waiting_is_ended_by_a_record(true);
}

static void waiting_is_ended_by_a_record_of_a_writer_that_does_not_wake(void) {
  waiting_is_ended_by_a_record(false);
}

static void fields_are_found_by_their_whole_name(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  thalweg_ring_field field;
  uint64_t words[RECORD_WORDS];
  double value;
  test_ring_publish_to(ring, 1, 0);
  CHECK(thalweg_ring_find_field(reader, "seq", &field));
  CHECK(strcmp(field.type, "u64") == 0 && field.offset == 8 && field.count == 1);
  CHECK(thalweg_ring_find_field(reader, "value_3", &field));
  CHECK(strcmp(field.type, "f64") == 0 && field.offset == 64 + 3 * 8 && field.count == 1);
  CHECK(thalweg_ring_next(reader, words, sizeof(words)) == THALWEG_RING_RECORD);
  value = thalweg_ring_f64(words, field.offset);
  CHECK(memcmp(&value, &words[8 + 3], sizeof(value)) == 0);
  CHECK(!thalweg_ring_find_field(reader, "value", &field));
  CHECK(!thalweg_ring_find_field(reader, "value_3\",\"type\":\"f64", &field));
  CHECK(!thalweg_ring_find_field(reader, "", &field));
  CHECK(strlen(thalweg_ring_schema(reader)) == thalweg_ring_header_of(reader)->schema_bytes);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

// Finds `name` in a schema text, in memory of just its size.
static bool finds_in(const char* text, const char* name, thalweg_ring_field* field) {
  const size_t bytes = strlen(text);
  thalweg_ring_reader reader;
  bool found;
  memset(&reader, 0, sizeof(reader));
  reader.schema = (char*)malloc(bytes);
  CHECK(reader.schema != NULL);
  memcpy(reader.schema, text, bytes);
  reader.header.schema_bytes = bytes;
  reader.header.record_bytes = 256;
  found = thalweg_ring_find_field(&reader, name, field);
  free(reader.schema);
  return found;
}

static void a_field_that_does_not_lie_in_the_record_is_none(void) {
  static const char good[] =
      "\n{\"name\":\"x\",\"type\":\"f64\",\"offset\":16,\"count\":15,\"unit\"";
  static const char* const bad[] = {
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":256,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":249,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":12,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":8,\"count\":32,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":8,\"count\":0,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":8,\"count\":999999999,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":4294967304,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":-8,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"f64\",\"offset\":,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"f32\",\"offset\":8,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"u32\",\"offset\":6,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"u16\",\"offset\":7,\"count\":1,",
      "{\"name\":\"x\",\"type\":\"f6\n4\",\"offset\":8,\"count\":1,",
  };
  thalweg_ring_field field;
  char cut[sizeof(good)];
  size_t i;
  CHECK(finds_in(good, "x", &field) && field.offset == 16 && field.count == 15);
  for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) CHECK(!finds_in(bad[i], "x", &field));
  // Every beginning of a line: none is read behind its end (the sanitizer says).
  for (i = 0; i < sizeof(good); ++i) {
    memcpy(cut, good, i);
    cut[i] = 0;
    (void)finds_in(cut, "x", &field);
  }
}

static void a_number_that_no_writer_leaves_is_named(void) {
  test_ring* const ring = make_ring(8);
  thalweg_ring_reader* const reader = open_ring(ring, THALWEG_RING_OLDEST);
  char text[256];
  test_ring_publish_to(ring, 2, 0);
  scribble(ring, thalweg_ring_header_of(reader)->ring_offset + 8, 6);
  CHECK(next_of(reader) == THALWEG_RING_CORRUPT);
  thalweg_ring_corruption(reader, text, sizeof(text));
  CHECK(strcmp(text, "ring corrupt: field=seq value=6 expected=1, or a later one of its slot") ==
        0);
  thalweg_ring_seek(reader, 2);
  check_next(reader, 2);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

static void what_is_not_a_file_of_ours_is_refused(void) {
  test_ring* const ring = make_ring(8);
  char error[512];
  char other[4200];
  const uint32_t nobody = 65534;
  thalweg_ring_options options = {0};
  CHECK(chmod(test_ring_path(ring), 0622) == 0);
  check_refused(ring, EACCES, "others may write it (mode 0622)");
  CHECK(chmod(test_ring_path(ring), 0640) == 0);
  options.owner = &nobody;
  CHECK(thalweg_ring_open(test_ring_path(ring), &options, error, sizeof(error)) == NULL);
  CHECK(errno == EACCES && strstr(error, "only files of user 65534 are used") != NULL);

  (void)snprintf(other, sizeof(other), "%s/elsewhere", test_ring_folder(ring));
  CHECK(rename(test_ring_path(ring), other) == 0);
  check_refused(ring, ENOENT, "cannot open");
  CHECK(symlink(other, test_ring_path(ring)) == 0);
  check_refused(ring, ELOOP, "is a link, which is never followed");
  CHECK(unlink(test_ring_path(ring)) == 0);
  CHECK(mkfifo(test_ring_path(ring), 0600) == 0);
  check_refused(ring, EACCES, "is not a regular file");
  CHECK(unlink(test_ring_path(ring)) == 0);
  CHECK(rename(other, test_ring_path(ring)) == 0);
  CHECK(truncate(test_ring_path(ring), 319) == 0);
  check_refused(ring, EBADMSG, "ring corrupt: field=file value=319 expected=at least 320 bytes");
  test_ring_destroy(ring);
}

static void a_name_that_is_none_is_refused(void) {
  char error[512];
  char path[THALWEG_RING_PATH_BYTES + 1];
  CHECK(thalweg_ring_open("", NULL, error, sizeof(error)) == NULL && errno == EINVAL);
  CHECK(thalweg_ring_open("a.b", NULL, error, sizeof(error)) == NULL && errno == EINVAL);
  CHECK(strcmp(error, "'a.b' is no name for a ring: 1 to 64 letters, digits, '-' and '_'") == 0);
  memset(path, '/', sizeof(path));
  path[sizeof(path) - 1] = 0;
  CHECK(thalweg_ring_open(path, NULL, error, sizeof(error)) == NULL && errno == ENAMETOOLONG);
  // A text without room says nothing, and does no harm.
  CHECK(thalweg_ring_open("a.b", NULL, NULL, 0) == NULL);
  CHECK(thalweg_ring_open("a.b", NULL, error, 1) == NULL && error[0] == 0);
}

static void every_byte_is_that_of_the_cpp_reader_and_memory_need_not_be_aligned(void) {
  test_ring* const ring = make_ring(64);
  thalweg_ring_reader* reader;
  unsigned char* const cpp = (unsigned char*)malloc(64 * RECORD_BYTES);
  unsigned char* const c = (unsigned char*)malloc(64 * RECORD_BYTES + 1);
  size_t count;
  size_t i;
  CHECK(cpp != NULL && c != NULL);
  test_ring_publish_to(ring, 1000, 0);
  count =
      test_ring_read_in_cpp(ring, cpp, 64 * RECORD_BYTES);  // All that are held but a sixteenth.
  CHECK(count == 60);
  reader = open_ring(ring, THALWEG_RING_OLDEST);
  for (i = 0; i < count; ++i) {
    CHECK(thalweg_ring_next(reader, c + 1 + i * RECORD_BYTES, RECORD_BYTES) == THALWEG_RING_RECORD);
  }
  CHECK(next_of(reader) == THALWEG_RING_NOTHING);
  CHECK(memcmp(cpp, c + 1, count * RECORD_BYTES) == 0);
  free(cpp);
  free(c);
  thalweg_ring_close(reader);
  test_ring_destroy(ring);
}

#define RUN(test)          \
  do {                     \
    printf("%s\n", #test); \
    fflush(stdout);        \
    test();                \
  } while (0)

int main(void) {
  RUN(every_record_is_read_in_its_order_as_it_was_published);
  RUN(a_reader_starts_at_the_newest_at_the_oldest_or_at_a_number);
  RUN(a_slow_reader_is_lapped_not_waited_for_and_learns_how_many_it_lost);
  RUN(a_record_that_is_being_overwritten_is_lost);
  RUN(a_ring_of_one_slot_holds_its_newest_record);
  RUN(numbers_end_at_the_last_there_is);
  RUN(a_closed_ring_is_read_to_its_end);
  RUN(a_writer_without_a_sign_of_life_for_a_second_is_silent);
  RUN(a_new_writer_makes_a_new_file_and_readers_follow_it);
  RUN(what_a_new_file_holds_no_more_is_lost_too);
  RUN(a_file_that_cannot_be_reopened_leaves_the_reader_as_it_was);
  RUN(a_symbols_newest_record_is_there_for_who_comes_late);
  RUN(a_status_is_seen_at_once_without_a_record);
  RUN(what_a_writer_died_over_is_told_as_absent);
  RUN(statistics_are_the_writers);
  RUN(stages_are_the_writers);
  RUN(waiting_is_ended_by_a_record_of_a_writer_that_wakes);
  RUN(waiting_is_ended_by_a_record_of_a_writer_that_does_not_wake);
  RUN(fields_are_found_by_their_whole_name);
  RUN(a_field_that_does_not_lie_in_the_record_is_none);
  RUN(a_number_that_no_writer_leaves_is_named);
  RUN(what_is_not_a_file_of_ours_is_refused);
  RUN(a_name_that_is_none_is_refused);
  RUN(every_byte_is_that_of_the_cpp_reader_and_memory_need_not_be_aligned);
  return EXIT_SUCCESS;
}
