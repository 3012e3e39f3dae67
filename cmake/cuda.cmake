# Whether and how cuda/ is built. KERAS_NATIVE_CUDA:
#   AUTO      where a CUDA compiler, 12.0 or later, and NVIDIA's driver are found
#   COMPILER  where a CUDA compiler is found, with or without a driver
#   ON        always; the compiler may come from NVIDIA's packages on PyPI
#   STAND_IN  against the stand-in for the execution model (tests/cuda/stand_in): the kernels run on
#             the CPU, slowly. For tests of everything above them without a GPU.
#   OFF       not at all
set(KERAS_NATIVE_CUDA AUTO CACHE STRING "Build _cuda: AUTO, COMPILER, ON, STAND_IN or OFF")

# Machine code for A100 and H100/H200, intermediate code for what comes later.
set(KERAS_NATIVE_CUDA_ARCHITECTURES 80-real 90a-real 90-virtual
    CACHE STRING "CUDA architectures, as CMAKE_CUDA_ARCHITECTURES")

# Arithmetic that must have the CPU's bits: no fused products there.
set(KN_CUDA_EXACT random.cu resize.cu)

# The nvcc of the path, of CUDA's usual place, or of the packages on PyPI; in `out`, or empty. Where
# the packages were asked for (pyproject.toml), theirs comes first.
function(kn_find_nvcc out)
  if("$ENV{KERAS_NATIVE_CUDA}" STREQUAL "pypi")
    kn_find_packaged_nvcc()
  endif()
  find_program(KN_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES bin
               PATHS /usr/local/cuda/bin)
  if(NOT KN_NVCC)
    kn_find_packaged_nvcc()
  endif()
  set(${out} "${KN_NVCC}" PARENT_SCOPE)
endfunction()

# Sets KN_NVCC in the cache.
function(kn_find_packaged_nvcc)
  find_package(Python COMPONENTS Interpreter QUIET)
  if(Python_EXECUTABLE)
    execute_process(
      COMMAND ${Python_EXECUTABLE} -c
              "import nvidia, pathlib; print(*(p for r in nvidia.__path__ for p in pathlib.Path(r).glob('cu*/bin')), sep=';')"
      OUTPUT_VARIABLE folders OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    find_program(KN_NVCC nvcc PATHS ${folders} NO_DEFAULT_PATH)
  endif()
endfunction()

# Whether nvcc compiles C++20, as it does from 12.0 on.
function(kn_nvcc_is_new_enough nvcc out)
  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE words ERROR_QUIET)
  string(REGEX MATCH "release ([0-9.]+)" _ "${words}")
  set(version "${CMAKE_MATCH_1}")
  if(version VERSION_GREATER_EQUAL 12.0)
    set(${out} TRUE PARENT_SCOPE)
  else()
    message(STATUS "CUDA: ${nvcc} is of release '${version}', expected 12.0 or later")
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

function(kn_cuda_wanted out)
  if(NOT KERAS_NATIVE_CUDA MATCHES "^(AUTO|COMPILER)$")
    set(${out} ${KERAS_NATIVE_CUDA} PARENT_SCOPE)
    return()
  endif()
  set(${out} OFF PARENT_SCOPE)
  kn_find_nvcc(nvcc)
  if(NOT nvcc)
    return()
  endif()
  kn_nvcc_is_new_enough(${nvcc} usable)
  find_library(KN_DRIVER NAMES libcuda.so.1 HINTS ENV LD_LIBRARY_PATH
    PATHS /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib/wsl/lib /usr/local/nvidia/lib64)
  if(usable AND (KN_DRIVER OR KERAS_NATIVE_CUDA STREQUAL "COMPILER"))
    set(${out} ON PARENT_SCOPE)
  endif()
endfunction()

# How nvcc is to compile the .cu files of a target: warnings are errors, as far as they are ours.
function(kn_cuda_language target)
  if(KN_CUDA STREQUAL "STAND_IN")
    file(GLOB stand_in CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cuda/stand_in/*.cc)
    target_sources(${target} PRIVATE ${stand_in})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/tests/cuda/stand_in)
    target_compile_options(${target} PRIVATE -Wno-unknown-pragmas)  # those of nvcc
    file(GLOB cu CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cuda/*.cu)
    set_source_files_properties(${cu} PROPERTIES LANGUAGE CXX)
    return()
  endif()
  set_target_properties(${target} PROPERTIES CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON
    CUDA_RUNTIME_LIBRARY Static CUDA_ARCHITECTURES "${KERAS_NATIVE_CUDA_ARCHITECTURES}"
    CUDA_VISIBILITY_PRESET hidden)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr -Werror=all-warnings>)
  foreach(source IN LISTS KN_CUDA_EXACT)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/cuda/${source}
                                PROPERTIES COMPILE_OPTIONS --fmad=false)
  endforeach()
  # Known by nvcc's own place: CMake does not know how the packages on PyPI are laid out.
  find_package(Threads REQUIRED)
  target_include_directories(${target} SYSTEM PUBLIC ${KN_CUDA_ROOT}/include)
  target_link_libraries(${target} PUBLIC ${KN_CUDART} Threads::Threads ${CMAKE_DL_LIBS} rt)
endfunction()

kn_cuda_wanted(KN_CUDA)
message(STATUS "CUDA: ${KN_CUDA}")
if(KN_CUDA STREQUAL "ON" OR KN_CUDA STREQUAL "TRUE" OR KN_CUDA STREQUAL "1")
  set(KN_CUDA ON)
  kn_find_nvcc(nvcc)
  if(nvcc AND NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${nvcc})
  endif()
  # nvcc says where it belongs: it may have been called by a link or by a script.
  execute_process(COMMAND ${nvcc} --dryrun -x cu -c /dev/null OUTPUT_QUIET ERROR_VARIABLE words)
  if(NOT words MATCHES "#\\$ TOP=([^\r\n]+)")
    message(FATAL_ERROR "CUDA was asked for, but no working nvcc was found (nvcc: '${nvcc}')")
  endif()
  get_filename_component(KN_CUDA_ROOT "${CMAKE_MATCH_1}" REALPATH)
  find_library(KN_CUDART libcudart_static.a PATHS ${KN_CUDA_ROOT} PATH_SUFFIXES lib64 lib
               targets/x86_64-linux/lib targets/sbsa-linux/lib REQUIRED)
  # The compiler of the 13.0 packages looks for its libraries beside those that are there.
  get_filename_component(libraries "${KN_CUDART}" DIRECTORY)
  set(ENV{NVCC_APPEND_FLAGS} "-L${libraries}")
  set(CMAKE_CUDA_FLAGS "${CMAKE_CUDA_FLAGS} -L${libraries}")
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES ${KERAS_NATIVE_CUDA_ARCHITECTURES})
  endif()
  enable_language(CUDA)
endif()
