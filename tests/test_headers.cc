// What stands in tests/test_headers.h is compiled with this file.
