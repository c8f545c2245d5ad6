// Where people write: with the app's commands after a slash, names after an at sign, and a few asks that
// can be sent by one press.

import { $, h, put } from './dom.js';
import { say } from './acts.js';
import { channelsOf, me, on, person, shown, state } from './store.js';

const ASKS = {
  dana: ['/access shop/web to orders/db:5432 for 30m because INC-42 slow queries', '/access orders/api to payments/api:8080 for 20m because INC-42', '/access reach shop/web to orders/db', '/access approvers shop/web to orders/db:5432'],
  max: ['/access shop/cart to orders/db:5432 for 1h because INC-42', '/access 203.0.113.7 to payments/api:8080 for 20m because vendor trace', '/access mine'],
  usual: ['/access shop/web to orders/db:5432 for 30m because INC-42', '/access help', '/access mine'],
};

let box = null;
let list = null;
let entries = [];
let at = 0;

/** The asks that make sense on this cluster: those whose workloads there are. */
function asks() {
  const there = new Set(((state.cluster && state.cluster.workloads) || []).map((one) => `${one.namespace}/${one.name}`));
  const fits = (ask) => [...ask.matchAll(/\b([a-z][\w-]*\/[a-z][\w-]*)/g)].every(([, name]) => name === 'access' || there.has(name));
  const mine = (ASKS[me().name] || ASKS.usual).filter((ask) => fits(ask.replace('/access ', '')));
  return mine.length ? mine : ['/access help', '/access mine'];
}

const short = (ask) => ask.replace('/access ', '').replace(/ because .*/, '');

function grow() {
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

async function send() {
  const words = box.value.trim();
  if (!words) return;
  const there = shown();
  const done = await say(there.kind === 'direct' ? '@app' : there.id, words);
  if (done) { box.value = ''; grow(); hint(); }
}

/** Puts words into the box, for the visitor to send. */
export function write(words) {
  box.value = words;
  grow();
  box.focus();
}

/** What could be meant by what stands before the cursor. */
function offers() {
  const before = box.value.slice(0, box.selectionStart);
  const app = state.town.app;
  if (/^\/\S*$/.test(before)) {
    return app.commands.filter((one) => one.name.startsWith(before)).map((one) => ({ label: one.name, note: one.usage, put: `${one.name} ` }));
  }
  const command = app.commands.find((one) => before.startsWith(`${one.name} `));
  if (command) {
    const rest = before.slice(command.name.length + 1);
    const found = command.phrases.filter((one) => one.usage.toLowerCase().startsWith(rest.toLowerCase()) || rest === '');
    return found.map((one) => ({ label: one.usage, note: one.meaning, put: /^[a-z]/.test(one.usage) ? `${command.name} ${one.usage.split(' ')[0]} ` : box.value }));
  }
  const name = before.match(/(^|\s)@(\S*)$/);
  if (name) {
    const word = name[2].toLowerCase();
    const start = before.slice(0, before.length - word.length - 1);
    const people = state.town.people.filter((one) => one.standing !== 'deactivated').map((one) => ({ label: `@${one.name}`, note: one.real_name }));
    const groups = state.town.groups.map((one) => ({ label: `@${one.handle}`, note: 'user group' }));
    return [...people, ...groups].filter((one) => one.label.slice(1).startsWith(word)).slice(0, 8).map((one) => ({ ...one, put: `${start}${one.label} ` }));
  }
  return [];
}

function hint() {
  entries = offers();
  at = 0;
  list.hidden = entries.length === 0;
  box.setAttribute('aria-expanded', String(!list.hidden));
  draw();
}

function draw() {
  put(list, entries.map((one, n) => h('div', { role: 'option', id: `o-${n}`, 'aria-selected': String(n === at), onmousedown: (event) => { event.preventDefault(); take(n); } },
    h('code', { text: one.label }), h('small', { text: one.note }))));
  if (entries.length) box.setAttribute('aria-activedescendant', `o-${at}`);
  else box.removeAttribute('aria-activedescendant');
}

function take(n) {
  box.value = entries[n].put;
  box.focus();
  grow();
  hint();
}

function key(event) {
  if (!list.hidden && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    at = (at + (event.key === 'ArrowDown' ? 1 : -1) + entries.length) % entries.length;
    draw();
  } else if (!list.hidden && event.key === 'Tab' && !event.shiftKey) {
    event.preventDefault();
    take(at);
  } else if (!list.hidden && event.key === 'Escape') {
    event.stopPropagation();
    list.hidden = true;
  } else if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    if (!list.hidden && entries[at].put.trim() !== box.value.trim() && /^\/?\S*$/.test(box.value)) take(at);
    else send();
  }
}

function place() {
  const there = shown();
  if (!there || !me()) return;
  const name = there.kind === 'direct' ? 'Drawbridge' : `#${there.name}`;
  box.placeholder = `Message ${name}`;
  box.setAttribute('aria-label', `Message ${name} as ${person(state.me).real_name}`);
  const inside = there.kind === 'direct' || channelsOf(state.me).some((one) => one.id === there.id);
  box.disabled = !inside;
  put($('chips'), asks().map((ask) => h('button', { type: 'button', class: 'chip', title: ask, onclick: () => { write(ask); hint(); list.hidden = true; } }, short(ask))));
}

export function start() {
  box = h('textarea', { class: 'field', id: 'write', rows: '1', role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': 'offers', 'aria-expanded': 'false', onkeydown: key, oninput: () => { grow(); hint(); }, onblur: () => { list.hidden = true; } });
  list = h('div', { class: 'menu offers', id: 'offers', role: 'listbox', 'aria-label': 'Commands and names', hidden: true });
  $('composer').append(h('div', { class: 'chips', id: 'chips', role: 'group', 'aria-label': 'Things to ask' }), list,
    h('div', { class: 'write' }, box, h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', text: '➤' })));
  $('composer').addEventListener('submit', (event) => { event.preventDefault(); send(); });
  on(['place', 'town'], place);
  let known = '';
  on('cluster', () => {
    const names = state.cluster.workloads.map((one) => one.ref).join();
    if (names !== known) place();
    known = names;
  });
}
