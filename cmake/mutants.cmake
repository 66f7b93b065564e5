# The rooms, from a copy in which the mutants are. It is made anew whenever the sources or the list change.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(mutated ${PROJECT_BINARY_DIR}/mutated)
file(GLOB_RECURSE originals CONFIGURE_DEPENDS src/*.h src/*.cpp src/*/CMakeLists.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${originals} proof/mutants.toml proof/mutants.py)
execute_process(COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/proof/mutants.py --write ${mutated}
                COMMAND_ERROR_IS_FATAL ANY)
add_compile_options(-include ${mutated}/mutant.h -Wno-error)
add_subdirectory(${mutated}/src src)
