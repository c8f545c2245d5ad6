// What the server says: the sections of the town, whole, and who wants to know when one changes.
// Reads only; acts.js is the way back.

const hearers = new Map();

/** The town as it was last told. Sections that have not come yet are empty, never missing. */
export const state = {
  town: { people: [], groups: [], channels: [], app: null, can: {} },
  clock: null,
  screens: { forms: {}, homes: {} },
  cluster: { namespaces: [], workloads: [], flows: [], gates: [], policies: [], outside: [] },
  ledger: { events: [] },
  health: { bot: 'running', troubles: [] },
  link: 'connecting',
};

/** Calls `hear` whenever `name` changes: a section, `messages`, `me` or `link`. */
export function on(name, hear) {
  for (const one of name.split(' ')) {
    if (!hearers.has(one)) hearers.set(one, new Set());
    hearers.get(one).add(hear);
  }
}

export function emit(name, value) {
  for (const hear of hearers.get(name) ?? []) {
    // One broken view must not silence the others.
    try { hear(value); } catch (error) { console.error(name, error); }
  }
}

function setLink(link) {
  if (state.link === link) return;
  state.link = link;
  emit('link', link);
}

let source = null;
let retry = 0;
let lostTimer = 0;

/** Opens the stream and keeps it open. The browser reconnects by itself after a cut; only when it gives
 * up (the server refused) is it opened anew here. */
export function connect() {
  source?.close();
  source = new EventSource('/town/live');
  source.onopen = () => {
    retry = 0;
    clearTimeout(lostTimer);
    lostTimer = 0;
    setLink('open');
  };
  source.onerror = () => {
    // A blink is no news: say it only if it lasts.
    lostTimer ||= setTimeout(() => setLink('lost'), 1500);
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(retry);
      retry = setTimeout(connect, 2000);
    }
  };
  for (const name of ['town', 'clock', 'screens', 'cluster', 'ledger', 'health']) {
    source.addEventListener(name, (event) => {
      state[name] = name === 'cluster' ? picture(JSON.parse(event.data)) : { ...state[name], ...JSON.parse(event.data) };
      emit(name, state[name]);
    });
  }
  source.addEventListener('messages', (event) => emit('news', JSON.parse(event.data)));
}

/** While the API server is away nothing is known anew: the last picture stays, and says that it is old. */
function picture(cluster) {
  const old = state.cluster;
  const blind = cluster.reachable === false && !cluster.workloads?.length && old.workloads?.length;
  return blind ? { ...old, reachable: false } : { ...old, ...cluster };
}

// Looking things up.

export const person = (id) => state.town.people?.find((p) => p.id === id);
export const group = (id) => state.town.groups?.find((g) => g.id === id);
export const channel = (id) => state.town.channels?.find((c) => c.id === id);
export const isBot = (id) => id === state.town.app?.user || person(id)?.standing === 'bot';

/** What a person is called on screen. */
export function nameOf(id) {
  if (id && id === state.town.app?.user) return titled(state.town.app.name);
  const who = person(id);
  return who?.real_name || titled(who?.name ?? '') || id || 'somebody';
}

export const titled = (name) => name.charAt(0).toUpperCase() + name.slice(1);

/** The groups a person is in. */
export const groupsOf = (id) => (state.town.groups ?? []).filter((g) => !g.disabled && g.members?.includes(id));

/** The direct conversation of a person with the bot, if there was one. */
export const directOf = (id) => (state.town.channels ?? []).find((c) => c.kind === 'direct' && (c.person === id || (!c.person && c.members?.includes(id))));

/** What a person finds in the sidebar, apart from the bot. */
export const channelsOf = (id) => (state.town.channels ?? [])
  .filter((c) => c.kind !== 'direct' && !c.archived && c.members?.includes(id))
  .sort((a, b) => a.name.localeCompare(b.name));
