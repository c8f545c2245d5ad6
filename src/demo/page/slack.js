// The Slack side: faces, sidebar, the open conversation, the thread beside it, the app's home.

import { $, h, icon, plural } from './dom.js';
import { Composer } from './composer.js';
import { Stream } from './stream.js';
import { announceMessage } from './row.js';
import { channel, nameOf, on, state } from './live.js';
import { face } from './avatar.js';
import { flowOf, messageAt, repliesTo, sees } from './book.js';
import { goTo, markRead, me, openThread, place, room } from './self.js';
import { homeView } from './home.js';
import { peopleRow } from './people.js';
import { sidebar } from './sidebar.js';

export let composer;

export function slackSide() {
  const side = sidebar();
  const head = h('header', { class: 'room-head' });
  const stream = new Stream('channel', () => (room() ? flowOf(room(), me.id) : []), { label: 'Messages', empty: welcome });
  const home = homeView();
  composer = new Composer(() => {
    const at = place();
    return { channel: at === '@app' ? room() ?? '@app' : at, label: at === '@app' ? `Message ${nameOf(state.town.app?.user)}` : `Message #${channel(at)?.name ?? ''}` };
  }, { chips: true });
  const main = h('div', { class: 'conversation', id: 'conversation', tabindex: '-1' }, head, stream.node, home.node, composer.node);
  const thread = threadPane();
  $('#slack').append(peopleRow(), h('div', { class: 'workspace-box' }, side, main, thread.node));

  function showHead() {
    const at = place();
    const drawer = h('button', { type: 'button', class: 'icon-btn drawer-btn', 'aria-label': 'Channels', 'aria-controls': 'sidebar', on: { click: () => side.classList.toggle('open') } }, icon('menu'));
    if (at === '@app') {
      const tab = (name, label) => h('button', { type: 'button', role: 'tab', 'aria-selected': String(me.tab === name), on: { click: () => goTo('@app', { tab: name }) } }, label);
      head.replaceChildren(drawer, h('span', { class: 'avatar small' }, state.town.app ? face(state.town.app.user) : ''), h('h2', {}, nameOf(state.town.app?.user)),
        h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'App' }, tab('home', 'Home'), tab('messages', 'Messages')));
    } else {
      const c = channel(at);
      head.replaceChildren(drawer, h('h2', {}, icon(c?.kind === 'private' ? 'lock' : 'hash'), c?.name ?? ''), h('span', { class: 'members' }, plural(c?.members?.length ?? 0, 'member')));
    }
  }

  function welcome(count) {
    const at = place();
    if (at === '@app') {
      return [h('div', { class: 'welcome' }, h('span', { class: 'avatar big' }, state.town.app ? face(state.town.app.user) : ''), h('h3', {}, nameOf(state.town.app?.user)),
        h('p', {}, count ? `This is the beginning of your conversation with ${nameOf(state.town.app?.user)}.` : 'Nothing yet. The bot writes here when a request of yours moves, or when you are asked to decide.'))];
    }
    const c = channel(at);
    return [h('div', { class: 'welcome' }, h('h3', {}, icon('hash'), c?.name ?? ''), h('p', {}, count ? `This is the very beginning of #${c?.name}.` : 'Nobody has said anything yet. Try one of the asks below.'))];
  }

  let shown = '';
  function show() {
    const now = `${me.id}/${place()}/${room()}/${me.tab}`;
    showHead();
    const atHome = place() === '@app' && me.tab === 'home';
    stream.node.hidden = atHome;
    composer.node.hidden = atHome;
    home.show(atHome);
    if (now !== shown) {
      shown = now;
      stream.reset();
      composer.show();
    } else {
      stream.sync();
    }
    thread.show();
    read();
  }

  const read = () => { if (!document.hidden && room() && !stream.node.hidden && stream.stuck) markRead(room()); };
  document.addEventListener('visibilitychange', read);
  stream.scroller.addEventListener('scroll', read, { passive: true });
  on('town', () => { state.town.version = (state.town.version ?? 0) + 1; });
  on('town me', show);
  on('thread', thread.show);
  on('messages', ({ anew, news }) => {
    if (anew) shown = '';
    show();
    if (anew) return;
    for (const { what, message: m } of news) {
      if (what === 'posted' && m.channel === room() && m.author !== me.id && sees(me.id, m)) announceMessage(m);
    }
  });
}

function threadPane() {
  const top = h('div', { class: 'thread-top' });
  const stream = new Stream('thread', () => (me.thread && room() ? [messageAt(room(), me.thread), ...repliesTo(room(), me.thread, me.id)].filter(Boolean) : []), { label: 'Thread' });
  const writer = new Composer(() => ({ channel: room(), thread: me.thread, label: 'Reply…' }), { chips: false });
  const where = h('span', { class: 'members' });
  const node = h('aside', { class: 'thread', 'aria-label': 'Thread', hidden: true },
    h('header', { class: 'room-head' }, h('h2', {}, 'Thread'), where, h('button', { type: 'button', class: 'icon-btn end', 'aria-label': 'Close thread', on: { click: close } }, icon('close'))),
    top, stream.node, writer.node);
  node.addEventListener('keydown', (event) => { if (event.key === 'Escape' && !event.defaultPrevented) close(); });
  let shown = null;
  let from = null;

  function close() {
    openThread(null);
    from?.isConnected && from.focus();
  }

  function show() {
    const parent = me.thread && room() && messageAt(room(), me.thread);
    node.hidden = !parent;
    if (!parent) { shown = null; return; }
    where.textContent = place() === '@app' ? nameOf(state.town.app?.user) : `#${channel(place())?.name}`;
    const now = `${me.id}/${room()}/${me.thread}`;
    if (now === shown) { stream.sync(); return; }
    shown = now;
    from = document.activeElement;
    stream.reset();
    writer.show();
    writer.field.focus({ preventScroll: true });
  }

  return { node, show };
}

