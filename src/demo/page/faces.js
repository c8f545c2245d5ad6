// Faces: drawn by code from a name, so that everybody is told apart at a glance and nothing is loaded.

import { $, h, put, s } from './dom.js';
import { become, channelsOf, directOf, on, playable, state, unread } from './store.js';

const SKIN = ['#f6d3b3', '#e3b08a', '#c98d62', '#a56b46', '#7d4e33', '#f0c8a0'];
const HAIR = ['#2f2522', '#5b3a26', '#8d5a2b', '#c9a15a', '#77665f', '#3b3f52', '#a23b3b'];
const BACK = ['#4f7cac', '#5f9a7a', '#b0724e', '#7a6bb0', '#b5607f', '#4d8f99', '#8b8a45', '#6b7fbf', '#a8605d', '#5d8a55'];

/** The same number for the same name. */
function draw(name, salt, count) {
  let hash = 2166136261;
  for (const letter of `${salt}:${name}`) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  return (hash >>> 8) % count;
}

const CUTS = [
  'M8 17C7 8 13 5 18 5s11 3 10 12c-2-4-5-6-10-6S10 13 8 17z',
  'M7 24C4 9 12 4 18 4s14 5 11 20c-1-9-4-12-11-12S8 15 7 24z',
  'M9 15c0-7 5-10 9-10s9 3 9 10c-4-1-6-4-9-4s-5 3-9 4z',
  'M8 16c-2-3 0-6 2-6 0-4 5-6 8-5 3-1 8 1 8 5 2 0 4 3 2 6-1-3-4-5-10-5s-9 2-10 5z',
];

/** A portrait, 36 by 36. */
export function face(who) {
  if (who === 'app') {
    return s('svg', { class: 'face app', viewBox: '0 0 36 36', 'aria-hidden': 'true' },
      s('rect', { width: 36, height: 36, rx: 8, fill: '#24304a' }),
      s('path', { d: 'M5 29V15h6v14M25 29V15h6v14M5 15v-4h2v2h2v-2h2v4M25 15v-4h2v2h2v-2h2v4', fill: 'none', stroke: '#cfd8ea', 'stroke-width': 2.2 }),
      s('path', { d: 'M11 23h14', stroke: '#f0a33a', 'stroke-width': 3.4, 'stroke-linecap': 'round' }));
  }
  const name = who ? who.name : '?';
  const of = (salt, list) => list[draw(name, salt, list.length)];
  const skin = of('skin', SKIN);
  const cut = of('cut', CUTS);
  const smile = draw(name, 'smile', 2) ? 'M14 24q4 3.6 8 0' : 'M14.5 24.4q3.5 2 7 0';
  return s('svg', { class: 'face', viewBox: '0 0 36 36', 'aria-hidden': 'true' },
    s('rect', { width: 36, height: 36, rx: 8, fill: of('back', BACK) }),
    s('path', { d: 'M4 36c1-7 7-9 14-9s13 2 14 9z', fill: of('shirt', BACK), stroke: '#0003' }),
    s('rect', { x: 15, y: 24, width: 6, height: 6, fill: skin }),
    s('ellipse', { cx: 18, cy: 18.5, rx: 8.6, ry: 9.4, fill: skin }),
    s('path', { d: cut, fill: of('hair', HAIR) }),
    s('circle', { cx: 14.6, cy: 18.6, r: 1.15, fill: '#2a2320' }), s('circle', { cx: 21.4, cy: 18.6, r: 1.15, fill: '#2a2320' }),
    s('path', { d: smile, fill: 'none', stroke: '#6b3a2c', 'stroke-width': 1.3, 'stroke-linecap': 'round' }),
    draw(name, 'glasses', 4) === 0 ? s('path', { d: 'M11.6 18.6h5.4m2 0h5.4M17 18.6q1-.8 2 0', fill: 'none', stroke: '#333', 'stroke-width': 1 }) : null);
}

const MARKS = { guest: 'guest', single_channel_guest: 'guest', stranger: 'from elsewhere' };

/** What waits for somebody. */
function waiting(id) {
  const direct = directOf(id);
  return [...channelsOf(id), ...(direct ? [direct] : [])].reduce((sum, one) => sum + unread(id, one.id), 0);
}

function show() {
  const list = playable();
  put($('faces'), list.map((one) => {
    const mine = one.id === state.me;
    const groups = one.groups.map((handle) => `@${handle}`).join(' ');
    const mark = MARKS[one.standing];
    const news = mine ? 0 : waiting(one.id);
    const button = h('button', {
      type: 'button', role: 'radio', 'aria-checked': String(mine), tabindex: mine ? '0' : '-1', class: mine ? 'who me' : 'who',
      title: [one.real_name, groups || mark, one.zone].filter(Boolean).join(' · '),
      'aria-label': `${one.real_name}${groups ? `, ${groups}` : ''}${mark ? `, ${mark}` : ''}${news ? `, ${news} new` : ''}`,
      onclick: () => become(one.id),
    }, face(one), h('span', { class: 'name', text: one.name }), mark ? h('span', { class: 'mark', text: mark }) : h('span', { class: 'mark', text: one.groups.filter((g) => g !== 'backend')[0] || one.groups[0] || '' }), news ? h('span', { class: 'count', text: news > 9 ? '9+' : String(news) }) : null);
    button.dataset.key = one.id;
    return button;
  }));
}

export function start() {
  on(['town', 'place', 'read'], show);
  $('faces').addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const list = playable();
    const at = list.findIndex((one) => one.id === state.me);
    const next = list[(at + step + list.length) % list.length];
    become(next.id);
    $('faces').querySelector('[aria-checked=true]').focus();
  });
}
