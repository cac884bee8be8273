#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What run.sh does in its Debian. The objects of the library are the same for the shared and the
# static one, so only the second link is of its own.
set -euo pipefail

readonly build=/var/tmp/build stage=/var/tmp/stage
readonly compilers='g++;clang++' boosts='/opt/boost-1.83;/opt/boost-1.88'

for shared in ON OFF; do
    echo "==> libloopmon, BUILD_SHARED_LIBS=$shared"
    cmake -S /src -B $build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=/usr \
        -DBUILD_SHARED_LIBS=$shared -DLOOPMON_DAEMON=OFF -DBUILD_TESTING=OFF -DLOOPMON_WERROR=ON
    cmake --build $build
    libdir=$(sed -n 's/^CMAKE_INSTALL_LIBDIR:PATH=//p' $build/CMakeCache.txt)
    cmake -D BUILD=$build -D STAGE=$stage -D PREFIX=/usr -D "LIBDIR=$libdir" \
        -D "COMPILERS=$compilers" -D "BOOSTS=$boosts" -D GENERATOR=Ninja \
        -D README=/src/README.md -D EXAMPLES=/src/lib/examples -P /src/tests/consumer/check.cmake
done

IFS=';'
for compiler in $compilers; do
    for boost in $boosts; do
        echo "==> mixed programs, $compiler, $boost"
        CPLUS_INCLUDE_PATH=$boost/usr/include cmake -D "CXX=$compiler" -D SOURCE_DIR=/src \
            -D WORK=/var/tmp/mixed_build -P /src/tests/unit/tracking/mixed_build/check.cmake
    done
done
echo "every program was built and run, and what must not link does not"
