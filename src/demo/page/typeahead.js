// A select whose options the app gives for what is typed: a combobox with a list below it.

import { h } from './dom.js';
import { act } from './acts.js';
import { text } from './mrkdwn.js';

/** Waits this long after a keystroke before it asks. */
const PAUSE = 200;

export function typeahead(one, place, chosen, choose, block) {
  const id = `t-${block.block_id}-${one.action_id}`;
  const list = h('div', { class: 'menu', role: 'listbox', id: `${id}-l`, hidden: true });
  const box = h('input', {
    class: 'field', type: 'text', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': `${id}-l`, 'aria-autocomplete': 'list',
    'aria-label': block.label ? block.label.text : null, autocomplete: 'off', placeholder: one.placeholder ? one.placeholder.text : 'Type to find…',
  });
  const initial = chosen || one.initial_option;
  if (initial && initial.text) box.value = initial.text.text;
  else if (typeof chosen === 'string') box.value = chosen;
  let timer = 0;
  let asked = 0;
  let at = -1;
  let entries = [];
  const open = (is) => { list.hidden = !is; box.setAttribute('aria-expanded', String(is)); };
  const mark = (n) => {
    at = n;
    [...list.querySelectorAll('[role=option]')].forEach((entry, index) => {
      entry.setAttribute('aria-selected', String(index === n));
      if (index === n) { box.setAttribute('aria-activedescendant', entry.id); entry.scrollIntoView({ block: 'nearest' }); }
    });
  };
  const take = (entry) => { box.value = entry.text.text; open(false); choose(entry.value); };
  const ask = async () => {
    const mine = ++asked;
    const answer = await act({ suggest: { where: place.where, block_id: block.block_id, action_id: one.action_id, query: box.value } });
    if (mine !== asked || !answer) return;
    entries = (answer.options || []).length ? answer.options : (answer.groups || []).flatMap((group) => group.options);
    list.replaceChildren(...(entries.length ? entries.map((entry, n) => h('div', {
      role: 'option', id: `${id}-${n}`, 'aria-selected': 'false', onmousedown: (event) => { event.preventDefault(); take(entry); },
    }, text(entry.text))) : [h('p', { class: 'hint', text: 'Nothing is called so' })]));
    mark(-1);
    open(true);
  };
  box.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  box.addEventListener('focus', ask);
  box.addEventListener('blur', () => open(false));
  box.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      mark((at + step + entries.length) % Math.max(1, entries.length));
    } else if (event.key === 'Enter' && !list.hidden && entries[at]) { event.preventDefault(); take(entries[at]); } else if (event.key === 'Escape' && !list.hidden) { event.stopPropagation(); open(false); }
  });
  return h('div', { class: 'typeahead' }, box, list);
}
