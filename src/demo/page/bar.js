// The bar: whose house this is, what time it is in town, and the hands that hurry, break and begin again.

import { $, calm, h, icon } from './dom.js';
import { ask } from './dialog.js';
import { breakMenu } from './troubles.js';
import { clockSeconds, countdown, zoneOf } from './dates.js';
import { eachTick, townNow } from './clock.js';
import { hurry, startAgain, toNext } from './acts.js';
import { me } from './self.js';
import { on, state } from './live.js';
import { themeButton } from './theme.js';

const LEAP = 700;

function townClock() {
  const time = h('time', { class: 'town-time' }, '––:––:––');
  const day = h('span', { class: 'town-day' });
  const node = h('div', { class: 'town-clock', role: 'timer', 'aria-label': "The town's time", 'aria-live': 'off' }, time, day);
  let leap = null;

  function show(now) {
    const zone = zoneOf(me.id);
    time.textContent = clockSeconds(now, zone);
    const date = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short' }).format(now);
    day.textContent = `${date} · ${zone.split('/').at(-1).replace(/_/g, ' ')}`;
  }

  // A hurry is seen: the hands run instead of jumping.
  function run() {
    const t = Math.min(1, (performance.now() - leap.began) / LEAP);
    show(new Date(leap.from + (townNow() - leap.from) * (1 - (1 - t) ** 3)));
    if (t < 1) requestAnimationFrame(run);
    else { leap = null; node.classList.remove('leaping'); }
  }
  on('leap', ({ from }) => {
    if (calm() || document.hidden) return;
    const idle = !leap;
    leap = { from, began: performance.now() };
    node.classList.add('leaping');
    if (idle) run();
  });
  on('clock me', () => { if (!leap) show(townNow()); });
  eachTick((now) => { if (!leap) show(now); });
  return node;
}

function hurrying() {
  const five = h('button', { type: 'button', class: 'btn ghost', id: 'five', on: { click: () => wait(() => hurry('5m')) } }, '+5 min');
  const what = h('span', { class: 'next-what' });
  const next = h('button', { type: 'button', class: 'btn ghost next', id: 'next', on: { click: () => wait(toNext) } }, icon('forward'), h('span', { class: 'next-label' }, h('span', {}, 'To next event'), ' ', what));

  async function wait(act) {
    for (const b of [five, next]) { b.ariaBusy = 'true'; b.disabled = true; }
    await act();
    for (const b of [five, next]) b.ariaBusy = null;
    show();
  }

  function show() {
    const can = state.town.can?.hurry !== false;
    const due = state.clock?.next;
    const busy = five.ariaBusy === 'true';
    five.disabled = !can || busy;
    next.disabled = !can || !due || busy;
    const why = can ? '' : "Time is the machine's here: the cluster or the store is a real one";
    five.title = why;
    next.title = why || (due ? '' : 'Nothing is due: ask for something first');
    what.textContent = !can ? 'time is real here' : due ? `${due.what.replace(/^(\w+): /, '$1 · ')}, in ${countdown(Date.parse(due.at) - townNow())}` : 'nothing is due';
    next.setAttribute('aria-label', `To next event ${what.textContent}`);
  }
  on('clock town', show);
  return [five, next];
}

export function bar(openCoach) {
  async function again() {
    const sure = await ask({ title: 'A fresh town?', text: 'Everything said and opened is forgotten, and the town begins anew.', confirm: 'Start again', deny: 'Keep this one' });
    if (sure) startAgain();
  }
  $('#bar').append(
    h('div', { class: 'brand' }, h('img', { src: 'icon.svg', alt: '', width: 28, height: 28 }), h('b', {}, 'Drawbridge'), h('span', { class: 'brand-demo' }, 'demo')),
    townClock(), ...hurrying(), breakMenu(),
    h('span', { class: 'bar-end' },
      h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'First steps', title: 'First steps', id: 'steps', on: { click: openCoach } }, icon('help')),
      h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Start again', title: 'Start again with a fresh town', on: { click: again } }, icon('again')),
      themeButton()));
}
