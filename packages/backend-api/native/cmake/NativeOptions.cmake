# Options and compiler settings that all native packages share. Include it right after project().
option(TENSORPLAN_NATIVE_TESTS "Build the C++ tests and register them with ctest" OFF)
set(TENSORPLAN_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
find_package(Threads REQUIRED)

# Contraction off: a multiply-add is fused only where the source says so, or bits would depend on the compiler.
set(cxx_options -Wall -Wextra -fno-math-errno -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND cxx_options -Wno-restrict)  # g++ 12 warns about its own std::string
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${cxx_options}>")
if(TENSORPLAN_SANITIZE)
  # -O2 under the checkers takes minutes for one file of matrix kernels, and finds nothing that -O1 doesn't.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  add_compile_options(-fsanitize=${TENSORPLAN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(TENSORPLAN_SANITIZE MATCHES "address,undefined")
    # AddressSanitizer stops at the same accesses, and these checks take a third of the time of compiling what uses the standard library.
    add_compile_options(-fno-sanitize=null,object-size)
  endif()
  add_link_options(-fsanitize=${TENSORPLAN_SANITIZE})
endif()
