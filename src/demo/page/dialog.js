// Questions before something happens: Slack's `confirm` objects and our own. Native dialogs, so focus
// stays inside and Esc leaves.

import { h } from './dom.js';

let count = 0;

/** Shows a dialog and answers what was decided. */
export function ask({ title, text, confirm, deny, danger }) {
  return new Promise((decide) => {
    count += 1;
    const id = `ask-${count}`;
    const done = (answer) => { box.close(); box.remove(); decide(answer); };
    const yes = h('button', { type: 'button', class: `btn ${danger ? 'danger' : 'primary'}`, on: { click: () => done(true) } }, confirm);
    const no = h('button', { type: 'button', class: 'btn', on: { click: () => done(false) } }, deny);
    const box = h('dialog', { class: 'ask', 'aria-labelledby': id },
      h('h2', { id }, title), h('div', { class: 'ask-text' }, text), h('div', { class: 'ask-buttons' }, no, yes));
    box.addEventListener('cancel', (event) => { event.preventDefault(); done(false); });
    document.body.append(box);
    box.showModal();
    no.focus();
  });
}
