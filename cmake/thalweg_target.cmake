# How every target of this project is made: flags by target, never globally.

# The flags that all our C++ is compiled with.
function(thalweg_flags target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  # The same bits from every compiler and optimisation level: no fused multiply-add.
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  thalweg_checks(${target})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
endfunction()

# The same for C, which sees nothing but the public headers.
function(thalweg_c_flags target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF C_VISIBILITY_PRESET hidden)
  thalweg_checks(${target})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
endfunction()

# Warnings, and the sanitizers if they are asked for.
function(thalweg_checks target)
  target_compile_options(${target} PRIVATE -Wall -Wextra)
  if(THALWEG_DEV)
    target_compile_options(${target} PRIVATE -Wconversion -Werror)
  endif()
  if(THALWEG_SANITIZE)
    target_compile_options(${target} PUBLIC
      -fsanitize=${THALWEG_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${THALWEG_SANITIZE})
  endif()
endfunction()

# clang's address sanitizer comes with libFuzzer: then, and only then, fuzzers are built.
set(THALWEG_FUZZERS OFF)
if(THALWEG_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(THALWEG_FUZZERS ON)
endif()

# What ccache needs to know of precompiled headers.
set(THALWEG_PRECOMPILED_OPTIONS $<IF:$<CXX_COMPILER_ID:GNU>,-fpch-preprocess,SHELL:-Xclang -fno-pch-timestamp>)

# How the sources of the library and of the program are compiled. The headers that most of them
# include are half of what that costs: builds with tests read them once; others do without, so that a
# source that has forgotten one does not pass for long.
function(thalweg_library_code target)
  thalweg_flags(${target})
  if(THALWEG_FUZZERS)
    # A fuzzer sees which of our branches an input takes.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  # Sanitized builds read several sources as one: what they include and instantiate is most of what
  # they cost. Names in unnamed namespaces are then those of the whole library; sources that include
  # a header of many macros stay alone. Builds without sanitizers read each source by itself.
  if(THALWEG_SANITIZE AND NOT target STREQUAL thalweg_headers)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
  if(THALWEG_DEV)
    target_compile_options(${target} PRIVATE ${THALWEG_PRECOMPILED_OPTIONS})
    if(target STREQUAL thalweg_headers)
      target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
    else()
      target_precompile_headers(${target} REUSE_FROM thalweg_headers)
    endif()
  endif()
endfunction()

# thalweg_library(name SOURCES ... DEPENDS ... PRIVATE_DEPENDS ...): the target of one folder, as
# thalweg::name.
function(thalweg_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(thalweg_${name} ${ARG_SOURCES})
  add_library(thalweg::${name} ALIAS thalweg_${name})
  target_link_libraries(thalweg_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  thalweg_library_code(thalweg_${name})
  set_target_properties(thalweg_${name} PROPERTIES EXPORT_NAME ${name})
  # cmake/install.cmake installs what stands in this list.
  set_property(GLOBAL APPEND PROPERTY THALWEG_LIBRARIES thalweg_${name})
endfunction()

# Costs the program nothing measurable, and turns a memory error into a stop.
function(thalweg_harden target)
  if(THALWEG_SANITIZE)
    return()  # The sanitizers do more, and do not like to be fortified.
  endif()
  target_compile_options(${target} PRIVATE -fstack-protector-strong)
  # Fortified functions need optimisation; without it the header warns.
  target_compile_options(${target} PRIVATE
    $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>
    $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>)
  target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now)
endfunction()

# The tests in which more than one thread or process has part. The thread sanitizer can find nothing in
# the others, so its build neither makes nor runs them.
set(THALWEG_THREADED_TESTS "^(ring_.*|replay_ring_test|live_.*|shard_.*|input_.*|snapshot_orders_test|\
recorder_.*|output_file_test|recording_writer_fault_test|websocket_.*|stream_slot_test|dialer_test|\
rest_client_test|loopback_server_test|metrics_server_test|symbol_board_test|\
fault_h[35]_live_metrics_test|exchange_command_test|feature_engine_test|engine_status_test|\
progress_test|top_command_test|examples_test|python_test)$")
function(thalweg_is_wanted out name)
  if(THALWEG_SANITIZE STREQUAL "thread" AND NOT name MATCHES "${THALWEG_THREADED_TESTS}")
    set(${out} FALSE PARENT_SCOPE)
  else()
    set(${out} TRUE PARENT_SCOPE)
  endif()
endfunction()

# A test's own code need not be fast, as a rule, but there is much of it.
function(thalweg_test_code target)
  target_compile_options(${target} PRIVATE $<IF:$<CXX_COMPILER_ID:GNU>,-Og,-O0>)
  target_compile_options(${target} PRIVATE ${THALWEG_PRECOMPILED_OPTIONS})
endfunction()

# The headers of tests, compiled once; see tests/test_headers.h.
function(thalweg_precompile_test_headers)
  add_library(thalweg_test_headers OBJECT test_headers.cc)
  target_link_libraries(thalweg_test_headers PRIVATE
    GTest::gtest GTest::gmock absl::status absl::statusor absl::strings)
  thalweg_flags(thalweg_test_headers)
  thalweg_test_code(thalweg_test_headers)
  target_precompile_headers(thalweg_test_headers PRIVATE test_headers.h)
endfunction()

# thalweg_test(name SOURCES ... DEPENDS ... [OPTIMISED] [WAITS]): a GoogleTest program, registered with
# ctest. OPTIMISED: its own code is most of its work, an obvious structure beside a fast one. WAITS: as
# of thalweg_add_test().
#
# Tests find the checkout through the definition THALWEG_SOURCE_DIR, recordings through the
# environment variable THALWEG_DATA (else <checkout>/../shared/data). In a build with sanitizers
# ctest sets THALWEG_TEST_PART=short: a test that is long there takes a smaller part of its work,
# which it states in its output. THALWEG_TEST_PREFIX stands before the test's name in ctest.
function(thalweg_test name)
  cmake_parse_arguments(ARG "OPTIMISED;WAITS" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE THALWEG_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  thalweg_flags(${name})
  if(NOT ARG_OPTIMISED)
    thalweg_test_code(${name})
    target_precompile_headers(${name} REUSE_FROM thalweg_test_headers)
  endif()
  thalweg_is_wanted(wanted ${name})
  if(NOT wanted)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
  set(waits)
  if(ARG_WAITS)
    set(waits WAITS)
  endif()
  thalweg_add_test(${name} ${waits} $<TARGET_FILE:${name}>)
endfunction()

# Nothing may hang a test run. The longest test takes a small part of this.
set(THALWEG_TEST_TIMEOUT_SECONDS 600)

# thalweg_add_test(name [WAITS] command...): any other program as a test, with the same surroundings.
# WAITS: it uses a fifth of a core or less, being in real time. It counts as half a test where no
# sanitizer slows it; tools/test.sh runs twice as many halves as there are cores.
function(thalweg_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "WAITS" "" "")
  thalweg_is_wanted(wanted ${name})
  if(NOT wanted)
    return()
  endif()
  set(environment)
  set(launcher)
  if(THALWEG_SANITIZE)
    set(environment THALWEG_TEST_PART=short UBSAN_OPTIONS=print_stacktrace=1)
    thalweg_fixed_addresses(launcher)
  endif()
  set(halves 2)
  if(ARG_WAITS AND NOT THALWEG_SANITIZE)
    set(halves 1)
  endif()
  add_test(NAME ${THALWEG_TEST_PREFIX}${name} COMMAND ${launcher} ${ARG_UNPARSED_ARGUMENTS})
  set_tests_properties(${THALWEG_TEST_PREFIX}${name} PROPERTIES PROCESSORS ${halves}
    TIMEOUT ${THALWEG_TEST_TIMEOUT_SECONDS} ENVIRONMENT "${environment}")
endfunction()

# Sanitizers of clang 14 and g++ 12 stop at start-up, now and then, on kernels that spread addresses
# over more bits than they were built for; without address randomisation they always start. Some
# containers forbid to switch it off: there the tests run as they are.
function(thalweg_fixed_addresses out)
  find_program(SETARCH setarch)
  mark_as_advanced(SETARCH)
  set(${out} "" PARENT_SCOPE)
  if(SETARCH)
    execute_process(COMMAND ${SETARCH} -R true RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(NOT failed)
      set(${out} ${SETARCH} -R PARENT_SCOPE)
    endif()
  endif()
endfunction()

# thalweg_benchmark(name SOURCES ... DEPENDS ...): a Google Benchmark program whose tables compare
# (bench/comparison.h). ctest runs it for a moment only: that proves that it works, and that its
# checks against the oracles hold, not a number.
function(thalweg_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} thalweg_bench)
  thalweg_flags(${name})
  thalweg_add_test(${name} $<TARGET_FILE:${name}> --benchmark_min_time=0.01)
endfunction()
