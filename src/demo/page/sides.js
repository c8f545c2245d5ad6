// On a narrow page Slack and the cluster take turns; on a wide one a bar between them shares the room.

import { $, h, icon } from './dom.js';
import { on } from './live.js';

const buttons = new Map();

/** Brings a side to the front where only one has room. */
export function showSide(side) {
  $('#stage').dataset.side = side;
  for (const [name, button] of buttons) button.setAttribute('aria-pressed', String(name === side));
  if (side === 'cluster') buttons.get('cluster')?.classList.remove('news');
}

export function sides() {
  for (const [name, label, sign] of [['slack', 'Slack', 'reply'], ['cluster', 'Cluster', 'map']]) {
    const button = h('button', { type: 'button', on: { click: () => showSide(name) } }, icon(sign), label);
    buttons.set(name, button);
    $('#switch').append(button);
  }
  showSide('slack');
  on('bridge', () => { if ($('#stage').dataset.side !== 'cluster') buttons.get('cluster').classList.add('news'); });
  $('#slack').after(splitter());
}

function splitter() {
  const stage = $('#stage');
  const set = (share) => {
    const to = Math.max(42, Math.min(66, share));
    stage.style.setProperty('--share', `${to}%`);
    bar.setAttribute('aria-valuenow', String(Math.round(to)));
  };
  const bar = h('div', {
    class: 'splitter', role: 'separator', tabindex: '0', 'aria-orientation': 'vertical', 'aria-label': 'Room for Slack', 'aria-valuemin': '42', 'aria-valuemax': '66', 'aria-valuenow': '54',
    on: {
      pointerdown: (event) => { bar.setPointerCapture(event.pointerId); bar.held = true; },
      pointermove: (event) => { if (bar.held) set((event.clientX / innerWidth) * 100); },
      pointerup: () => { bar.held = false; },
      keydown: (event) => {
        const step = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
        if (step) set(Number(bar.getAttribute('aria-valuenow')) + step);
      },
    },
  });
  return bar;
}
