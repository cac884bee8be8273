# SPDX-License-Identifier: MIT

# loopmon_room(NAME SOURCES files... [USES rooms...] [LINK targets...] [DEFINITIONS definitions...])
# A room is a target of its own. Its headers are reachable only as "room/name.hpp" and only for
# targets that link it, so an include against the direction of the data does not build.
function(loopmon_room room)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINK;DEFINITIONS" ${ARGN})
  set(target loopmon_${room})
  set(root ${CMAKE_CURRENT_BINARY_DIR}/rooms/${room})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/src/${room} ${root}/${room} SYMBOLIC)
  list(TRANSFORM ARG_SOURCES PREPEND src/${room}/)
  add_library(${target} OBJECT ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC ${root} ${LOOPMON_PUBLIC_INCLUDE})
  target_compile_definitions(${target} PRIVATE ${ARG_DEFINITIONS})
  target_compile_options(${target} PUBLIC -ffile-prefix-map=${root}/=lib/src/)
  set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON # built for whom needs it
    POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${target} PUBLIC ${ARG_LINK} Threads::Threads PRIVATE loopmon_warnings)
  list(TRANSFORM ARG_USES PREPEND loopmon_)
  target_link_libraries(${target} PUBLIC ${ARG_USES})
endfunction()

# loopmon_library(NAME ROOMS rooms... LINK targets...)
# All rooms as one library; and as NAME_whole, a static one for tests, with the headers of all rooms.
function(loopmon_library name)
  cmake_parse_arguments(ARG "" "" "ROOMS;LINK" ${ARGN})
  list(TRANSFORM ARG_ROOMS REPLACE "(.+)" "$<TARGET_OBJECTS:loopmon_\\1>" OUTPUT_VARIABLE objects)
  add_library(${name} ${objects})
  add_library(loopmon::core ALIAS ${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${LOOPMON_PUBLIC_INCLUDE}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC Threads::Threads PRIVATE ${ARG_LINK})
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION 0 EXPORT_NAME core LINKER_LANGUAGE CXX
    LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/loopmon.map)
  target_link_options(${name}
    PRIVATE LINKER:--version-script=${CMAKE_CURRENT_SOURCE_DIR}/loopmon.map)
  add_library(${name}_whole STATIC EXCLUDE_FROM_ALL ${objects})
  list(TRANSFORM ARG_ROOMS PREPEND loopmon_ OUTPUT_VARIABLE rooms)
  foreach(room IN LISTS rooms)
    target_include_directories(${name}_whole
      PUBLIC $<TARGET_PROPERTY:${room},INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_options(${name}_whole
      PUBLIC $<TARGET_PROPERTY:${room},INTERFACE_COMPILE_OPTIONS>)
  endforeach()
  target_link_libraries(${name}_whole PUBLIC Threads::Threads ${ARG_LINK})
  set_target_properties(${name}_whole PROPERTIES LINKER_LANGUAGE CXX)
endfunction()
