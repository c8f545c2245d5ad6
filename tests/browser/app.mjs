// A small Slack app of our own, in the place of the killed bot: it shows every block and element that the
// page has to draw, opens a form, answers a typeahead and objects to what is filled in.

import { createRequire } from 'node:module';

const require = createRequire(`${process.env.BROWSER_TOOLS}/`);
const WebSocket = require('ws');

const plain = (text) => ({ type: 'plain_text', text });
const mrkdwn = (text) => ({ type: 'mrkdwn', text });
const option = (value) => ({ text: plain(`Entry ${value}`), value });

/** Every element, in the blocks where it may stand. */
export const GALLERY = [
  { type: 'header', text: plain('A gallery') },
  { type: 'section', text: mrkdwn('*bold* _italic_ ~struck~ `code` <!here> &lt;b&gt;no markup&lt;/b&gt;\n&gt; a quote\n```a block\nof code```') },
  { type: 'section', fields: [mrkdwn('*From*\nshop/web'), mrkdwn('*To*\norders/db')], accessory: { type: 'overflow', action_id: 'dots', options: [option('one'), option('two')] } },
  { type: 'divider' },
  { type: 'context', elements: [mrkdwn('until <!date^1767605400^{date_num} {time}|later>'), { type: 'image', image_url: 'https://pictures.example/a.png', alt_text: 'a picture' }] },
  { type: 'image', image_url: 'https://pictures.example/b.png', alt_text: 'a larger picture' },
  { type: 'actions', block_id: 'acts', elements: [
    { type: 'button', action_id: 'form', text: plain('Open the form'), style: 'primary', value: '1' },
    { type: 'button', action_id: 'sure', text: plain('Remove'), style: 'danger', value: '2', confirm: { title: plain('Really?'), text: plain('It will be gone.'), confirm: plain('Remove it'), deny: plain('Keep it') } },
    { type: 'static_select', action_id: 'menu', placeholder: plain('How long'), options: [option('1'), option('2')] },
    { type: 'users_select', action_id: 'who', placeholder: plain('Somebody') },
    { type: 'datepicker', action_id: 'day', initial_date: '2026-01-05' },
    { type: 'timepicker', action_id: 'time', initial_time: '09:30' },
    { type: 'checkboxes', action_id: 'boxes', options: [option('a'), option('b')] },
    { type: 'radio_buttons', action_id: 'radio', options: [option('x'), option('y')] },
  ] },
  { type: 'rich_text', elements: [
    { type: 'rich_text_section', elements: [{ type: 'text', text: 'rich ', style: { bold: true } }, { type: 'link', url: 'https://away.example/', text: 'a link' }, { type: 'emoji', name: 'tada' }] },
    { type: 'rich_text_list', style: 'bullet', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'a point' }] }] },
  ] },
];

const form = (why) => ({
  type: 'modal', callback_id: 'ask', title: plain('Ask for a path'), submit: plain('Ask'), close: plain('Never mind'), notify_on_close: true,
  blocks: [
    { type: 'input', block_id: 'where', label: plain('Where to'), element: { type: 'external_select', action_id: 'to', min_query_length: 0, placeholder: plain('Type a name') } },
    { type: 'input', block_id: 'why', label: plain('Why'), hint: plain('Name the incident'), element: { type: 'plain_text_input', action_id: 'why', initial_value: why } },
    { type: 'input', block_id: 'long', optional: true, label: plain('How long'), element: { type: 'static_select', action_id: 'long', options: [option('10'), option('30')] } },
  ],
});

/** Connects the app; `heard` collects every payload, `call` calls Slack's Web API. */
export async function connect(slack) {
  const heard = [];
  const call = async (method, body, token = 'xoxb-town-bot') => {
    const answer = await fetch(`${slack}/${method}`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body || {}) });
    const said = await answer.json();
    if (!said.ok) throw new Error(`${method}: ${JSON.stringify(said)}`);
    return said;
  };
  const { url } = await call('apps.connections.open', null, 'xapp-town-app');
  const socket = new WebSocket(url);
  await new Promise((there, failed) => { socket.once('message', there); socket.once('error', failed); });
  socket.on('message', async (data) => {
    const { envelope_id, type, payload } = JSON.parse(data);
    if (!envelope_id) return;
    heard.push({ type, payload });
    socket.send(JSON.stringify({ envelope_id, payload: answer(payload) }));
    if (payload.actions && payload.actions[0].action_id === 'form') await call('views.open', { trigger_id: payload.trigger_id, view: form('because') });
    if (payload.event && payload.event.type === 'app_home_opened') await call('views.publish', { user_id: payload.event.user, view: { type: 'home', blocks: GALLERY.slice(0, 3) } });
  });
  return { heard, call, close: () => socket.close() };
}

function answer(payload) {
  if (payload.type === 'block_suggestion') {
    const names = ['orders/db', 'orders/api', 'payments/api'].filter((name) => name.includes(payload.value));
    return { options: names.map((name) => ({ text: plain(name), value: name })) };
  }
  if (payload.type === 'view_submission' && !payload.view.state.values.why.why.value.startsWith('INC-')) {
    return { response_action: 'errors', errors: { why: 'an incident is named INC-…' } };
  }
  return undefined;
}
