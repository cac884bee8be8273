# SPDX-License-Identifier: MIT

# mixed_programs_do_not_link(COMPILER WORKS LINK_FLAGS)
# WORKS are folders, one for each Boost, with a program's main_VARIANT.o and its adapter for asio,
# all_VARIANT.o, for the variants loopmon and tracking. A main goes with the adapter of its own Boost
# and variant only, and the linker's message for any other says why: with another Boost what main was
# built with, with another variant that or asio's class (loopmon/tracked_boost.hpp).
function(mixed_programs_do_not_link compiler works link_flags)
  foreach(main_work IN LISTS works)
    foreach(main_variant IN ITEMS loopmon tracking)
      symbol_of(${main_work}/main_${main_variant}.o symbol)
      foreach(work IN LISTS works)
        foreach(variant IN ITEMS loopmon tracking)
          if("${work}/${variant}" STREQUAL "${main_work}/${main_variant}")
            continue()
          endif()
          set(expected ${symbol})
          if(NOT variant STREQUAL main_variant)
            string(APPEND expected "|loopmon_all_of_this_program_must_be_built|thread_context")
          endif()
          execute_process(COMMAND ${compiler} ${main_work}/main_${main_variant}.o
            ${work}/all_${variant}.o ${link_flags} -o ${work}/mixed
            RESULT_VARIABLE failed ERROR_VARIABLE message OUTPUT_VARIABLE message)
          if(NOT failed OR NOT "${message}" MATCHES "${expected}")
            message(FATAL_ERROR "${main_work}/main_${main_variant}.o and ${work}/all_${variant}.o: "
              "link, or the message does not say '${expected}': ${message}")
          endif()
        endforeach()
      endforeach()
    endforeach()
  endforeach()
endfunction()

# symbol_of(OBJECT VARIABLE): what an object requires of the rest of its program.
function(symbol_of object variable)
  execute_process(COMMAND nm --undefined-only ${object}
    OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "loopmon_all_of_this_program_must_be_built_[a-z_]+_and_boost_[0-9]+[A-Za-z0-9_]*"
    symbol "${symbols}")
  if(NOT symbol)
    message(FATAL_ERROR "${object} requires nothing of the rest of its program")
  endif()
  set(${variable} ${symbol} PARENT_SCOPE)
endfunction()
