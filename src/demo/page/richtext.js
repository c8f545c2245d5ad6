// `rich_text`, `markdown` and `table` blocks: texts that come as a tree or in another dialect.

import { emojiOf } from './emoji.js';
import { slackDate } from './dates.js';
import { broadcast, channelMention, groupMention, linkShown, mentionOf } from './mrkdwn.js';
import { h } from './dom.js';

function piece(e, reader) {
  const style = e.style ?? {};
  let node;
  switch (e.type) {
    case 'text': node = e.text ?? ''; break;
    case 'link': node = linkShown(e.url ?? '', e.text); break;
    case 'user': node = mentionOf(e.user_id, '', reader); break;
    case 'usergroup': node = groupMention(e.usergroup_id, '', reader); break;
    case 'channel': node = channelMention(e.channel_id); break;
    case 'broadcast': node = broadcast(e.range); break;
    case 'emoji': node = emojiOf(e.name ?? '') ?? `:${e.name}:`; break;
    case 'date': node = h('time', {}, slackDate(e.timestamp, e.format, e.fallback ?? '', reader)); break;
    case 'color': node = h('span', {}, h('span', { class: 'swatch', style: { background: /^#[0-9a-f]{3,8}$/i.test(e.value) ? e.value : 'none' } }), e.value); break;
    default: node = e.text ?? `[${e.type}]`;
  }
  if (style.code) node = h('code', {}, node);
  if (style.bold) node = h('strong', {}, node);
  if (style.italic) node = h('em', {}, node);
  if (style.strike) node = h('s', {}, node);
  return node;
}

const lines = (elements, reader) => (elements ?? []).map((e) => piece(e, reader));

function part(e, reader) {
  switch (e.type) {
    case 'rich_text_section': return h('div', { class: 'rich' }, lines(e.elements, reader));
    case 'rich_text_preformatted': return h('pre', {}, lines(e.elements, reader));
    case 'rich_text_quote': return h('blockquote', {}, lines(e.elements, reader));
    case 'rich_text_list': {
      const items = (e.elements ?? []).map((item) => h('li', {}, lines(item.elements, reader)));
      const list = h(e.style === 'ordered' ? 'ol' : 'ul', { class: `indent-${Math.min(e.indent ?? 0, 4)}` }, items);
      if (e.style === 'ordered' && e.offset) list.start = e.offset + 1;
      return list;
    }
    default: return h('div', { class: 'unsupported' }, `Unsupported text: ${e.type}`);
  }
}

export const richText = (block, reader) => h('div', { class: 'rich-text' }, (block.elements ?? []).map((e) => part(e, reader)));

export function table(block, reader) {
  const cell = (c) => (c?.type === 'rich_text' ? richText(c, reader) : c?.type === 'raw_number' ? String(c.value ?? c.text ?? '') : c?.text ?? '');
  const align = (i) => ({ class: `align-${block.column_settings?.[i]?.align ?? 'left'}` });
  const [head, ...rows] = block.rows ?? [];
  return h('div', { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': 'Table' }, h('table', {},
    h('thead', {}, h('tr', {}, (head ?? []).map((c, i) => h('th', { scope: 'col', ...align(i) }, cell(c))))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map((c, i) => h('td', align(i), cell(c))))))));
}

// Standard Markdown, the part that people write.

function spans(text) {
  const out = [];
  const pattern = /`([^`]+)`|\*\*([^*]+)\*\*|~~([^~]+)~~|\*([^*]+)\*|\b_([^_]+)_\b|\[([^\]]+)\]\(([^)\s]+)\)|:([a-z0-9_+-]+):/g;
  let at = 0;
  for (const m of text.matchAll(pattern)) {
    out.push(text.slice(at, m.index));
    if (m[1]) out.push(h('code', {}, m[1]));
    else if (m[2]) out.push(h('strong', {}, spans(m[2])));
    else if (m[3]) out.push(h('s', {}, m[3]));
    else if (m[4] || m[5]) out.push(h('em', {}, m[4] ?? m[5]));
    else if (m[6]) out.push(linkShown(m[7], m[6]));
    else out.push(emojiOf(m[8]) ?? m[0]);
    at = m.index + m[0].length;
  }
  out.push(text.slice(at));
  return out;
}

export function markdown(block) {
  const out = [];
  let list = null;
  const pieces = (block.text ?? '').split(/```[a-z]*\n([\s\S]*?)\n?```/);
  pieces.forEach((text, i) => {
    if (i % 2) { out.push(h('pre', {}, text)); list = null; return; }
    for (const line of text.split('\n')) {
      const item = /^\s*(?:([-*+])|\d+[.)])\s+(.*)$/.exec(line);
      const title = /^(#{1,6})\s+(.*)$/.exec(line);
      if (item) {
        const tag = item[1] ? 'UL' : 'OL';
        if (list?.tagName !== tag) out.push((list = h(tag.toLowerCase())));
        list.append(h('li', {}, spans(item[2])));
        continue;
      }
      list = null;
      if (!line.trim()) continue;
      if (title) out.push(h('p', { class: `md-title md-${title[1].length}` }, spans(title[2])));
      else if (/^>\s?/.test(line)) out.push(h('blockquote', {}, spans(line.replace(/^>\s?/, ''))));
      else if (/^-{3,}$/.test(line)) out.push(h('hr'));
      else out.push(h('p', {}, spans(line)));
    }
  });
  return h('div', { class: 'markdown' }, out);
}
