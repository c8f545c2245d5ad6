// What the map knows about flows, without drawing any: names, ports in words, who reaches whom.

import { state } from './live.js';

/** `shop/Deployment/web` is `shop/web` where nothing else has that name; addresses stay. */
export function shortRef(ref) {
  const parts = ref.split('/');
  if (parts.length !== 3) return ref;
  const [ns, kind, name] = parts;
  const twins = (state.cluster.workloads ?? []).filter((w) => w.namespace === ns && w.name === name).length > 1;
  return twins ? `${ns}/${kind.toLowerCase()}/${name}` : `${ns}/${name}`;
}

const ALL = ['1-65535', '0-65535'];

/** `TCP 5432`, `UDP 53, TCP 53`, `everything`. */
export function portsOf(open) {
  const kinds = Object.entries(open ?? {}).filter(([, list]) => list?.length);
  if (kinds.length >= 3 && kinds.every(([, list]) => list.some((r) => ALL.includes(r)))) return 'everything';
  return kinds.map(([kind, list]) => (list.some((r) => ALL.includes(r)) ? `all ${kind}` : `${kind} ${list.slice(0, 4).join(', ')}${list.length > 4 ? ' …' : ''}`)).join(' · ') || 'nothing';
}

/** Whether something of the flow is open without any gate. */
export function isSteady(flow) {
  return !flow.temporary || JSON.stringify(flow.open) !== JSON.stringify(flow.temporary.open);
}

export const pairOf = (flow) => `${flow.from} ${flow.to}`;

export const temporaries = (cluster = state.cluster) => (cluster.flows ?? []).filter((f) => f.temporary);

/** When a temporary flow ends, as milliseconds; undefined if nobody said. */
export function endOf(flow) {
  const at = Date.parse(flow.temporary?.until ?? '');
  if (!Number.isNaN(at)) return at;
  const ends = (state.cluster.gates ?? []).filter((g) => flow.temporary?.requests?.includes(g.request)).map((g) => Date.parse(g.expires_at));
  return ends.length ? Math.max(...ends) : undefined;
}

/** Whom a workload reaches and who reaches it. */
export function reachOf(ref) {
  const flows = (state.cluster.flows ?? []).filter((f) => f.from !== f.to);
  return { out: flows.filter((f) => f.from === ref), into: flows.filter((f) => f.to === ref) };
}

/** Namespaces on the two banks of the moat, the same ones on the same bank as long as they are there:
 * those that others reach freely begin on the left, the cluster's own come last. */
export function banks(cluster) {
  const home = new Map((cluster.workloads ?? []).map((w) => [w.ref, w.namespace]));
  const rows = new Map((cluster.namespaces ?? []).map((n) => [n.name, 0]));
  for (const w of cluster.workloads ?? []) rows.set(w.namespace, (rows.get(w.namespace) ?? 0) + 1);
  const into = new Map();
  for (const f of cluster.flows ?? []) {
    const [a, b] = [home.get(f.from), home.get(f.to)];
    if (!f.temporary && a && b && a !== b) into.set(b, (into.get(b) ?? 0) + 1);
  }
  const own = (name) => (/^(kube|cilium|calico|istio)-/.test(name) ? 1 : 0);
  // Many are found by their names, a few by what they do.
  const weight = (name) => (rows.size > 10 ? 0 : into.get(name) ?? 0);
  const names = [...rows.keys()].sort((a, b) => own(a) - own(b) || weight(b) - weight(a) || a.localeCompare(b));
  const sides = [[], []];
  const tall = [0, 0];
  for (const name of names) {
    const side = tall[0] <= tall[1] ? 0 : 1;
    sides[side].push(name);
    tall[side] += rows.get(name) + 1.5;
  }
  return sides;
}
