// Starts every part of the page and opens the stream.

import * as clockbar from './clockbar.js';
import * as composer from './composer.js';
import * as faces from './faces.js';
import * as forms from './forms.js';
import * as map from './map.js';
import * as messages from './messages.js';
import * as panels from './panels.js';
import * as sidebar from './sidebar.js';
import * as tour from './tour.js';
import { $, h, put } from './dom.js';
import { connect, emit, on, state } from './store.js';

const theme = localStorage.getItem('theme');
if (theme) document.documentElement.dataset.theme = theme;

for (const part of [clockbar, composer, faces, forms, map, messages, panels, sidebar, tour]) part.start();

for (const button of document.querySelectorAll('[data-view]')) {
  button.addEventListener('click', () => {
    document.body.dataset.view = button.dataset.view;
    for (const one of document.querySelectorAll('[data-view]')) if (one !== document.body) one.setAttribute('aria-pressed', String(one === button));
    emit('view');
  });
}
document.body.dataset.view = 'slack';

// The stream comes back by itself after a hiccup; a town that stays away has ended.
let gone = 0;
on('there', (there) => {
  clearTimeout(gone);
  const old = $('gone');
  if (old) old.remove();
  if (there) return;
  gone = setTimeout(() => document.body.append(h('div', { id: 'gone', class: 'gone', role: 'alert' },
    h('div', {}, h('h2', { text: 'The town is not there any more' }), h('p', { text: 'Start it again, and this page comes back:' }), h('code', { text: 'cargo run --release -- demo' })))), 2500);
});

// A town that began again is a new place, also for what was being looked at.
let generation = null;
on('town', () => {
  if (generation && state.town.app.user !== generation) put($('details'));
  generation = state.town.app.user;
  emit('place');
});

connect();
