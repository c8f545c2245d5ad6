// One message as Slack draws it.

import { announce, h, icon, plural } from './dom.js';
import { blocks, replaceKeeping } from './blocks.js';
import { clockTime, dayKey, dayOf, fullTime, zoneOf } from './dates.js';
import { contextOf } from './contexts.js';
import { face } from './avatar.js';
import { isBot, nameOf, person, state } from './live.js';
import { me, names, openThread } from './self.js';
import { menuButton } from './menu.js';
import { mrkdwn } from './mrkdwn.js';
import { repliesTo, wordsOf } from './book.js';
import { tryAct } from './acts.js';

const SAME_BREATH = 5 * 60;

export const timeOf = (m) => new Date(Number.parseFloat(m.ts) * 1000);

/** Whether a message goes on where the one before stopped: same author, soon after. */
const goesOn = (m, before) => before && before.author === m.author && before.only_for === m.only_for && !m.thread === !before.thread
  && Number.parseFloat(m.ts) - Number.parseFloat(before.ts) < SAME_BREATH;

export const messageKey = (m) => `${m.ts}|${m.only_for ?? ''}`;

/** `place`: `channel` or `thread`. The row is filled by [`fillRow`]. */
export function makeRow(m, place) {
  const row = h('article', { class: 'msg', 'data-ts': m.ts });
  row.place = place;
  return row;
}

/** Brings a row up to date: cheap when neither the message nor what stands before it changed. */
export function fillRow(row, m, before, extra) {
  const reader = me.id;
  const zone = zoneOf(reader);
  const newDay = row.place === 'channel' && (!before || dayKey(timeOf(before), zone) !== dayKey(timeOf(m), zone));
  const compact = !newDay && goesOn(m, before) && !(row.place === 'thread' && extra?.first);
  const replies = row.place === 'channel' ? repliesTo(m.channel, m.ts, reader) : [];
  const face = `${compact}/${newDay}/${replies.length}/${replies.at(-1)?.ts}/${reader}/${state.town.version}`;
  if (row.shown === m && row.face === face) return;
  const changed = row.shown && row.shown !== m && row.shown.ts === m.ts;
  row.shown = m;
  row.face = face;
  row.className = ['msg', compact && 'compact', m.only_for && 'ephemeral', !m.only_for && m.author !== reader && names(reader, m) && 'for-me', isBot(m.author) && 'by-bot'].filter(Boolean).join(' ');
  row.setAttribute('aria-label', `${nameOf(m.author)}, ${clockTime(timeOf(m), zone)}`);
  const label = newDay && h('div', { class: 'day' }, h('span', {}, dayOf(timeOf(m), zone)));
  replaceKeeping(row, [label, h('div', { class: 'msg-box' }, margin(m, compact, zone), body(m, compact, zone, replies), tools(m, row.place) ?? '')].filter(Boolean));
  if (changed) {
    row.classList.add('changed');
    setTimeout(() => row.classList.remove('changed'), 1600);
  }
}

function margin(m, compact, zone) {
  const at = timeOf(m);
  if (compact) return h('time', { class: 'gutter', datetime: at.toISOString(), title: fullTime(at, zone) }, clockTime(at, zone));
  return h('span', { class: 'avatar' }, face(m.author));
}

function body(m, compact, zone, replies) {
  const at = timeOf(m);
  const ctx = contextOf({ message: { channel: m.channel, ts: m.ts } }, `${me.id}/${m.channel}/${m.ts}`, me.id);
  const content = m.blocks?.length ? blocks(m.blocks, ctx) : [h('div', { class: 'text' }, mrkdwn(m.text, me.id))];
  const edited = m.edited && h('span', { class: 'edited' }, '(edited)');
  const standing = person(m.author)?.standing;
  return h('div', { class: 'msg-body' },
    m.only_for && h('div', { class: 'only-you' }, icon('eye'), 'Only visible to you'),
    m.broadcast && m.thread && h('button', { type: 'button', class: 'text-btn small', on: { click: () => openThread(m.thread) } }, 'replied to a thread'),
    !compact && h('div', { class: 'msg-head' },
      h('span', { class: 'author' }, nameOf(m.author)),
      isBot(m.author) && h('span', { class: 'tag' }, 'APP'),
      ['guest', 'single_channel_guest'].includes(standing) && h('span', { class: 'tag' }, 'GUEST'),
      standing === 'stranger' && h('span', { class: 'tag' }, 'EXTERNAL'),
      h('time', { datetime: at.toISOString(), title: fullTime(at, zone) }, clockTime(at, zone))),
    h('div', { class: m.blocks?.length ? 'content has-blocks' : 'content' }, content, edited),
    replies.length > 0 && h('button', { type: 'button', class: 'replies', 'data-key': `replies/${m.ts}`, on: { click: () => openThread(m.ts) } },
      h('span', { class: 'reply-faces' }, [...new Set(replies.map((r) => r.author))].slice(0, 3).map((id) => h('span', { class: 'avatar tiny' }, face(id)))),
      h('b', {}, plural(replies.length, 'reply', 'replies')),
      h('span', { class: 'last-reply' }, `Last at ${clockTime(timeOf(replies.at(-1)), zone)}`)));
}

function tools(m, place) {
  if (m.only_for || place !== 'channel') return null;
  const shortcuts = state.town.app?.shortcuts ?? [];
  return h('div', { class: 'tools' },
    h('button', { type: 'button', class: 'tool', 'aria-label': `Reply in thread to ${nameOf(m.author)}`, title: 'Reply in thread', 'data-key': `reply/${m.ts}`, on: { click: () => openThread(m.thread && m.thread !== m.ts ? m.thread : m.ts) } }, icon('reply')),
    shortcuts.length > 0 && menuButton({ class: 'tool', 'aria-label': 'Message shortcuts' }, icon('more'), () => shortcuts.map((c) => (typeof c === 'string' ? { callback_id: c } : c)).map((c) => ({
      label: c.name ?? c.callback_id.replace(/[_-]/g, ' '),
      detail: state.town.app.name,
      act: () => tryAct({ shortcut: { callback_id: c.callback_id, channel: m.channel, ts: m.ts } }),
    }))));
}

/** Reads a new message out. */
export function announceMessage(m) {
  const words = m.text || wordsOf(m);
  const text = words.replace(/<!date\^[^|>]*\|([^>]*)>/g, '$1').replace(/<@([^>|]+)[^>]*>/g, (_, id) => nameOf(id)).replace(/<[^>]*>/g, '').replace(/[`*_]/g, '');
  announce(`${nameOf(m.author)}: ${text.slice(0, 200)}`);
}
