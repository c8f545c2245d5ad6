// Where a visitor types: a text that grows, completion of commands, names and emoji, and chips with
// asks that work. Enter sends; the server's refusals appear in place. Drafts stay per person and place.

import { h, icon, keep } from './dom.js';
import { act } from './acts.js';
import { emojiLike } from './emoji.js';
import { me } from './self.js';
import { nameOf, on, state } from './live.js';
import { suggestions } from './suggestions.js';

const drafts = new Map();

export class Composer {
  /** `target()` answers {channel, thread, label}. */
  constructor(target, { chips }) {
    this.target = target;
    const id = chips ? 'completion' : 'completion-thread';
    this.field = h('textarea', {
      rows: 1, class: 'composer-field', 'aria-autocomplete': 'list', 'aria-controls': id,
      on: { input: () => this.typed(), keydown: (event) => this.key(event), blur: () => setTimeout(() => this.hide(), 150) },
    });
    this.list = h('ul', { class: 'choices completion', id, role: 'listbox', 'aria-label': 'Suggestions', hidden: true });
    this.wrong = h('div', { class: 'composer-error', role: 'alert' });
    this.button = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send' }, icon('send'));
    this.chips = chips ? h('div', { class: 'ask-row', role: 'group', 'aria-label': 'Things to say' }) : null;
    this.node = h('form', { class: 'composer', on: { submit: (event) => { event.preventDefault(); this.send(); } } },
      this.chips ?? '', this.wrong, h('div', { class: 'composer-box' }, this.list, this.field, this.button));
    if (chips) on('cluster town me', () => this.showChips());
    this.show();
  }

  get scope() {
    const { channel, thread } = this.target();
    return `${me.id}/${channel}/${thread ?? ''}`;
  }

  /** Another person or place: its own draft. */
  show() {
    if (!me.id) return;
    this.field.value = drafts.get(this.scope) ?? '';
    const { label } = this.target();
    this.field.placeholder = label;
    this.field.setAttribute('aria-label', label);
    this.wrong.textContent = '';
    this.grow();
  }

  showChips() {
    keep(this.chips, suggestions(), {
      key: (c) => c.text,
      make: (c) => h('button', { type: 'button', class: 'ask-chip', title: c.text, on: { click: () => this.put(c.text) } }, c.label),
    });
  }

  /** Puts a text there for the visitor to send. */
  put(text) {
    this.field.value = text;
    this.typed();
    this.hide();
    this.field.focus();
    this.field.setSelectionRange(text.length, text.length);
  }

  grow() {
    this.field.style.height = 'auto';
    this.field.style.height = `${Math.min(this.field.scrollHeight, 180)}px`;
    this.button.disabled = !this.field.value.trim();
  }

  typed() {
    drafts.set(this.scope, this.field.value);
    this.wrong.textContent = '';
    this.grow();
    this.complete();
  }

  async send() {
    const text = this.field.value.trim();
    if (!text || this.busy) return;
    const { channel, thread } = this.target();
    const scope = this.scope;
    this.busy = true;
    this.hide();
    this.node.classList.add('busy');
    try {
      await act({ say: { channel, thread: thread ?? null, text } });
      drafts.delete(scope);
      if (this.scope === scope) { this.field.value = ''; this.grow(); }
    } catch (error) {
      this.wrong.textContent = error.message;
    }
    this.busy = false;
    this.node.classList.remove('busy');
  }

  // Completion.

  complete() {
    const caret = this.field.selectionStart;
    const before = this.field.value.slice(0, caret);
    const word = /(^|\s)([@#:/][^\s]*)$/.exec(before)?.[2] ?? '';
    let items = [];
    if (before.startsWith('/')) items = this.commandHelp(before);
    else if (word[0] === '@') items = this.names(word.slice(1).toLowerCase(), word);
    else if (word[0] === '#') items = (state.town.channels ?? []).filter((c) => c.kind !== 'direct' && c.name.startsWith(word.slice(1))).map((c) => ({ label: `#${c.name}`, with: `#${c.name} `, drop: word.length }));
    else if (/^:[a-z0-9_+-]{2,}$/.test(word)) items = emojiLike(word.slice(1)).map(([name, sign]) => ({ label: `${sign} :${name}:`, with: `:${name}: `, drop: word.length }));
    this.fill(items.slice(0, 10));
  }

  names(start, word) {
    const fits = (text) => text.toLowerCase().startsWith(start);
    const app = state.town.app;
    const people = (state.town.people ?? []).filter((p) => p.standing !== 'deactivated' && (fits(p.name) || fits(nameOf(p.id)))).map((p) => ({ label: nameOf(p.id), detail: `@${p.name}`, with: `@${p.name} `, drop: word.length }));
    const bot = app && fits(app.name) && !people.some((p) => p.with === `@${app.name} `) ? [{ label: nameOf(app.user), detail: 'app', with: `@${app.name} `, drop: word.length }] : [];
    const groups = (state.town.groups ?? []).filter((g) => !g.disabled && fits(g.handle)).map((g) => ({ label: `@${g.handle}`, detail: 'group', with: `@${g.handle} `, drop: word.length }));
    return [...bot, ...people, ...groups];
  }

  commandHelp(before) {
    const commands = state.town.app?.commands ?? [];
    const known = commands.find((c) => before === c.name || before.startsWith(`${c.name} `));
    if (!known) return commands.filter((c) => c.name.startsWith(before)).map((c) => ({ label: c.name, detail: c.usage, with: `${c.name} `, drop: before.length, more: true }));
    const rest = before.slice(known.name.length).trimStart();
    const phrases = known.phrases ?? [];
    const verb = (usage) => usage.split(/\s+/).filter((w) => w === w.toLowerCase()).slice(0, 1).join(' ');
    return phrases.filter((p) => {
      const v = verb(p.usage);
      return !rest || (p.usage.startsWith(v) && v && v.startsWith(rest.toLowerCase()) && rest.length < v.length + 1);
    }).map((p) => {
      const plain = p.usage.split(/\s+/)[0];
      const fixed = plain === plain.toLowerCase();
      return { label: p.usage, detail: p.meaning, mono: true, with: fixed ? `${known.name} ${plain} `.replace(/ $/, p.usage === plain ? '' : ' ') : before, drop: before.length };
    });
  }

  fill(items) {
    this.items = items;
    this.list.hidden = !items.length;
    this.list.replaceChildren(...items.map((o, i) => h('li', {
      role: 'option', class: 'choice', id: `${this.list.id}-${i}`, 'aria-selected': 'false',
      on: { pointerdown: (event) => { event.preventDefault(); this.take(o); } },
    }, h('span', { class: o.mono ? 'mono' : null }, o.label), o.detail && h('small', {}, o.detail))));
    // Nothing is chosen until an arrow key says so: Enter sends what was typed.
    this.at = items[0] && !this.field.value.startsWith('/') ? 0 : -1;
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((li, i) => {
      li.classList.toggle('at', i === this.at);
      li.setAttribute('aria-selected', String(i === this.at));
    });
    if (this.at >= 0) this.field.setAttribute('aria-activedescendant', `${this.list.id}-${this.at}`);
    else this.field.removeAttribute('aria-activedescendant');
  }

  take(o) {
    const caret = this.field.selectionStart;
    const start = caret - o.drop;
    this.field.value = this.field.value.slice(0, start) + o.with + this.field.value.slice(caret);
    this.field.setSelectionRange(start + o.with.length, start + o.with.length);
    drafts.set(this.scope, this.field.value);
    this.grow();
    if (o.more) this.complete(); else this.hide();
  }

  hide() {
    this.field.removeAttribute('aria-activedescendant');
    this.list.hidden = true;
    this.items = [];
  }

  key(event) {
    const open = !this.list.hidden && this.items?.length;
    if (open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      const n = this.items.length;
      this.at = event.key === 'ArrowDown' ? (this.at + 1) % n : (this.at - 1 + n) % n;
      this.mark();
    } else if (open && (event.key === 'Tab' || event.key === 'Enter') && this.at >= 0 && !event.shiftKey) {
      event.preventDefault();
      this.take(this.items[this.at]);
    } else if (open && event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.hide();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
  }
}
