// What elements need to know about where they stand: who reads, how to act there, and what was filled
// in so far. Typed values outlive every redraw.

import { act, tryAct } from './acts.js';

const drafts = new Map();

const draft = (scope) => {
  if (!drafts.has(scope)) drafts.set(scope, { values: {}, labels: new Map(), shown: {} });
  return drafts.get(scope);
};

/** `where` as acts name it; `scope` is unique for it and for who reads; `given` are the values that the
 * view itself says it has. */
export function contextOf(where, scope, reader, given) {
  const d = draft(scope);
  return {
    reader,
    scope,
    labels: d.labels,
    was: (block, action) => d.values[block]?.[action] ?? given?.(block, action),
    /** `begin`: a first value, which never replaces what a person chose. */
    keep(block, action, value, begin) {
      const of = begin ? d.shown : d.values;
      (of[block] ??= {})[action] = value;
    },
    use: (block_id, action_id, value) => tryAct({ use: { where, block_id, action_id, value } }),
    suggest: (block_id, action_id, query) => act({ suggest: { where, block_id, action_id, query } }),
  };
}

/** Everything that a form holds now, for submitting: chosen values, else what it began with. */
export function valuesIn(scope, view) {
  const d = draft(scope);
  const out = {};
  for (const b of view.blocks ?? []) {
    const elements = b.type === 'input' ? [b.element] : [...(b.type === 'actions' ? b.elements ?? [] : []), b.accessory];
    for (const e of elements) {
      if (!e?.action_id || e.type === 'button' || e.type === 'overflow') continue;
      const value = d.values[b.block_id]?.[e.action_id] ?? d.shown[b.block_id]?.[e.action_id] ?? null;
      (out[b.block_id] ??= {})[e.action_id] = value;
    }
  }
  return out;
}

export const forget = (scope) => drafts.delete(scope);
