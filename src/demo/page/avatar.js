// Faces, drawn from a name: the same name is always the same face, and neighbours differ in colour.

import { s } from './dom.js';
import { isBot, person, state } from './live.js';
import { players } from './self.js';

const GROUNDS = ['#f4b183', '#8fbfe0', '#a9cf8f', '#e7a6c2', '#c3b1e1', '#f2d479', '#86cfc4', '#e89a8f', '#b7c0d8', '#d9c2a3'];
const SHIRTS = ['#7a3b12', '#12466e', '#2f5c1c', '#7b2450', '#47317c', '#6e5306', '#0d5a50', '#7d2619', '#2f3d61', '#5a4222'];
const SKINS = ['#f6d7bd', '#e8b894', '#c98f66', '#9a6544', '#f1c7a5', '#7b4d32'];
const HAIRS = ['#2b1d14', '#5a3a1c', '#8a5a24', '#c49a4a', '#3a3a44', '#a34a28', '#d8d3cc'];

// Each is drawn over a head at (20,18) of radius 8.5.
const STYLES = [
  'M11 18c-1-8 4-11 9-11s10 3 9 11c-2-4-3-5-5-6-4 2-8 2-10 1-2 1-2 3-3 5z',
  'M10.5 24c-2-11 2-17.500 9.500-17.500S31.500 13 29.500 24c-1 1-2 1-3 0 1-5 0-8-2-10.500-3 2-7 2.500-10 1-1 2.500-1.500 5-1 9.500-1 1-2 1-3 0z',
  'M11.500 16c0-6 4-8.500 8.500-8.500s8.500 2.500 8.500 8.500c-5-4-12-4-17 0z',
  'M11 17c-3-1-2-5 0-6 0-3 4-5 6-4 2-2 6-2 7 0 3-1 6 2 5 4 2 2 2 5 0 6-1-3-3-5-5-5-3 1-6 0-8 0-2 1-4 3-5 5z',
  'M11.500 17c-.500-7 4-9.500 8.500-9.500s9 3 8.500 9.500c-1-3-2-4-4-5-1.500-.800-7-1-9 0-2 1-3 2-4 5zM17 7.500a3.200 3.200 0 1 1 6 0z',
  'M12 13c1-4 4-6 8-6 5 0 8 3 8.500 8-3-1-6-2-8-5-2 2-5 3-8.500 3z',
];

export function hash(text) {
  let n = 2166136261;
  for (const c of text) n = Math.imul(n ^ c.codePointAt(0), 16777619);
  return n >>> 0;
}

const pick = (list, n) => list[n % list.length];

function bridge() {
  return s('svg', { class: 'face', viewBox: '0 0 40 40', 'aria-hidden': 'true' },
    s('rect', { width: 40, height: 40, fill: '#14304a' }),
    s('path', { d: 'M6 31V11h2.500v3.500h3.500V11h2.500v20zM25.500 31V11h2.500v3.500h3.500V11h2.500v20z', fill: '#e8eef4' }),
    s('path', { d: 'M14 26.500 27 13', stroke: '#ffb454', 'stroke-width': 3, 'stroke-linecap': 'round' }),
    s('path', { d: 'M3 33q4.250-3 8.500 0t8.500 0 8.500 0 8.500 0', stroke: '#6fa8d6', 'stroke-width': 2, fill: 'none' }));
}

/** The face of a person or of the bot. */
export function face(id) {
  if (id === state.town.app?.user) return bridge();
  const who = person(id);
  const name = who?.name ?? id ?? '?';
  const n = hash(`${name}/drawbridge`);
  // Colours go by place in the town, so no two neighbours share one.
  const at = players().findIndex((p) => p.id === id);
  const colour = at < 0 ? n : at;
  const robot = isBot(id);
  const hair = pick(HAIRS, n >>> 7);
  const skin = robot ? '#c9d2dc' : pick(SKINS, (n >>> 3) + colour);
  const style = STYLES[(colour + (n >>> 11)) % STYLES.length];
  return s('svg', { class: 'face', viewBox: '0 0 40 40', 'aria-hidden': 'true' },
    s('rect', { width: 40, height: 40, fill: pick(GROUNDS, colour) }),
    s('path', { d: 'M6 42c0-9 6-13 14-13s14 4 14 13z', fill: pick(SHIRTS, colour) }),
    s('rect', { x: 17, y: 24, width: 6, height: 7, rx: 3, fill: skin }),
    s('circle', { cx: 20, cy: 18.5, r: 8.5, fill: skin }),
    robot ? s('path', { d: 'M20 10V5M18 5h4', stroke: '#5b6876', 'stroke-width': 2 }) : s('path', { d: style, fill: hair }),
    s('circle', { cx: 17, cy: 19, r: 1.15, fill: '#22201d' }),
    s('circle', { cx: 23, cy: 19, r: 1.15, fill: '#22201d' }),
    s('path', { d: 'M17.300 22.600q2.700 2.200 5.400 0', stroke: '#22201d', 'stroke-width': 1.1, fill: 'none', 'stroke-linecap': 'round' }),
    (n >>> 5) % 4 === 0 && !robot ? s('path', { d: 'M14 19a3 3 0 1 0 6 0 3 3 0 1 0 6 0a3 3 0 1 0-6 0', fill: 'none', stroke: '#22201d', 'stroke-width': 0.9 }) : null);
}
