#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// node_cost.js WORKLOAD COUNT [hooks]: Node.js, plain or with async_hooks that do nothing.
'use strict';
const net = require('node:net');
const { Worker, isMainThread, workerData } = require('node:worker_threads');

const MESSAGE = 64;
const BURST = 1000;
const READY = 64; // handlers at a time, see programs/workloads.hpp

function chain(count) {
  return new Promise((resolve) => {
    const link = () => (--count > 0 ? setImmediate(link) : resolve());
    setImmediate(link);
  });
}

function ready(make, count) {
  return Promise.all(Array.from({ length: READY }, () => make(count / READY)));
}

async function burst(count) {
  for (; count > 0; count -= BURST) {
    await new Promise((resolve) => {
      for (let i = 1; i < BURST; ++i) setImmediate(() => {});
      setImmediate(resolve);
    });
  }
}

async function coroutineYield(count) {
  for (; count > 0; --count) await new Promise((resolve) => setImmediate(resolve));
}

// The client is a worker with a loop of its own: there are no blocking sockets.
function ask(port, count) {
  const client = net.connect(port, '127.0.0.1');
  client.setNoDelay(true);
  const message = Buffer.alloc(MESSAGE);
  client.on('data', () => (--count > 0 ? client.write(message) : client.end()));
  client.write(message);
}

// Returns when it began: starting a worker takes longer than the round trips do.
function echo(count) {
  return new Promise((resolve) => {
    let began;
    const server = net.createServer((peer) => {
      began = process.hrtime.bigint();
      peer.setNoDelay(true);
      peer.on('data', (data) => peer.write(data));
      peer.on('close', () => server.close(() => resolve(began)));
    });
    server.listen(0, '127.0.0.1', () => {
      new Worker(__filename, { workerData: { port: server.address().port, count } });
    });
  });
}

const workloads = {
  post_chain: (count) => ready(chain, count),
  turn: chain,
  burst,
  yield: (count) => ready(coroutineYield, count),
  echo,
};

async function main() {
  const [workload, count, hooks] = process.argv.slice(2);
  if (hooks === 'hooks') {
    const nothing = () => {};
    require('node:async_hooks')
      .createHook({ init: nothing, before: nothing, after: nothing, destroy: nothing })
      .enable();
  }
  await workloads[workload](Math.floor(count / 10) + 1);
  let began = process.hrtime.bigint();
  const told = await workloads[workload](Number(count));
  if (workload === 'echo') began = told;
  console.log(JSON.stringify({ ns: Number(process.hrtime.bigint() - began) / count }));
}

if (isMainThread) main();
else ask(workerData.port, workerData.count);
