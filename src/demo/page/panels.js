// Below the map: the gates with what is written on them, the policies as YAML, the ledger as it grows,
// the rules in force.

import { $, h, put } from './dom.js';
import { clockWithSeconds, left } from './dates.js';
import { on, state } from './store.js';

const PANELS = ['Policies', 'Ledger', 'Rules'];
const KEPT = /^\s*(drawbridge\.dev\/|app\.kubernetes\.io\/managed-by)/;

let at = 'Policies';
let body = null;
let only = '';
const open = new Set();

/** YAML with its keys and comments told apart; our own marks stand out. */
function yaml(text) {
  return h('pre', { class: 'yaml', tabindex: '0' }, text.split('\n').map((line) => {
    const comment = line.match(/^(\s*)(#.*)$/);
    if (comment) return h('span', { class: 'c', text: `${line}\n` });
    const pair = line.match(/^(\s*(?:- )?)([\w./"-]+)(:)(.*)$/);
    if (!pair) return h('span', { text: `${line}\n` });
    return h('span', { class: KEPT.test(line) ? 'mark' : '' }, pair[1], h('span', { class: 'k', text: pair[2] }), `${pair[3]}${pair[4]}\n`);
  }));
}

function policies() {
  const list = ((state.cluster && state.cluster.policies) || []).slice().sort((a, b) => b.temporary - a.temporary || a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name));
  if (!list.length) return h('p', { class: 'empty', text: 'There is no NetworkPolicy here: everything may talk to everything.' });
  return list.map((one) => {
    const key = `${one.namespace}/${one.name}`;
    const gate = one.temporary && state.cluster.gates.find((entry) => entry.objects.includes(key));
    const until = gate && h('span', { class: 'until', text: left(gate.expires_at) });
    if (until) until.dataset.until = gate.expires_at;
    const made = h('details', { class: one.temporary ? 'policy temporary' : 'policy', open: open.has(key), ontoggle: () => (made.open ? open.add(key) : open.delete(key)) },
      h('summary', {}, h('b', { text: key }), gate ? h('small', { text: `${gate.requested_by} · approved by ${gate.approved_by}` }) : h('small', { text: one.kind }), until), yaml(one.yaml));
    made.firstChild.dataset.key = key;
    return made;
  });
}

function ledger() {
  const all = state.ledger.events || [];
  const ids = [...new Set(all.map((one) => one.request))];
  if (!all.length) return h('p', { class: 'empty', text: 'Nothing has happened yet. Every step will be here, refusals and lapses included.' });
  const pick = h('select', { class: 'field', 'aria-label': 'Request', onchange: () => { only = pick.value; show(); } }, h('option', { value: '', text: 'all requests' }), ids.map((id) => h('option', { value: id, text: id })));
  pick.value = ids.includes(only) ? only : '';
  pick.dataset.key = 'pick';
  const list = all.filter((one) => !pick.value || one.request === pick.value).slice().reverse();
  return [ids.length > 1 ? pick : null, h('ol', { class: 'ledger' }, list.map((one) => h('li', { class: `e-${one.event}` },
    h('time', { text: clockWithSeconds(Date.parse(one.at)) }), h('code', { text: one.request }), h('span', {}, h('b', { text: one.who }), ` ${one.text}`))))];
}

function show() {
  const fills = { Policies: policies, Ledger: ledger, Rules: () => (state.town ? yaml(state.town.rules_yaml) : null) };
  put(body, fills[at]());
}

function tabs() {
  const counts = { Policies: state.cluster && state.cluster.policies.filter((one) => one.temporary).length, Ledger: state.ledger.events && state.ledger.events.length };
  put($('panel-tabs'), PANELS.map((name) => {
    const button = h('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': 'panel', 'aria-selected': String(at === name), tabindex: at === name ? '0' : '-1', onclick: () => { at = name; tabs(); show(); } },
      name, counts[name] ? h('span', { class: name === 'Policies' ? 'count temporary' : 'count', text: String(counts[name]) }) : null);
    button.dataset.key = name;
    return button;
  }));
  body.setAttribute('aria-labelledby', `tab-${at}`);
}

/** Shows one of them. */
export function panel(name) {
  at = name;
  tabs();
  show();
}

export function start() {
  body = h('div', { id: 'panel', role: 'tabpanel', tabindex: '0' });
  const list = h('div', { id: 'panel-tabs', class: 'tabs', role: 'tablist', 'aria-label': 'The cluster and the record', onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    panel(PANELS[(PANELS.indexOf(at) + step + PANELS.length) % PANELS.length]);
    document.getElementById(`tab-${at}`).focus();
  } });
  $('panels').append(list, body);
  on('cluster', () => { tabs(); if (at === 'Policies') show(); });
  on('ledger', () => { tabs(); if (at === 'Ledger') show(); });
  on('town', () => { tabs(); if (at === 'Rules') show(); });
  setInterval(() => { for (const one of body.querySelectorAll('[data-until]')) one.textContent = left(one.dataset.until); }, 500);
}
