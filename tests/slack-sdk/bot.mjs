// A small bot on the official Bolt for JavaScript: `bot.mjs socket|http`. tests/it/slack_sdk drives it.
// It is bot.py's twin: the same environment, the same behaviour, the same lines of output.
import { createRequire } from 'node:module';

// The SDK is installed beside the working directory, not beside this file.
const { App, LogLevel } = createRequire(`${process.cwd()}/`)('@slack/bolt');
const env = process.env;
const tell = (saw, more = {}) => console.log(JSON.stringify({ saw, ...more }));
const plain = (text) => ({ type: 'plain_text', text });

const CARD = [
  { type: 'section', text: { type: 'mrkdwn', text: '*open the gate?*' } },
  {
    type: 'actions',
    block_id: 'decision',
    elements: [
      { type: 'button', action_id: 'approve', text: plain('Approve'), style: 'primary', value: 'k7m3xq' },
    ],
  },
];
const reasonField = { type: 'plain_text_input', action_id: 'reason' };
const serviceMenu = { type: 'external_select', action_id: 'to', min_query_length: 1 };
const DEEPER = {
  type: 'actions',
  block_id: 'more',
  elements: [{ type: 'button', action_id: 'deeper', text: plain('Deeper'), value: 'more' }],
};
const FORM = {
  type: 'modal',
  callback_id: 'ask',
  title: plain('Ask'),
  submit: plain('Send'),
  blocks: [
    { type: 'input', block_id: 'why', label: plain('Why'), element: reasonField },
    { type: 'input', block_id: 'where', label: plain('Where'), optional: true, element: serviceMenu },
    DEEPER,
  ],
};
const ON_TOP = { type: 'modal', title: plain('On top'), blocks: [{ type: 'section', text: plain('more') }] };
const HOME = { type: 'home', blocks: [{ type: 'section', text: plain('yours') }, DEEPER] };
const SERVICES = ['orders/db', 'orders/web', 'shop/web'];

const app = new App({
  token: env.SLACK_BOT_TOKEN,
  appToken: env.SLACK_APP_TOKEN,
  signingSecret: env.SLACK_SIGNING_SECRET,
  socketMode: process.argv[2] === 'socket',
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: env.SLACK_API_URL },
});
const seen = new Set();

app.event('app_mention', async ({ event, body, client }) => {
  const again = seen.has(body.event_id);
  seen.add(body.event_id);
  tell('mention', { user: event.user, text: event.text, again });
  if (again) return;
  const posted = await client.chat.postMessage({ channel: event.channel, text: 'open the gate?', blocks: CARD });
  tell('posted', { ts: posted.ts });
});

app.event('message', async ({ event }) => {
  tell('message', { kind: event.channel_type, subtype: event.subtype ?? null, bot: event.bot_id ?? null });
});

app.action('approve', async ({ ack, body, client, respond }) => {
  await ack();
  const { user } = await client.users.info({ user: body.user.id });
  const { usergroups } = await client.usergroups.list({ include_users: true });
  const { users } = await client.usergroups.users.list({ usergroup: usergroups[0].id });
  const value = body.actions[0].value;
  tell('click', { user: user.name, value, group: usergroups[0].handle, members: users });
  const { channel, message } = body;
  await client.chat.update({ channel: channel.id, ts: message.ts, text: 'the gate is open', blocks: [] });
  await respond({ text: 'thank you', replace_original: false });
});

app.command('/access', async ({ ack, body, client }) => {
  await ack();
  tell('command', { text: body.text, user: body.user_name });
  const view = { ...FORM, private_metadata: body.channel_id };
  const opened = await client.views.open({ trigger_id: body.trigger_id, view });
  tell('form', { id: opened.view.id });
});

app.view('ask', async ({ ack, view, client }) => {
  const reason = view.state.values.why.reason.value;
  tell('submitted', { reason });
  if (reason.length < 5) {
    await ack({ response_action: 'errors', errors: { why: 'say more' } });
    return;
  }
  await ack();
  await client.chat.postMessage({ channel: view.private_metadata, text: `asked: ${reason}` });
});

app.options('to', async ({ ack, payload }) => {
  const found = SERVICES.filter((name) => name.startsWith(payload.value));
  await ack({ options: found.map((name) => ({ text: plain(name), value: name })) });
  tell('typed', { text: payload.value });
});

app.action('deeper', async ({ ack, body, client }) => {
  await ack();
  const open = body.view.type === 'home' ? client.views.open : client.views.push;
  await open({ trigger_id: body.trigger_id, view: ON_TOP });
  tell('pressed', { on: body.view.type });
});

app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: HOME });
  tell('home', { tab: event.tab });
});

app.shortcut('ask', async ({ ack, body, client }) => {
  await ack();
  await client.views.open({ trigger_id: body.trigger_id, view: ON_TOP });
  tell('shortcut', { user: body.user.id });
});

app.shortcut('ask_about', async ({ ack, body, respond }) => {
  await ack();
  await respond({ text: 'about that', replace_original: false });
  tell('about', { text: body.message.text });
});

process.stdin.on('end', () => process.exit(0)).resume();
await app.start(Number(env.PORT));
