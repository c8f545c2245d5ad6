// Slack's sidebar: the channels of the one who is played, and the app.

import { $, h, icon, keep } from './dom.js';
import { channelsOf, directOf, nameOf, on, state } from './live.js';
import { face } from './avatar.js';
import { goTo, me, names, place, unread } from './self.js';
import { saidIn, sees } from './book.js';

export function sidebar() {
  const rooms = h('ul', {});
  const apps = h('ul', {});
  const node = h('nav', { class: 'sidebar', id: 'sidebar', 'aria-label': 'Channels and apps' },
    h('div', { class: 'workspace' }, h('span', { class: 'workspace-sign', 'aria-hidden': 'true' }, 'T'), 'The town'),
    h('h2', {}, 'Channels'), rooms, h('h2', {}, 'Apps'), apps);

  const item = (id, sign) => h('li', {}, h('button', { type: 'button', class: 'room', on: { click: () => { goTo(id); node.classList.remove('open'); } } },
    sign, h('span', { class: 'room-name' }), h('span', { class: 'count' })));

  function fill(li, id, room, name) {
    const button = $('button', li);
    const count = room ? unread(me.id, room) : 0;
    // As in Slack: a number for what names the reader, bold for the rest.
    const called = id === '@app' || !count ? count : saidIn(room).slice(-count).filter((m) => sees(me.id, m) && m.author !== me.id && names(me.id, m)).length;
    $('.room-name', li).textContent = name;
    button.setAttribute('aria-current', place() === id ? 'page' : 'false');
    button.classList.toggle('unread', count > 0);
    const badge = $('.count', li);
    badge.textContent = called || '';
    badge.setAttribute('aria-label', count > 0 ? `${count} unread` : '');
    if (count > 0) badge.setAttribute('role', 'img'); else badge.removeAttribute('role');
  }

  function show() {
    keep(rooms, channelsOf(me.id), {
      key: (c) => c.id,
      make: (c) => item(c.id, icon(c.kind === 'private' ? 'lock' : 'hash')),
      change: (li, c) => fill(li, c.id, c.id, c.name),
    });
    keep(apps, state.town.app ? [state.town.app] : [], {
      key: (a) => a.user,
      make: () => item('@app', h('span', { class: 'avatar tiny' }, face(state.town.app.user))),
      change: (li, a) => fill(li, '@app', directOf(me.id)?.id, nameOf(a.user)),
    });
  }

  on('town me messages read', show);
  return node;
}
