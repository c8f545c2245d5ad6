// Times as the person reads them whom the visitor speaks as: in their zone, against the town's clock.

import { me, now } from './store.js';

const zone = () => (me() && me().zone) || 'UTC';

function format(at, options) {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone(), ...options }).format(at);
}

export const clock = (at) => format(at, { hour: '2-digit', minute: '2-digit' });
export const clockWithSeconds = (at) => format(at, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const day = (at) => format(at, { weekday: 'long', day: 'numeric', month: 'long' });

/** The time of a message. */
export const ofTs = (ts) => Number(ts) * 1000;

function pretty(at, otherwise) {
  const dayOf = (time) => format(time, { year: 'numeric', month: '2-digit', day: '2-digit' });
  const DAY = 86_400_000;
  if (dayOf(at) === dayOf(now())) return 'today';
  if (dayOf(at) === dayOf(now() - DAY)) return 'yesterday';
  if (dayOf(at) === dayOf(now() + DAY)) return 'tomorrow';
  return otherwise;
}

function ago(at) {
  const seconds = Math.round((at - now()) / 1000);
  const units = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];
  const [unit, size] = units.find(([, one]) => Math.abs(seconds) >= one) || units[3];
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

/** Slack's `<!date^…>`: every documented token. */
export function slackDate(seconds, template) {
  const at = Number(seconds) * 1000;
  const long = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };
  const date = format(at, { day: 'numeric', month: 'long', year: 'numeric' });
  const short = format(at, { day: 'numeric', month: 'short', year: 'numeric' });
  const tokens = {
    date, date_num: format(at, { year: 'numeric', month: '2-digit', day: '2-digit' }).split('/').reverse().join('-'),
    date_slash: format(at, { year: 'numeric', month: '2-digit', day: '2-digit' }),
    date_long: format(at, long), date_long_full: format(at, long), date_pretty: pretty(at, date), date_short: short,
    date_short_pretty: pretty(at, short), date_long_pretty: pretty(at, format(at, long)),
    time: clock(at), time_secs: clockWithSeconds(at), ago: ago(at),
  };
  return template.replace(/\{(\w+)\}/g, (whole, token) => tokens[token] ?? whole);
}

/** `24:59`, `1:04:59`. */
export function left(until) {
  const seconds = Math.max(0, Math.ceil((Date.parse(until) - now()) / 1000));
  const two = (n) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
