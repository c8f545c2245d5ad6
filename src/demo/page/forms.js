// The form that the visitor's person has open, and the app's home tab.

import { $, h, put } from './dom.js';
import { act, use } from './acts.js';
import { blocks } from './blocks.js';
import { dialog } from './dialog.js';
import { text } from './mrkdwn.js';
import { on, state } from './store.js';

let open = null;

/** What is filled in at first: what Slack keeps for the view. */
function values(view) {
  const kept = (view.state && view.state.values) || {};
  const given = (one) => {
    const found = one.selected_option || one.selected_options || one.selected_user || one.selected_users || one.selected_date
      || one.selected_time || one.selected_date_time || one.selected_conversation || one.selected_channel || one.value;
    if (Array.isArray(found)) return found.map((entry) => entry.value || entry);
    return found && found.value !== undefined && found.text ? found.value : found;
  };
  const out = {};
  for (const [block, actions] of Object.entries(kept)) {
    out[block] = Object.fromEntries(Object.entries(actions).map(([action, one]) => [action, given(one)]).filter(([, one]) => one !== undefined && one !== null));
  }
  return out;
}

function show() {
  const form = state.screens.forms[state.me];
  if (!form) { if (open) { const box = open.box; open = null; box.close(); } return; }
  const { view, errors, trouble, sending } = form;
  const same = open && open.id === view.id;
  const filled = { ...values(view), ...(same ? open.filled : {}) };
  const place = {
    where: { view: view.id }, values: filled, errors: errors || {},
    act: (block, one, value) => use({ view: view.id }, block.block_id, one.action_id, value),
  };
  const wrong = Object.keys(errors || {}).length;
  const content = [
    h('header', {}, h('h3', {}, text(view.title)), h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss', text: '✕', onclick: () => act({ dismiss: {} }) })),
    h('form', { id: 'form', class: 'body', onsubmit: (event) => { event.preventDefault(); act({ submit: { view: view.id, values: filled } }); } },
      trouble || wrong ? h('p', { class: 'error', role: 'alert', text: trouble || 'Something needs another look' }) : null, blocks(view.blocks, place)),
    h('div', { class: 'foot' },
      h('button', { type: 'button', class: 'b-button', onclick: () => act({ close: { view: view.id } }) }, view.close ? text(view.close) : 'Close'),
      view.submit ? h('button', { type: 'submit', form: 'form', class: 'b-button primary', disabled: Boolean(sending) }, text(view.submit)) : null),
  ];
  if (same) { open.filled = filled; put(open.box, content); return; }
  if (open) { const box = open.box; open = null; box.close(); }
  const id = view.id;
  const box = dialog(view.title.text, 'modal', content, () => {
    // Closed by Escape: Slack has to know.
    if (open && open.id === id) { open = null; act({ close: { view: id } }); }
  });
  open = { id, box, filled };
}

/** The home tab, or the messages. */
export function home() {
  const at = state.channel === '@app' || (state.channel && state.town && state.town.channels.some((c) => c.id === state.channel && c.kind === 'direct'));
  const showing = at && state.tab === 'home';
  $('home').hidden = !showing;
  $('messages').hidden = showing;
  $('composer').hidden = showing;
  if (!showing) return;
  const found = state.screens.homes[state.me];
  const view = found && found.view;
  put($('home'), view ? blocks(view.blocks, {
    where: { view: view.id }, act: (block, one, value) => use({ view: view.id }, block.block_id, one.action_id, value),
  }) : h('p', { class: 'empty', text: 'The app has put nothing here yet.' }));
}

export function start() {
  on(['screens', 'place'], show);
  on(['screens', 'place'], home);
}
