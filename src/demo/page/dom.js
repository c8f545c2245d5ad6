// Builds DOM nodes. The only place that makes elements, so nothing typed by a person can be markup:
// strings become text nodes, never HTML.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'on') for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (key === 'style') for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    else if (key === 'data') Object.assign(node.dataset, value);
    else if (key === 'value' || key === 'checked' || key === 'disabled' || key === 'selected') node[key] = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

/** An HTML element. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An SVG element. */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

/** Keeps the children of `parent` in step with `items`, by key: what stays is not touched, so focus
 * and scroll position stay too. `make(item)` builds a node, `change(node, item)` brings it up to date. */
export function keep(parent, items, { key, make, change, gone }) {
  const known = parent.keptNodes ?? (parent.keptNodes = new Map());
  const seen = new Set();
  let at = null;
  for (const item of items) {
    const name = key(item);
    seen.add(name);
    let node = known.get(name);
    if (!node) known.set(name, (node = make(item)));
    change?.(node, item);
    const next = at ? at.nextSibling : parent.firstChild;
    if (node !== next) parent.insertBefore(node, next);
    at = node;
  }
  for (const [name, node] of known) {
    if (seen.has(name)) continue;
    known.delete(name);
    if (gone) gone(node); else node.remove();
  }
}

const PATHS = {
  hash: 'M6 2 5 14M11 2 10 14M2.5 6h11M2 10h11',
  lock: 'M4 7h8v6H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2',
  reply: 'M3 3h10v7H8l-3 3v-3H3z',
  eye: 'M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z',
  close: 'M4 4l8 8M12 4l-8 8',
  send: 'M2.5 13.5 14 8 2.5 2.5v4.3L9 8l-6.5 1.2z',
  down: 'M4 6l4 4 4-4',
  menu: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  forward: 'M3 4l5 4-5 4zM9 4l4 4-4 4zM13.5 4v8',
  bolt: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z',
  again: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3',
  help: 'M6 6a2 2 0 1 1 2.8 1.8C8.2 8.1 8 8.5 8 9.3M8 11.8h.01M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z',
  map: 'M2 4l4-1.5 4 1.5 4-1.5V12l-4 1.5L6 12l-4 1.5zM6 2.5V12M10 4v9.5',
  clip: 'M7 3h7M7 8h7M7 13h7M2.5 3h.01M2.5 8h.01M2.5 13h.01',
};

/** A line icon, hidden from screen readers: the control it stands in has a name. */
export const icon = (name) =>
  s('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, s('path', { d: PATHS[name] }));

/** Text for people who cannot see the rest. */
export const unseen = (text) => h('span', { class: 'unseen' }, text);

export const $ = (selector, root = document) => root.querySelector(selector);

/** Says a sentence to screen readers without moving anything. */
export function announce(sentence) {
  const box = document.getElementById('say');
  const line = h('p', {}, sentence);
  box.append(line);
  setTimeout(() => line.remove(), 8000);
}

/** A sentence in the corner that goes away by itself. */
export function toast(sentence, kind = 'note') {
  const note = h('div', { class: `toast ${kind}` }, sentence);
  document.getElementById('toasts').append(note);
  setTimeout(() => note.classList.add('going'), 5600);
  setTimeout(() => note.remove(), 6000);
}

export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
