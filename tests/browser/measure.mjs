// How fast the page is: until it is useful, and while a thousand messages scroll, each beside a raw baseline
// in the same run. Prints one line of JSON each; `cargo bench --bench demo` runs it.

import { open } from './page.mjs';

const url = process.argv[2];
const visitor = await open(url);
const { page } = visitor;

/** Milliseconds until the town is drawn, and until an empty answer of the same server has loaded. */
async function load(path, ready) {
  const began = performance.now();
  await page.goto(`${url}/${path}`);
  await page.waitForFunction(ready);
  return performance.now() - began;
}
const loads = { page: [], raw: [] };
for (let n = 0; n < 7; n += 1) {
  loads.raw.push(await load('icon.svg', () => document.documentElement));
  loads.page.push(await load('', () => document.querySelectorAll('.node').length >= 7 && document.querySelector('.msg')));
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const of = (list, part) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * part)];
const rounded = (number) => Math.round(number * 10) / 10;
console.log(JSON.stringify({ bench: 'demo_page_useful_ms', median: rounded(median(loads.page)), raw: rounded(median(loads.raw)), ratio: rounded(median(loads.page) / median(loads.raw)) }));

// A thousand messages, written by somebody who is not looked at.
const town = await page.evaluate(() => new Promise((told) => {
  const stream = new EventSource('town/live');
  stream.addEventListener('town', (event) => { stream.close(); told(JSON.parse(event.data)); });
}));
const [who, channel] = [town.people.find((one) => one.name === 'max').id, town.channels.find((one) => one.name === 'payments').id];
for (let n = 0; n < 1000; n += 1) {
  const text = `message ${n} about *shop/web* and \`orders/db\`, <https://runbook.example/${n}|its page>`;
  await fetch(`${url}/town/do`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ as: who, act: { say: { channel, thread: null, text } } }) });
}
await visitor.go('payments');
await page.getByText('message 999').first().waitFor();

/** Milliseconds between frames while a box is scrolled from one end to the other and back. */
const scroll = (selector) => page.evaluate((which) => new Promise((done) => {
  const box = [...document.querySelectorAll(which)].find((one) => one.scrollHeight > one.clientHeight + 1000);
  const times = [];
  let last = performance.now();
  let step = -240;
  const frame = (now) => {
    times.push(now - last);
    last = now;
    if (box.scrollTop <= 0) step = 240;
    box.scrollTop += step;
    if (times.length < 400) requestAnimationFrame(frame);
    else done(times.slice(1));
  };
  box.scrollTop = box.scrollHeight;
  requestAnimationFrame(frame);
}), selector);
const frames = await scroll('.conversation *');
await page.evaluate(() => {
  const box = document.createElement('div');
  box.id = 'raw';
  box.style.cssText = 'position:fixed;inset:0;overflow:auto;background:#fff;z-index:99';
  const tall = document.createElement('div');
  tall.style.height = '60000px';
  box.append(tall);
  document.body.append(box);
});
const raw = await scroll('#raw');
console.log(JSON.stringify({ bench: 'demo_scroll_1000_messages_frame_ms', median: rounded(median(frames)), p99: rounded(of(frames, 0.99)), worst: rounded(of(frames, 1)), raw_p99: rounded(of(raw, 0.99)), ratio_p99: rounded(of(frames, 0.99) / of(raw, 0.99)) }));
visitor.forgive(/404/); // a browser looks for an icon of the icon
await visitor.close();
