# Finds a Python with numpy and pytest, for the package in python/ and the pages that show it:
# THALWEG_NUMPY_PYTHON, empty when there is none. The system's comes first: tools/setup.sh gives it
# both.
if(NOT DEFINED CACHE{THALWEG_NUMPY_PYTHON})
  set(found "")
  foreach(candidate /usr/bin/python3 python3)
    execute_process(COMMAND ${candidate} -c "import numpy, pytest, sys; assert sys.version_info >= (3, 9)"
      RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(NOT failed AND NOT found)
      set(found ${candidate})
    endif()
  endforeach()
  if(found)
    set(THALWEG_NUMPY_PYTHON ${found} CACHE STRING "A Python with numpy and pytest")
    mark_as_advanced(THALWEG_NUMPY_PYTHON)
  else()
    message(STATUS "no Python with numpy and pytest: the package in python/ is not tested")
  endif()
endif()
