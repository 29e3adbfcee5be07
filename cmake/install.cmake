# What `cmake --install` puts where: the libraries with a CMake package, the headers that a user's
# compiler reads, the `thalweg` program.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Public headers include some of ours from the root of the checkout ("core/units.h"). Installed as
# /usr/include/core they would collide with anybody's; so they lie below a folder of their own, which
# the installed targets have on their include path. A user's file never names it.
set(THALWEG_INTERNAL_INCLUDE_DIR ${CMAKE_INSTALL_INCLUDEDIR}/thalweg_internal)
set(THALWEG_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)

install(TARGETS ${THALWEG_LIBRARIES} thalweg_thalweg EXPORT thalwegTargets
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${THALWEG_INTERNAL_INCLUDE_DIR})
# For other languages: libthalweg_ring.so; for C, its header in thalweg::ring.
install(TARGETS thalweg_ring EXPORT thalwegTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET thalweg)
  install(TARGETS thalweg RUNTIME)
endif()

configure_file(cmake/install_headers.cmake.in install_headers.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/install_headers.cmake)

install(EXPORT thalwegTargets NAMESPACE thalweg:: DESTINATION ${THALWEG_PACKAGE_DIR})
configure_package_config_file(cmake/thalwegConfig.cmake.in thalwegConfig.cmake
  INSTALL_DESTINATION ${THALWEG_PACKAGE_DIR} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor release may break.
write_basic_package_version_file(thalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/thalwegConfig.cmake
  ${PROJECT_BINARY_DIR}/thalwegConfigVersion.cmake
  cmake/Findxxhash.cmake
  DESTINATION ${THALWEG_PACKAGE_DIR})
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
