// The row of faces: who the visitor speaks as, and for whom something waits.

import { $, announce, h, keep, plural } from './dom.js';
import { become, me, players, waiting } from './self.js';
import { face } from './avatar.js';
import { groupsOf, nameOf, on, person } from './live.js';

const ODD = { guest: 'guest', single_channel_guest: 'guest', stranger: 'stranger' };

/** `orders-oncall` as people say it. */
const spoken = (handle) => handle.replace(/-/g, ' ').replace('oncall', 'on-call');

export function peopleRow() {
  const list = h('div', { class: 'people', role: 'radiogroup', 'aria-label': 'Speak as' });
  const about = h('div', { class: 'about' });
  const box = h('div', { class: 'people-box' }, h('span', { class: 'people-title', 'aria-hidden': 'true' }, 'Speak as'), list, about);

  function show() {
    const waits = waiting();
    keep(list, players(), {
      key: (p) => p.id,
      make: (p) => h('button', { type: 'button', role: 'radio', class: 'person', on: { click: () => choose(p.id), keydown: move } },
        h('span', { class: 'avatar' }, face(p.id)), h('span', { class: 'name' }), h('span', { class: 'badge', 'aria-hidden': 'true' })),
      change: (node, p) => {
        const mine = p.id === me.id;
        const { unread, asks } = waits.get(p.id) ?? { unread: 0, asks: 0 };
        node.setAttribute('aria-checked', String(mine));
        node.tabIndex = mine ? 0 : -1;
        node.dataset.id = p.id;
        $('.name', node).textContent = nameOf(p.id);
        const badge = $('.badge', node);
        badge.textContent = asks || unread || '';
        badge.classList.toggle('asks', asks > 0);
        const groups = groupsOf(p.id).map((g) => spoken(g.handle));
        const what = [ODD[p.standing], ...groups].filter(Boolean).join(', ') || 'in no group';
        const news = [asks && plural(asks, 'decision'), unread && plural(unread, 'unread message')].filter(Boolean).join(', ');
        node.setAttribute('aria-label', `${nameOf(p.id)}: ${what}${news ? `; ${news}` : ''}`);
        node.title = `${nameOf(p.id)} · ${what} · ${p.zone ?? 'UTC'}${news ? `\n${news} waiting` : ''}`;
        node.classList.toggle('odd', Boolean(ODD[p.standing]));
      },
    });
    const who = person(me.id);
    about.replaceChildren(...(who ? [
      ODD[who.standing] && h('span', { class: 'group odd' }, ODD[who.standing]),
      ...groupsOf(who.id).map((g) => h('span', { class: 'group' }, spoken(g.handle))),
      !groupsOf(who.id).length && h('span', { class: 'group none' }, 'in no group'),
      h('span', { class: 'zone' }, (who.zone ?? 'UTC').split('/').at(-1).replace(/_/g, ' ')),
    ].filter(Boolean) : []));
  }

  function choose(id) {
    become(id);
    announce(`You speak as ${nameOf(id)}`);
  }

  function move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = players();
    const at = all.findIndex((p) => p.id === me.id);
    const next = all[(at + step + all.length) % all.length];
    choose(next.id);
    list.querySelector(`[data-id="${CSS.escape(next.id)}"]`)?.focus();
  }

  on('town me messages read', show);
  return box;
}
