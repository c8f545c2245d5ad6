// The lines of the map: quiet arcs for what is always open, drawbridges for what a gate opened. A bridge
// is lowered from its source when the path opens and raised when it closes.

import { calm, h, keep, s } from './dom.js';
import { countdown } from './dates.js';
import { endOf, isSteady, pairOf, portsOf } from './flows.js';
import { townNow } from './clock.js';

/** Above this many steady flows only those of the workload in focus are drawn. */
const MOST = 160;
const SOON = 5 * 60 * 1000;

export class Lines {
  /** `anchor(ref)` answers {x, y, side, key} of a workload's gate, or null while it has none. */
  constructor(anchor) {
    this.anchor = anchor;
    const tip = (id) => s('marker', { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: 'auto' }, s('path', { d: 'M1 1 7 4 1 7', class: 'tip' }));
    this.quiet = s('g', { class: 'steadies' });
    this.decks = s('g', { class: 'decks' });
    this.svg = s('svg', { class: 'lines', 'aria-hidden': 'true' }, s('defs', {}, tip('tip')), this.quiet, this.decks);
    this.labels = h('div', { class: 'deck-labels', 'aria-hidden': 'true' });
  }

  draw(flows, focus, { still } = {}) {
    const steady = flows.filter((f) => f.from !== f.to && isSteady(f));
    const few = steady.length <= MOST;
    const lines = new Map();
    for (const flow of steady) {
      const on = focus && (flow.from === focus || flow.to === focus);
      if (!few && !on) continue;
      const [a, b] = [this.anchor(flow.from), this.anchor(flow.to)];
      if (!a || !b || a.key === b.key) continue;
      // Folded namespaces share a gate: one line for all.
      const key = `${a.key} ${b.key}`;
      const known = lines.get(key);
      lines.set(key, { key, a, b, on: known?.on || on, into: flow.to === focus });
    }
    keep(this.quiet, [...lines.values()], {
      key: (l) => l.key,
      make: () => s('path', { 'marker-end': 'url(#tip)' }),
      change: (path, l) => {
        path.setAttribute('d', arc(l.a, l.b, this.width()));
        path.setAttribute('class', ['steady', l.on && 'on', l.on && l.into && 'into', focus && !l.on && 'off'].filter(Boolean).join(' '));
      },
    });
    this.drawDecks(flows.filter((f) => f.temporary), focus, still);
    this.undrawn = few ? 0 : steady.length;
  }

  width() { return this.svg.clientWidth || 600; }

  drawDecks(flows, focus, still) {
    const placed = flows.map((flow) => ({ flow, key: pairOf(flow), a: this.anchor(flow.from), b: this.anchor(flow.to) })).filter((d) => d.a && d.b);
    const moving = !still && !calm();
    keep(this.decks, placed, {
      key: (d) => d.key,
      make: () => {
        const node = s('g', { class: moving ? 'deck lowering' : 'deck' },
          s('g', { class: 'leaf' }, s('path', { class: 'deck-base' }), s('path', { class: 'deck-planks' }), s('path', { class: 'deck-flow' })),
          tower('deck-from'), tower('deck-to'), s('circle', { class: 'splash', r: 10 }));
        if (moving) setTimeout(() => node.classList.remove('lowering'), 1700);
        return node;
      },
      change: (node, d) => {
        const off = focus && d.flow.from !== focus && d.flow.to !== focus;
        node.classList.toggle('off', Boolean(off));
        place(node, d, this.width());
      },
      gone: (node) => {
        if (!moving) { node.remove(); return; }
        node.classList.remove('lowering', 'off');
        node.classList.add('raising');
        setTimeout(() => node.remove(), 1500);
      },
    });
    this.drawLabels(placed, focus, moving);
  }

  drawLabels(placed, focus, moving) {
    const spots = placed.map((d) => ({ ...d, ...middle(d, this.width()) })).sort((p, q) => p.y - q.y);
    // Labels of bridges side by side step aside, downwards.
    spots.forEach((spot, i) => { if (i && spot.y - spots[i - 1].y < 44 && Math.abs(spot.x - spots[i - 1].x) < 120) spot.y = spots[i - 1].y + 44; });
    keep(this.labels, spots, {
      key: (d) => d.key,
      make: () => h('div', { class: moving ? 'deck-label fresh' : 'deck-label' }, h('b'), h('span')),
      change: (node, d) => {
        node.style.transform = `translate(${d.x}px, ${d.y}px) translate(-50%, -50%)`;
        node.firstChild.textContent = portsOf(d.flow.temporary.open);
        node.end = endOf(d.flow);
        node.classList.toggle('off', Boolean(focus && d.flow.from !== focus && d.flow.to !== focus));
        this.tickOne(node, townNow());
      },
      gone: (node) => {
        node.className = 'deck-label closed';
        node.lastChild.textContent = 'closed';
        node.end = undefined;
        setTimeout(() => node.remove(), moving ? 2600 : 1500);
      },
    });
  }

  tickOne(node, now) {
    if (node.end === undefined) return;
    const left = node.end - now;
    node.lastChild.textContent = left > -1000 ? countdown(left) : 'closing…';
    node.classList.toggle('soon', left < SOON);
  }

  tick(now) {
    for (const node of this.labels.children) this.tickOne(node, now);
  }
}

const tower = (kind) => s('path', { class: `tower ${kind}`, d: 'M-4 8V-7h2v2h1.200v-2h1.600v2h1.200v-2h2V8z' });

const bow = (a, b, width) => Math.max(26, Math.min(width * 0.2, 18 + Math.abs(b.y - a.y) * 0.35));
const out = (p) => (p.side === 0 ? 1 : -1);

/** Leaves and enters a little apart, so that there and back are two lines. */
function arc(a, b, width) {
  const [y1, y2] = [a.y - 5, b.y + 5];
  if (a.side === 2 || b.side === 2) return `M${a.x} ${y1} L${b.x} ${y2}`;
  const reach = a.side === b.side ? bow(a, b, width) : Math.abs(b.x - a.x) * 0.45;
  return `M${a.x} ${y1} C${a.x + out(a) * reach} ${y1} ${b.x + out(b) * reach} ${y2} ${b.x + out(b) * 3} ${y2}`;
}

/** The bridge in its own coordinates, from its source. */
function span({ a, b }, width) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  if (a.side !== b.side || a.side === 2) return `M0 0 L${dx} ${dy}`;
  const reach = out(a) * (bow(a, b, width) + 26);
  return `M0 0 C${reach} 0 ${reach} ${dy} ${dx} ${dy}`;
}

function middle({ a, b }, width) {
  const y = (a.y + b.y) / 2;
  // Above the bridge, which is to be seen.
  if (a.side !== b.side || a.side === 2) return { x: (a.x + b.x) / 2, y: Math.max(24, y - 33) };
  return { x: a.x + out(a) * (bow(a, b, width) + 26) * 0.75, y };
}

function place(node, d, width) {
  const path = span(d, width);
  node.setAttribute('transform', `translate(${d.a.x} ${d.a.y})`);
  node.style.setProperty('--raise', d.b.x >= d.a.x && out(d.a) > 0 ? '-72deg' : '72deg');
  for (const p of node.firstChild.children) p.setAttribute('d', path);
  node.querySelector('.deck-to').setAttribute('transform', `translate(${d.b.x - d.a.x} ${d.b.y - d.a.y})`);
  const splash = node.querySelector('.splash');
  splash.setAttribute('cx', d.b.x - d.a.x);
  splash.setAttribute('cy', d.b.y - d.a.y);
}
