// The cluster as two banks and a moat: namespaces are walled yards, workloads their gates, open flows lines
// across. Yards are HTML, so they grow with the text and are reached by keyboard; lines are SVG behind.

import { announce, h, keep, plural, unseen } from './dom.js';
import { Lines } from './lines.js';
import { banks, endOf, pairOf, portsOf, shortRef, temporaries } from './flows.js';
import { clockTime, zoneOf } from './dates.js';
import { eachTick } from './clock.js';
import { inspector } from './inspector.js';
import { me } from './self.js';
import { emit, on, state } from './live.js';

/** More workloads than this and yards begin folded. */
const MANY = 40;
const KINDS = { Deployment: 'deploy', StatefulSet: 'stateful', DaemonSet: 'daemon', Job: 'job', CronJob: 'cron', Pod: 'pod', ReplicaSet: 'replicas' };

export class ClusterMap {
  constructor() {
    this.folded = new Map();
    this.nodes = new Map();
    this.yards = new Map();
    this.before = null;
    this.left = h('div', { class: 'bank left' });
    this.right = h('div', { class: 'bank right' });
    this.outside = h('div', { class: 'outside', role: 'group', 'aria-label': 'Outside the cluster' });
    this.lines = new Lines((ref) => this.anchor(ref));
    this.inspector = inspector(() => this.select(null));
    this.find = h('input', { type: 'search', class: 'field find', placeholder: 'Find a workload', 'aria-label': 'Find a workload', hidden: true, on: { input: () => this.draw() } });
    this.map = h('div', { class: 'map' }, h('div', { class: 'moat', 'aria-hidden': 'true' }), this.outside, this.left, this.right, this.lines.svg, this.lines.labels);
    this.note = h('div', { class: 'map-note', hidden: true });
    this.scroller = h('div', { class: 'map-scroll', tabindex: '0', role: 'region', 'aria-label': 'Map of the cluster' }, this.note, this.map);
    this.node = h('div', { class: 'map-box' }, this.find, this.scroller);
    this.map.addEventListener('click', (event) => { if (!event.target.closest('button')) this.select(null); });
    this.node.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.select(null); });
    // What moves the yards moves the lines.
    const watch = new ResizeObserver(() => this.redraw());
    watch.observe(this.map);
    watch.observe(this.left);
    watch.observe(this.right);
    on('cluster', () => this.changed());
    eachTick((now) => this.lines.tick(now));
  }

  get focus() { return this.hover ?? this.chosen ?? null; }

  select(ref) {
    this.chosen = ref;
    this.hover = null;
    this.refocus();
  }

  point(ref) {
    if (this.hover === ref) return;
    this.hover = ref;
    this.refocus();
  }

  refocus() {
    const ref = this.focus;
    const near = new Set([ref]);
    for (const f of state.cluster.flows ?? []) {
      if (f.from === ref) near.add(f.to);
      if (f.to === ref) near.add(f.from);
    }
    for (const [name, node] of this.nodes) {
      node.classList.toggle('dim', Boolean(ref) && !near.has(name));
      node.classList.toggle('focus', name === ref);
      node.setAttribute('aria-pressed', String(this.chosen === name));
    }
    this.inspector.show(ref, ref && ref === this.chosen);
    this.lines.draw(state.cluster.flows ?? [], ref, { still: true });
  }

  changed() {
    const { cluster } = state;
    this.tell(cluster);
    this.node.classList.toggle('blind', cluster.reachable === false);
    this.draw();
  }

  /** What the map does not show, and why. */
  say() {
    const { reachable, left_out: leftOut } = state.cluster;
    const { undrawn } = this.lines;
    const note = reachable === false ? 'The API server does not answer. This is the last picture it gave.'
      : leftOut ? `${leftOut} steady flows are too many to draw: only temporary ones are shown.`
        : undrawn ? `${undrawn} steady flows: point at a workload to see its own.` : '';
    this.note.hidden = !note;
    if (this.note.textContent !== note) this.note.textContent = note;
  }

  /** Openings and closings are said aloud. */
  tell(cluster) {
    const now = new Map(temporaries(cluster).map((f) => [pairOf(f), f]));
    if (this.before) {
      for (const [pair, f] of now) if (!this.before.has(pair)) this.event('Opened', f);
      for (const [pair, f] of this.before) if (!now.has(pair)) this.event('Closed', f);
    }
    this.before = now;
  }

  event(what, flow) {
    const end = what === 'Opened' && endOf(flow);
    announce(`${what}: ${shortRef(flow.from)} to ${shortRef(flow.to)}, ${portsOf(flow.temporary.open)}${end ? `, until ${clockTime(new Date(end), zoneOf(me.id))}` : ''}`);
    emit('bridge', { what, flow });
  }

  isFolded(name, busy) {
    if (this.query) return false;
    return this.folded.get(name) ?? ((state.cluster.workloads?.length ?? 0) > MANY && !busy.has(name));
  }

  draw() {
    const { cluster } = state;
    const workloads = cluster.workloads ?? [];
    this.find.hidden = workloads.length <= 12;
    this.query = this.find.hidden ? '' : this.find.value.trim().toLowerCase();
    const fits = (w) => !this.query || `${w.namespace}/${w.name}`.toLowerCase().includes(this.query);
    const busy = new Set(temporaries().flatMap((f) => [f.from, f.to]).map((ref) => ref.split('/')[0]));
    const names = (cluster.namespaces ?? []).map((n) => n.name).sort().join();
    if (names !== this.names) { this.names = names; this.sides = null; }
    this.sides ??= banks(cluster);
    const seen = new Set();
    [this.left, this.right].forEach((bank, side) => {
      const yards = this.sides[side].map((name) => ({ name, side, list: workloads.filter((w) => w.namespace === name && fits(w)) })).filter((y) => !this.query || y.list.length);
      keep(bank, yards, { key: (y) => y.name, make: (y) => this.makeYard(y), change: (node, y) => this.fillYard(node, y, this.isFolded(y.name, busy), seen) });
    });
    for (const ref of [...this.nodes.keys()]) if (!seen.has(ref)) this.nodes.delete(ref);
    this.drawOutside(cluster.outside ?? []);
    this.redraw(true);
  }

  drawOutside(addresses) {
    this.outside.hidden = !addresses.length;
    this.map.classList.toggle('many', (state.cluster.namespaces?.length ?? 0) > 10);
    keep(this.outside, addresses, { key: (a) => a, make: (a) => this.gate(a, h('span', { class: 'node-name' }, h('small', {}, 'outside '), a.replace(/\/(32|128)$/, ''))), change: (node, a) => this.nodes.set(a, node) });
  }

  makeYard(y) {
    const fold = h('button', { type: 'button', class: 'yard-fold', on: { click: () => { this.folded.set(y.name, !fold.folded); this.draw(); } } }, h('span', { class: 'yard-name' }, y.name), h('span', { class: 'yard-count' }));
    const list = h('ul');
    const node = h('section', { class: 'yard', 'aria-label': `Namespace ${y.name}` }, h('h3', {}, fold), list);
    return Object.assign(node, { fold, list });
  }

  fillYard(node, y, folded, seen) {
    node.side = y.side;
    node.fold.folded = folded;
    node.fold.setAttribute('aria-expanded', String(!folded));
    node.fold.lastChild.textContent = folded ? plural(y.list.length, 'workload') : '';
    node.classList.toggle('folded', folded);
    node.classList.toggle('bare', !y.list.length);
    this.yards.set(y.name, node);
    keep(node.list, folded ? [] : y.list, {
      key: (w) => w.ref,
      make: (w) => h('li', {}, this.gate(w.ref)),
      change: (li, w) => { this.nodes.set(w.ref, li.firstChild); seen.add(w.ref); this.fillNode(li.firstChild, w); },
    });
  }

  gate(ref, ...content) {
    return h('button', {
      type: 'button', class: 'node', 'aria-pressed': 'false',
      on: {
        click: () => this.select(this.chosen === ref ? null : ref),
        pointerenter: (event) => { if (event.pointerType === 'mouse') this.point(ref); },
        pointerleave: () => this.point(null),
        focus: (event) => { if (event.target.matches(':focus-visible')) this.point(ref); },
        blur: () => this.point(null),
      },
    }, content);
  }

  fillNode(node, w) {
    const ports = (w.ports ?? []).map((p) => `${p.port}${p.protocol && p.protocol !== 'TCP' ? `/${p.protocol.toLowerCase()}` : ''}`);
    const text = `${w.pods}|${ports}`;
    if (node.text === text) return;
    node.text = text;
    const dots = Array.from({ length: Math.min(w.pods, 5) }, () => h('i'));
    node.replaceChildren(
      h('span', { class: 'node-name' }, unseen(`${w.namespace}/`), w.name), h('span', { class: 'pods', title: plural(w.pods, 'pod') }, unseen(`, ${plural(w.pods, 'pod')}, `), dots, w.pods > 5 && h('span', { 'aria-hidden': 'true' }, `×${w.pods}`)),
      h('span', { class: 'node-more' }, h('span', {}, KINDS[w.kind] ?? w.kind), ports.length > 0 && h('span', { class: 'ports' }, ports.slice(0, 3).map((p) => `:${p}`).join(' '))));
    node.dataset.ref = w.ref;
  }

  /** Where lines of a workload begin: at its wall to the moat; at the yard's while that is folded. */
  anchor(ref) {
    const node = this.nodes.get(ref);
    const base = this.map.getBoundingClientRect();
    if (node && node.parentNode === this.outside) {
      const box = node.getBoundingClientRect();
      return { x: box.left + box.width / 2 - base.left, y: box.bottom - base.top, side: 2, key: ref };
    }
    const name = ref.split('/')[0];
    const yard = this.yards.get(name);
    const at = node?.isConnected ? node : yard?.isConnected ? yard.fold : null;
    if (!at) return null;
    const wall = yard.getBoundingClientRect();
    const box = at.getBoundingClientRect();
    return { x: (yard.side === 0 ? wall.right : wall.left) - base.left, y: box.top + box.height / 2 - base.top, side: yard.side, key: at === node ? ref : `${name}/` };
  }

  /** `live`: because the cluster changed, so bridges move. */
  redraw(live) {
    cancelAnimationFrame(this.frame);
    this.live = this.live || live === true;
    this.frame = requestAnimationFrame(() => {
      this.lines.draw(state.cluster.flows ?? [], this.focus, { still: !this.live || !this.drawn });
      if (state.cluster.workloads?.length) this.drawn = true;
      this.live = false;
      this.inspector.show(this.focus, this.focus && this.focus === this.chosen);
      this.say();
    });
  }
}

