// What a visitor does, sent to the server. Every act answers: done, or a sentence that says why not.

import { toast } from './dom.js';
import { me } from './self.js';

async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error('The town does not answer');
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok || said.error) throw new Error(said.error ?? `The town refused (${answer.status})`);
  return said;
}

/** As the person who is played now. Throws a sentence. */
export const act = (what) => post('/town/do', { as: me.id, act: what });

/** The same, with the sentence in the corner when it fails. True when done. */
export async function tryAct(what) {
  try { return await act(what); } catch (error) { toast(error.message, 'bad'); return null; }
}

async function tryPost(path, body) {
  try { return await post(path, body); } catch (error) { toast(error.message, 'bad'); return null; }
}

export const hurry = (advance) => tryPost('/town/clock', { advance });
export const toNext = () => tryPost('/town/clock', { next: {} });
export const trouble = (what, name) => tryPost('/town/trouble', name ? { do: what, what: name } : { do: what });
export const startAgain = () => tryPost('/town/again', {});
