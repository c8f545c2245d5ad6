// The map: namespaces, workloads and what can talk to what. A steady flow is a quiet line. A path that is
// open for a time is a bridge: it is lowered when it opens, carries its countdown, and is raised again.

import { $, calm, h, put, s, say } from './dom.js';
import { left } from './dates.js';
import { flows, ports, short, temporary } from './flows.js';
import { NODE, layout, path } from './layout.js';
import { now, on, state } from './store.js';

/** More workloads than this, and namespaces are drawn closed until they are opened. */
const MANY = 40;

const OUTSIDE = 'outside the cluster';

let focus = null;
let table = false;
let find = '';
const opened = new Set();
let bridges = new Map();

function groups() {
  const { workloads, outside } = state.cluster;
  const names = [...new Set([...state.cluster.namespaces.map((one) => one.name), ...workloads.map((one) => one.namespace)])];
  const fits = (one) => !find || short(one.ref).includes(find);
  const many = workloads.length > MANY && !find;
  const busy = new Set(temporary().flatMap((one) => [one.from, one.to]));
  const size = (name) => workloads.filter((one) => one.namespace === name).length;
  const list = names.filter(size).sort((a, b) => (a === 'kube-system') - (b === 'kube-system') || a.localeCompare(b)).map((name) => {
    const inside = workloads.filter((one) => one.namespace === name && fits(one));
    const closed = many && !opened.has(name) && !inside.some((one) => busy.has(one.ref));
    return { name, nodes: closed ? [`ns:${name}`] : inside.map((one) => one.ref) };
  }).filter((group) => group.nodes.length);
  if (outside.length) list.unshift({ name: OUTSIDE, nodes: outside });
  return list;
}

/** The node that stands for an end: itself, or its closed namespace. */
const stands = (ref, nodes) => (nodes.has(ref) ? ref : nodes.has(`ns:${ref.split('/')[0]}`) ? `ns:${ref.split('/')[0]}` : null);

function node(id, at) {
  const workload = state.cluster.workloads.find((one) => one.ref === id);
  const closed = id.startsWith('ns:');
  const count = closed ? state.cluster.workloads.filter((one) => one.namespace === id.slice(3)).length : 0;
  const name = workload ? workload.name : closed ? `${count} workloads` : short(id);
  const listens = workload ? workload.ports.map((one) => one.port) : [];
  const detail = workload ? `${workload.pods} ${workload.pods === 1 ? 'pod' : 'pods'}${listens.length ? ` · ${[...new Set(listens)].join(', ')}` : ''}` : closed ? 'press to open' : 'an address';
  const act = () => {
    if (closed) { opened.add(id.slice(3)); draw(); return; }
    focus = focus === id ? null : id;
    mark();
  };
  const made = s('g', { class: 'node', transform: `translate(${at.x} ${at.y})`, tabindex: '0', role: 'button', 'aria-pressed': 'false', 'aria-label': `${workload ? short(id) : name}, ${detail}`,
    onclick: act, onkeydown: (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); act(); } } },
  s('rect', { width: NODE.width, height: NODE.height, rx: 8 }),
  s('text', { x: 12, y: 19, class: 'name' }, name), s('text', { x: 12, y: 34, class: 'detail' }, detail));
  made.dataset.key = id;
  made.dataset.ref = id;
  return made;
}

function steady(flow, nodes) {
  const [from, to] = [stands(flow.from, nodes), stands(flow.to, nodes)];
  if (!from || !to || from === to) return null;
  const line = s('path', { class: 'flow', d: path(nodes.get(from), nodes.get(to)).d });
  line.dataset.ends = `${from} ${to}`;
  return line;
}

/** A temporary flow. `fresh`: it has just opened. */
function bridge(flow, nodes, fresh) {
  const [from, to] = [stands(flow.from, nodes), stands(flow.to, nodes)];
  if (!from || !to || from === to) return null;
  const { d, x, y } = path(nodes.get(from), nodes.get(to));
  const label = ports(flow.temporary.open).replace(/^TCP /, '');
  const width = Math.max(84, 20 + label.length * 7.2 + 44);
  const made = s('g', { class: `bridge${fresh && !calm() ? ' lowering' : ''}` },
    s('path', { class: 'deck', d, pathLength: 1 }), s('path', { class: 'lane', d }),
    s('g', { class: 'sign', transform: `translate(${x} ${y})` },
      s('rect', { x: -width / 2, y: -13, width, height: 26, rx: 13 }),
      s('text', { class: 'port', x: -width / 2 + 12, y: 4.5 }, label),
      s('text', { class: 'left', x: width / 2 - 12, y: 4.5, 'text-anchor': 'end' }, flow.temporary.until ? left(flow.temporary.until) : '')));
  made.dataset.until = flow.temporary.until || '';
  made.dataset.ends = `${from} ${to}`;
  return made;
}

function draw() {
  if (!state.cluster || table) return;
  const box = $('map');
  const width = Math.max(330, box.clientWidth - 24);
  const { boxes, nodes, height } = layout(groups(), width);
  const list = flows().slice().sort((a, b) => Boolean(a.temporary) - Boolean(b.temporary));
  const known = bridges;
  bridges = new Map(temporary().map((one) => [`${one.from} ${one.to}`, one]));
  const whole = s('svg', { class: 'town', viewBox: `0 0 ${width} ${height}`, width, height, role: 'group', 'aria-label': 'What can talk to what' },
    boxes.map((one) => s('g', { class: one.name === OUTSIDE ? 'space outside' : 'space' },
      s('rect', { x: one.x, y: one.y, width: one.width, height: one.height, rx: 12 }),
      s('text', { x: one.x + 12, y: one.y + 18 }, one.name))),
    s('g', { class: 'flows' }, list.filter((one) => !one.temporary || ports(one.open) !== ports(one.temporary.open)).map((one) => steady(one, nodes))),
    s('g', {}, [...nodes].map(([id, at]) => node(id, at))),
    s('g', { class: 'bridges' },
      list.filter((one) => one.temporary).map((one) => bridge(one, nodes, known.size + 1 && !known.has(`${one.from} ${one.to}`) && box.dataset.drawn)),
      [...known].filter(([key]) => !bridges.has(key)).map(([, one]) => raise(bridge(one, nodes, false)))));
  put(box, whole);
  box.dataset.drawn = 'yes';
  mark();
}

/** A bridge that goes up: shown a moment longer. */
function raise(made) {
  if (!made) return null;
  made.classList.add('raising');
  setTimeout(() => made.remove(), calm() ? 0 : 1100);
  return made;
}

/** Shows what belongs to the workload in focus, and says it in words. */
function mark() {
  for (const one of document.querySelectorAll('#map [data-ref]')) one.setAttribute('aria-pressed', String(one.dataset.ref === focus));
  const near = new Set([focus]);
  for (const one of document.querySelectorAll('#map [data-ends]')) {
    const ends = one.dataset.ends.split(' ');
    const its = ends.includes(focus);
    one.classList.toggle('its', its);
    if (its) ends.forEach((end) => near.add(end));
  }
  $('map').classList.toggle('focused', Boolean(focus));
  for (const one of document.querySelectorAll('#map [data-ref]')) one.classList.toggle('near', near.has(one.dataset.ref));
  words();
}

function words() {
  if (!focus) {
    const list = temporary();
    put($('details'), list.length ? list.map((one) => h('p', { class: 'temporary' }, h('b', { text: `${short(one.from)} → ${short(one.to)}` }), ` ${ports(one.temporary.open)}, for a time`))
      : h('p', { class: 'faint', text: 'No path is open for a time. Press a workload to see what it can reach.' }));
    return;
  }
  const line = (one, end) => h('li', { class: one.temporary ? 'temporary' : '' }, h('b', { text: short(end) }), ` ${ports(one.open)}${one.temporary ? ' · for a time' : ''}`);
  const part = (title, list, end) => h('div', {}, h('h3', { text: title }), list.length ? h('ul', {}, list.map((one) => line(one, one[end]))) : h('p', { class: 'faint', text: 'nothing' }));
  put($('details'), h('div', { class: 'both' },
    part(`${short(focus)} can reach`, flows().filter((one) => one.from === focus), 'to'),
    part('can be reached by', flows().filter((one) => one.to === focus), 'from')));
}

function asTable() {
  const row = (one) => h('tr', { class: one.temporary ? 'temporary' : '' }, h('th', { scope: 'row', text: short(one.from) }), h('td', { text: short(one.to) }), h('td', { text: ports(one.open) }), h('td', { text: one.temporary ? `until the end of ${one.temporary.requests.join(', ')}` : 'always' }));
  put($('map'), h('div', { class: 'b-table' }, h('table', {}, h('caption', { class: 'hidden', text: 'What can talk to what' }),
    h('thead', {}, h('tr', {}, ['From', 'To', 'Ports', 'Open'].map((one) => h('th', { scope: 'col', text: one })))), h('tbody', {}, flows().map(row)))));
}

function show(before) {
  const { name, source, reachable, workloads, left_out: leftOut } = state.cluster;
  $('cluster-name').textContent = name;
  $('cluster-is').textContent = `${source}${reachable ? '' : ' · not reachable, as it was last seen'}${leftOut ? ` · ${leftOut} steady flows are too many to draw` : ''}`;
  $('find').hidden = workloads.length <= MANY;
  const keys = (cluster) => new Map(((cluster && cluster.flows) || []).filter((one) => one.temporary).map((one) => [`${one.from} ${one.to}`, one]));
  const [old, current] = [keys(before), keys(state.cluster)];
  for (const [key, one] of current) if (before && !old.has(key)) say(`Open for a time: ${short(one.from)} to ${short(one.to)}, ${ports(one.temporary.open)}`);
  for (const [key, one] of old) if (!current.has(key)) say(`Closed: ${short(one.from)} to ${short(one.to)}`);
  const count = $('switch-gates');
  count.hidden = !current.size;
  count.textContent = String(current.size);
  if (table) asTable();
  else draw();
}

export function start() {
  on('cluster', show);
  on('town', () => { bridges = new Map(); focus = null; });
  $('as-table').addEventListener('click', (event) => {
    table = !table;
    event.currentTarget.setAttribute('aria-pressed', String(table));
    if (table) asTable();
    else draw();
  });
  $('find').addEventListener('input', (event) => { find = event.target.value.trim(); draw(); });
  let width = 0;
  new ResizeObserver(([entry]) => { if (Math.abs(entry.contentRect.width - width) > 8) { width = entry.contentRect.width; draw(); } }).observe($('map'));
  setInterval(() => {
    for (const one of document.querySelectorAll('.bridge[data-until]')) {
      const sign = one.querySelector('.left');
      if (!one.dataset.until || !sign) continue;
      sign.textContent = left(one.dataset.until);
      one.classList.toggle('soon', Date.parse(one.dataset.until) - now() < 300_000);
    }
  }, 250);
}
