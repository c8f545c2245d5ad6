// A scrolling list of messages. Only the newest stretch is in the page; older ones come when somebody
// scrolls up to them. Whoever reads older ones is not pulled away by a new one.

import { h, icon, keep } from './dom.js';
import { fillRow, makeRow, messageKey } from './row.js';

const FIRST = 80;
const MORE = 40;
const NEAR = 80;

export class Stream {
  /** `place`: channel or thread. `list()` answers the messages to show, oldest first. */
  constructor(place, list, { label, empty }) {
    Object.assign(this, { place, list, empty, size: FIRST });
    this.rows = h('div', { class: 'rows' });
    this.top = h('div', { class: 'stream-top' });
    this.pill = h('button', { type: 'button', class: 'new-pill', hidden: true, on: { click: () => this.toEnd(true) } }, icon('down'), 'New messages');
    this.scroller = h('div', { class: 'stream', tabindex: '0', role: 'log', 'aria-live': 'off', 'aria-label': label }, this.top, this.rows);
    this.node = h('div', { class: 'stream-box' }, this.scroller, this.pill);
    this.scroller.addEventListener('scroll', () => this.scrolled(), { passive: true });
    new ResizeObserver(() => { if (this.stuck) this.toEnd(); }).observe(this.scroller);
    new ResizeObserver(() => { if (this.stuck) this.toEnd(); }).observe(this.rows);
    this.stuck = true;
  }

  /** Another channel or reader: begins at its end. */
  reset() {
    this.size = FIRST;
    this.rows.keptNodes?.clear();
    this.rows.replaceChildren();
    this.stuck = true;
    this.sync();
    this.toEnd();
  }

  sync() {
    const all = this.list();
    const from = Math.max(0, all.length - this.size);
    const shown = all.slice(from);
    const grew = this.newest && shown.length && messageKey(shown.at(-1)) !== this.newest;
    this.newest = shown.length ? messageKey(shown.at(-1)) : null;
    let i = from - 1;
    keep(this.rows, shown, {
      key: messageKey,
      make: (m) => makeRow(m, this.place),
      change: (row, m) => { i += 1; fillRow(row, m, all[i - 1], { first: i === 1 }); },
    });
    this.top.replaceChildren(...(from > 0 ? [h('span', { class: 'hint' }, `${from} earlier messages`)] : this.empty?.(all.length) ?? []));
    this.more = from > 0;
    if (this.stuck) this.toEnd();
    else if (grew) this.pill.hidden = false;
  }

  toEnd(byHand) {
    this.stuck = true;
    this.pill.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    if (byHand) this.scroller.focus({ preventScroll: true });
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.stuck = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.stuck) this.pill.hidden = true;
    if (scrollTop < 1600 && this.more && !this.loading) {
      this.loading = true;
      requestAnimationFrame(() => {
        const below = this.scroller.scrollHeight - this.scroller.scrollTop;
        this.size += MORE;
        this.sync();
        // What was read stays where it was.
        this.scroller.scrollTop = this.scroller.scrollHeight - below;
        this.loading = false;
      });
    }
  }
}
