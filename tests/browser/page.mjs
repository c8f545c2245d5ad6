// One visitor with a real browser: opens the demo's page and offers what the stories need. Everything that
// the page asks for is watched: nothing may leave the demo, and nothing may go wrong unseen.

import { createRequire } from 'node:module';
import { existsSync, mkdirSync } from 'node:fs';
import assert from 'node:assert/strict';

const require = createRequire(`${process.env.BROWSER_TOOLS}/`);
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

export const shots = process.env.SCREENSHOTS;

/** Opens the page at `url`. `close()` fails if anything went wrong meanwhile. */
export async function open(url, options = {}) {
  mkdirSync(shots, { recursive: true });
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
  assert(executablePath, 'no Chromium: run tests/servers/browser.sh once');
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong = [];
  let bytes = 0;
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error') wrong.push(`console: ${message.text()}`); });
  page.on('request', (request) => { if (!request.url().startsWith(url)) wrong.push(`left the demo: ${request.url()}`); });
  page.on('response', async (response) => { if (!response.url().includes('/town/')) bytes += (await response.body().catch(() => Buffer.of())).length; });
  await page.goto(url);
  await page.getByRole('radio').first().waitFor();
  return {
    page,
    /** What was transferred, apart from the town itself. */
    bytes: () => bytes,
    /** Problems that were expected. */
    forgive: (pattern) => { for (let n = wrong.length - 1; n >= 0; n -= 1) if (pattern.test(wrong[n])) wrong.splice(n, 1); },
    shot: (name) => page.screenshot({ path: `${shots}/${name}.png` }),
    /** Speaks as somebody. */
    become: (name) => page.getByRole('radio', { name: new RegExp(`^${name}:`) }).click(),
    go: (room) => page.locator('#sidebar .room', { hasText: new RegExp(`^${room}\\d*$`) }).click(),
    write: async (words) => {
      const field = page.locator('.conversation .composer-field');
      await field.fill(words);
      await field.press('Enter');
    },
    /** Does something that hurries, and waits until the town is there. */
    hurries: (act) => Promise.all([page.waitForResponse((answer) => answer.url().endsWith('/town/clock')), act()]),
    /** Judged by axe-core: no violation of WCAG 2.1 A and AA. */
    accessible: async (where) => {
      // Not in the middle of a movement: colours are between two then.
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await page.waitForTimeout(400);
      await page.evaluate(await import('node:fs').then((fs) => fs.readFileSync(axe, 'utf8')));
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }));
      await page.emulateMedia({ reducedMotion: null });
      const told = violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('\n   ')}`);
      assert.equal(told.join('\n'), '', `${where}: not accessible`);
    },
    close: async () => {
      await browser.close();
      assert.deepEqual(wrong, [], 'something went wrong in the page');
    },
  };
}

/** Runs the stories of a file one after the other, and says which. `failed` is called before the first that fails is told. */
export async function tell(stories, failed) {
  for (const [name, story] of Object.entries(stories)) {
    const began = Date.now();
    try {
      await story();
    } catch (error) {
      // What the visitor saw then.
      await failed();
      throw new Error(`${name}: ${error.message}`, { cause: error });
    }
    console.log(`ok ${name} (${Date.now() - began} ms)`);
  }
}
