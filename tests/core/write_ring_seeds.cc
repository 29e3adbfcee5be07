// Writes the seeds of the ring fuzzer that are whole files, after a change of the format:
//
//   write_ring_seeds tests/fuzz/corpus/ring
#include <cstdlib>
#include <fstream>

#include "tests/core/ring_samples.h"

int main(int count, char** words) {
  if (count != 2) return EXIT_FAILURE;
  for (const thalweg::RingSample& sample : thalweg::MakeRingSamples()) {
    std::ofstream file(words[1] + ("/" + sample.name), std::ios::binary);
    file << 'w' << sample.bytes;
    if (!file.flush()) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
