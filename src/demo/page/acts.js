// What the visitor does, sent to the town.

import { state } from './store.js';
import { complain } from './dom.js';

/** Sends it; what was answered, or `null` after telling why not. */
export async function send(path, body) {
  try {
    const response = await fetch(path, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    complain(answer.error || `the town answered ${response.status}`);
  } catch {
    complain('the town does not answer');
  }
  return null;
}

/** Acts as whom the visitor speaks. */
export const act = (what) => send('town/do', { as: state.me, act: what });

export const say = (channel, text, thread = null) => act({ say: { channel, thread, text } });

export const use = (where, block_id, action_id, value = null) =>
  act({ use: { where, block_id, action_id, value } });

export const hurry = (length) => send('town/clock', length ? { advance: length } : { next: {} });

export const trouble = (what, name) => send('town/trouble', name ? { do: what, what: name } : { do: what });
