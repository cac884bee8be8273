# SPDX-License-Identifier: MIT
# Handler tracking changes the layout of asio's operations, so all that includes asio is built
# twice: the rooms as loopmon_ROOM and loopmon_ROOM_tracked, the library as loopmon and
# loopmon_tracking. What a program is built with it gets by linking one or the other.

# The setting itself, and the symbols that keep the variants apart (loopmon/build_variant.hpp,
# loopmon/tracked_boost.hpp).
set(LOOPMON_TRACKING_DEFINITIONS
  BOOST_ASIO_CUSTOM_HANDLER_TRACKING="loopmon/asio_tracking.hpp"
  BOOST_USER_CONFIG="loopmon/tracked_boost.hpp")
set(LOOPMON_TRACKING_LINK_OPTION LINKER:--wrap=epoll_wait) # lib/src/measure/poll_hook.cpp

foreach(suffix IN ITEMS "" _tracked)
  add_library(loopmon_variant${suffix} STATIC src/build_variant.cpp)
  target_include_directories(loopmon_variant${suffix} PUBLIC ${LOOPMON_PUBLIC_INCLUDE})
  target_link_libraries(loopmon_variant${suffix} PRIVATE loopmon_warnings)
  set_target_properties(loopmon_variant${suffix} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endforeach()
target_compile_definitions(loopmon_variant_tracked PUBLIC ${LOOPMON_TRACKING_DEFINITIONS})

# loopmon_room(NAME [PURE] SOURCES files... [USES rooms...] [LINK targets...]
#              [TRACKED_SOURCES files...] [DEFINITIONS definitions...])
# A room is a target of its own. Its headers are reachable only as "room/name.hpp" and only for
# targets that link it, so an include against the direction of the data does not build. PURE: it
# knows nothing of asio, and is built once.
function(loopmon_room room)
  cmake_parse_arguments(ARG "PURE" "" "SOURCES;TRACKED_SOURCES;USES;LINK;DEFINITIONS" ${ARGN})
  set(root ${CMAKE_CURRENT_BINARY_DIR}/rooms/${room})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/src/${room} ${root}/${room} SYMBOLIC)
  list(TRANSFORM ARG_SOURCES PREPEND src/${room}/)
  list(TRANSFORM ARG_TRACKED_SOURCES PREPEND src/${room}/)
  set(suffixes "plain")
  if(NOT ARG_PURE)
    list(APPEND suffixes _tracked)
  endif()
  foreach(suffix IN LISTS suffixes)
    string(REPLACE "plain" "" suffix ${suffix})
    set(target loopmon_${room}${suffix})
    add_library(${target} OBJECT ${ARG_SOURCES})
    target_include_directories(${target} PUBLIC ${root} ${LOOPMON_PUBLIC_INCLUDE})
    target_compile_definitions(${target} PUBLIC BOOST_ASIO_NO_DEPRECATED
      PRIVATE ${ARG_DEFINITIONS})
    target_compile_options(${target} PUBLIC -ffile-prefix-map=${root}/=lib/src/)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON # built for whom needs it
      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_link_libraries(${target}
      PUBLIC ${ARG_LINK} Boost::headers Threads::Threads PRIVATE loopmon_warnings)
    foreach(used IN LISTS ARG_USES)
      if(TARGET loopmon_${used}_tracked)
        string(APPEND used ${suffix})
      endif()
      target_link_libraries(${target} PUBLIC loopmon_${used})
    endforeach()
    if(NOT ARG_PURE)
      target_link_libraries(${target} PUBLIC loopmon_variant${suffix})
    endif()
    if(suffix)
      target_sources(${target} PRIVATE ${ARG_TRACKED_SOURCES})
    endif()
  endforeach()
endfunction()

# loopmon_library(NAME SUFFIX ROOMS rooms... SOURCES files... LINK targets...)
# All rooms of one variant and the composition root. Its type is that of BUILD_SHARED_LIBS.
function(loopmon_library name suffix)
  cmake_parse_arguments(ARG "" "" "ROOMS;SOURCES;LINK" ${ARGN})
  add_library(${name} ${ARG_SOURCES} src/build_variant.cpp)
  foreach(room IN LISTS ARG_ROOMS)
    if(TARGET loopmon_${room}_tracked)
      string(APPEND room "${suffix}")
    endif()
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:loopmon_${room}>)
    target_include_directories(${name} PRIVATE
      $<TARGET_PROPERTY:loopmon_${room},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${LOOPMON_PUBLIC_INCLUDE}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_compile_definitions(${name} PRIVATE BOOST_ASIO_NO_DEPRECATED)
  target_link_libraries(${name}
    PUBLIC Boost::headers Threads::Threads
    PRIVATE ${ARG_LINK} $<BUILD_INTERFACE:loopmon_warnings>)
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION 0
    POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()
