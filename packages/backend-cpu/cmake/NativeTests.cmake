# Every native/test/*.cc and native/**/*_test.cc is an executable of its own; native/test/support is linked into all of them.
function(tensorplan_add_tests library)
  file(GLOB support CONFIGURE_DEPENDS native/test/support/*.cc)
  add_library(tensorplan_test_support STATIC ${support})
  target_link_libraries(tensorplan_test_support PUBLIC ${library})

  list(TRANSFORM TENSORPLAN_OPS REPLACE "(.+)" "native/ops/\\1/*_test.cc" OUTPUT_VARIABLE patterns)
  file(GLOB tests CONFIGURE_DEPENDS native/test/*.cc native/core/*_test.cc native/formats/*_test.cc ${patterns})
  foreach(file ${tests})
    get_filename_component(name ${file} NAME_WE)
    add_executable(${name} ${file})
    target_link_libraries(${name} PRIVATE tensorplan_test_support)
    # A test need not be fast; the kernels that it tests are in the library, with the product's flags.
    target_compile_options(${name} PRIVATE -O1)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
  endforeach()

  # Sanitizers add weak symbols of their own.
  if(TENSORPLAN_SANITIZE OR NOT CMAKE_NM)
    return()
  endif()
  set(objects "")
  foreach(isa ${kernel_isas})
    if(TARGET tensorplan_isa_${isa} AND NOT isa STREQUAL "generic")
      string(APPEND objects "$<JOIN:$<TARGET_OBJECTS:tensorplan_isa_${isa}>,\n>\n")
    endif()
  endforeach()
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/kernel_units_$<CONFIG>.txt CONTENT "${objects}")
  add_test(NAME kernel_units_define_no_weak_symbols
           COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DLIST=${CMAKE_CURRENT_BINARY_DIR}/kernel_units_$<CONFIG>.txt
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/checkWeakSymbols.cmake)
endfunction()
