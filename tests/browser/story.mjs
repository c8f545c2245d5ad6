// The main story in the browser: ask, approve, the bridge comes down, time is hurried, notice, the bridge
// goes up; and what a visitor breaks. Pictures of it are kept.

import assert from 'node:assert/strict';
import { open, tell } from './page.mjs';

const url = process.argv[2];
const ASK = '/access shop/web to orders/db:5432 for 30m because INC-42 slow queries';

const visitor = await open(url);
const { page, become, go, write, hurries, shot, accessible } = visitor;

/** Bridges that are down. */
const bridges = page.locator('.deck:not(.raising)');
const banner = page.locator('#banner');
const conversation = page.locator('.conversation');
const fiveMinutes = () => hurries(() => page.getByRole('button', { name: '+5 min' }).click());
const nextEvent = () => hurries(() => page.locator('#next').click());

async function passes(minutes) {
  for (let n = 0; n < minutes; n += 5) await fiveMinutes();
}

async function openAPath() {
  await become('Dana');
  await go('payments');
  await write(ASK);
  await conversation.getByText('Asked').last().waitFor();
  await become('Lee');
  await go('access-orders');
  await conversation.getByRole('button', { name: 'Approve' }).last().click();
  await bridges.first().waitFor();
  await conversation.getByText('until').last().waitFor();
}

/** Another town: its people have other ids. */
async function anew() {
  const who = () => document.querySelector('.person').dataset.id;
  const before = await page.evaluate(who);
  await page.getByRole('button', { name: 'Start again' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start again' }).click();
  await page.waitForFunction((old) => document.querySelector('.person')?.dataset.id !== old, before);
  await bridges.waitFor({ state: 'detached' });
}

async function breaks(what) {
  await page.getByRole('button', { name: 'Break something' }).click();
  await page.getByRole('menuitem', { name: what }).click();
}

async function mended(button) {
  await banner.getByRole('button', { name: button }).click();
  await banner.getByRole('button', { name: button }).waitFor({ state: 'detached' });
}

await tell({
  async 'the page is small, and reads well before anything happens'() {
    assert.match(await page.title(), /Drawbridge/);
    await page.locator('.node').first().waitFor();
    assert(visitor.bytes() < 200_000, `${visitor.bytes()} bytes`);
    await shot('start');
    await accessible('at the start');
  },

  async 'help is there before anything is typed whole'() {
    const field = conversation.locator('.composer-field');
    await field.pressSequentially('/acc');
    await page.getByRole('option', { name: /^\/access/ }).first().waitFor();
    await shot('help');
    await accessible('with commands offered');
    await field.fill('');
  },

  async 'an ask by keyboard alone'() {
    const field = conversation.locator('.composer-field');
    await field.focus();
    await page.keyboard.type(ASK);
    await page.keyboard.press('Enter');
    await conversation.getByText('Only visible to you').waitFor();
    await page.waitForFunction(() => document.querySelector('.conversation .composer-field').value === '');
    await page.getByRole('radio', { name: /^Dana:/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press(' ');
    await page.locator('.person[aria-checked=true]', { hasText: 'Lee' }).waitFor();
  },

  async 'the approver is shown what is new, and decides'() {
    await go('access-orders');
    await conversation.getByText('Opens 3 → 1 pods, TCP 5432; cuts nothing').waitFor();
    await shot('card');
    await conversation.getByRole('button', { name: 'Approve' }).click();
    await bridges.waitFor();
    await conversation.getByText('approved by').first().waitFor();
    await page.getByText('1 path open').waitFor();
    await page.locator('.deck-label span').filter({ hasText: /^(30:0\d|29:\d\d)$/ }).waitFor();
    await page.waitForTimeout(1800); // the bridge comes down: for the picture
    await shot('open');
    await accessible('while a path is open');
  },

  async 'a workload tells what it can reach'() {
    await page.getByRole('button', { name: /^shop\/ *web/ }).click();
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
    await shot('workload');
    await accessible('with a workload chosen');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('row', { name: /shop\/web orders\/db TCP 5432 TCP 5432 until/ }).waitFor();
    await accessible('the map as a table');
    await page.getByRole('button', { name: /^(Table|Map)$/ }).click();
  },

  async 'the ledger has every step, the policies their marks'() {
    const steps = page.getByRole('tabpanel', { name: /^Ledger/ }).locator('li');
    await steps.nth(7).waitFor();
    // The rules in force and the text of one, then ask, stage, approval, grant, attempt, opening.
    assert.equal(await steps.count(), 8);
    await page.getByRole('tab', { name: /^Policies/ }).click();
    await page.locator('.policy.temporary').nth(1).waitFor();
    assert.equal(await page.locator('.policy.temporary').count(), 2);
    await page.locator('.policy.temporary').getByText('drawbridge.dev/expires-at').first().waitFor();
    await shot('policies');
    await accessible('with policies');
    await page.getByRole('tab', { name: /^Ledger/ }).click();
  },

  async 'a thread opens beside'() {
    await conversation.getByRole('button', { name: /1 reply/ }).click();
    await page.getByRole('complementary', { name: 'Thread' }).getByText('Usually works in seconds').waitFor();
    await shot('thread');
    await accessible('with a thread');
    await page.getByRole('button', { name: 'Close thread' }).click();
  },

  async 'in the dark, and on a phone'() {
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot('dark');
    await accessible('in the dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(300);
    await shot('phone');
    await accessible('on a phone');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(wide <= 390, `the page is ${wide} wide on a phone`);
    await page.locator('#switch').getByRole('button', { name: /Cluster/ }).click();
    await bridges.waitFor();
    await page.waitForTimeout(1800); // the bridge comes down here, too
    await shot('phone-map');
    await page.locator('#switch').getByRole('button', { name: /Slack/ }).click();
    await page.getByRole('button', { name: 'Channels' }).click();
    await go('payments');
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
  },

  async 'time is hurried to the warning, and to the end'() {
    await nextEvent();
    await become('Dana');
    await go('Drawbridge');
    await conversation.getByText('5 min left').last().waitFor();
    await shot('warning');
    await nextEvent();
    await bridges.waitFor({ state: 'detached' });
    await conversation.getByText('Its policies are removed').last().waitFor();
    await page.waitForTimeout(1800); // the bridge goes up: for the picture
    await shot('closed');
  },

  async 'nothing that is typed is markup'() {
    await go('payments');
    await write('<img src=x onerror=alert(1)> *bold* & <b>not</b> `co*de*`');
    await conversation.getByText('<img src=x onerror=alert(1)>').waitFor();
    assert.equal(await conversation.locator('.msg img').count(), 0);
    await conversation.locator('.msg :is(b, strong)').filter({ hasText: /^bold$/ }).waitFor();
  },

  async 'what cannot be done is said'() {
    await write('/nothing of the kind');
    await page.getByText('there is no command `/nothing`').waitFor();
    await conversation.locator('.composer-field').fill('');
    visitor.forgive(/422/);
  },

  async 'a killed bot closes as soon as it is back'() {
    await anew();
    await openAPath();
    await breaks(/^Kill the bot/);
    await banner.getByText('The bot was killed').waitFor();
    await shot('broken');
    await accessible('with a banner');
    await passes(35);
    assert.equal(await bridges.count(), 1, 'without the bot nobody closes');
    await mended('Start it again');
    await bridges.waitFor({ state: 'detached' });
  },

  async 'an emptied store keeps nothing open'() {
    await anew();
    await openAPath();
    await breaks(/^Empty the store/);
    await passes(35);
    await bridges.waitFor({ state: 'detached' });
  },

  async 'an API server that was away is closed on its return'() {
    await anew();
    await openAPath();
    await breaks(/^API server is away/);
    await banner.getByText('The API server is away').waitFor();
    await passes(35);
    assert.equal(await bridges.count(), 1, 'nothing can be closed without the server');
    await mended('Mend it');
    await fiveMinutes();
    await bridges.waitFor({ state: 'detached' });
  },

  async 'Slack that answers 429 gets every message once'() {
    await anew();
    await breaks(/^Slack answers 429/);
    await banner.getByText('Slack answers 429').waitFor();
    await openAPath();
    await fiveMinutes();
    await banner.locator('.trouble').waitFor({ state: 'detached' });
    assert.equal(await conversation.getByText('until').count(), 1);
  },

  async 'the first steps can be followed, skipped and opened again'() {
    await anew();
    const steps = page.locator('#coach');
    await steps.getByRole('heading', { name: 'Ask for a path' }).waitFor();
    await steps.getByRole('button', { name: 'Write it for me' }).click();
    await page.keyboard.press('Enter');
    await steps.getByRole('button', { name: /^Become/ }).click();
    await conversation.getByRole('button', { name: 'Approve' }).click();
    await steps.getByRole('heading', { name: 'The path is open' }).waitFor();
    await steps.getByRole('button', { name: 'Close first steps' }).click();
    await steps.waitFor({ state: 'hidden' });
    await page.locator('#steps').click();
    await steps.waitFor();
  },
}, () => shot('failed'));

await visitor.close();
