// Block Kit's blocks as nodes, for messages, forms and homes. What is not known is said plainly.

import { element, picture, text } from './elements.js';
import { h } from './dom.js';
import { markdown, richText, table } from './richtext.js';

let count = 0;

function section(b, ctx) {
  const main = h('div', { class: 'section-main' },
    b.text && h('div', { class: 'text' }, text(b.text, ctx.reader)),
    b.fields?.length && h('div', { class: 'fields' }, b.fields.map((f) => h('div', { class: 'text' }, text(f, ctx.reader)))));
  const side = b.accessory && h('div', { class: 'accessory' }, element(b.accessory, at(b, b.accessory, ctx, { dispatch: true, label: '' }), ctx));
  return h('div', { class: 'section' }, main, side);
}

const at = (b, e, ctx, more) => ({ block: b.block_id ?? '', key: `${ctx.scope}/${b.block_id ?? ''}/${e.action_id ?? ''}`, ...more });

function input(b, ctx) {
  count += 1;
  const wrong = ctx.errors?.[b.block_id];
  const e = b.element ?? {};
  const label = b.label?.text ?? '';
  const ids = [b.hint && `hint-${count}`, wrong && `wrong-${count}`].filter(Boolean).join(' ');
  const node = element(e, at(b, e, ctx, { dispatch: Boolean(b.dispatch_action), label, describedby: ids || null, wrong }), ctx);
  return h('div', { class: wrong ? 'input wrong' : 'input' },
    h('div', { class: 'label', 'aria-hidden': 'true' }, text(b.label, ctx.reader), b.optional && h('span', { class: 'optional' }, ' (optional)')),
    node,
    b.hint && h('div', { class: 'hint', id: `hint-${count}` }, text(b.hint, ctx.reader)),
    wrong && h('div', { class: 'error', id: `wrong-${count}`, role: 'alert' }, wrong));
}

function context(b, ctx) {
  return h('div', { class: 'context' }, (b.elements ?? []).map((e) => (e.type === 'image' ? picture(e) : h('span', { class: 'text' }, text(e, ctx.reader)))));
}

const KINDS = {
  section,
  input,
  context,
  header: (b, ctx) => h('h3', { class: 'header' }, text(b.text, ctx.reader)),
  divider: () => h('hr'),
  actions: (b, ctx) => h('div', { class: 'actions' }, (b.elements ?? []).map((e) => element(e, at(b, e, ctx, { dispatch: true }), ctx))),
  image: (b, ctx) => h('figure', { class: 'image' }, b.title && h('figcaption', {}, text(b.title, ctx.reader)), picture(b)),
  rich_text: (b, ctx) => richText(b, ctx.reader),
  markdown: (b) => markdown(b),
  table: (b, ctx) => table(b, ctx.reader),
  video: (b, ctx) => h('figure', { class: 'image' }, h('figcaption', {}, text(b.title, ctx.reader)), picture(b)),
};

/** One block. */
export function block(b, ctx) {
  const make = KINDS[b?.type];
  let node;
  // A block that lacks what it needs must not take the message with it.
  try { node = make?.(b, ctx); } catch (error) { console.error(error); }
  return node ?? h('div', { class: 'unsupported' }, `Unsupported block: ${b?.type ?? 'none'}`);
}

export const blocks = (list, ctx) => (list ?? []).map((b) => block(b, ctx));

/** Puts new content into a node and gives focus and caret back to the element that had them. */
export function replaceKeeping(node, content) {
  const had = node.contains(document.activeElement) ? document.activeElement : null;
  const key = had?.dataset?.key;
  const caret = had && 'selectionStart' in had ? [had.selectionStart, had.selectionEnd] : null;
  node.replaceChildren(...content);
  if (!key) return;
  const now = [...node.querySelectorAll('[data-key]')].find((e) => e.dataset.key === key);
  now?.focus({ preventScroll: true });
  if (now && caret?.[0] !== null && caret) { try { now.setSelectionRange(...caret); } catch { /* not a text */ } }
}
