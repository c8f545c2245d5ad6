// One chooser for every select of Block Kit, single or several: a text field with a list of what fits
// (the combobox pattern: arrows move, Enter takes, Esc closes, Backspace gives back).

import { h, icon } from './dom.js';

let count = 0;

/** `options`: [{value, label, description, group}] or `fetch(query)` that answers such a list.
 * `value`: a string, or a list when `multi`. `change(value)` hears every choice. */
export class Chooser {
  constructor({ options, fetch, value, multi, most, placeholder, label, describedby, change, key }) {
    Object.assign(this, { options: options ?? [], fetch, multi, most, change });
    this.chosen = (multi ? value ?? [] : value ? [value] : []).map((v) => (typeof v === 'string' ? this.named(v) : v));
    count += 1;
    this.id = `list-${count}`;
    this.input = h('input', {
      type: 'text', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': this.id, 'aria-autocomplete': 'list', 'aria-label': label,
      'aria-describedby': describedby, autocomplete: 'off', spellcheck: 'false', placeholder, 'data-key': key,
      on: {
        input: () => this.open(),
        click: () => this.open(),
        keydown: (event) => this.key(event),
        blur: () => setTimeout(() => this.close(), 120),
      },
    });
    this.list = h('ul', { id: this.id, role: 'listbox', class: 'choices', 'aria-label': label, 'aria-multiselectable': multi ? 'true' : null, popover: 'manual' });
    this.chips = h('span', { class: 'chips' });
    this.node = h('span', { class: multi ? 'chooser multi' : 'chooser' }, this.chips, this.input, h('span', { class: 'chooser-mark' }, icon('down')), this.list);
    this.placeholder = placeholder ?? '';
    this.show();
  }

  named(value) { return this.options.find((o) => o.value === value) ?? { value, label: value }; }

  get value() { return this.multi ? this.chosen.map((o) => o.value) : this.chosen[0]?.value ?? null; }

  show() {
    if (this.multi) {
      this.chips.replaceChildren(...this.chosen.map((o) => h('span', { class: 'chip' }, o.label,
        h('button', { type: 'button', 'aria-label': `Remove ${o.label}`, on: { click: () => this.take(o) } }, '×'))));
      this.input.value = '';
      this.input.placeholder = this.chosen.length ? '' : this.placeholder;
    } else {
      this.input.value = this.chosen[0]?.label ?? '';
    }
  }

  async open() {
    const typed = this.input.value;
    const query = !this.multi && typed === this.chosen[0]?.label ? '' : typed;
    if (this.fetch) {
      const asked = (this.asked = (this.asked ?? 0) + 1);
      if (!this.isOpen) this.fill([], 'Loading…');
      let found;
      try { found = await this.fetch(query); } catch (error) { this.fill([], error.message); return; }
      // A later question has its own answer; one that was left needs none.
      if (asked !== this.asked || document.activeElement !== this.input) return;
      this.fill(found, 'Nothing found');
      return;
    }
    const wanted = query.toLowerCase();
    this.fill(this.options.filter((o) => o.label.toLowerCase().includes(wanted) || o.description?.toLowerCase().includes(wanted)), 'Nothing found');
  }

  fill(options, empty) {
    this.shown = options;
    let last;
    const rows = [];
    options.forEach((o, i) => {
      if (o.group && o.group !== last) rows.push(h('li', { role: 'presentation', class: 'choices-group' }, o.group));
      last = o.group;
      const taken = this.chosen.some((c) => c.value === o.value);
      rows.push(h('li', {
        role: 'option', id: `${this.id}-${i}`, 'aria-selected': String(taken), class: 'choice',
        on: { pointerdown: (event) => { event.preventDefault(); this.take(o); }, pointermove: () => this.move(i) },
      }, h('span', {}, o.label), o.description && h('small', {}, o.description)));
    });
    if (!options.length) rows.push(h('li', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', class: 'choices-none' }, empty));
    this.list.replaceChildren(...rows);
    if (!this.isOpen) {
      this.isOpen = true;
      this.list.showPopover?.();
      this.input.setAttribute('aria-expanded', 'true');
    }
    this.place();
    this.move(Math.max(0, options.findIndex((o) => o.value === this.chosen[0]?.value)));
  }

  place() {
    const box = this.node.getBoundingClientRect();
    const below = innerHeight - box.bottom;
    const style = this.list.style;
    style.left = `${Math.max(8, Math.min(box.left, innerWidth - Math.max(box.width, 200) - 8))}px`;
    style.minWidth = `${Math.max(box.width, 200)}px`;
    style.maxHeight = `${Math.max(140, Math.min(280, Math.max(below, box.top) - 16))}px`;
    if (below > 200 || below > box.top) { style.top = `${box.bottom + 4}px`; style.bottom = 'auto'; }
    else { style.bottom = `${innerHeight - box.top + 4}px`; style.top = 'auto'; }
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.list.hidePopover?.();
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
    this.show();
  }

  move(to) {
    this.at = to;
    this.list.querySelector('.at')?.classList.remove('at');
    const row = document.getElementById(`${this.id}-${to}`);
    if (!row) return;
    row.classList.add('at');
    row.scrollIntoView({ block: 'nearest' });
    this.input.setAttribute('aria-activedescendant', row.id);
  }

  take(option) {
    const had = this.chosen.some((o) => o.value === option.value);
    if (!this.multi) this.chosen = [option];
    else if (had) this.chosen = this.chosen.filter((o) => o.value !== option.value);
    else if (!this.most || this.chosen.length < this.most) this.chosen = [...this.chosen, option];
    this.show();
    if (!this.multi) this.close();
    else if (this.isOpen) this.open();
    this.change?.(this.value, option);
  }

  key(event) {
    const { key } = event;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault();
      if (!this.isOpen) { this.open(); return; }
      const n = this.shown?.length || 1;
      this.move((this.at + (key === 'ArrowDown' ? 1 : n - 1)) % n);
    } else if (key === 'Enter' && this.isOpen) {
      event.preventDefault();
      const option = this.shown?.[this.at];
      if (option) this.take(option);
    } else if (key === 'Escape' && this.isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (key === 'Backspace' && this.multi && !this.input.value && this.chosen.length) {
      this.take(this.chosen.at(-1));
    } else if (key === 'Tab') {
      this.close();
    }
  }
}
