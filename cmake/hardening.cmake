# Warnings are errors; the standard library checks its own bounds in every build, because a wrong order costs more
# than the check.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fstack-protector-strong)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
# Lines for backtraces, in every build; what a debugger wants besides is a third of the objects and of the links' time.
add_compile_options(-g1)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-D_FORTIFY_SOURCE=2 -fcf-protection)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-fuse-ld=mold -Wl,-z,relro,-z,now -Wl,--gc-sections)

# One switch for the sanitizers of a preset, so that every room gets the same.
set(HMT_SANITIZE "" CACHE STRING "address,undefined or thread")
if(HMT_SANITIZE)
  add_compile_options(-fsanitize=${HMT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HMT_SANITIZE})
endif()
# Fuzzers see which inputs lead further only where the code counts its branches.
if(HMT_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
