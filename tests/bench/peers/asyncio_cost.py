#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""asyncio_cost.py WORKLOAD COUNT [debug]: asyncio, plain or in its debug mode."""

import asyncio
import json
import socket
import sys
import threading
import time

MESSAGE = 64
BURST = 1000
READY = 64  # handlers at a time, see programs/workloads.hpp


async def chains(count, ready):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    going = ready

    def link(left):
        nonlocal going
        if left > 1:
            loop.call_soon(link, left - 1)
        else:
            going -= 1
            if not going:
                done.set_result(None)
    for _ in range(ready):
        loop.call_soon(link, count // ready)
    await done


async def post_chain(count):
    await chains(count, READY)


async def turn(count):
    await chains(count, 1)


async def burst(count):
    loop = asyncio.get_running_loop()
    for _ in range(max(1, count // BURST)):
        for _ in range(BURST):
            loop.call_soon(int)
        await asyncio.sleep(0)


async def timers(count):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = count

    def expired():
        nonlocal left
        left -= 1
        if left > 0:
            loop.call_later(0, expired)
        elif not done.done():
            done.set_result(None)
    for _ in range(READY):
        loop.call_later(0, expired)
    await done


async def coroutine_yield(count):
    async def resume_often():
        for _ in range(count // READY):
            await asyncio.sleep(0)
    await asyncio.gather(*(resume_often() for _ in range(READY)))


async def echo(count):
    async def serve(reader, writer):
        while data := await reader.read(MESSAGE):
            writer.write(data)
        writer.close()

    def ask(port):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(count):
                client.sendall(b"x" * MESSAGE)
                client.recv(MESSAGE, socket.MSG_WAITALL)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = threading.Thread(target=ask, args=server.sockets[0].getsockname()[1:2])
    client.start()
    while client.is_alive():
        await asyncio.sleep(0.001)
    server.close()


WORKLOADS = {"post_chain": post_chain, "turn": turn, "burst": burst, "timers": timers,
             "yield": coroutine_yield, "echo": echo}


async def main(workload, count):
    await workload(count // 10 + 1)
    began = time.perf_counter_ns()
    await workload(count)
    print(json.dumps({"ns": (time.perf_counter_ns() - began) / count}))


if __name__ == "__main__":
    asyncio.run(main(WORKLOADS[sys.argv[1]], int(sys.argv[2])), debug=sys.argv[3:] == ["debug"])
