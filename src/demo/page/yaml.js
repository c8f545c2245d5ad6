// YAML as nodes with light colours. Reads line by line: enough for policies and rules, and wrong colours
// would harm nobody.

import { h } from './dom.js';

/** What a gate's marks begin with: these lines say whose it is and when it ends. */
const MARK = /drawbridge(\.|-|\/)|drawbridge\.dev/;

function value(text) {
  const trimmed = text.trim();
  const kind = /^-?\d+(\.\d+)?$/.test(trimmed) ? 'y-num' : /^(true|false|null|~|\{\}|\[\])$/.test(trimmed) ? 'y-word' : null;
  return kind ? h('span', { class: kind }, text) : text;
}

function line(text) {
  if (/^\s*#/.test(text)) return h('span', { class: 'y-note' }, text);
  const pair = /^(\s*(?:- )*)((?:"[^"]*"|'[^']*'|[^\s:{}[\]][^:{}[\]]*)):(\s.*|)$/.exec(text);
  if (pair) return [pair[1], h('span', { class: 'y-key' }, pair[2]), ':', value(pair[3])];
  return text;
}

export function yaml(text, label) {
  const lines = String(text ?? '').replace(/\n$/, '').split('\n');
  return h('pre', { class: 'yaml', tabindex: '0', role: 'region', 'aria-label': label }, lines.map((l) => h('span', { class: MARK.test(l) && !/^\s*#|apiVersion/.test(l) ? 'y-line y-mark' : 'y-line' }, line(l), '\n')));
}
