// Block Kit as elements, drawn as Slack draws it. What is not known is said, never hidden.

import { h } from './dom.js';
import { emoji } from './emoji.js';
import { element, field } from './elements.js';
import { channelMention, groupMention, link, mention, mrkdwn, text, userMention } from './mrkdwn.js';
import { slackDate } from './dates.js';

/** All blocks. `place` says where they are, and what is filled in there. */
export const blocks = (list, place) => (list || []).map((block) => one(block, place));

function one(block, place) {
  const draw = KINDS[block.type];
  if (!draw) return h('p', { class: 'unknown', text: `A block of a kind this page does not draw: ${block.type}` });
  return draw(block, place);
}

const KINDS = {
  header: (block) => h('h3', { class: 'b-header' }, text(block.text)),
  divider: () => h('hr', { class: 'b-divider' }),
  section: (block, place) => h('div', { class: 'b-section' },
    h('div', { class: 'b-text' },
      block.text ? h('div', {}, text(block.text)) : null,
      block.fields ? h('div', { class: 'b-fields' }, block.fields.map((one) => h('div', {}, text(one)))) : null),
    block.accessory ? h('div', { class: 'b-accessory' }, element(block.accessory, block, place)) : null),
  context: (block) => h('div', { class: 'b-context' }, block.elements.map((one) =>
    (one.type === 'image' ? image(one, 'b-small') : h('span', {}, text(one))))),
  actions: (block, place) => h('div', { class: 'b-actions' }, block.elements.map((one) => element(one, block, place))),
  image: (block) => h('figure', { class: 'b-image' }, block.title ? h('figcaption', {}, text(block.title)) : null, image(block)),
  input: (block, place) => field(block, place),
  markdown: (block) => h('div', { class: 'b-text' }, mrkdwn(block.text)),
  rich_text: (block) => h('div', { class: 'b-text' }, block.elements.map(rich)),
  table: (block) => h('div', { class: 'b-table' }, h('table', {}, block.rows.map((row, n) =>
    h('tr', {}, row.map((cell) => h(n ? 'td' : 'th', { scope: n ? null : 'col' },
      cell.type === 'rich_text' ? cell.elements.map(rich) : cell.text)))))),
};

/** Pictures are described: loading them would leave this machine. */
function image(block, kind = '') {
  return h('span', { class: `picture ${kind}`, role: 'img', 'aria-label': block.alt_text || 'picture', text: block.alt_text || 'picture' });
}

function rich(part) {
  const inside = () => part.elements.map(piece);
  switch (part.type) {
    case 'rich_text_list':
      return h(part.style === 'ordered' ? 'ol' : 'ul', {}, part.elements.map((item) => h('li', {}, item.elements.map(piece))));
    case 'rich_text_quote': return h('blockquote', {}, inside());
    case 'rich_text_preformatted': return h('pre', {}, inside());
    default: return h('div', {}, inside());
  }
}

function piece(one) {
  switch (one.type) {
    case 'text': return one.text.split('\n').flatMap((line, n) => (n ? [h('br'), styled(one, line)] : [styled(one, line)]));
    case 'user': return userMention(one.user_id);
    case 'usergroup': return groupMention(one.usergroup_id, one.usergroup_id);
    case 'channel': return channelMention(one.channel_id);
    case 'broadcast': return mention(`@${one.range}`, true);
    case 'emoji': return emoji(`:${one.name}:`);
    case 'date': return h('time', { title: one.fallback, text: slackDate(one.timestamp, one.format) });
    case 'link': return link(one.url, one.text);
    default: return one.text || '';
  }
}

function styled(one, line) {
  const style = one.style || {};
  const tags = [['bold', 'strong'], ['italic', 'em'], ['strike', 's'], ['code', 'code']];
  return tags.filter(([name]) => style[name]).reduce((inner, [, tag]) => h(tag, {}, inner), line);
}
