// The form a person has open, as a dialog. Redrawn block by block when the app changes it, so what was
// typed stays.

import { act, tryAct } from './acts.js';
import { block, replaceKeeping } from './blocks.js';
import { contextOf, forget, valuesIn } from './contexts.js';
import { face } from './avatar.js';
import { h, icon, keep } from './dom.js';
import { me } from './self.js';
import { nameOf, on, state } from './live.js';

let open = null;

/** What the view itself says an element holds. */
function given(view) {
  return (blockId, actionId) => {
    const v = view.state?.values?.[blockId]?.[actionId];
    if (!v) return undefined;
    if (v.selected_options) return v.selected_options.map((o) => o.value);
    return v.value ?? v.selected_option?.value ?? v.selected_user ?? v.selected_users ?? v.selected_channel ?? v.selected_conversation ?? v.selected_date ?? v.selected_time ?? v.selected_date_time ?? undefined;
  };
}

function make(view) {
  const scope = `${me.id}/form/${view.id}`;
  const title = h('h2', { id: 'form-title' });
  const body = h('div', { class: 'form-body', tabindex: '0', role: 'group', 'aria-labelledby': 'form-title' });
  const wrong = h('div', { class: 'form-error', role: 'alert' });
  const submit = h('button', { type: 'submit', class: 'btn primary' });
  const cancel = h('button', { type: 'button', class: 'btn', on: { click: leave } });
  const form = h('form', { novalidate: true, on: { submit: send } },
    h('header', { class: 'form-head' }, h('span', { class: 'avatar small' }, state.town.app ? face(state.town.app.user) : ''), title,
      h('button', { type: 'button', class: 'icon-btn end', 'aria-label': 'Close', on: { click: leave } }, icon('close'))),
    body, wrong, h('footer', { class: 'form-foot' }, h('span', { class: 'hint' }, `Open for ${nameOf(me.id)}`), cancel, submit));
  const box = h('dialog', { class: 'form', 'aria-labelledby': 'form-title' }, form);
  box.addEventListener('cancel', (event) => { event.preventDefault(); leave(); });
  const it = { id: view.id, who: me.id, scope, box, view };

  async function send(event) {
    event.preventDefault();
    if (it.busy) return;
    busy(true);
    wrong.textContent = '';
    try { await act({ submit: { view: it.view.id, values: valuesIn(scope, it.view) } }); } catch (error) { wrong.textContent = error.message; }
    busy(false);
  }

  function busy(yes) {
    it.busy = yes;
    submit.ariaBusy = yes ? 'true' : null;
    form.classList.toggle('busy', yes);
  }

  async function leave() {
    const done = await tryAct({ close: { view: it.view.id } });
    // Without an answer the form would hold the visitor for ever.
    if (!done && state.link === 'lost') end();
  }

  /** Shows what the server has: the view, what is wrong with the values, whether the app still thinks. */
  it.fill = (screen) => {
    it.view = screen.view;
    const { view: v, errors } = screen;
    title.textContent = v.title?.text ?? 'Form';
    submit.textContent = v.submit?.text ?? 'Submit';
    submit.hidden = !v.submit;
    cancel.textContent = v.close?.text ?? 'Cancel';
    const ctx = { ...contextOf({ view: v.id }, scope, me.id, given(v)), errors };
    keep(body, (v.blocks ?? []).map((b, i) => ({ b, id: b.block_id ?? `n${i}` })), {
      key: ({ id }) => id,
      make: () => h('div', { class: 'form-block' }),
      change: (node, { b }) => {
        const text = JSON.stringify([b, errors?.[b.block_id]]);
        if (node.shown === text) return;
        node.shown = text;
        replaceKeeping(node, [block(b, ctx)]);
      },
    });
    const first = errors && body.querySelector('[aria-invalid=true], .wrong [data-key]');
    if (first && it.errors !== JSON.stringify(errors)) first.focus();
    it.errors = JSON.stringify(errors ?? null);
    if ('sending' in screen || it.sending) busy(Boolean(it.sending = screen.sending));
    if (screen.trouble) wrong.textContent = screen.trouble;
  };
  return it;
}

function end() {
  if (!open) return;
  const back = open.back;
  open.box.close();
  open.box.remove();
  forget(open.scope);
  open = null;
  if (back?.isConnected) back.focus();
}

function show() {
  const screen = state.screens.forms?.[me.id];
  const view = screen?.view;
  if (!view) { end(); return; }
  if (open && (open.id !== view.id || open.who !== me.id)) end();
  if (!open) {
    open = make(view);
    open.back = document.activeElement;
    document.body.append(open.box);
    open.fill(screen);
    open.box.showModal();
    (open.box.querySelector('.form-body [data-key]') ?? open.box.querySelector('.form-foot .btn'))?.focus();
    return;
  }
  open.fill(screen);
}

export function forms() {
  on('screens me town', show);
}
