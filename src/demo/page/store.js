// What the page knows of the town, from its stream; and who the visitor is in it.

export const state = {
  town: null, clock: null, screens: { forms: {}, homes: {} }, cluster: null,
  ledger: { events: [] }, health: { bot: 'running', troubles: [] },
  /** Channel → ts → message. */
  messages: new Map(),
  me: null, channel: null, thread: null, tab: 'messages',
  /** Person → channel → ts of the last message they saw. */
  read: new Map(),
  heard: 0,
};

const listeners = new Map();

/** Calls `listener` whenever `what` has happened. */
export function on(what, listener) {
  for (const one of [what].flat()) {
    if (!listeners.has(one)) listeners.set(one, new Set());
    listeners.get(one).add(listener);
  }
}

export function emit(what, detail) {
  for (const listener of listeners.get(what) || []) listener(detail);
}

/** Opens the stream. It comes back by itself, and starts over then. */
export function connect() {
  const stream = new EventSource('town/live');
  for (const section of ['town', 'clock', 'screens', 'cluster', 'ledger', 'health']) {
    stream.addEventListener(section, (event) => {
      const before = state[section];
      state[section] = JSON.parse(event.data);
      if (section === 'clock') state.heard = performance.now();
      if (section === 'town') arrive();
      emit(section, before);
    });
  }
  stream.addEventListener('messages', (event) => take(JSON.parse(event.data)));
  stream.onopen = () => emit('there', true);
  stream.onerror = () => emit('there', false);
}

function take({ from, changes }) {
  const whole = from === 0;
  if (whole) state.messages.clear();
  for (const { what, message } of changes) {
    if (!state.messages.has(message.channel)) state.messages.set(message.channel, new Map());
    const channel = state.messages.get(message.channel);
    if (what === 'deleted') channel.delete(message.ts);
    else channel.set(message.ts, message);
  }
  if (whole) for (const person of playable()) for (const id of state.messages.keys()) markRead(person.id, id);
  emit('messages', { whole, changes });
}

/** A town came, perhaps another one: the visitor is somebody in it, somewhere. */
function arrive() {
  if (!person(state.me)) {
    state.me = (named('dana') || playable()[0] || {}).id;
    state.channel = null;
    state.thread = null;
  }
  if (!channel(state.channel) && state.channel !== '@app') {
    const mine = channelsOf(state.me);
    state.channel = ((mine.find((c) => c.name === 'payments') || mine[0]) || { id: '@app' }).id;
  }
}

export const person = (id) => state.town && state.town.people.find((one) => one.id === id);
export const named = (name) => state.town && state.town.people.find((one) => one.name === name);
export const group = (id) => state.town && state.town.groups.find((one) => one.id === id);
export const channel = (id) => state.town && state.town.channels.find((one) => one.id === id);
export const playable = () => (state.town ? state.town.people.filter((one) => one.playable) : []);
export const me = () => person(state.me);
export const isApp = (id) => state.town && id === state.town.app.user;

/** Channels that somebody is in. */
export const channelsOf = (id) => (state.town ? state.town.channels : [])
  .filter((one) => one.kind !== 'direct' && !one.archived && one.members.includes(id));

/** The direct conversation of somebody with the app; it may not have begun. */
export const directOf = (id) => state.town && state.town.channels.find((one) => one.kind === 'direct' && one.person === id);

/** The channel that is shown, `@app` resolved. */
export function shown() {
  if (state.channel !== '@app') return channel(state.channel);
  return directOf(state.me) || { id: '@app', kind: 'direct', name: '', person: state.me, members: [] };
}

/** What somebody sees in a channel, in order. */
export function seenIn(id, who) {
  const there = channel(id);
  if (!there || !(there.members.includes(who) || there.person === who)) return [];
  const all = [...(state.messages.get(id) || new Map()).values()];
  return all.filter((one) => !one.only_for || one.only_for === who).sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

export function markRead(who, id) {
  if (!state.read.has(who)) state.read.set(who, new Map());
  const newest = seenIn(id, who).at(-1);
  if (newest) state.read.get(who).set(id, newest.ts);
}

/** How many messages somebody has not seen in a channel. */
export function unread(who, id) {
  const last = (state.read.get(who) || new Map()).get(id) || '';
  return seenIn(id, who).filter((one) => one.ts > last && one.author !== who).length;
}

/** The town's time now, as a number. */
export function now() {
  if (!state.clock) return Date.now();
  return Date.parse(state.clock.now) + (performance.now() - state.heard);
}

/** Becomes somebody else. */
export function become(id) {
  if (state.me === id) return;
  state.me = id;
  const there = channel(state.channel);
  const sees = there && (there.members.includes(id) || there.person === id);
  if (there && there.kind === 'direct') state.channel = '@app';
  else if (state.channel !== '@app' && !sees) state.channel = (channelsOf(id)[0] || { id: '@app' }).id;
  state.thread = null;
  emit('place');
}

/** Goes to a channel, or to a thread in it. */
export function go(id, thread = null, tab = 'messages') {
  Object.assign(state, { channel: id, thread, tab });
  emit('place');
}
