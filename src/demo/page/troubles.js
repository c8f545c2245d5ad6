// Breaking things and mending them: the menu, and the banner that says what is broken and what to watch.

import { $, h, icon, keep, toast } from './dom.js';
import { menuButton } from './menu.js';
import { on, state } from './live.js';
import { trouble } from './acts.js';

/** What can be broken, by the server's names; `watch` is the promise to look at meanwhile. */
const TROUBLES = [
  { name: 'slack with 429', label: 'Slack answers 429', broken: 'Slack answers 429: slow down', watch: 'Messages wait until Slack takes them, and each arrives once.', passes: true },
  { name: 'slack', label: 'Slack is away', broken: 'Slack is away', watch: 'No card moves, yet the path still closes on time: watch the map.' },
  { name: 'the cluster', label: 'API server is away', broken: 'The API server is away', watch: 'What is due closes within 15 seconds after it is back.' },
  { name: 'the store', label: 'Store is away', broken: 'The store is away', watch: 'The path still closes on time, from the cluster alone: watch the map.' },
];
const KILLED = { label: 'The bot was killed', watch: 'Nothing closes while no bot runs. Start it again: whatever is overdue closes at once.' };
const EMPTIED = 'The store was emptied. Every gate carries its own end, so the path still closes on time: watch the map.';

const known = (name) => TROUBLES.find((t) => t.name === name) ?? { name, label: name, broken: `Broken: ${name}`, watch: '' };

export function breakMenu() {
  const why = h('span', { class: 'unseen', id: 'why-not-break' });
  const button = menuButton({ class: 'btn ghost', 'aria-describedby': 'why-not-break', 'aria-label': 'Break something', id: 'break' }, [icon('bolt'), h('span', { class: 'wide-only' }, 'Break something')], () => {
    const { bot, troubles = [], unavailable = [] } = state.health;
    const off = (name) => unavailable.includes(name);
    return [
      bot === 'killed'
        ? { label: 'Start the bot', detail: 'a fresh process, the same store', act: () => trouble('start the bot') }
        : { label: 'Kill the bot', detail: 'in the middle of whatever it does', disabled: bot === 'starting' || off('kill the bot'), act: () => trouble('kill the bot') },
      { label: 'Empty the store', detail: 'every request and timer is lost', disabled: off('empty the store'), act: async () => { if (await trouble('empty the store')) toast(EMPTIED, 'warn'); } },
      ...TROUBLES.map((t) => (troubles.includes(t.name)
        ? { label: `Mend: ${t.label}`, detail: 'broken now', act: () => trouble('mend', t.name) }
        : { label: t.label, detail: t.watch, disabled: off(t.name), act: () => trouble('break', t.name) })),
    ];
  });
  on('town', () => {
    const can = state.town.can?.break !== false;
    button.disabled = !can;
    button.title = can ? '' : 'Nothing can be broken here: the cluster or the store is a real one';
    why.textContent = button.title;
  });
  return h('span', {}, button, why);
}

export function banner() {
  const box = $('#banner');
  on('health link', () => {
    const { bot, troubles = [] } = state.health;
    const all = troubles.map((name) => ({ key: name, title: known(name).broken, watch: known(name).watch, act: 'Mend it', mend: () => trouble('mend', name) }));
    if (bot === 'killed') all.unshift({ key: 'bot', title: KILLED.label, watch: KILLED.watch, act: 'Start it again', mend: () => trouble('start the bot') });
    if (bot === 'starting') all.unshift({ key: 'starting', title: 'The bot is starting', watch: '' });
    if (state.link === 'lost') all.splice(0, all.length, { key: 'lost', title: 'The town is not there any more', watch: 'Start it again with cargo run --release -- demo. This page comes back by itself.' });
    document.body.classList.toggle('broken', all.length > 0);
    keep(box, all, {
      key: (t) => t.key,
      make: (t) => h('div', { class: `trouble ${t.key === 'lost' ? 'lost' : ''}` }, icon('bolt'), h('p', {}, h('b', {}, t.title), t.watch && h('span', {}, t.watch)), t.mend && h('button', { type: 'button', class: 'btn small', on: { click: t.mend } }, t.act)),
    });
  });
}
