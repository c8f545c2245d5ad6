// What the workload in focus can reach and who can reach it, as text. Lies over what is written below the
// map, so that nothing on the map is hidden.

import { h, icon } from './dom.js';
import { countdown } from './dates.js';
import { endOf, portsOf, reachOf, shortRef } from './flows.js';
import { eachTick, townNow } from './clock.js';

const MOST = 12;

/** `leave` is called when somebody closes a pinned one. */
export function inspector(leave) {
  const node = h('div', { class: 'inspector', hidden: true });
  let ref = null;
  let text = '';

  function rows(flows, end) {
    const sorted = [...flows].sort((a, b) => Boolean(b.temporary) - Boolean(a.temporary));
    if (!sorted.length) return h('p', { class: 'nothing' }, 'nothing');
    const items = sorted.slice(0, MOST).map((f) => h('li', { class: f.temporary ? 'temporary' : null }, h('b', {}, shortRef(f[end])), h('span', {}, portsOf(f.open)),
      f.temporary && h('em', { 'data-end': endOf(f) ?? '' })));
    return h('ul', {}, items, sorted.length > MOST && h('li', { class: 'nothing' }, `and ${sorted.length - MOST} more`));
  }

  function tick() {
    for (const e of node.querySelectorAll('[data-end]')) if (e.dataset.end) e.textContent = `for ${countdown(e.dataset.end - townNow())}`;
  }

  function show(now, pinned) {
    node.classList.toggle('pinned', Boolean(pinned));
    ref = now;
    node.hidden = !ref;
    if (!ref) { text = ''; return; }
    const { out, into } = reachOf(ref);
    const next = JSON.stringify([ref, out, into]);
    if (next === text) return;
    text = next;
    node.replaceChildren(h('header', {}, h('h3', {}, shortRef(ref)), h('button', { type: 'button', class: 'icon-btn end', 'aria-label': `Close ${shortRef(ref)}`, on: { click: leave } }, icon('close'))),
      h('div', { class: 'inspector-lists' },
      h('div', {}, h('h4', {}, 'can reach'), rows(out, 'to')), h('div', {}, h('h4', {}, 'can be reached by'), rows(into, 'from'))));
    tick();
  }

  eachTick(() => { if (!node.hidden) tick(); });
  return { node, show };
}
