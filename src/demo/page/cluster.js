// The cluster side: its head, the map or the same as a table, and below what is written: ledger, policies,
// rules.

import { $, h, icon, plural } from './dom.js';
import { ClusterMap } from './map.js';
import { clockTime, zoneOf } from './dates.js';
import { endOf, portsOf, shortRef, temporaries } from './flows.js';
import { ledger } from './ledger.js';
import { me } from './self.js';
import { on, state } from './live.js';
import { policies } from './policies.js';
import { yaml } from './yaml.js';

/** Rows of the table before the rest is counted. */
const MOST = 600;

function flowTable() {
  const body = h('tbody');
  const more = h('p', { class: 'hint pad' });
  const node = h('div', { class: 'flow-table', hidden: true, tabindex: '0', role: 'region', 'aria-label': 'Open flows as a table' },
    h('table', {}, h('caption', {}, 'What can talk to what now'), h('thead', {}, h('tr', {}, ['From', 'To', 'Open', 'Temporary'].map((t) => h('th', { scope: 'col' }, t)))), body), more);
  function show() {
    if (node.hidden) return;
    const flows = [...(state.cluster.flows ?? [])].filter((f) => f.from !== f.to).sort((a, b) => Boolean(b.temporary) - Boolean(a.temporary) || a.from.localeCompare(b.from));
    body.replaceChildren(...flows.slice(0, MOST).map((f) => h('tr', { class: f.temporary ? 'temporary' : null }, h('th', { scope: 'row' }, shortRef(f.from)), h('td', {}, shortRef(f.to)), h('td', {}, portsOf(f.open)),
      h('td', {}, f.temporary ? `${portsOf(f.temporary.open)} until ${endOf(f) ? clockTime(new Date(endOf(f)), zoneOf(me.id)) : '?'} (${(f.temporary.requests ?? []).join(', ')})` : ''))));
    more.textContent = flows.length > MOST ? `and ${flows.length - MOST} more` : '';
  }
  on('cluster me', show);
  return { node, show };
}

/** Tabs by the usual pattern: arrows move between them. */
function tabs(list, over) {
  const row = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Written down' });
  const panels = h('div', { class: 'dock-panels' });
  const choose = (id, byKey) => {
    for (const t of list) {
      const on = t.id === id;
      t.tab.setAttribute('aria-selected', String(on));
      t.tab.tabIndex = on ? 0 : -1;
      t.panel.hidden = !on;
      if (on && byKey) t.tab.focus();
    }
  };
  for (const t of list) {
    t.count = h('span', { class: 'tab-count' });
    t.tab = h('button', { type: 'button', role: 'tab', id: `tab-${t.id}`, 'aria-controls': `panel-${t.id}`, on: { click: () => choose(t.id) } }, t.label, t.count);
    t.panel = h('div', { role: 'tabpanel', id: `panel-${t.id}`, 'aria-labelledby': `tab-${t.id}`, tabindex: '0', class: 'dock-panel' }, t.make((n, special) => {
      t.count.textContent = n || '';
      t.count.classList.toggle('special', special > 0);
    }));
    row.append(t.tab);
    panels.append(t.panel);
  }
  row.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = list.findIndex((t) => t.tab.getAttribute('aria-selected') === 'true');
    choose(list[(at + step + list.length) % list.length].id, true);
  });
  choose(list[0].id);
  return h('div', { class: 'dock' }, row, panels, over);
}

function rules() {
  const node = h('div', { class: 'rules' });
  let shown = null;
  on('town', () => {
    const text = state.town.rules_yaml ?? '';
    if (text === shown) return;
    shown = text;
    node.replaceChildren(text ? yaml(text, 'Rules in force') : h('p', { class: 'nothing pad' }, 'No rules: every ask is refused.'));
  });
  return node;
}

export function clusterSide() {
  const map = new ClusterMap();
  const table = flowTable();
  const name = h('h2', {}, 'Cluster');
  const source = h('span', { class: 'source' });
  const open = h('span', { class: 'open-count' });
  const toggle = h('button', { type: 'button', class: 'btn ghost small', 'aria-pressed': 'false', on: { click: flip } }, icon('clip'), h('span', {}, 'Table'));
  function flip() {
    const asTable = table.node.hidden;
    table.node.hidden = !asTable;
    map.node.hidden = asTable;
    toggle.setAttribute('aria-pressed', String(asTable));
    table.show();
  }
  on('cluster', () => {
    const { cluster } = state;
    name.textContent = cluster.name || 'Cluster';
    source.textContent = cluster.source ?? '';
    const n = temporaries().length;
    open.textContent = n ? `${plural(n, 'path')} open for a while` : 'no path is open';
    open.classList.toggle('some', n > 0);
  });
  $('#cluster').append(
    h('header', { class: 'cluster-head' }, name, source, open, toggle),
    h('div', { class: 'map-area' }, map.node, table.node),
    tabs([
      { id: 'ledger', label: 'Ledger', make: ledger },
      { id: 'policies', label: 'Policies', make: policies },
      { id: 'rules', label: 'Rules', make: rules },
    ], map.inspector.node));
  return map;
}
