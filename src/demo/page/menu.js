// A button with a menu under it: arrows move, Enter takes, Esc closes and gives the focus back.

import { h } from './dom.js';

/** `items()` answers [{label, detail, danger, disabled, act}] each time it opens. */
export function menuButton(props, content, items) {
  const list = h('div', { role: 'menu', class: 'menu', popover: 'manual' });
  const button = h('button', { type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', ...props }, content);
  const isOpen = () => button.getAttribute('aria-expanded') === 'true';
  const rows = () => [...list.querySelectorAll('[role=menuitem]:not([aria-disabled=true])')];

  function close(back = true) {
    if (!isOpen()) return;
    button.setAttribute('aria-expanded', 'false');
    list.hidePopover?.();
    if (back) button.focus();
  }

  function open() {
    list.replaceChildren(...items().map((item) => (item.title
      ? h('div', { class: 'menu-title', role: 'presentation' }, item.title)
      : h('button', {
        type: 'button', role: 'menuitem', tabindex: '-1', class: item.danger ? 'danger' : null, 'aria-disabled': item.disabled ? 'true' : null,
        on: { click: () => { if (item.disabled) return; close(); item.act(); } },
      }, h('span', {}, item.label), item.detail && h('small', {}, item.detail)))));
    // Where it stands does not show, it is above everything; but it belongs to its part of the page.
    (button.closest('dialog, #bar, #stage') ?? document.body).append(list);
    button.setAttribute('aria-expanded', 'true');
    list.showPopover?.();
    const box = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = list;
    list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
    const up = box.bottom + height + 12 > innerHeight && box.top > height;
    list.style.top = `${up ? box.top - height - 4 : box.bottom + 4}px`;
    rows()[0]?.focus();
  }

  button.addEventListener('click', () => (isOpen() ? close() : open()));
  button.addEventListener('keydown', (event) => { if (event.key === 'ArrowDown') { event.preventDefault(); open(); } });
  list.addEventListener('keydown', (event) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); all[to % all.length]?.focus(); }
    if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); close(); }
    if (event.key === 'Tab') close(false);
  });
  document.addEventListener('pointerdown', (event) => {
    if (isOpen() && !list.contains(event.target) && !button.contains(event.target)) close(false);
  });
  return button;
}
