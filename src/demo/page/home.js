// The app's home tab.

import { blocks, replaceKeeping } from './blocks.js';
import { contextOf } from './contexts.js';
import { h } from './dom.js';
import { me } from './self.js';
import { on, state } from './live.js';
import { tryAct } from './acts.js';

export function homeView() {
  const node = h('div', { class: 'home', hidden: true, tabindex: '0', 'aria-label': 'Home of the app', role: 'region' });
  let asked = null;
  let shown = null;

  function fill() {
    if (node.hidden) return;
    const screen = state.screens.homes?.[me.id];
    const view = screen?.view;
    const text = `${me.id}${JSON.stringify(screen ?? null)}`;
    if (text === shown) return;
    shown = text;
    const content = view?.blocks?.length
      ? blocks(view.blocks, contextOf({ view: view.id }, `${me.id}/home/${view.id}`, me.id))
      : [screen?.trouble ? h('p', { class: 'form-error', role: 'alert' }, screen.trouble) : h('div', { class: 'welcome' }, h('h3', {}, 'This app has no home tab'), h('p', {}, 'Ask with /access in any channel, or write to the app under Messages.'))];
    replaceKeeping(node, [h('div', { class: 'home-page' }, content)]);
  }

  function show(yes) {
    const opened = yes && (node.hidden || asked !== me.id);
    node.hidden = !yes;
    if (opened) {
      asked = me.id;
      tryAct({ home: {} });
    }
    fill();
  }

  on('screens', fill);
  return { node, show };
}
