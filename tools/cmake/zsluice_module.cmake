# SPDX-License-Identifier: BSD-2-Clause
# zsluice_add_module(NAME SOURCES a.cpp… PUBLIC_HEADERS zsluice/x/y.hpp… DEPENDS base…)
#
# One static library per layer of src/README.md. DEPENDS holds the layer diagram; third-party
# libraries are added PRIVATE by the one module that wraps them. PUBLIC_HEADERS (installed, pure
# library) are named relative to include/.
function(zsluice_add_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC_HEADERS;DEPENDS" ${ARGN})
  set(target zsluice_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(zsluice::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name}
                                             VERIFY_INTERFACE_HEADER_SETS ON)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(
    ${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                     $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
              PRIVATE ${PROJECT_SOURCE_DIR}/src)
  if(arg_PUBLIC_HEADERS)
    list(TRANSFORM arg_PUBLIC_HEADERS PREPEND ${PROJECT_SOURCE_DIR}/include/)
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include
                                    FILES ${arg_PUBLIC_HEADERS})
    set_property(GLOBAL APPEND PROPERTY ZSLUICE_INSTALLED_MODULES ${target})
  endif()
  list(TRANSFORM arg_DEPENDS PREPEND zsluice::)
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS})
endfunction()

# zsluice_add_test(NAME LABEL unit|kernel|cli SOURCES a_test.cpp… DEPENDS drr…)
# One test binary per module; every TEST becomes a ctest case of its own, or every binary one case where
# ZSLUICE_TEST_BY_PROGRAM is on: a program under AddressSanitizer takes longer to start than most tests.
function(zsluice_add_test name)
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND zsluice::)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(
    ${name} PRIVATE ZSLUICE_TEST_CORPUS="${PROJECT_SOURCE_DIR}/tests/corpus")
  target_compile_options(${name} PRIVATE ${ZSLUICE_TEST_OPTIONS})
  if(ZSLUICE_TEST_BY_PROGRAM)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT 1800)
  else()
    # NO_PRETTY_VALUES: names end in the parameter's name, not in its bytes.
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
                         PROPERTIES LABELS ${arg_LABEL} TIMEOUT 120)
  endif()
  if(arg_LABEL STREQUAL "kernel")
    # tests/zfs runs them on a second kernel.
    set_property(GLOBAL APPEND PROPERTY ZSLUICE_KERNEL_TESTS ${name})
  endif()
endfunction()
