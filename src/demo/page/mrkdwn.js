// Slack's mrkdwn as elements. Slack escapes `&`, `<` and `>`; what is left in `<…>` is a reference.

import { h } from './dom.js';
import { slackDate } from './dates.js';
import { emoji } from './emoji.js';
import { channel, go, group, me, person, state } from './store.js';

const unescape = (text) => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

/** A mention; of the reader it stands out. */
export function mention(text, mine) {
  return h('span', { class: mine ? 'mention mine' : 'mention', text });
}

export function userMention(id, label) {
  const found = person(id);
  return mention(`@${found ? found.name : label || id}`, id === state.me);
}

export function groupMention(id, label) {
  const found = group(id);
  const mine = found && me() && found.members.includes(state.me);
  return mention(`@${found ? found.handle : (label || id).replace(/^@/, '')}`, mine);
}

export function channelMention(id, label) {
  const found = channel(id);
  const name = `#${found ? found.name : label || id}`;
  if (!found || !found.members.includes(state.me)) return mention(name);
  return h('button', { type: 'button', class: 'mention link', text: name, onclick: () => go(id) });
}

/** A link is shown and leads nowhere: nothing of the demo leaves this machine. */
export function link(url, text) {
  return h('span', { class: 'outward', title: url, text: text || url });
}

function reference(inside) {
  const bar = inside.indexOf('|');
  const [what, label] = bar < 0 ? [inside, ''] : [inside.slice(0, bar), unescape(inside.slice(bar + 1))];
  if (what.startsWith('@')) return userMention(what.slice(1), label);
  if (what.startsWith('#')) return channelMention(what.slice(1), label);
  if (what.startsWith('!subteam^')) return groupMention(what.slice(9), label);
  if (what.startsWith('!date^')) {
    const [, seconds, template] = what.split('^');
    return h('time', { title: label, text: slackDate(seconds, unescape(template)) });
  }
  if (what.startsWith('!')) return mention(`@${label || what.slice(1)}`, true);
  return link(unescape(what), label);
}

const STYLES = [['*', 'strong'], ['_', 'em'], ['~', 's']];

// A style begins after a border and ends before one, on one line, as in Slack.
function styled(text) {
  for (const [mark, tag] of STYLES) {
    const m = `\\${mark}`;
    const found = text.match(new RegExp(`(^|[\\s(\\[{"'\u2014·,:]|[*_~])${m}(?=\\S)([^\\n]*?\\S)${m}(?=$|[\\s.,;:!?)\\]}"'\u2014·]|[*_~])`));
    if (!found) continue;
    const start = found.index + found[1].length;
    const end = found.index + found[0].length;
    return [...styled(text.slice(0, start)), h(tag, {}, styled(found[2])), ...styled(text.slice(end))];
  }
  return [emoji(unescape(text))];
}

/** Inline text: references and code first, because styles do not reach into them. */
export function inline(text) {
  const parts = [];
  let plain = '';
  const held = [];
  const token = /<([^<>\n]+)>|`([^`\n]+)`/g;
  let last = 0;
  for (const found of text.matchAll(token)) {
    plain += text.slice(last, found.index);
    // A place that cannot be typed stands for it meanwhile, so that a style can span it.
    plain += `\u0000${held.length}\u0000`;
    held.push(found[1] !== undefined ? reference(found[1]) : h('code', {}, code(found[2])));
    last = found.index + found[0].length;
  }
  plain += text.slice(last);
  parts.push(...styled(plain));
  return parts.flatMap((part) => fillIn(part, held));
}

function code(text) {
  return text.split(/(<[^<>\n]+>)/).map((piece) =>
    (/^<.+>$/.test(piece) ? reference(piece.slice(1, -1)) : unescape(piece)));
}

function fillIn(part, held) {
  if (typeof part !== 'string') {
    const children = [...part.childNodes];
    part.replaceChildren(...children.flatMap((child) =>
      fillIn(child.nodeType === Node.TEXT_NODE ? child.data : child, held)));
    return [part];
  }
  return part.split('\u0000').map((piece, n) => (n % 2 ? held[Number(piece)] : piece)).filter((one) => one !== '');
}

/** A whole text: code blocks, quotes, lines. */
export function mrkdwn(text) {
  const out = [];
  (text || '').split(/```\n?([\s\S]*?)```/).forEach((piece, n) => {
    if (n % 2) {
      out.push(h('pre', {}, code(piece.replace(/\n$/, ''))));
      return;
    }
    let quote = null;
    piece.split('\n').forEach((line, at, lines) => {
      const quoted = line.match(/^&gt;\s?(.*)$/);
      if (quoted) {
        if (!quote) out.push((quote = h('blockquote', {})));
        else quote.append(h('br'));
        quote.append(...inline(quoted[1]));
        return;
      }
      quote = null;
      out.push(...inline(line));
      if (at < lines.length - 1) out.push(h('br'));
    });
  });
  return out;
}

/** A text object of Block Kit. */
export function text(object) {
  if (!object) return [];
  return object.type === 'mrkdwn' ? mrkdwn(object.text) : [emoji(object.text || '')];
}
