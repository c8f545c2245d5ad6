// The report of a year as people see it: at a desk and on a phone, in light and in dark, on paper. Nothing may
// be loaded, nothing may stand over the edge, everything can be read by a screen reader. Pictures are kept.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.env.BROWSER_TOOLS}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.SCREENSHOTS;
const url = pathToFileURL(process.argv[2]).href;

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
assert(executablePath, 'no Chromium: run tests/servers/browser.sh once');
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });

const FORMS = [
  ['desk-light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['desk-dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['phone-light', { viewport: { width: 390, height: 844 }, colorScheme: 'light', deviceScaleFactor: 2 }],
  ['phone-dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark', deviceScaleFactor: 2 }],
];

for (const [name, options] of FORMS) {
  // The page's own policy forbids scripts; only this test may run some.
  const context = await browser.newContext({ ...options, bypassCSP: true });
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error') wrong.push(`console: ${message.text()}`); });
  page.on('request', (request) => { if (request.url() !== url) wrong.push(`loaded: ${request.url()}`); });
  await page.goto(url);
  const drawn = await page.locator('figure.chart svg:visible').count();
  assert.ok(drawn >= 6, `${name}: ${drawn} charts are seen`);
  for (const summary of await page.locator('summary').all()) await summary.click();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name}: the page is ${wide} pixels too wide`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }));
  const told = violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 3).join('\n   ')}`);
  assert.equal(told.join('\n'), '', `${name}: not accessible`);
  for (const summary of await page.locator('summary').all()) await summary.click();
  await page.screenshot({ path: `${shots}/report-${name}.png`, fullPage: true });
  assert.deepEqual(wrong, [], name);
  await context.close();
}

// With its policy in force: the style sheet is applied, and nothing is complained about.
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const wrong = [];
page.on('console', (message) => wrong.push(message.text()));
await page.goto(url);
assert.equal(await page.locator('figure.chart svg.narrow:visible').count(), 0);
await page.screenshot({ path: `${shots}/report-first-screen.png` });
assert.deepEqual(wrong, [], 'the policy of the page');
await browser.close();
