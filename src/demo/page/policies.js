// The policies in the cluster: temporary ones first and open, so that what a gate is can be read. New ones
// flash; removed ones stay for a moment, struck through.

import { h, keep } from './dom.js';
import { on, state } from './live.js';
import { yaml } from './yaml.js';

const GHOST = 4000;

export function policies(counted) {
  const node = h('div', { class: 'policies' });
  let known = false;

  const keyOf = (p) => `${p.kind} ${p.namespace}/${p.name}`;

  function make(p) {
    const gate = (state.cluster.gates ?? []).find((g) => g.objects?.includes(`${p.namespace}/${p.name}`));
    const box = h('details', { class: p.temporary ? 'policy temporary' : 'policy' }, h('summary', {},
      h('span', { class: 'policy-name' }, h('span', { class: 'policy-ns' }, `${p.namespace || 'cluster'}/`), p.name), p.temporary && h('span', { class: 'tag temp' }, gate?.request ?? 'temporary'),
      h('span', { class: 'policy-kind' }, p.kind)));
    // YAML is made when somebody looks.
    box.addEventListener('toggle', () => { if (box.open && !box.body) box.append((box.body = yaml(box.yaml, keyOf(p)))); });
    if (known) { box.classList.add('fresh'); setTimeout(() => box.classList.remove('fresh'), 2500); }
    if (p.temporary) box.open = true;
    return box;
  }

  function show() {
    const list = [...(state.cluster.policies ?? [])].sort((a, b) => Boolean(b.temporary) - Boolean(a.temporary) || keyOf(a).localeCompare(keyOf(b)));
    counted(list.length, list.filter((p) => p.temporary).length);
    keep(node, list, {
      key: keyOf,
      make,
      change: (box, p) => {
        if (box.yaml === p.yaml) return;
        box.yaml = p.yaml;
        if (box.body) { const next = yaml(p.yaml, keyOf(p)); box.body.replaceWith(next); box.body = next; }
      },
      gone: (box) => {
        box.open = false;
        box.classList.add('removed');
        setTimeout(() => box.remove(), GHOST);
      },
    });
    known = true;
  }

  on('cluster', show);
  return node;
}
