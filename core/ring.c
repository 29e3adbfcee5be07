// The functions of include/thalweg/ring.h with their names in a shared library, for languages that
// load one: ctypes, Julia's ccall, Rust's extern "C".
#define THALWEG_RING_API __attribute__((visibility("default")))
#include <thalweg/ring.h>
