# Kernels are found by name: in native/ops/<op>/,
#   <op>.cc                            orchestration, portable; defines tensorplan::register_<op>(KernelTable&)
#   generic*.cc avx2*.cc avx512*.cc neon*.cc   inner loops, compiled with the flags of that instruction set
#   *_test.cc                          a test executable each
#   any other .cc                      portable
# Units of an instruction set may be linked into a process whose CPU lacks it, so they must share no inline function, template or
# std header with other units: the linker keeps one copy of such a function, and it could be the one with foreign instructions. The
# test `kernel_units_define_no_weak_symbols` holds this.

set(TENSORPLAN_OPS "*" CACHE STRING "Folders of native/ops to build, when working on some of them only")

set(avx2_flags -mavx2 -mfma -mf16c)
set(avx512_flags ${avx2_flags} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512vbmi
    # g++ takes the deliberately undefined operands inside its own intrinsics for mistakes.
    -Wno-maybe-uninitialized -Wno-uninitialized)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(kernel_isas generic avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(kernel_isas generic neon)
else()
  set(kernel_isas generic)
endif()

# Vector intrinsics make the address checker's inline checks explode: g++ takes minutes for one file. Calls find the same faults. What the
# checker for undefined behaviour says of pointers beside that, a wild access shows as well; generic.cc keeps all checks.
set(checked_vector_flags "")
if(TENSORPLAN_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(checked_vector_flags --param=asan-instrumentation-with-call-threshold=0 -fno-sanitize=alignment,null,object-size,pointer-overflow)
endif()

function(tensorplan_add_kernels library)
  foreach(isa ${kernel_isas})
    set(patterns "")
    foreach(op ${TENSORPLAN_OPS})
      list(APPEND patterns native/ops/${op}/${isa}.cc native/ops/${op}/${isa}_*.cc)
    endforeach()
    file(GLOB units CONFIGURE_DEPENDS ${patterns})
    list(FILTER units EXCLUDE REGEX "_test\\.cc$")
    if(units)
      add_library(tensorplan_isa_${isa} OBJECT ${units})
      target_include_directories(tensorplan_isa_${isa} PRIVATE native ../backend-api/native/include)
      target_compile_options(tensorplan_isa_${isa} PRIVATE ${${isa}_flags})
      if(NOT isa STREQUAL "generic")
        target_compile_options(tensorplan_isa_${isa} PRIVATE ${checked_vector_flags})
      endif()
      target_sources(${library} PRIVATE $<TARGET_OBJECTS:tensorplan_isa_${isa}>)
    endif()
  endforeach()

  list(TRANSFORM TENSORPLAN_OPS REPLACE "(.+)" "native/ops/\\1/*.cc" OUTPUT_VARIABLE patterns)
  file(GLOB portable CONFIGURE_DEPENDS ${patterns})
  list(FILTER portable EXCLUDE REGEX "_test\\.cc$")
  list(FILTER portable EXCLUDE REGEX "/(generic|avx2|avx512|neon)(_[^/]*)?\\.cc$")
  target_sources(${library} PRIVATE ${portable})
  tensorplan_write_register_all(${library} "${portable}")
endfunction()

# One call for each native/ops/<op>/<op>.cc, in alphabetical order.
function(tensorplan_write_register_all library portable)
  set(declarations "")
  set(calls "")
  list(SORT portable)
  foreach(file ${portable})
    get_filename_component(name ${file} NAME_WE)
    get_filename_component(folder ${file} DIRECTORY)
    get_filename_component(folder ${folder} NAME)
    if(name STREQUAL folder)
      string(APPEND declarations "void register_${name}(KernelTable&);\n")
      string(APPEND calls "  register_${name}(table);\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT register_all.cc CONTENT [[
// Written by CMake from the folders under native/ops.
#include "core/register_all.h"

namespace tensorplan {
@declarations@
void register_all(KernelTable& table) {
  static_cast<void>(table);
@calls@}
}  // namespace tensorplan
]] @ONLY)
  target_sources(${library} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/register_all.cc)
endfunction()
