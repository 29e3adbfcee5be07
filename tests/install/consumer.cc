// A user's program: sees thalweg through its public header alone, and says which release it linked.
// Fails when that is not the release it was told to expect.
#include <cstdlib>
#include <iostream>

#include "thalweg/thalweg.h"

int main(int argc, char** argv) {
  std::cout << thalweg::VersionText() << '\n';
  if (argc != 2 || thalweg::ReleaseText() != argv[1]) {
    std::cerr << "expected release " << (argc == 2 ? argv[1] : "(no argument)") << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
