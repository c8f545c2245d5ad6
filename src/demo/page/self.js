// Who the visitor speaks as, where they look, and what each person has read. Kept for the tab, so that
// a reload changes nothing.

import { byTs, elementsOf, everything, flowOf, repliesTo, saidIn, sees, wordsOf } from './book.js';
import { channel, channelsOf, directOf, emit, groupsOf, on, person, state } from './live.js';

const STORE = 'drawbridge-demo';
const kept = (() => { try { return JSON.parse(sessionStorage.getItem(STORE)) ?? {}; } catch { return {}; } })();

/** `place` is a channel id, or `@app` for the conversation with the bot; `tab` is home or messages. */
export const me = { id: kept.id ?? null, places: kept.places ?? {}, tab: 'messages', thread: null, read: kept.read ?? {} };

function save() {
  try { sessionStorage.setItem(STORE, JSON.stringify({ id: me.id, places: me.places, read: me.read })); } catch { /* private mode */ }
}

/** Where the person looks now. */
export function place() {
  const at = me.places[me.id];
  if (at === '@app') return at;
  if (at && channel(at)?.members?.includes(me.id)) return at;
  return (first[me.id] ??= liveliest());
}

// Where somebody looks who has chosen nothing yet: where most was said. Chosen once, so nothing jumps.
let first = {};

function liveliest() {
  const rooms = channelsOf(me.id).map((c) => ({ id: c.id, said: flowOf(c.id, me.id).length }));
  return rooms.reduce((top, r) => (r.said > top.said ? r : top), rooms[0] ?? { id: '@app' }).id;
}

/** The channel behind the place; undefined when the bot was never spoken to. */
export const room = () => (place() === '@app' ? directOf(me.id)?.id : place());

export function become(id, at) {
  if (at) me.places[id] = at;
  if (me.id === id && !at) return;
  me.id = id;
  me.thread = null;
  me.tab = 'messages';
  save();
  emit('me', me);
}

export function goTo(at, { tab = 'messages', thread = null } = {}) {
  me.places[me.id] = at;
  me.tab = tab;
  me.thread = thread;
  save();
  emit('me', me);
}

export function openThread(ts) {
  me.thread = ts;
  emit('thread', ts);
}

/** Those who can be played, in the town's order. */
export const players = () => (state.town.people ?? []).filter((p) => p.playable !== false && !p.bot && p.standing !== 'deactivated' && p.standing !== 'bot');

on('town', () => {
  if (!players().some((p) => p.id === me.id)) {
    const first = players().find((p) => p.name === 'dana') ?? players()[0];
    if (first) become(first.id);
  }
});

// What was read.

/** Marks everything in a channel as read by the one who looks. */
export function markRead(id) {
  const list = saidIn(id);
  const newest = list.at(-1)?.ts;
  if (!newest || me.read[`${me.id} ${id}`] === newest) return;
  me.read[`${me.id} ${id}`] = newest;
  save();
  emit('read', id);
}

/** How many messages a person has not seen in a channel. */
export function unread(who, id) {
  const seen = me.read[`${who} ${id}`] ?? '';
  const list = saidIn(id);
  let count = 0;
  for (let i = list.length - 1; i >= 0 && byTs(list[i].ts, seen) > 0; i -= 1) {
    const m = list[i];
    if (m.author !== who && sees(who, m) && (!m.thread || m.broadcast || m.thread === m.ts || takesPart(who, id, m.thread))) count += 1;
  }
  return count;
}

const takesPart = (who, id, ts) => flowOf(id, who).some((m) => m.ts === ts && m.author === who) || repliesTo(id, ts, who).some((m) => m.author === who);

/** Whether a message names a person: by name, by one of their groups, or everybody. */
export function names(who, m) {
  const text = wordsOf(m);
  return text.includes(`<@${who}`) || /<!(here|channel|everyone)/.test(text) || groupsOf(who).some((g) => text.includes(`<!subteam^${g.id}`));
}

/** What waits for each person: unread words of the bot, and cards that ask them for a decision. */
export function waiting() {
  const found = new Map(players().map((p) => [p.id, { unread: 0, asks: 0 }]));
  for (const [who, count] of found) {
    const direct = directOf(who);
    if (direct) count.unread = unread(who, direct.id);
  }
  for (const m of everything()) {
    if (!elementsOf(m).some((e) => e.style === 'primary')) continue;
    const where = channel(m.channel);
    for (const [who, count] of found) {
      // Guests and strangers are asked nothing: their yes would not count.
      if (person(who)?.standing !== 'member') continue;
      if (!where?.members?.includes(who) || !sees(who, m)) continue;
      const text = wordsOf(m);
      const asked = groupsOf(who).some((g) => text.includes(`<!subteam^${g.id}`)) || where.kind === 'direct';
      if (asked) count.asks += 1;
    }
  }
  return found;
}

on('messages', ({ anew }) => {
  if (!anew) return;
  first = {};
  // A new town begins earlier than what was read in the old one: forget that.
  const newest = everything().reduce((top, m) => (byTs(m.ts, top) > 0 ? m.ts : top), '');
  const read = Object.values(me.read).reduce((top, ts) => (byTs(ts, top) > 0 ? ts : top), '');
  if (byTs(read, newest) > 0) { me.read = {}; me.thread = null; save(); }
});
