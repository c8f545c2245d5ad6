// Builds elements. Text is always text: nothing that anybody typed is ever read as markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'text') node.textContent = value;
    else if (name === 'class') node.setAttribute('class', value);
    else if (name in node && typeof value !== 'string' && !(node instanceof SVGElement)) node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An HTML element. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An SVG element. */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

/** The element with this id. */
export const $ = (id) => document.getElementById(id);

/** Replaces what is in a node, and keeps the focus on the same control where it is there again. */
export function put(node, ...children) {
  const held = document.activeElement;
  const key = held && node.contains(held) && held.dataset ? held.dataset.key : null;
  node.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (key) {
    const again = [...node.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key);
    if (again) again.focus({ preventScroll: true });
  }
}

/** Says something to people who listen. */
export function say(text) {
  const place = $('said');
  place.textContent = place.textContent === text ? `${text} ` : text;
}

/** Shows a problem for a while. */
export function complain(text) {
  const toast = h('p', { class: 'toast', text });
  $('toasts').append(toast);
  setTimeout(() => toast.remove(), 9000);
}

/** Whether things should move little. */
export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
