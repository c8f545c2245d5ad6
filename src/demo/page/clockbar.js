// The town's clock, the buttons that hurry it, and those that break things; and what is broken now.

import { $, h, put } from './dom.js';
import { hurry, send, trouble } from './acts.js';
import { clockWithSeconds, clock } from './dates.js';
import { now, on, state } from './store.js';

/** What can be broken here, what to watch for then, and how it ends. */
const BREAKS = [
  ['kill the bot', 'Kill the bot', 'Nobody closes on time now. Start it again: it catches up at once.'],
  ['slack with 429', 'Slack answers 429', 'The next two messages are refused for five seconds; none is lost.'],
  ['slack', 'Slack is away', 'A path still closes on time. What was not said is said when Slack is back.'],
  ['the cluster', 'API server away', 'Nothing can be closed now; it is, within 15 s of the server’s return.'],
  ['the store', 'Store away', 'The reaper closes from the cluster alone, a second after the end.'],
  ['empty the store', 'Empty the store', 'Every document is lost. The path still closes: its end is written on it.'],
];

let time = null;
let next = null;
let busy = false;

async function go(length) {
  if (busy) return;
  busy = true;
  document.body.classList.add('hurrying');
  await hurry(length);
  document.body.classList.remove('hurrying');
  busy = false;
}

function broken() {
  const { bot, troubles } = state.health;
  return [...(bot === 'killed' ? ['kill the bot'] : []), ...(troubles || [])];
}

function choose(name) {
  if (name === 'kill the bot' || name === 'empty the store') trouble(name);
  else trouble('break', name);
  $('breaks').open = false;
}

const mend = (name) => (name === 'kill the bot' ? trouble('start the bot') : trouble('mend', name));

function banner() {
  const list = broken();
  const box = $('banner');
  box.hidden = list.length === 0;
  put(box, list.map((name) => {
    const [, title, watch] = BREAKS.find(([known]) => known === name) || [name, name, ''];
    const button = h('button', { type: 'button', class: 'b-button', text: name === 'kill the bot' ? 'Start the bot' : 'Mend it', onclick: () => mend(name) });
    button.dataset.key = name;
    return h('p', {}, h('b', { text: name === 'kill the bot' ? 'The bot is killed' : title }), ` ${watch} `, button);
  }));
}

function tick() {
  if (!state.clock) return;
  time.textContent = clockWithSeconds(now());
}

function show() {
  if (!state.clock || !state.town) return;
  tick();
  const { hurry: can } = state.town.can;
  for (const button of [$('plus5'), next]) button.disabled = !can;
  $('plus5').title = can ? '' : 'Time is the machine’s here: a real cluster or a real Redis keeps it';
  const due = state.clock.next;
  next.disabled = !can || !due;
  next.title = due ? `${clock(Date.parse(due.at))} · ${due.what}` : 'Nothing is due yet';
  $('due').textContent = due ? `next ${clock(Date.parse(due.at))}: ${due.what.replace(/^\w+: /, '')}` : '';
}

export function start() {
  time = h('time', { class: 'now', role: 'timer', 'aria-label': 'The town’s time' });
  next = h('button', { type: 'button', id: 'next', class: 'pill', onclick: () => go(null) }, 'To next event');
  const breaks = h('details', { id: 'breaks', class: 'overflow' },
    h('summary', { class: 'pill', text: 'Break something' }),
    h('div', { class: 'menu right' }, BREAKS.map(([name, title, watch]) => h('button', { type: 'button', onclick: () => choose(name) }, h('b', { text: title }), h('small', { text: watch })))));
  breaks.addEventListener('keydown', (event) => { if (event.key === 'Escape') { breaks.open = false; breaks.firstChild.focus(); } });
  document.addEventListener('click', (event) => { for (const one of document.querySelectorAll('details.overflow[open]')) if (!one.contains(event.target)) one.open = false; });
  const theme = h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dark or light', title: 'Dark or light', text: '◐', onclick: () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === 'dark'
      || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
    document.documentElement.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem('theme', document.documentElement.dataset.theme);
  } });
  $('clock').append(
    h('div', { class: 'when' }, time, h('small', { id: 'due' })),
    h('button', { type: 'button', id: 'plus5', class: 'pill', onclick: () => go('5m') }, '+5 min'), next, breaks,
    h('button', { type: 'button', class: 'quiet', title: 'A fresh town', 'aria-label': 'A fresh town', text: '↺', onclick: () => send('town/again', {}) }), theme);
  setInterval(tick, 250);
  on(['clock', 'town', 'place'], show);
  on(['health', 'town'], () => { banner(); breaks.hidden = !state.town || !state.town.can.break; });
}
