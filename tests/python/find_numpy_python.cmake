# Finds a Python with numpy and pytest, for the package in python/ and the pages that show it:
# THALWEG_NUMPY_PYTHON, empty when there is none. The system's comes first, which tools/setup.sh
# gives both.
if(NOT THALWEG_NUMPY_PYTHON)
  foreach(candidate /usr/bin/python3 python3)
    execute_process(
      COMMAND ${candidate} -c
        "import numpy, pytest, sys; sys.version_info >= (3, 9) and print(sys.executable)"
      OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(found)
      break()
    endif()
  endforeach()
  set(THALWEG_NUMPY_PYTHON "${found}" CACHE STRING "A Python with numpy and pytest" FORCE)
  mark_as_advanced(THALWEG_NUMPY_PYTHON)
  if(NOT found)
    message(STATUS "no Python with numpy and pytest: the package in python/ is not tested")
  endif()
endif()
