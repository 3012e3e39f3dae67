# kn_isa_objects(TARGET sources...): adds each <family>.isa.cc to TARGET once per instruction set.
# The baseline objects come first on the link line.
function(kn_isa_objects target)
  set(isas baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND isas avx2 avx512)
    target_compile_definitions(${target} PRIVATE KN_HAVE_X86_ISAS)
  endif()
  set(flags_baseline "")
  set(flags_avx2 -mavx2 -mfma -mf16c)
  set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c
                   -mprefer-vector-width=512)
  foreach(isa IN LISTS isas)
    set(objects ${target}_isa_${isa})
    add_library(${objects} OBJECT ${ARGN})
    target_include_directories(${objects} PRIVATE ${PROJECT_SOURCE_DIR}/csrc)
    target_compile_features(${objects} PRIVATE cxx_std_20)
    target_compile_definitions(${objects} PRIVATE KN_ISA=${isa})
    # Sanitizers instrument nothing here: the one exported symbol must stay the only one.
    target_compile_options(${objects} PRIVATE ${flags_${isa}} ${KN_WARNINGS} -fno-exceptions
                           -fno-rtti -ffp-contract=fast -fno-math-errno -fno-trapping-math
                           $<$<CONFIG:Debug>:-O1>)
    set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON
                          CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()
