// The interactive elements of Block Kit. In a message or a home tab they act at once; in a form they
// keep what was filled in until it is sent.

import { h } from './dom.js';
import { text } from './mrkdwn.js';
import { channelsOf, playable, state } from './store.js';
import { confirm } from './dialog.js';
import { typeahead } from './typeahead.js';

/**
 * One element. `place` is `{where, act(block, element, value), values}`: `values` holds what is filled
 * in, by block and action; `act` tells the app, where the element does so.
 */
export function element(one, block, place) {
  const draw = KINDS[one.type];
  const made = draw ? draw(one, block, place) : h('span', { class: 'unknown', text: `An element this page does not draw: ${one.type}` });
  if (made.dataset) made.dataset.key = `${block.block_id}/${one.action_id || ''}`;
  return made;
}

const plain = (object) => (object ? object.text : '');

/** What is filled in, or what it is at first. */
function value(one, block, place, initial) {
  const kept = place.values && place.values[block.block_id];
  return kept && one.action_id in kept ? kept[one.action_id] : initial;
}

/** Keeps a value, and tells the app where the element does that. */
function set(one, block, place, to) {
  if (place.values) {
    place.values[block.block_id] = { ...place.values[block.block_id], [one.action_id]: to };
    if (block.type === 'input' && !block.dispatch_action) return;
  }
  confirm(one.confirm, () => place.act(block, one, to));
}

function options(one) {
  const option = (entry) => h('option', { value: entry.value, text: plain(entry.text) });
  if (one.option_groups) return one.option_groups.map((group) => h('optgroup', { label: plain(group.label) }, group.options.map(option)));
  return (one.options || []).map(option);
}

function select(one, block, place, { entries, initial }) {
  const chosen = value(one, block, place, initial || '');
  const made = h('select', { class: 'field', 'aria-label': plain(one.placeholder) || 'Choose', onchange: () => set(one, block, place, made.value) },
    h('option', { value: '', text: plain(one.placeholder) || 'Choose…', disabled: true }), entries);
  made.value = chosen || '';
  return made;
}

function several(one, block, place, { list, initial, type = 'checkbox' }) {
  const single = type === 'radio';
  const chosen = value(one, block, place, initial);
  const on = new Set([chosen].flat().filter(Boolean));
  const name = `${block.block_id}/${one.action_id}`;
  const made = h('div', { class: 'choices', role: single ? 'radiogroup' : 'group', 'aria-label': plain(one.placeholder) || plain(block.label) || 'Choose' },
    list.map((entry) => h('label', {},
      h('input', { type, name, value: entry.value, checked: on.has(entry.value), onchange: () => {
        const all = [...made.querySelectorAll('input:checked')].map((box) => box.value);
        set(one, block, place, single ? all[0] : all);
      } }),
      h('span', {}, text(entry.text), entry.description ? h('small', {}, text(entry.description)) : null))));
  return made;
}

function input(one, block, place, type) {
  const initial = { datepicker: one.initial_date, timepicker: one.initial_time, datetimepicker: one.initial_date_time }[one.type] ?? one.initial_value;
  const tag = one.multiline ? 'textarea' : 'input';
  const made = h(tag, {
    class: 'field', type: tag === 'input' ? type : null, placeholder: plain(one.placeholder) || null, rows: one.multiline ? '4' : null,
    maxlength: one.max_length ? String(one.max_length) : null, min: one.min_value, max: one.max_value,
    step: one.type === 'number_input' ? (one.is_decimal_allowed ? 'any' : '1') : null,
    'aria-label': plain(block.label) || plain(one.placeholder) || null, autocomplete: 'off',
    oninput: () => place.values && (place.values[block.block_id] = { ...place.values[block.block_id], [one.action_id]: given(made, one) }),
    onchange: () => set(one, block, place, given(made, one)),
  });
  const kept = value(one, block, place, initial);
  if (kept !== undefined && kept !== null) made.value = one.type === 'datetimepicker' ? new Date(kept * 1000).toISOString().slice(0, 16) : kept;
  return made;
}

/** Times without a zone are UTC here: a browser knows only its own zone. */
const given = (made, one) => {
  if (made.value === '') return null;
  return one.type === 'datetimepicker' ? Date.parse(`${made.value}Z`) / 1000 : made.value;
};

const people = () => playable().map((one) => ({ value: one.id, text: { type: 'plain_text', text: `@${one.name}` } }));
const channels = () => channelsOf(state.me).map((one) => ({ value: one.id, text: { type: 'plain_text', text: `#${one.name}` } }));
const asOptions = (list) => list.map((entry) => h('option', { value: entry.value, text: plain(entry.text) }));
const first = (option) => option && option.value;
const all = (list) => (list || []).map((option) => option.value);

const KINDS = {
  button: (one, block, place) => h('button', {
    type: 'button', class: `b-button ${one.style || ''}`, 'aria-label': one.accessibility_label || null,
    onclick: (event) => confirm(one.confirm, () => place.act(block, one, null, event.currentTarget)),
  }, text(one.text)),
  overflow: (one, block, place) => menu(one, block, place),
  static_select: (one, block, place) => select(one, block, place, { entries: options(one), initial: first(one.initial_option) }),
  external_select: (one, block, place) => typeahead(one, place, value(one, block, place, null), (to) => set(one, block, place, to), block),
  users_select: (one, block, place) => select(one, block, place, { entries: asOptions(people()), initial: one.initial_user }),
  conversations_select: (one, block, place) => select(one, block, place, { entries: asOptions(channels()), initial: one.initial_conversation }),
  channels_select: (one, block, place) => select(one, block, place, { entries: asOptions(channels()), initial: one.initial_channel }),
  multi_static_select: (one, block, place) => several(one, block, place, { list: one.options || one.option_groups.flatMap((g) => g.options), initial: all(one.initial_options) }),
  multi_users_select: (one, block, place) => several(one, block, place, { list: people(), initial: one.initial_users || [] }),
  multi_conversations_select: (one, block, place) => several(one, block, place, { list: channels(), initial: one.initial_conversations || [] }),
  multi_channels_select: (one, block, place) => several(one, block, place, { list: channels(), initial: one.initial_channels || [] }),
  checkboxes: (one, block, place) => several(one, block, place, { list: one.options, initial: all(one.initial_options) }),
  radio_buttons: (one, block, place) => several(one, block, place, { list: one.options, initial: first(one.initial_option), type: 'radio' }),
  plain_text_input: (one, block, place) => input(one, block, place, 'text'),
  number_input: (one, block, place) => input(one, block, place, 'number'),
  email_text_input: (one, block, place) => input(one, block, place, 'email'),
  url_text_input: (one, block, place) => input(one, block, place, 'url'),
  datepicker: (one, block, place) => input(one, block, place, 'date'),
  timepicker: (one, block, place) => input(one, block, place, 'time'),
  datetimepicker: (one, block, place) => input(one, block, place, 'datetime-local'),
  image: (one) => h('span', { class: 'picture b-small', role: 'img', 'aria-label': one.alt_text, text: one.alt_text }),
};

/** The three dots: a menu whose entries act. */
function menu(one, block, place) {
  const list = h('div', { class: 'menu', role: 'menu' }, one.options.map((entry) =>
    h('button', { type: 'button', role: 'menuitem', onclick: () => { box.open = false; set(one, block, place, entry.value); } }, text(entry.text))));
  const box = h('details', { class: 'overflow' }, h('summary', { 'aria-label': 'More actions', text: '⋯' }), list);
  box.addEventListener('keydown', (event) => { if (event.key === 'Escape') { box.open = false; box.firstChild.focus(); } });
  box.addEventListener('focusout', (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) box.open = false; });
  return box;
}

/** An input block: label, element, hint, and what the app objected to. */
export function field(block, place) {
  const wrong = place.errors && place.errors[block.block_id];
  const made = element(block.element, block, place);
  const id = `f-${block.block_id}-${block.element.action_id}`;
  const target = made.matches('input, select, textarea') ? made : made.querySelector('input');
  if (target && !made.classList.contains('choices')) target.id = id;
  if (wrong && target) { target.setAttribute('aria-invalid', 'true'); target.setAttribute('aria-describedby', `${id}-e`); }
  return h('div', { class: wrong ? 'b-input wrong' : 'b-input' },
    h('label', { for: id }, text(block.label), block.optional ? h('small', { text: ' (optional)' }) : null),
    made,
    wrong ? h('p', { class: 'error', id: `${id}-e`, text: wrong }) : null,
    block.hint ? h('p', { class: 'hint' }, text(block.hint)) : null);
}
