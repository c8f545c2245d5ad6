// Slack's mrkdwn as nodes. Works on Slack-escaped text; what is no known token stays text.

import { emojiOf } from './emoji.js';
import { slackDate } from './dates.js';
import { channel, group, groupsOf, nameOf, person, state } from './live.js';
import { h } from './dom.js';

export const unescape = (text) => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

const STYLES = { '*': 'strong', _: 'em', '~': 's' };

/** @-mention of a person, marked when it is the reader. */
export function mentionOf(id, label, reader) {
  const known = person(id) || id === state.town.app?.user;
  const text = known ? nameOf(id) : label || id;
  return h('span', { class: id === reader ? 'mention mine' : 'mention' }, `@${text}`);
}

export function groupMention(id, label, reader) {
  const known = group(id);
  const mine = groupsOf(reader).some((g) => g.id === id);
  const handle = known ? `@${known.handle}` : (label || id);
  return h('span', { class: mine ? 'mention mine' : 'mention' }, handle.startsWith('@') ? handle : `@${handle}`);
}

export function channelMention(id, label) {
  const name = channel(id)?.name || label || id;
  return h('span', { class: 'mention' }, `#${name}`);
}

export const broadcast = (range) => h('span', { class: 'mention mine' }, `@${range}`);

/** A link shows where it would lead and leads nowhere: a click must never leave the machine. */
export function linkShown(url, text) {
  const shown = text || url.replace(/^mailto:/, '');
  return h('span', { class: 'link', title: `${url} (links are not followed in the demo)` }, shown);
}

function token(inside, reader) {
  const bar = inside.indexOf('|');
  const head = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? '' : unescape(inside.slice(bar + 1));
  if (head.startsWith('@')) return mentionOf(head.slice(1), label, reader);
  if (head.startsWith('#')) return channelMention(head.slice(1), label);
  if (head.startsWith('!subteam^')) return groupMention(head.split('^')[1], label, reader);
  if (head.startsWith('!date^')) {
    const [, stamp, pattern] = head.split('^');
    return h('time', { title: label || null }, slackDate(stamp, unescape(pattern ?? ''), label, reader));
  }
  if (/^!(here|channel|everyone)$/.test(head)) return broadcast(head.slice(1));
  if (head.startsWith('!')) return document.createTextNode(label || `<${head.slice(1)}>`);
  if (/^[a-z][a-z0-9+.-]*:/i.test(head)) return linkShown(unescape(head), label);
  return null;
}

/** Where a style that begins at `from` ends; code and tokens are jumped over. -1: nowhere. */
function endOfStyle(text, from, mark) {
  for (let i = from; i < text.length; i += 1) {
    const c = text[i];
    if (c === '\n') return -1;
    if (c === '`' || c === '<') {
      const end = text.indexOf(c === '<' ? '>' : '`', i + 1);
      if (end > i) { i = end; continue; }
    }
    if (c === mark && i > from && !/\s/.test(text[i - 1]) && !/\w/.test(text[i + 1] ?? '')) return i;
  }
  return -1;
}

/** One line of mrkdwn. */
export function inline(text, reader) {
  const out = [];
  let plain = '';
  const flush = () => { if (plain) out.push(unescape(plain)); plain = ''; };
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    const rest = text.slice(i);
    let found = null;
    if (c === '<') {
      const match = /^<([^<>\n]+)>/.exec(rest);
      const node = match && token(match[1], reader);
      if (node) found = [node, match[0].length];
    } else if (c === '`') {
      const match = /^`([^`\n]+)`/.exec(rest);
      if (match) found = [h('code', {}, codeText(match[1])), match[0].length];
    } else if (STYLES[c] && !/\w/.test(text[i - 1] ?? '') && /\S/.test(text[i + 1] ?? ' ') && text[i + 1] !== c) {
      const end = endOfStyle(text, i + 1, c);
      if (end > 0) found = [h(STYLES[c], {}, inline(text.slice(i + 1, end), reader)), end - i + 1];
    } else if (c === ':') {
      const match = /^:([a-z0-9_+-]+(?:::skin-tone-\d)?):/.exec(rest);
      const sign = match && emojiOf(match[1]);
      if (sign) found = [h('span', { class: 'emoji', title: match[0] }, sign), match[0].length];
    } else if (c === '\n') {
      found = [h('br'), 1];
    }
    if (!found) { plain += c; continue; }
    flush();
    out.push(found[0]);
    i += found[1] - 1;
  }
  flush();
  return out;
}

// In code a link is its text, and a mention its id, as typed.
const codeText = (text) => unescape(text.replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (all, head, label) => (/^[a-z]+:/.test(head) ? label || head : all)));

/** A whole text: fenced code, quotes, lists by bullet signs, lines. */
export function mrkdwn(text, reader) {
  const out = [];
  const pieces = String(text ?? '').split(/```\n?([\s\S]*?)\n?```\n?/);
  pieces.forEach((piece, i) => {
    if (i % 2) { out.push(h('pre', {}, codeText(piece))); return; }
    // The space between code and what follows is the code's own margin.
    const rest = i ? piece.replace(/^ /, '') : piece;
    if (rest) out.push(...paragraphs(rest, reader));
  });
  return out;
}

function paragraphs(text, reader) {
  const out = [];
  let lines = [];
  let quoted = [];
  const flush = () => {
    if (lines.length) out.push(...inline(lines.join('\n'), reader));
    if (quoted.length) out.push(h('blockquote', {}, inline(quoted.join('\n'), reader)));
    lines = [];
    quoted = [];
  };
  const all = text.split('\n');
  for (let i = 0; i < all.length; i += 1) {
    const quote = /^(?:&gt;){3}\s?/.exec(all[i]);
    if (quote) {
      flush();
      quoted = [all[i].slice(quote[0].length), ...all.slice(i + 1)];
      break;
    }
    const one = /^&gt; ?(.*)$/.exec(all[i]);
    if (one) {
      if (lines.length) flush();
      quoted.push(one[1]);
    } else {
      if (quoted.length) flush();
      lines.push(all[i]);
    }
  }
  flush();
  return out;
}
