// What was recorded, newest first, and of one request if somebody wants it so.

import { h, keep } from './dom.js';
import { clockSeconds, zoneOf } from './dates.js';
import { me } from './self.js';
import { nameOf, on, person, state, titled } from './live.js';

export function ledger(counted) {
  const list = h('ol', { class: 'ledger-list', reversed: true });
  const pick = h('select', { class: 'field small', 'aria-label': 'Which request', on: { change: show } });
  const none = h('p', { class: 'nothing pad' }, 'Nothing has been recorded yet. Ask for a path, and every step of it appears here.');
  const node = h('div', { class: 'ledger' }, h('div', { class: 'ledger-head' }, pick), none, list);
  let known = false;

  const who = (name) => {
    const known = person(name) ?? state.town.people?.find((p) => p.name === name);
    return known ? nameOf(known.id) : titled(name || state.town.app?.name || '');
  };

  // Moments in a sentence are read on the reader's clock too.
  const local = (text, zone) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => clockSeconds(new Date(at), zone));

  function show() {
    const events = state.ledger.events ?? [];
    const requests = [...new Set(events.map((e) => e.request).filter(Boolean))].reverse();
    const now = `${requests}`;
    if (pick.shown !== now) {
      pick.shown = now;
      const was = pick.value;
      pick.replaceChildren(h('option', { value: '' }, 'All requests'), ...requests.map((r) => h('option', { value: r }, r)));
      pick.value = requests.includes(was) ? was : '';
    }
    none.hidden = events.length > 0;
    pick.parentNode.hidden = requests.length < 2;
    counted(events.length);
    const zone = zoneOf(me.id);
    const shown = events.filter((e) => !pick.value || e.request === pick.value).slice(-300).reverse();
    keep(list, shown, {
      key: (e) => `${e.number}/${e.at}/${zone}`,
      make: (e) => {
        const row = h('li', { class: known ? 'fresh' : null, 'data-event': e.event }, h('time', { datetime: e.at }, clockSeconds(new Date(e.at), zone)), h('code', {}, e.request),
          h('span', {}, h('b', {}, who(e.who)), ' ', local(e.text || e.event, zone)));
        return row;
      },
    });
    known = true;
  }

  on('ledger me', show);
  return node;
}
