# One folder = one library = one namespace. A room's headers are reached as "<room>/<file>.h" through an include root
# that holds a single link, so that a room sees only what it USES: an undeclared dependency does not compile.
#
#   room(<name> [PURE] [USES <rooms>] [LIBS <libraries>] [TEST_USES <rooms>] [TEST_BESIDE <command>]
#        [BENCH_USES <rooms>])
#
# BENCH_USES: what only the benchmarks use besides, where a figure is of several rooms together.
# TEST_BESIDE: the tests run under this command, which gives them what they need (a database server).
# PURE: no exceptions; tools/tidy.py forbids clocks, threads, I/O and randomness there.
function(room name)
  cmake_parse_arguments(ARG "PURE" "" "USES;LIBS;TEST_USES;TEST_LIBS;TEST_BESIDE;BENCH_USES" ${ARGN})
  set(root ${PROJECT_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  file(GLOB benches CONFIGURE_DEPENDS *_bench.cpp)
  file(GLOB fuzzers CONFIGURE_DEPENDS *_fuzz.cpp)
  list(REMOVE_ITEM sources ${tests} ${benches} ${fuzzers} ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)

  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${root})
  target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_LIBS})
  if(ARG_PURE)
    target_compile_options(${name} PRIVATE -fno-exceptions)
    use_precompiled(${name} pure)
  else()
    use_precompiled(${name} room)
  endif()

  if(tests AND HMT_TESTS)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${ARG_TEST_USES} ${ARG_TEST_LIBS} GTest::gmock GTest::gtest_main)
    use_precompiled(${name}_test test)
    add_test(NAME ${name} COMMAND ${ARG_TEST_BESIDE} $<TARGET_FILE:${name}_test>)
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
  if(benches AND HMT_BENCHMARKS)
    find_package(benchmark REQUIRED)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE ${name} ${ARG_TEST_USES} ${ARG_TEST_LIBS} ${ARG_BENCH_USES} benchmark::benchmark_main)
  endif()
  fuzz_targets(${name} "${fuzzers}" ${name} ${ARG_TEST_USES})
endfunction()

# Each `x_fuzz.cpp` is a target of its own beside its seeds in `x_corpus`. With HMT_FUZZERS it is a fuzzer, to be run by
# proof/fuzz.py; in the ordinary tests it replays its seeds, so that what a fuzzer once found stays found.
function(fuzz_targets name fuzzers)
  foreach(fuzzer ${fuzzers})
    get_filename_component(fuzzer_name ${fuzzer} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "_corpus" corpus ${fuzzer_name})
    if(HMT_FUZZERS)
      add_executable(${name}_${fuzzer_name} ${fuzzer})
      target_link_options(${name}_${fuzzer_name} PRIVATE -fsanitize=fuzzer)
    elseif(HMT_TESTS)
      add_executable(${name}_${fuzzer_name} ${fuzzer} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cpp)
      add_test(NAME ${name}_${fuzzer_name}
               COMMAND ${name}_${fuzzer_name} ${CMAKE_CURRENT_SOURCE_DIR}/${corpus})
      set_tests_properties(${name}_${fuzzer_name} PROPERTIES LABELS fuzz TIMEOUT 120)
    else()
      continue()
    endif()
    target_link_libraries(${name}_${fuzzer_name} PRIVATE ${ARGN})
  endforeach()
endfunction()
