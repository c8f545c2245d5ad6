// What a visitor could ask now, so that nothing need be typed: paths that are closed, from the cluster as
// it is.

import { person, state } from './live.js';
import { me } from './self.js';

const short = (ref) => ref.split('/').filter((_, i, all) => all.length < 3 || i !== 1).join('/');

/** Closed pairs across namespaces: [{from, to, port}], the best stories first. */
function closed() {
  const { workloads = [], flows = [] } = state.cluster;
  const open = new Set(flows.map((f) => `${f.from} ${f.to}`));
  const out = [];
  for (const from of workloads.slice(0, 40)) {
    for (const to of workloads.slice(0, 40)) {
      const port = to.ports?.find((p) => p.protocol === 'TCP' || !p.protocol)?.port;
      if (from.namespace !== to.namespace && port && !from.namespace.startsWith('kube-') && !to.namespace.startsWith('kube-') && !open.has(`${from.ref} ${to.ref}`)) {
        out.push({ from: short(from.ref), to: short(to.ref), port });
      }
    }
  }
  const liked = ['shop/web orders/db', 'orders/api payments/api', 'payments/api orders/db', 'shop/web payments/api'];
  const rank = (p) => (liked.indexOf(`${p.from} ${p.to}`) + 1) || 99;
  return out.sort((a, b) => rank(a) - rank(b));
}

/** Chips for the composer: [{label, text}]. */
export function suggestions() {
  const command = state.town.app?.commands?.[0]?.name ?? '/access';
  const pairs = closed();
  const asks = pairs.slice(0, 2).map((p) => ({
    label: `Ask for ${p.from} → ${p.to}`,
    text: `${command} ${p.from} to ${p.to}:${p.port} for 30m because INC-42 slow queries`,
  }));
  const more = [];
  if (pairs[0]) more.push({ label: 'What is open?', text: `${command} reach ${pairs[0].from} to ${pairs[0].to}:${pairs[0].port}` });
  more.push({ label: 'My requests', text: `${command} mine` }, { label: 'Help', text: `${command} help` });
  return person(me.id) ? [...asks, ...more] : [];
}
