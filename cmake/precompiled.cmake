# What nearly every file includes, parsed once: nearly half of a build's time. Only where HMT_PRECOMPILED is on (the presets that
# test): builds without it show that each file includes what it uses.
#
# Not by target_precompile_headers: ccache finds a file again in another checkout only if it is compiled with `-include-pch`, and
# beside the precompiled header lies a checksum of what it is made of, which does not depend on where it was made.
option(HMT_PRECOMPILED "Parse the standard library and GoogleTest once for all files" OFF)

set(precompiled_standard algorithm array chrono cstdint deque filesystem functional map memory mutex optional set span sstream
    string string_view unordered_map utility variant vector)

# `name` is a way of compiling: what is parsed in one is refused in another.
function(precompile name headers)
  set(start ${PROJECT_BINARY_DIR}/precompiled/${name})
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>\n")
  list(JOIN headers "" lines)
  file(CONFIGURE OUTPUT ${start}.h CONTENT "${lines}")

  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
  get_directory_property(options COMPILE_OPTIONS)
  get_directory_property(definitions COMPILE_DEFINITIONS)
  list(TRANSFORM definitions PREPEND -D)
  set(compile ${CMAKE_CXX_COMPILER} -std=c++2b ${flags} ${options} ${definitions} ${ARGN} -x c++-header ${start}.h)
  add_custom_command(
    OUTPUT ${start}.pch
    COMMAND ${compile} -fpch-instantiate-templates -MD -MT ${start}.pch -MF ${start}.d -o ${start}.pch
    COMMAND ${compile} -E -P -o ${start}.parsed
    COMMAND ${CMAKE_COMMAND} -E sha256sum ${start}.parsed > ${start}.whole
    COMMAND cut -c1-64 ${start}.whole > ${start}.pch.sum
    DEPENDS ${start}.h DEPFILE ${start}.d VERBATIM)
  add_custom_target(precompile_${name} DEPENDS ${start}.pch)
endfunction()

if(HMT_PRECOMPILED)
  precompile(room "${precompiled_standard}" -fPIC)
  precompile(pure "${precompiled_standard}" -fPIC -fno-exceptions)
  precompile(test "${precompiled_standard};gmock/gmock.h;gtest/gtest.h" -fPIE -DGTEST_HAS_PTHREAD=1)
endif()

function(use_precompiled target name)
  if(NOT HMT_PRECOMPILED)
    return()
  endif()
  set(header ${PROJECT_BINARY_DIR}/precompiled/${name}.pch)
  add_dependencies(${target} precompile_${name})
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Winvalid-pch -include-pch ${header}>")
  get_target_property(sources ${target} SOURCES)
  set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${header})
endfunction()
