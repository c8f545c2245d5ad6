// Flows in words, for the map's texts and its table.

import { state } from './store.js';

/** `shop/web` for `shop/Deployment/web`. */
export function short(ref) {
  const parts = ref.split('/');
  return parts.length === 3 ? `${parts[0]}/${parts[2]}` : ref.replace(/\/(32|128)$/, '');
}

/** `TCP 5432`, `everything`. */
export function ports(open) {
  const all = ['TCP', 'UDP', 'SCTP'].filter((one) => open[one].join() === '1-65535');
  if (all.length === 3) return 'everything';
  const words = ['TCP', 'UDP', 'SCTP'].filter((one) => open[one].length)
    .map((one) => (all.includes(one) ? `all ${one}` : `${one} ${open[one].join(', ')}`));
  return words.join(' · ');
}

export const flows = () => (state.cluster && state.cluster.flows) || [];
export const temporary = () => flows().filter((one) => one.temporary);
