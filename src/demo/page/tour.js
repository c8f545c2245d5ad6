// The first steps: a small card that knows how far the visitor is by watching the town, does a step for
// those who want to look only, and never stands in the way.

import { $, h, put } from './dom.js';
import { hurry } from './acts.js';
import { write } from './composer.js';
import { become, channelsOf, go, named, on, state } from './store.js';
import { temporary } from './flows.js';

const happened = (name) => (state.ledger.events || []).some((one) => one.event === name);
const at = (person, channel) => {
  const who = named(person);
  if (!who) return;
  become(who.id);
  const room = channelsOf(who.id).find((one) => one.name === channel);
  if (room) go(room.id);
};

const STEPS = [
  {
    title: 'Ask for a path', text: 'Checkout is slow, and you are Dana. The network policies keep the shop away from the orders database. Ask for half an hour.',
    button: 'Write the ask', act: () => { at('dana', 'payments'); write('/access shop/web to orders/db:5432 for 30m because INC-42 slow queries'); },
    note: 'Then press Enter.', done: () => happened('asked'),
  },
  {
    title: 'Say yes to it', text: 'Lee is on call for orders and has the card in #access-orders. Become Lee, read what would open, and approve.',
    button: 'Become Lee', act: () => at('lee', 'access-orders'), done: () => happened('granted'),
  },
  {
    title: 'The bridge is down', text: 'Exactly that path is open: two temporary policies, each with its end written on it. See them under Policies.',
    button: 'Go on', act: () => { looked = true; show(); }, done: () => looked || happened('warned') || happened('closed'),
  },
  {
    title: 'Let time pass', text: 'Five minutes before the end Dana is warned. Time in this town can be hurried.',
    button: 'To the warning', act: () => hurry(null), done: () => happened('warned') || happened('closed'),
  },
  {
    title: 'It closes by itself', text: 'Nobody has to remember it. The cluster is then exactly as it was before.',
    button: 'To the end', act: () => hurry(null), done: () => happened('closed') && temporary().length === 0,
  },
  {
    title: 'Now break something', text: 'Ask again, approve, and kill the bot or empty the store while the path is open. It closes all the same: that is the promise.',
    button: 'I will', act: () => finish(), done: () => false,
  },
];

let step = 0;
let looked = false;
let hidden = localStorage.getItem('tour') === 'over';

function finish() {
  hidden = true;
  localStorage.setItem('tour', 'over');
  show();
}

function show() {
  const box = $('tour');
  if (!state.town || !state.town.can.hurry) { put(box); return; }
  if (hidden) {
    put(box, h('button', { type: 'button', class: 'pill reopen', text: 'First steps', onclick: () => { hidden = false; step = 0; looked = false; localStorage.removeItem('tour'); show(); } }));
    return;
  }
  while (step < STEPS.length - 1 && STEPS[step].done()) step += 1;
  const one = STEPS[step];
  const button = h('button', { type: 'button', class: 'b-button primary', text: one.button, onclick: one.act });
  button.dataset.key = `step-${step}`;
  put(box, h('section', { class: 'coach', 'aria-label': 'First steps' },
    h('header', {}, h('small', { text: `${step + 1} of ${STEPS.length}` }), h('button', { type: 'button', class: 'quiet', 'aria-label': 'Skip the first steps', text: '✕', onclick: finish })),
    h('h3', { text: one.title }), h('p', { text: one.text }), h('p', { class: 'foot' }, button, one.note ? h('small', { text: one.note }) : null)));
}

export function start() {
  let town = null;
  on('town', () => { if (state.me !== town) { town = state.me; step = 0; looked = false; } });
  on(['town', 'ledger', 'cluster'], () => { if (hidden || !$('tour').firstChild || STEPS[step].done()) show(); });
}
