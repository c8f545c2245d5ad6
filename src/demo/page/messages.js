// Messages: in a channel and in a thread. Only what changed is drawn again, so that a thousand of them
// scroll as smoothly as ten, and whatever has the focus keeps it.

import { $, h, put, say } from './dom.js';
import { act, use } from './acts.js';
import { blocks } from './blocks.js';
import { clock, clockWithSeconds, day, ofTs } from './dates.js';
import { face } from './faces.js';
import { mrkdwn } from './mrkdwn.js';
import { channel, emit, go, isApp, markRead, on, person, seenIn, shown, state } from './store.js';

/** Messages of one author that follow each other within this many seconds share a head. */
const TOGETHER = 300;

/** Near enough to the end to follow it. */
const NEAR = 80;

function author(message) {
  const found = person(message.author);
  if (isApp(message.author)) return { name: 'Drawbridge', app: true };
  return { name: found ? found.real_name || found.name : message.author, person: found };
}

function content(message) {
  const where = { message: { channel: message.channel, ts: message.ts } };
  const place = { where, act: async (block, one, value, button) => {
    if (button) button.disabled = true;
    await use(where, block.block_id, one.action_id, value);
    if (button) setTimeout(() => { button.disabled = false; }, 400);
  } };
  return message.blocks && message.blocks.length ? blocks(message.blocks, place) : h('div', { class: 'b-text' }, mrkdwn(message.text));
}

/** One message; `lone`: with its head. */
function draw(message, lone, inThread) {
  const by = author(message);
  const at = ofTs(message.ts);
  const replies = inThread || message.thread ? [] : seenIn(message.channel, state.me).filter((one) => one.thread === message.ts);
  const newest = replies.at(-1);
  const node = h('article', { class: `message${lone ? ' lone' : ''}${message.only_for ? ' private' : ''}`, 'aria-label': `${by.name}, ${clock(at)}` },
    h('div', { class: 'margin' }, lone ? face(by.app ? 'app' : by.person) : h('time', { text: clock(at) })),
    h('div', { class: 'content' },
      message.only_for ? h('p', { class: 'only', text: '👁 Only visible to you' }) : null,
      message.broadcast && !inThread ? h('p', { class: 'only', text: 'replied in a thread' }) : null,
      lone ? h('header', {}, h('b', { text: by.name }), by.app || (by.person && by.person.bot) ? h('span', { class: 'tag', text: 'APP' }) : null, h('time', { title: `${day(at)} ${clockWithSeconds(at)}`, text: clock(at) })) : null,
      content(message),
      message.edited ? h('small', { class: 'faint', text: '(edited)' }) : null,
      newest ? h('button', { type: 'button', class: 'replies', onclick: () => go(state.channel, message.ts, 'messages') },
        h('b', { text: `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}` }), h('span', { text: ` last at ${clock(ofTs(newest.ts))}` })) : null),
    inThread || message.only_for ? null : h('div', { class: 'tools' }, h('button', { type: 'button', class: 'quiet', 'aria-label': 'Reply in thread', title: 'Reply in thread', text: '💬', onclick: () => go(state.channel, message.thread || message.ts, 'messages') })));
  node.dataset.ts = message.ts;
  return node;
}

/** Keeps a list of messages in a box. */
class List {
  constructor(box, inThread) {
    Object.assign(this, { box, inThread, drawn: new Map() });
  }

  atEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR;
  }

  /** Draws these messages; those that read as before stay as they are. */
  show(list, whole) {
    const end = whole || this.atEnd();
    if (whole) { this.drawn.clear(); this.box.replaceChildren(); }
    const wanted = new Set(list.map((one) => one.ts));
    for (const [ts, known] of this.drawn) if (!wanted.has(ts)) { known.node.remove(); this.drawn.delete(ts); }
    let before = null;
    let last = null;
    for (const message of list) {
      const lone = !before || before.author !== message.author || Boolean(before.only_for) !== Boolean(message.only_for) || Number(message.ts) - Number(before.ts) > TOGETHER;
      const replies = this.inThread ? 0 : seenIn(message.channel, state.me).reduce((n, one) => n + (one.thread === message.ts), 0);
      const looks = JSON.stringify([message, lone, replies]);
      const known = this.drawn.get(message.ts);
      if (!known || known.looks !== looks) {
        const node = draw(message, lone, this.inThread);
        if (known) this.replace(known.node, node);
        else if (last) last.after(node);
        else this.box.prepend(node);
        this.drawn.set(message.ts, { node, looks });
        if (!whole && !known) node.classList.add('new');
      }
      last = this.drawn.get(message.ts).node;
      before = message;
    }
    if (end) this.box.scrollTop = this.box.scrollHeight;
  }

  replace(old, node) {
    const held = old.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    old.replaceWith(node);
    if (!held) return;
    const again = [...node.querySelectorAll('[data-key]')].find((one) => one.dataset.key === held);
    // The button that was pressed is gone from a decided card: stay near it.
    if (again) again.focus({ preventScroll: true });
    else { node.tabIndex = -1; node.focus({ preventScroll: true }); }
  }
}

let main = null;
let side = null;
let showing = '';

function update(whole) {
  const there = shown();
  if (!there) return;
  const key = `${state.me}/${there.id}`;
  const list = seenIn(there.id, state.me).filter((one) => !one.thread || one.broadcast || one.only_for && !one.thread);
  main.show(list, whole || key !== showing);
  showing = key;
  const box = $('messages');
  
  if (!list.length) put(box, h('p', { class: 'empty', text: there.kind === 'direct' ? 'Write to the app here: mine, reach shop/web to orders/db, help …' : 'Nothing was written here yet.' }));
  markRead(state.me, there.id);
  thread();
  emit('read');
}

let threadShown = '';

function thread() {
  const there = shown();
  const box = $('thread');
  const list = state.thread ? seenIn(there.id, state.me) : [];
  const parent = list.find((one) => one.ts === state.thread);
  box.hidden = !parent;
  document.body.classList.toggle('has-thread', Boolean(parent));
  if (!parent) { threadShown = ''; return; }
  const key = `${state.me}/${there.id}/${state.thread}`;
  if (threadShown !== key) {
    const inside = h('div', { class: 'messages', tabindex: '0', role: 'log', 'aria-label': 'Replies' });
    const write = h('textarea', { class: 'field', rows: '1', placeholder: 'Reply…', 'aria-label': 'Reply', onkeydown: (event) => {
      if (event.key !== 'Enter' || event.shiftKey) return;
      event.preventDefault();
      const words = write.value.trim();
      if (words) act({ say: { channel: there.id, thread: state.thread, text: words } }).then((done) => { if (done) write.value = ''; });
    } });
    box.replaceChildren(
      h('header', { class: 'place' }, h('h2', { text: 'Thread' }), h('p', { class: 'topic', text: there.name ? `#${there.name}` : 'with Drawbridge' }),
        h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close the thread', text: '✕', onclick: () => go(state.channel) })),
      inside, h('div', { class: 'composer' }, write));
    side = new List(inside, true);
    threadShown = key;
    side.show([parent, ...list.filter((one) => one.thread === parent.ts)], true);
    return;
  }
  side.show([parent, ...list.filter((one) => one.thread === parent.ts)], false);
}

/** Tells listeners of what came in while they look elsewhere. */
function tell(changes) {
  const there = shown();
  for (const { what, message } of changes) {
    const mine = !message.only_for || message.only_for === state.me;
    if (what !== 'posted' || !mine || message.author === state.me || !there || message.channel !== there.id) continue;
    say(`${author(message).name}: ${message.text.replace(/<[^|>]+\|([^>]+)>/g, '$1').replace(/[*_`~]/g, '').slice(0, 160)}`);
  }
}

export function start() {
  main = new List($('messages'), false);
  on('messages', ({ whole, changes }) => { update(whole); if (!whole) tell(changes); });
  on('place', () => update(false));
  on('town', () => { if (channel(state.channel) || state.channel === '@app') update(true); });
}
