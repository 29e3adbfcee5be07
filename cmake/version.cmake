# Two uses. Included, it gives thalweg_version(target): adds core/version.h's definitions to a target.
# Run with `cmake -P` by every build, it writes version.cc, and leaves it alone while it is right.

if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  set(THALWEG_COMMIT unknown)
  # The checkout may belong to another user than the one who builds (a container, sudo): only
  # reading is asked of git, and only of our own tree.
  set(git git -c safe.directory=* -C ${THALWEG_SOURCE_DIR})
  execute_process(COMMAND ${git} rev-parse --show-prefix --short=12 HEAD
    OUTPUT_VARIABLE answer ERROR_QUIET RESULT_VARIABLE failed)
  # Inside somebody else's repository the prefix is not empty: that commit is not ours.
  if(NOT failed AND answer MATCHES "^\n([0-9a-f]+)\n$")
    set(THALWEG_COMMIT ${CMAKE_MATCH_1})
    execute_process(COMMAND ${git} diff-index --quiet HEAD -- ERROR_QUIET RESULT_VARIABLE changed)
    if(changed)
      string(APPEND THALWEG_COMMIT "+changes")
    endif()
  endif()
  configure_file(${CMAKE_CURRENT_LIST_DIR}/version.cc.in ${THALWEG_VERSION_SOURCE} @ONLY)
  return()
endif()

function(thalweg_version target)
  set(source ${PROJECT_BINARY_DIR}/generated/version.cc)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(compiler "g++ ${CMAKE_CXX_COMPILER_VERSION}")
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    set(compiler "clang++ ${CMAKE_CXX_COMPILER_VERSION}")
  else()
    set(compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
  endif()
  set(build_type "${CMAKE_BUILD_TYPE}")
  if(NOT build_type)
    set(build_type "no build type")
  endif()
  if(THALWEG_SANITIZE)
    string(APPEND build_type " with ${THALWEG_SANITIZE} sanitizers")
  endif()
  list(JOIN THALWEG_PARTS " " parts)
  if(NOT parts)
    set(parts none)
  endif()
  # Always run, seldom writes: `git commit` touches no file that a build could depend on.
  add_custom_target(${target}_version_source
    COMMAND ${CMAKE_COMMAND}
      -DTHALWEG_SOURCE_DIR=${PROJECT_SOURCE_DIR} -DTHALWEG_VERSION=${PROJECT_VERSION}
      "-DTHALWEG_COMPILER=${compiler}" "-DTHALWEG_BUILD_TYPE=${build_type}"
      "-DTHALWEG_PARTS=${parts}" -DTHALWEG_VERSION_SOURCE=${source}
      -P ${PROJECT_SOURCE_DIR}/cmake/version.cmake
    BYPRODUCTS ${source}
    COMMENT "Asking git for the commit" VERBATIM)
  set_source_files_properties(${source} PROPERTIES GENERATED TRUE)
  target_sources(${target} PRIVATE ${source})
  add_dependencies(${target} ${target}_version_source)
endfunction()
