// Where the visitor's person can talk, and what is new there.

import { $, h, put } from './dom.js';
import { channelsOf, directOf, go, me, on, shown, state, unread } from './store.js';

function entry(id, name, mark, here, count) {
  const button = h('button', {
    type: 'button', class: `room${here ? ' here' : ''}${count ? ' news' : ''}`, 'aria-current': here ? 'true' : null,
    'aria-label': count ? `${name}, ${count} new` : name, onclick: () => { go(id); drawer(false); },
  }, h('span', { class: 'sigil', 'aria-hidden': 'true', text: mark }), h('span', { class: 'label', text: name }), count ? h('span', { class: 'count', text: String(count) }) : null);
  button.dataset.key = id;
  return button;
}

function drawer(open) {
  document.body.classList.toggle('drawer-open', open);
  $('drawer').setAttribute('aria-expanded', String(open));
}

function show() {
  if (!me()) return;
  const there = shown();
  const direct = directOf(state.me);
  const at = (id) => there && there.id === id;
  put($('sidebar'),
    h('p', { class: 'team' }, h('b', { text: 'The town' }), h('small', { text: `you are ${me().real_name}` }), h('small', { text: me().groups.map((one) => `@${one}`).join(' ') })),
    h('h3', { text: 'Channels' }),
    channelsOf(state.me).map((one) => entry(one.id, one.name, '#', at(one.id), at(one.id) ? 0 : unread(state.me, one.id))),
    h('h3', { text: 'Apps' }),
    entry('@app', 'Drawbridge', '◨', there && there.kind === 'direct', direct && !at(direct.id) ? unread(state.me, direct.id) : 0));
  head(there);
}

function head(there) {
  if (!there) return;
  const direct = there.kind === 'direct';
  $('place').textContent = direct ? 'Drawbridge' : `#${there.name}`;
  $('topic').textContent = direct ? 'the app, between you and it' : `${there.members.length} members`;
  const tabs = $('tabs');
  tabs.hidden = !direct;
  if (!direct) return;
  const tab = (id, label) => {
    const button = h('button', { type: 'button', role: 'tab', 'aria-selected': String(state.tab === id), text: label, onclick: () => {
      go(state.channel, null, id);
      if (id === 'home') import('./acts.js').then(({ act }) => act({ home: {} }));
    } });
    button.dataset.key = id;
    return button;
  };
  put(tabs, tab('home', 'Home'), tab('messages', 'Messages'));
}

export function start() {
  on(['town', 'place', 'read'], show);
  $('drawer').addEventListener('click', () => drawer(!document.body.classList.contains('drawer-open')));
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') drawer(false); });
}
