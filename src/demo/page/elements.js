// Block Kit's interactive elements. Each answers a node; what is chosen goes to `ctx`:
// `ctx.use(block_id, action_id, value)` acts at once, `ctx.keep(block_id, action_id, value)` remembers it
// for the form, `ctx.was(block_id, action_id)` is what was remembered, `ctx.suggest` asks for options.

import { h, icon } from './dom.js';
import { ask } from './dialog.js';
import { Chooser } from './select.js';
import { mrkdwn } from './mrkdwn.js';
import { menuButton } from './menu.js';
import { nameOf, state } from './live.js';
import { withEmoji } from './emoji.js';

/** A text object, plain or mrkdwn, as nodes. */
export function text(t, reader) {
  if (!t) return [];
  if (typeof t === 'string') return [t];
  return t.type === 'mrkdwn' ? mrkdwn(t.text, reader) : [t.emoji === false ? t.text ?? '' : withEmoji(t.text ?? '')];
}

const plain = (t) => (typeof t === 'string' ? t : withEmoji(t?.text ?? ''));

/** Asks back where the element says so. */
async function sure(e, reader) {
  const c = e.confirm;
  if (!c) return true;
  return ask({ title: plain(c.title), text: text(c.text, reader), confirm: plain(c.confirm) || 'Yes', deny: plain(c.deny) || 'Cancel', danger: c.style === 'danger' });
}

function button(e, at, ctx) {
  const node = h('button', {
    type: 'button', class: `btn ${e.style ?? ''}`, 'data-key': at.key, 'aria-label': e.accessibility_label,
    on: {
      click: async () => {
        if (node.ariaBusy === 'true' || !(await sure(e, ctx.reader))) return;
        node.ariaBusy = 'true';
        await ctx.use(at.block, e.action_id, null);
        node.ariaBusy = null;
      },
    },
  }, plain(e.text));
  if (e.url) node.title = `${e.url} (links are not followed in the demo)`;
  return node;
}

const option = (o, group) => ({ value: o.value, label: plain(o.text), description: plain(o.description), group });

export function optionsOf(e) {
  if (e.option_groups) return e.option_groups.flatMap((g) => (g.options ?? []).map((o) => option(o, plain(g.label))));
  return (e.options ?? []).map((o) => option(o));
}

const people = () => (state.town.people ?? []).filter((p) => p.standing !== 'deactivated').map((p) => ({ value: p.id, label: nameOf(p.id), description: `@${p.name}` }));
const rooms = (reader) => (state.town.channels ?? []).filter((c) => c.kind !== 'direct' && c.members?.includes(reader)).map((c) => ({ value: c.id, label: `#${c.name}`, group: 'Channels' }));

const SOURCES = {
  static: (e) => ({ options: optionsOf(e), first: e.initial_option?.value, firsts: e.initial_options?.map((o) => o.value) }),
  external: (e) => ({ first: e.initial_option && option(e.initial_option), firsts: e.initial_options?.map((o) => option(o)) }),
  users: (e) => ({ options: people(), first: e.initial_user, firsts: e.initial_users }),
  channels: (e, reader) => ({ options: rooms(reader), first: e.initial_channel, firsts: e.initial_channels }),
  conversations: (e, reader) => ({ options: [...rooms(reader), ...people().map((p) => ({ ...p, group: 'People' }))], first: e.initial_conversation, firsts: e.initial_conversations }),
};

function select(e, at, ctx) {
  const [, several, kind] = /^(multi_)?(.+)_select$/.exec(e.type);
  const multi = Boolean(several);
  const from = SOURCES[kind](e, ctx.reader);
  const was = ctx.was(at.block, e.action_id);
  const kept = ctx.labels;
  const labelled = (v) => (kind === 'external' && typeof v === 'string' ? kept?.get(v) ?? v : v);
  const first = multi ? (was ?? from.firsts ?? []).map(labelled) : labelled(was ?? from.first);
  const chooser = new Chooser({
    options: from.options, multi, most: e.max_selected_items, value: first,
    placeholder: plain(e.placeholder) || 'Choose…', label: at.label || plain(e.placeholder) || 'Choose', describedby: at.describedby, key: at.key,
    fetch: kind === 'external' ? async (query) => {
      if (query.length < (e.min_query_length ?? 0)) return [];
      const { options, groups, option_groups: other } = await ctx.suggest(at.block, e.action_id, query);
      return optionsOf({ options, option_groups: groups?.length ? groups : other });
    } : undefined,
    change: async (value, chosen) => {
      kept?.set(chosen.value, chosen);
      ctx.keep(at.block, e.action_id, value);
      if (at.dispatch && (await sure(e, ctx.reader))) ctx.use(at.block, e.action_id, value);
    },
  });
  if (chooser.value !== null) ctx.keep(at.block, e.action_id, chooser.value, true);
  return chooser.node;
}

function choices(e, at, ctx) {
  const several = e.type === 'checkboxes';
  const was = ctx.was(at.block, e.action_id) ?? (several ? (e.initial_options ?? []).map((o) => o.value) : e.initial_option?.value ?? null);
  let now = was;
  ctx.keep(at.block, e.action_id, now, true);
  const group = `${at.key}-choice-${Math.random()}`;
  return h('div', { role: several ? 'group' : 'radiogroup', 'aria-label': at.label || 'Options', class: 'options' }, (e.options ?? []).map((o) => h('label', { class: 'option' },
    h('input', {
      type: several ? 'checkbox' : 'radio', name: group, value: o.value, checked: several ? was.includes(o.value) : was === o.value, 'data-key': `${at.key}/${o.value}`,
      on: {
        change: async (event) => {
          if (several) now = event.target.checked ? [...now, o.value] : now.filter((v) => v !== o.value);
          else now = o.value;
          ctx.keep(at.block, e.action_id, now);
          if (at.dispatch && (await sure(e, ctx.reader))) ctx.use(at.block, e.action_id, now);
        },
      },
    }),
    h('span', {}, text(o.text, ctx.reader), o.description && h('small', {}, text(o.description, ctx.reader))))));
}

function overflow(e, at, ctx) {
  return menuButton({ class: 'btn icon-btn', 'aria-label': 'More', 'data-key': at.key }, icon('more'), () => (e.options ?? []).map((o) => ({
    label: plain(o.text),
    detail: plain(o.description),
    act: async () => { if (await sure(e, ctx.reader)) ctx.use(at.block, e.action_id, o.value); },
  })));
}

const FIELDS = {
  plain_text_input: { type: 'text' },
  email_text_input: { type: 'email' },
  url_text_input: { type: 'url' },
  number_input: { type: 'number' },
  datepicker: { type: 'date', first: 'initial_date' },
  timepicker: { type: 'time', first: 'initial_time' },
  datetimepicker: { type: 'datetime-local', first: 'initial_date_time' },
};

// Slack keeps a moment as seconds; the field as local text. Town and page both mean UTC here.
const toLocal = (v) => (typeof v === 'number' ? new Date(v * 1000).toISOString().slice(0, 16) : v);
const fromLocal = (v) => (v ? Math.floor(Date.parse(`${v}Z`) / 1000) : null);

function field(e, at, ctx) {
  const { type, first } = FIELDS[e.type];
  const moment = e.type === 'datetimepicker';
  const start = ctx.was(at.block, e.action_id) ?? e[first ?? 'initial_value'] ?? '';
  const triggers = e.dispatch_action_config?.trigger_actions_on ?? ['on_enter_pressed'];
  const read = () => (moment ? fromLocal(node.value) : node.value === '' ? null : node.value);
  const picked = ['date', 'time', 'datetime-local'].includes(type);
  let timer = 0;
  const node = h(e.multiline ? 'textarea' : 'input', {
    type: e.multiline ? null : type, rows: e.multiline ? 4 : null, value: moment ? toLocal(start) : start, placeholder: plain(e.placeholder) || null,
    maxlength: e.max_length, min: e.min_value, max: e.max_value, step: e.is_decimal_allowed ? 'any' : null, 'aria-label': at.label || plain(e.placeholder) || e.action_id,
    'aria-describedby': at.describedby, 'aria-invalid': at.wrong ? 'true' : null, class: 'field', 'data-key': at.key, autocomplete: 'off',
    on: {
      input: () => {
        ctx.keep(at.block, e.action_id, read());
        if (!at.dispatch || picked || !triggers.includes('on_character_entered')) return;
        clearTimeout(timer);
        timer = setTimeout(() => ctx.use(at.block, e.action_id, read()), 300);
      },
      change: async () => {
        ctx.keep(at.block, e.action_id, read());
        if (at.dispatch && picked && (await sure(e, ctx.reader))) ctx.use(at.block, e.action_id, read());
      },
      keydown: (event) => {
        if (event.key !== 'Enter' || e.multiline || !at.dispatch || !triggers.includes('on_enter_pressed')) return;
        event.preventDefault();
        ctx.use(at.block, e.action_id, read());
      },
    },
  });
  if (start !== '') ctx.keep(at.block, e.action_id, start, true);
  return node;
}

/** Any element. `at`: {block, key, label, describedby, dispatch, wrong}. */
export function element(e, at, ctx) {
  if (e.type === 'button') return button(e, at, ctx);
  if (e.type === 'overflow') return overflow(e, at, ctx);
  if (e.type === 'radio_buttons' || e.type === 'checkboxes') return choices(e, at, ctx);
  if (/^(multi_)?(static|external|users|conversations|channels)_select$/.test(e.type)) return select(e, at, ctx);
  if (FIELDS[e.type]) return field(e, at, ctx);
  if (e.type === 'image') return picture(e);
  return h('span', { class: 'unsupported' }, `Unsupported element: ${e.type}`);
}

/** Images are never loaded: their words are shown. */
export const picture = (e) => h('span', { class: 'picture', role: 'img', 'aria-label': e.alt_text || 'image' }, `🖼 ${e.alt_text || 'image'}`);

