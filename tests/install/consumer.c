// A user's program in C: sees the reader of rings through its header alone, and asks for one that
// is not there.
#include <thalweg/ring.h>

int main(void) {
  char error[512] = "";
  if (thalweg_ring_open("/nonexistent/ring", NULL, error, sizeof(error)) != NULL) return 1;
  printf("%s\n", error);
  return errno == ENOENT ? 0 : 1;
}
