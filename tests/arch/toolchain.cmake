# SPDX-License-Identifier: MIT
# Another architecture of Debian: the compiler of this machine, headers and libraries of a root that
# tests/arch/run.sh has unpacked, QEMU for what is run while building.
#   LOOPMON_ARCH   armhf or arm64
#   LOOPMON_ROOT   the root
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LOOPMON_ARCH LOOPMON_ROOT)
set(CMAKE_SYSTEM_NAME Linux)
if(LOOPMON_ARCH STREQUAL "armhf")
  set(CMAKE_SYSTEM_PROCESSOR arm)
  set(triplet arm-linux-gnueabihf)
  set(qemu qemu-arm-static)
  set(CMAKE_CXX_FLAGS_INIT -Wno-psabi) # notes on an ABI that changed in g++ 7
else()
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(triplet aarch64-linux-gnu)
  set(qemu qemu-aarch64-static)
endif()
set(CMAKE_CXX_COMPILER ${triplet}-g++)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
set(CMAKE_SYSROOT ${LOOPMON_ROOT})
set(CMAKE_FIND_ROOT_PATH ${LOOPMON_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_DIR} "")
set(ENV{PKG_CONFIG_LIBDIR} ${LOOPMON_ROOT}/usr/lib/${triplet}/pkgconfig:${LOOPMON_ROOT}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${LOOPMON_ROOT})
set(CMAKE_CROSSCOMPILING_EMULATOR ${qemu} -L ${LOOPMON_ROOT})
