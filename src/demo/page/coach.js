// The first steps: a card that watches the town and goes on when a step is done. It offers to do each one,
// never stands in the way, and can be closed and opened again.

import { $, h, icon } from './dom.js';
import { become, me, players } from './self.js';
import { channelsOf, nameOf, on, state } from './live.js';
import { composer } from './slack.js';
import { elementsOf, everything } from './book.js';
import { endOf, temporaries } from './flows.js';
import { eachTick, townNow } from './clock.js';
import { showSide } from './sides.js';
import { suggestions } from './suggestions.js';
import { toNext } from './acts.js';

const STORE = 'drawbridge-coach';
const remembered = (() => { try { return JSON.parse(localStorage.getItem(STORE)) ?? {}; } catch { return {}; } })();

const byName = (name) => players().find((p) => p.name === name) ?? players()[0];
const roomOf = (who, name) => channelsOf(who).find((c) => c.name === name)?.id ?? channelsOf(who)[0]?.id;

/** The card that waits for a decision, and one who may decide. */
function decision() {
  for (const m of everything()) {
    if (!elementsOf(m).some((e) => e.action_id === 'approve' || e.style === 'primary')) continue;
    const text = JSON.stringify(m.blocks);
    const group = (state.town.groups ?? []).find((g) => text.includes(`subteam^${g.id}`));
    const asker = /<@(\w+)/.exec(text)?.[1];
    const able = players().filter((p) => group?.members?.includes(p.id) && p.standing === 'member' && p.id !== asker);
    return { message: m, who: able.find((p) => p.name === 'lee') ?? able[0] ?? byName('lee') };
  }
  return null;
}

/** Whether anything is on record of a request: the rules in force are, before anybody asks. */
const asked = () => (state.ledger.events ?? []).some((e) => e.request);

/** A town in which nothing has happened yet: the steps begin again. */
const blank = () => !asked() && !temporaries().length && !decision();

const seen = { opened: false, closed: false, looked: 0 };

const STEPS = [
  {
    title: 'Ask for a path', text: 'You are Dana, and the shop needs the orders database. Take a suggested ask and send it with Enter.', help: 'Write it for me',
    act: () => { const d = byName('dana'); become(d.id, roomOf(d.id, 'payments')); showSide('slack'); const s = suggestions()[0]; if (s) composer.put(s.text); },
    mark: '#conversation .composer-box', done: () => asked() || decision() || seen.opened,
  },
  {
    title: 'Decide as somebody else', text: () => `Only ${nameOf(decision()?.who?.id ?? byName('lee')?.id)} and colleagues may say yes. Become one of them and press Approve.`, help: () => `Become ${nameOf(decision()?.who?.id ?? byName('lee')?.id)}`,
    act: () => { const d = decision(); const who = d?.who ?? byName('lee'); become(who.id, d && channelsOf(who.id).some((c) => c.id === d.message.channel) ? d.message.channel : roomOf(who.id, 'access-orders')); showSide('slack'); },
    mark: '.people', done: () => seen.opened,
  },
  {
    title: 'The path is open', text: 'Exactly one path is open now, with its end written on it. Point at a workload to see all it can reach.', help: 'I see it',
    act: () => { showSide('cluster'); seen.looked = 1; }, mark: '.map-scroll', done: () => seen.looked > 0 || seen.closed,
  },
  {
    title: 'Hurry to the warning', text: 'Half an hour is long. Jump to the next event: five minutes before the end, Dana is warned.', help: 'To next event',
    act: toNext, mark: '#next', done: () => seen.closed || temporaries().some((f) => endOf(f) - townNow() < 301000),
  },
  {
    title: 'Hurry to the end', text: 'And once more. The path closes by itself, everybody reads it, and the policies are gone.', help: 'To next event',
    act: () => { toNext(); showSide('cluster'); }, mark: '#next', done: () => seen.closed,
  },
  {
    title: 'Now break something', text: 'Open a path again, then kill the bot, empty the store or take Slack away. Nothing stays open.', help: 'Show me how',
    act: () => $('#break')?.click(), mark: '#break', done: () => (state.health.troubles ?? []).length > 0 || state.health.bot === 'killed',
  },
];
const END = { title: 'That is all of it', text: 'One path, for a while, and never again after that. The town is yours: try denying, two approvals for payments, or Gus, who is only a guest.' };

export function coach() {
  const box = $('#coach');
  let at = 0;
  let shownAt = -1;
  let skipped = false;
  let hidden = Boolean(remembered.closed);

  function save() { try { localStorage.setItem(STORE, JSON.stringify({ closed: hidden })); } catch { /* private mode */ } }
  const words = (x) => (typeof x === 'function' ? x() : x);

  function mark(selector) {
    for (const e of document.querySelectorAll('.coached')) e.classList.remove('coached');
    if (selector) $(selector)?.classList.add('coached');
  }

  function show() {
    box.hidden = hidden || !me.id;
    if (box.hidden) { mark(null); shownAt = -1; return; }
    if (at && !skipped && blank()) { at = 0; Object.assign(seen, { opened: false, closed: false, looked: 0, waited: 0 }); }
    while (at < STEPS.length && STEPS[at].done()) at += 1;
    const step = STEPS[at] ?? END;
    const text = words(step.text);
    if (shownAt === at && box.text === text) return;
    const focused = box.contains(document.activeElement);
    shownAt = at;
    box.text = text;
    box.replaceChildren(
      h('button', { type: 'button', class: 'icon-btn coach-close', 'aria-label': 'Close first steps', on: { click: close } }, icon('close')),
      h('div', { class: 'coach-dots', role: 'img', 'aria-label': `Step ${Math.min(at + 1, STEPS.length)} of ${STEPS.length}` }, STEPS.map((_, i) => h('i', { class: i < at ? 'done' : i === at ? 'now' : null }))),
      h('h2', {}, step.title), h('p', {}, text),
      h('div', { class: 'coach-buttons' }, step.help ? h('button', { type: 'button', class: 'btn primary small', on: { click: () => { step.act(); show(); } } }, words(step.help)) : h('button', { type: 'button', class: 'btn primary small', on: { click: close } }, 'Close'),
        step.help && h('button', { type: 'button', class: 'text-btn', on: { click: skip } }, 'Skip')));
    if (focused) box.querySelector('.btn')?.focus();
    mark(step.mark);
  }

  function close() { hidden = true; save(); show(); $('#steps')?.focus(); }
  function skip() { skipped = true; at += 1; show(); }

  on('bridge', ({ what }) => { if (what === 'Opened') seen.opened = true; else if (seen.opened) seen.closed = true; });
  on('cluster', () => { if (temporaries().length) seen.opened = true; });
  on('town messages cluster ledger health me', show);
  let second = 0;
  eachTick(() => { second += 1; if (second % 4 === 0) show(); });
  // Once the bridge is down and somebody looked for a while, the step is done.
  setInterval(() => { if (at === 2 && !document.hidden && matchMedia('(min-width: 62.5em)').matches) { seen.looked += seen.waited > 8 ? 1 : 0; seen.waited = (seen.waited ?? 0) + 1; } }, 1000);

  return () => { hidden = !hidden; if (!hidden && at >= STEPS.length) at = 0; skipped = false; save(); show(); };
}
