// Every block and element, a form and a home tab, in the page: drawn, used, and heard by the app as Slack
// would say it.

import assert from 'node:assert/strict';
import { connect, GALLERY } from './app.mjs';
import { open, tell } from './page.mjs';

const url = process.argv[2];
const visitor = await open(url);
const { page, become, go, shot, accessible } = visitor;
const conversation = page.locator('.conversation');
const form = page.getByRole('dialog', { name: 'Ask for a path' });

const town = await page.evaluate(() => new Promise((told) => {
  const stream = new EventSource('town/live');
  stream.addEventListener('town', (event) => { stream.close(); told(JSON.parse(event.data)); });
}));
await fetch(`${url}/town/trouble`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"do":"kill the bot"}' });
const app = await connect(town.addresses.slack);
const payments = town.channels.find((one) => one.name === 'payments').id;

/** The app's last payload with such an action, or of such a type. */
async function hears(what) {
  for (let n = 0; n < 200; n += 1) {
    const found = app.heard.findLast(({ payload }) => payload.type === what || (payload.event || {}).type === what || (payload.actions || []).some((one) => one.action_id === what));
    if (found) return found.payload;
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Error(`the app never heard of ${what}`);
}

await tell({
  async 'every block is drawn, nothing is loaded, nothing is markup'() {
    await become('Dana');
    await go('payments');
    await app.call('chat.postMessage', { channel: payments, text: 'A gallery', blocks: GALLERY });
    await conversation.getByText('A gallery').first().waitFor();
    for (const text of ['<b>no markup</b>', 'a quote', 'a picture', 'a larger picture', 'a point', '🎉']) await conversation.getByText(text).first().waitFor();
    assert.equal(await conversation.locator('.unknown, .unsupported').count(), 0);
    assert.equal(await conversation.locator('a[href^=http], img[src^=http]').count(), 0);
    await shot('gallery');
    await accessible('the gallery');
  },

  async 'a confirmation is asked before the app hears'() {
    await conversation.getByRole('button', { name: 'Remove', exact: true }).click();
    const sure = page.getByRole('dialog', { name: 'Really?' });
    await sure.getByRole('button', { name: 'Keep it' }).click();
    await conversation.getByRole('button', { name: 'Remove', exact: true }).click();
    await sure.getByRole('button', { name: 'Remove it' }).click();
    const heard = await hears('sure');
    assert.equal(heard.actions[0].value, '2');
    assert.equal(app.heard.filter(({ payload }) => payload.actions).length, 1);
  },

  async 'a form is filled in, objected to, mended and sent'() {
    await conversation.getByRole('button', { name: 'Open the form' }).click();
    await form.waitFor();
    await shot('form');
    await accessible('a form');
    await form.getByRole('combobox', { name: /Where to/ }).first().click();
    await page.keyboard.type('orders');
    await page.getByRole('option', { name: 'orders/db' }).click();
    await form.getByRole('button', { name: 'Ask', exact: true }).click();
    await form.getByText('an incident is named INC-…').waitFor();
    await shot('form-error');
    await accessible('a form with an error');
    await form.getByLabel('Why').fill('INC-42');
    await form.getByRole('button', { name: 'Ask', exact: true }).click();
    await form.waitFor({ state: 'detached' });
    const sent = app.heard.findLast(({ payload }) => payload.type === 'view_submission').payload.view.state.values;
    assert.equal(sent.where.to.selected_option.value, 'orders/db');
    assert.equal(sent.why.why.value, 'INC-42');
    assert.equal(sent.long.long.selected_option, null);
  },

  async 'a form is dismissed, and the app hears of it'() {
    await conversation.getByRole('button', { name: 'Open the form' }).click();
    await form.waitFor();
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
    await hears('view_closed');
  },

  async 'the home tab is the app’s'() {
    await go('Drawbridge');
    await page.getByRole('tab', { name: 'Home' }).click();
    await hears('app_home_opened');
    await page.getByText('A gallery').first().waitFor();
    await shot('home');
    await accessible('the home tab');
  },
}, () => shot('failed-gallery'));

app.close();
await visitor.close();
