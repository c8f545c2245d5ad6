// The town's time. The server says it about once a second and after every hurry; between, it runs on
// here, but never further than the server could be behind.

import { emit, on, state } from './live.js';

const MOST_AHEAD = 3000;
let told = 0;
let heardAt = 0;

on('clock', (clock) => {
  const before = told ? townNow().getTime() : 0;
  told = Date.parse(clock.now) || Date.now();
  heardAt = performance.now();
  if (before && told - before > 20000) emit('leap', { from: before, to: told });
});

/** What time it is in the town. */
export function townNow() {
  if (!told) return new Date();
  const since = state.clock?.running === false || state.link === 'lost' ? 0 : Math.min(performance.now() - heardAt, MOST_AHEAD);
  return new Date(told + since);
}

/** Calls `hear` about four times a second, with the town's time; only while the page is seen. */
export function eachTick(hear) {
  setInterval(() => { if (!document.hidden && told) hear(townNow()); }, 250);
}
