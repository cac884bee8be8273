#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// node_lag.js: Node's monitorEventLoopDelay at its default resolution of 10 ms. Plays the schedule
// on standard input as stalling_loop does, and prints what the monitor has learned, in us, less the
// 10 ms that it shows for a loop that idles. With an empty schedule it idles until it is killed.
'use strict';
const fs = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');

const RESOLUTION_MS = 10;
const nobody = new Int32Array(new SharedArrayBuffer(4)); // for a sleep that blocks the thread

function tell(what, value) {
  const text = value === undefined ? process.hrtime.bigint() : JSON.stringify(value);
  fs.writeSync(1, `{"${what}": ${text}}\n`);
}

async function main() {
  const schedule = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)
    .map((line) => line.split(' ').map(Number));
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  tell('watched');
  for (const [idle, stall] of schedule) {
    await sleep(idle / 1e3);
    tell('began');
    Atomics.wait(nobody, 0, 0, stall / 1e3);
    tell('ended');
  }
  await sleep(RESOLUTION_MS);
  tell('done');
  delay.disable();
  const usec = (ns) => Math.max(0, ns / 1e3 - RESOLUTION_MS * 1e3);
  tell('lag', {
    p50: usec(delay.percentile(50)),
    p90: usec(delay.percentile(90)),
    p99: usec(delay.percentile(99)),
    max: usec(delay.max),
  });
  if (schedule.length === 0) {
    delay.enable();
    setInterval(() => {}, 1 << 30);
  }
}

main();
