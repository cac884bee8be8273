# SPDX-License-Identifier: MIT
#
# libloopmon for programs on Boost.Asio. What includes asio has to be built as the program is: with
# its Boost, and with handler tracking or without, which changes the layout of asio's operations. So
# it is source, of which each project builds what it uses:
#
#   loopmon::loopmon    without handler tracking
#   loopmon::tracking   with it
#   loopmon::systemd[_tracking]  and sd-bus on asio (loopmon/systemd/*.hpp), which needs libsystemd

# Kept apart by symbols: loopmon/build_variant.hpp, loopmon/tracked_boost.hpp.
set(LOOPMON_TRACKING_DEFINITIONS
  BOOST_ASIO_CUSTOM_HANDLER_TRACKING="loopmon/asio_tracking.hpp"
  BOOST_USER_CONFIG="loopmon/tracked_boost.hpp")
set(LOOPMON_TRACKING_LINK_OPTION LINKER:--wrap=epoll_wait) # epoll_descriptor.cpp

# loopmon_asio_libraries(DIRECTORY): the targets, of the sources there.
function(loopmon_asio_libraries directory)
  set(sources asio_tracking.cpp build_variant.cpp epoll_descriptor.cpp loop_service.cpp offload.cpp
    offload_loop.cpp run_calls.cpp task.cpp watch.cpp)
  set(systemd_sources async_call.cpp bus_link.cpp bus_pump.cpp socket_waits.cpp)
  list(TRANSFORM sources PREPEND ${directory}/)
  list(TRANSFORM systemd_sources PREPEND ${directory}/systemd/)
  foreach(variant IN ITEMS "" _tracking)
    set(target loopmon_asio${variant})
    add_library(${target} STATIC EXCLUDE_FROM_ALL ${sources})
    add_library(loopmon_asio_systemd${variant} STATIC EXCLUDE_FROM_ALL ${systemd_sources})
    target_link_libraries(loopmon_asio_systemd${variant} PUBLIC ${target})
    foreach(library IN ITEMS ${target} loopmon_asio_systemd${variant})
      target_include_directories(${library} PUBLIC
        $<TARGET_PROPERTY:loopmon::core,INTERFACE_INCLUDE_DIRECTORIES>)
      target_link_libraries(${library} PUBLIC Boost::headers Threads::Threads)
      target_compile_features(${library} PUBLIC cxx_std_20)
      target_compile_definitions(${library} PRIVATE BOOST_ASIO_NO_DEPRECATED)
      set_target_properties(${library} PROPERTIES POSITION_INDEPENDENT_CODE ON)
      if(TARGET loopmon_warnings) # in the project itself
        target_link_libraries(${library} PRIVATE loopmon_warnings)
      endif()
    endforeach()
    # With the library itself. Tests take one that hides nothing.
    foreach(name IN ITEMS asio asio_systemd)
      add_library(loopmon_on_${name}${variant} INTERFACE)
      target_link_libraries(loopmon_on_${name}${variant}
        INTERFACE loopmon_${name}${variant} loopmon::core)
    endforeach()
    add_library(loopmon::systemd${variant} ALIAS loopmon_on_asio_systemd${variant})
  endforeach()
  target_compile_definitions(loopmon_asio_tracking PUBLIC ${LOOPMON_TRACKING_DEFINITIONS})
  target_link_options(loopmon_asio_tracking PUBLIC ${LOOPMON_TRACKING_LINK_OPTION})
  add_library(loopmon::loopmon ALIAS loopmon_on_asio)
  add_library(loopmon::tracking ALIAS loopmon_on_asio_tracking)
endfunction()
