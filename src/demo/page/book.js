// The messages of the town, by channel and in order. Keeps them; shows nothing.

import { emit, on } from './live.js';

const rooms = new Map();
let last = 0;

const keyOf = (m) => `${m.ts}|${m.only_for ?? ''}`;
const before = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** Orders timestamps, which are too long for numbers. */
export const byTs = before;

function room(channel) {
  if (!rooms.has(channel)) rooms.set(channel, { list: [], by: new Map(), replies: null });
  return rooms.get(channel);
}

function put(message) {
  const at = room(message.channel);
  const { list, by } = at;
  at.replies = null;
  const key = keyOf(message);
  if (by.has(key)) {
    list[list.indexOf(by.get(key))] = message;
  } else {
    let i = list.length;
    while (i > 0 && before(list[i - 1].ts, message.ts) > 0) i -= 1;
    list.splice(i, 0, message);
  }
  by.set(key, message);
}

function drop(message) {
  const at = room(message.channel);
  const { list, by } = at;
  at.replies = null;
  const key = keyOf(message);
  const known = by.get(key) ?? list.find((m) => m.ts === message.ts);
  if (!known) return;
  list.splice(list.indexOf(known), 1);
  by.delete(keyOf(known));
}

on('news', ({ from, changes }) => {
  const anew = !from;
  if (anew) { rooms.clear(); last = 0; }
  const news = (changes ?? []).filter((c) => c.message && (!c.number || c.number > last));
  for (const change of news) {
    last = change.number ?? last;
    if (change.what === 'deleted') drop(change.message); else put(change.message);
  }
  emit('messages', { anew, news });
});

/** Everything said in a channel, oldest first. */
export const saidIn = (channel) => rooms.get(channel)?.list ?? [];

/** Whether a person sees a message of a channel they are in. */
export const sees = (who, m) => !m.only_for || m.only_for === who;

/** The channel's own flow as a person sees it. */
export const flowOf = (channel, who) => saidIn(channel).filter((m) => sees(who, m) && (!m.thread || m.broadcast || m.thread === m.ts));

/** A thread's replies as a person sees them. */
export function repliesTo(channel, ts, who) {
  const at = room(channel);
  if (!at.replies) {
    // Every row asks for its replies: look through the channel once for all of them.
    at.replies = new Map();
    for (const m of at.list) {
      if (!m.thread || m.thread === m.ts) continue;
      if (!at.replies.has(m.thread)) at.replies.set(m.thread, []);
      at.replies.get(m.thread).push(m);
    }
  }
  return (at.replies.get(ts) ?? []).filter((m) => sees(who, m));
}

export const messageAt = (channel, ts) => saidIn(channel).find((m) => m.ts === ts);

export const everything = () => [...rooms.values()].flatMap((r) => r.list);

/** All mrkdwn of a message, for looking for mentions and words. */
export function wordsOf(m) {
  if (m.allWords === undefined) {
    const found = [m.blocks?.length ? '' : m.text ?? ''];
    const dig = (x) => {
      if (typeof x === 'string') found.push(x);
      else if (x && typeof x === 'object') {
        if (x.type === 'user') found.push(`<@${x.user_id}>`);
        if (x.type === 'usergroup') found.push(`<!subteam^${x.usergroup_id}>`);
        for (const [k, v] of Object.entries(x)) if (k !== 'action_id' && k !== 'block_id' && k !== 'value' && k !== 'type') dig(v);
      }
    };
    dig(m.blocks ?? []);
    Object.defineProperty(m, 'allWords', { value: found.join(' '), enumerable: false });
  }
  return m.allWords;
}

/** Every interactive element of a message. */
export function elementsOf(m) {
  const out = [];
  for (const block of m.blocks ?? []) {
    if (block.elements && block.type === 'actions') out.push(...block.elements);
    if (block.accessory) out.push(block.accessory);
  }
  return out;
}
