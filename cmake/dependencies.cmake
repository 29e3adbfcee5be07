# Installed packages only; tools/setup.sh installs them on Debian. ARCHITECTURE.md says why each.
# The same packages are looked for again by cmake/thalwegConfig.cmake.in, for consumers.

# Global, so that a project that holds this one as a subdirectory can link our libraries.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})  # Findxxhash.cmake

find_package(absl REQUIRED)
find_package(simdjson REQUIRED)
find_package(ZLIB REQUIRED)
find_package(zstd REQUIRED)
find_package(xxhash REQUIRED)
find_package(Threads REQUIRED)
find_path(CONCURRENTQUEUE_INCLUDE_DIR concurrentqueue/concurrentqueue.h REQUIRED)
mark_as_advanced(CONCURRENTQUEUE_INCLUDE_DIR)
