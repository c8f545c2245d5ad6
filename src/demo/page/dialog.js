// Dialogs over the page: the browser's own, which keep the focus inside and close with Escape.

import { h } from './dom.js';
import { text } from './mrkdwn.js';

/** Opens a dialog; `closed` is called when it goes, however it goes. */
export function dialog(label, kind, content, closed) {
  const box = h('dialog', { class: kind, 'aria-label': label }, content);
  box.addEventListener('close', () => { box.remove(); if (closed) closed(); });
  document.body.append(box);
  box.showModal();
  return box;
}

/** Asks before something is done, where its button says so. The app hears nothing of a no. */
export function confirm(question, then) {
  if (!question) { then(); return; }
  const box = dialog(question.title.text, 'confirm', [
    h('h3', {}, text(question.title)),
    h('div', { class: 'b-text' }, text(question.text)),
    h('div', { class: 'foot' },
      h('button', { type: 'button', class: 'b-button', onclick: () => box.close() }, text(question.deny)),
      h('button', { type: 'button', class: `b-button ${question.style === 'danger' ? 'danger' : 'primary'}`, onclick: () => { box.close(); then(); } }, text(question.confirm))),
  ]);
}
