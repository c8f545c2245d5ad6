// Times as the reader's zone writes them, and Slack's `<!date^…>` tokens. "Now" is the town's time, so
// "today" is the town's today.

import { person } from './live.js';
import { townNow } from './clock.js';

const made = new Map();
function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!made.has(key)) {
    let f;
    try { f = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options }); } catch { f = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options }); }
    made.set(key, f);
  }
  return made.get(key);
}

export const zoneOf = (who) => person(who)?.zone || 'UTC';

function parts(at, zone) {
  const out = {};
  const f = format(zone, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  for (const { type, value } of f.formatToParts(at)) out[type] = value;
  return out;
}

const dayNumber = (at, zone) => {
  const [d, m, y] = format(zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(at).split('/');
  return Date.UTC(y, m - 1, d) / 86400000;
};

export const clockTime = (at, zone) => format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
export const clockSeconds = (at, zone) => format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(at);

/** "Today", "Yesterday" or the date, for the line between days. */
export function dayOf(at, zone) {
  const ago = dayNumber(townNow(), zone) - dayNumber(at, zone);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago === -1) return 'Tomorrow';
  const p = parts(at, zone);
  return `${p.weekday}, ${p.month} ${ordinal(p.day)}`;
}

export const dayKey = (at, zone) => dayNumber(at, zone);

const ordinal = (n) => `${+n}${['th', 'st', 'nd', 'rd'][(n % 100 > 10 && n % 100 < 14) ? 0 : n % 10] ?? 'th'}`;

function near(at, zone) {
  const off = dayNumber(at, zone) - dayNumber(townNow(), zone);
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[off];
}

export function ago(at) {
  const seconds = Math.round((townNow() - at) / 1000);
  const far = Math.abs(seconds);
  const [n, unit] = far < 60 ? [far, 'second'] : far < 3600 ? [Math.round(far / 60), 'minute'] : far < 86400 ? [Math.round(far / 3600), 'hour'] : [Math.round(far / 86400), 'day'];
  const text = `${n} ${unit}${n === 1 ? '' : 's'}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

/** One `<!date^stamp^format^link|fallback>` in the reader's zone; the fallback if it is not one. */
export function slackDate(stamp, pattern, fallback, who) {
  const at = new Date(stamp * 1000);
  if (!/^-?\d+$/.test(String(stamp)) || Number.isNaN(at.getTime()) || !pattern) return fallback;
  const zone = zoneOf(who);
  const p = parts(at, zone);
  const short = p.month.slice(0, 3);
  const soon = near(at, zone);
  const values = {
    date_num: `${p.year}-${String(new Date(`${p.month} 1, 2000`).getMonth() + 1).padStart(2, '0')}-${p.day.padStart(2, '0')}`,
    date: `${p.month} ${ordinal(p.day)}, ${p.year}`,
    date_short: `${short} ${+p.day}, ${p.year}`,
    date_long: `${p.weekday}, ${p.month} ${ordinal(p.day)}, ${p.year}`,
    time: `${p.hour}:${p.minute}`,
    time_secs: `${p.hour}:${p.minute}:${p.second}`,
    ago: ago(at),
    day_divider_pretty: soon ?? `${p.weekday}, ${p.month} ${ordinal(p.day)}`,
  };
  for (const one of ['date', 'date_short', 'date_long']) values[`${one}_pretty`] = soon ?? values[one];
  return pattern.replace(/\{([a-z_]+)\}/g, (all, token, at0) => {
    const value = values[token];
    if (value === undefined) return all;
    // A sentence that begins with "today" begins with a capital.
    return at0 === 0 && value === soon ? value[0].toUpperCase() + value.slice(1) : value;
  });
}

/** The whole truth for a tooltip. */
export const fullTime = (at, zone) => `${dayOf(at, zone)} at ${clockSeconds(at, zone)} (${zone})`;

/** `29:41`, `1:02:09`, `3 d 4 h`. */
export function countdown(ms) {
  const left = Math.max(0, Math.ceil(ms / 1000));
  if (left >= 172800) return `${Math.floor(left / 86400)} d ${Math.floor((left % 86400) / 3600)} h`;
  const two = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(left / 3600);
  const rest = `${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
