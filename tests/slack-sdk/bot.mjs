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
const FORM = {
  type: 'modal',
  callback_id: 'ask',
  title: plain('Ask'),
  submit: plain('Send'),
  blocks: [{ type: 'input', block_id: 'why', label: plain('Why'), element: reasonField }],
};

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

process.stdin.on('end', () => process.exit(0)).resume();
await app.start(Number(env.PORT));
