// Light or dark: the system's wish, until somebody says otherwise. Kept for next time.

import { h, icon } from './dom.js';

const STORE = 'drawbridge-theme';
const root = document.documentElement;
const system = matchMedia('(prefers-color-scheme: dark)');

const kept = () => { try { return localStorage.getItem(STORE); } catch { return null; } };

export function themeButton() {
  const button = h('button', { type: 'button', class: 'icon-btn', on: { click: flip } });
  const isDark = () => (kept() ?? (system.matches ? 'dark' : 'light')) === 'dark';
  function show() {
    root.dataset.theme = isDark() ? 'dark' : 'light';
    button.replaceChildren(icon(isDark() ? 'sun' : 'moon'));
    const label = isDark() ? 'Light colours' : 'Dark colours';
    button.setAttribute('aria-label', label);
    button.title = label;
  }
  function flip() {
    const next = isDark() ? 'light' : 'dark';
    root.dataset.theme = next;
    try { localStorage.setItem(STORE, next); } catch { /* private mode */ }
    show();
  }
  system.addEventListener('change', show);
  show();
  return button;
}
