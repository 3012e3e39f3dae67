# cmake -DNM=<nm> -DISA=<isa> -DOBJECTS=<a.o|b.o|…> -P isa_symbols.cmake
# Objects of one instruction set may define only fill_<family>_<isa>. Anything else that other
# objects can see (an inline function, an instance of a template) might be chosen by the linker for
# all of them and carry wide instructions into code that runs on every machine.
string(REPLACE "|" ";" objects "${OBJECTS}")
set(filled 0)
foreach(object IN LISTS objects)
  execute_process(COMMAND ${NM} --defined-only --extern-only --demangle ${object}
                  OUTPUT_VARIABLE text RESULT_VARIABLE status)
  if(status)
    message(FATAL_ERROR "nm failed on ${object}")
  endif()
  string(REPLACE "\n" ";" lines "${text}")
  foreach(line IN LISTS lines)
    if(line MATCHES "kn::cpu::fill_[a-z0-9_]+_${ISA}\\(")
      math(EXPR filled "${filled} + 1")
    elseif(line MATCHES "[^ ]")
      message(SEND_ERROR "${object} defines ${line}")
    endif()
  endforeach()
endforeach()
list(LENGTH objects count)
if(NOT filled EQUAL count)
  message(SEND_ERROR "expected one fill_*_${ISA} in each of ${count} objects, found ${filled}")
endif()
