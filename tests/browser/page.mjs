// Drives a report in headless Chromium as a reader does: what it shows, its search, its keys, print, dark; that nothing of
// a target runs, nothing is fetched, nothing is said on the console; and that axe-core finds nothing serious.
// node page.mjs CHROMIUM AXE FOLDER PAGE.html…: the name of a page says what is asked of it (large, hostile).
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [executablePath, axePath, folder, ...pages] = process.argv.slice(2);
const axe = readFileSync(axePath, 'utf8');
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
const browser = await chromium.launch({ executablePath, headless: true, args });

/** Opens a page and watches it: `wrong` gathers requests, messages of the console, dialogs and errors. */
const open = async (file, options = {}) => {
  // The policy of the page lets nothing in but its own script; axe is injected from outside.
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  const own = pathToFileURL(file).href;
  page.on('request', (request) => { if (request.url().split('#')[0] !== own) wrong.push(`request ${request.url()}`); });
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error}`));
  page.on('dialog', (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  return { context, page, wrong };
};

const serious = async (file, colorScheme) => {
  const { context, page } = await open(file, { bypassCSP: true, colorScheme });
  await page.goto(pathToFileURL(file).href);
  await page.evaluate(axe);
  await until(page, () => [...document.querySelectorAll('.case[open]')].every((one) => one.dataset.filled === 'yes'));
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  await context.close();
  const bad = found.violations.filter((violation) => ['serious', 'critical'].includes(violation.impact));
  return bad.map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.html).join(' | ')}`);
};

/** Waits until something holds in a page, whose policy lets nobody poll inside it. */
const until = async (page, holds, argument) => {
  for (let tries = 0; tries < 3000; tries += 1) {
    if (await page.evaluate(holds, argument)) return;
    await new Promise((done) => { setTimeout(done, 10); });
  }
  throw new Error(`it never held: ${holds}`);
};

const shown = (page) => page.$eval('#shown', (output) => output.value);
const left = async (page) => Number((await shown(page)).split(' of ')[0].replaceAll(',', ''));
/** How long a page is busy with what is typed into its search, in milliseconds: until the next frame is drawn. */
const typed = (page, text) => page.evaluate(async (text) => {
  const query = document.getElementById('query');
  const began = performance.now();
  query.value = text;
  query.dispatchEvent(new Event('input'));
  await new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });
  return performance.now() - began;
}, text);
const opened = (page) => until(page, () => {
  const open = [...document.querySelectorAll('.case[open]')];
  return open.length > 0 && open.every((one) => one.dataset.filled === 'yes');
});

for (const file of pages) {
  const name = basename(file, '.html');
  const large = name.startsWith('large');
  const { context, page, wrong } = await open(file);
  const url = pathToFileURL(file).href;
  const began = performance.now();
  await page.goto(url);
  await until(page, () => document.getElementById('shown').value !== '');
  const loaded = performance.now() - began;
  const total = await left(page);
  assert.equal(await page.$$eval('.case', (cases) => cases.length), Math.min(total, 200), 'a part of the list is shown');

  // What is wanted by the fragment is shown, and what is typed goes into it.
  const first = await page.$eval('.case code', (code) => code.textContent);
  await page.fill('#query', first);
  await until(page, () => location.hash.startsWith('#search?q='));
  assert.ok((await left(page)) >= 1, 'a case is found by its id');
  assert.match(await shown(page), / of .* cases$/);
  const hash = await page.evaluate(() => location.hash);
  await page.fill('#query', 'nothing holds this');
  await until(page, () => document.getElementById('shown').value.startsWith('0 of'));
  await page.keyboard.press('Escape');
  assert.equal(await left(page), total, 'Esc shows all');
  await page.goto(`${url}${hash}`);
  await page.reload();
  assert.equal(await page.inputValue('#query'), first, 'the fragment is read');
  await page.keyboard.press('Escape');
  const times = [];
  for (const text of ['f', 'fa', 'start_task fail', 'nothing holds this', '', first]) times.push(await typed(page, text));
  await typed(page, '');

  // A link leads to its case, whatever part of the list it is in, and opens it.
  const last = await page.evaluate(() => JSON.parse(document.getElementById('index').textContent).cases.length - 1);
  const asked = performance.now();
  await page.evaluate((last) => { location.hash = `#case-${last}`; }, last);
  await until(page, (last) => document.getElementById(`case-${last}`)?.dataset.filled === 'yes', last);
  const found = performance.now() - asked;
  const told = await page.$eval(`#case-${last}`, (one) => one.textContent);
  for (const word of ['Replay', 'Seed', 'Decides', 'Steps']) assert.ok(told.includes(word), `${word} of a case`);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY', 'it has the focus');

  if (total > 200) {
    await page.goto(url);
    await page.click('#later');
    assert.match(await page.$eval('#part', (part) => part.textContent), /^201 to /);
    await page.keyboard.press('ArrowUp');
    assert.match(await page.$eval('#part', (part) => part.textContent), /^1 to /, 'an arrow goes over the edge of a part');
  }
  if (!large) {
    // By keys only: / searches, the arrow goes to a case, Enter opens it.
    await page.goto(url);
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'query');
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY');
    const before = await page.evaluate(() => document.activeElement.parentElement.open);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.parentElement.open), !before);
    await page.evaluate(() => { document.querySelector('.case').open = true; });
    await page.waitForSelector('.case[open] .copy');
    await page.click('.case[open] .copy');
    await until(page, () => [...document.querySelectorAll('.copy')].some((button) => /^(Copied|Marked)/.test(button.textContent)));
    // Each choice leaves those that it names.
    for (const id of ['outcome', 'level', 'port', 'requirement']) {
      const value = await page.$eval(`#${id}`, (choice) => choice.options[choice.options.length - 1].value);
      await page.selectOption(`#${id}`, value);
      await until(page, (id) => location.hash.includes(`${id}=`), id);
      assert.ok((await left(page)) >= 1 && (await left(page)) <= total, `${id} leaves some`);
      await page.selectOption(`#${id}`, '');
    }
    await page.click('#every');
    await opened(page);
    // What every check says stands there, as text.
    assert.equal(await page.$$eval('.case[open]', (cases) => cases.length), Math.min(total, 200));
    const pdf = await page.pdf({ format: 'A4' });
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    await page.goto(url);
    await until(page, () => [...document.querySelectorAll('.case[open]')].every((one) => one.dataset.filled === 'yes'));
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.screenshot({ path: join(folder, `${name}-dark.png`) });
    await page.setViewportSize({ width: 380, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.ok(!wide, 'a telephone does not scroll sideways');
    await page.screenshot({ path: join(folder, `${name}-narrow.png`) });
    for (const scheme of ['light', 'dark']) assert.deepEqual(await serious(file, scheme), [], `${name}, ${scheme}`);
    // Where no script runs there are the findings and a row for each case.
    const plain = await open(file, { javaScriptEnabled: false });
    await plain.page.goto(url);
    assert.equal(await plain.page.locator('noscript li[id^="case-"]').count(), Math.min(total, 1000), 'rows without a script');
    assert.ok(await plain.page.locator('#findings').isVisible());
    await plain.context.close();
  }
  assert.equal(await page.evaluate(() => window.ranByTarget), undefined, 'nothing of the target ran');
  assert.deepEqual(wrong, [], name);
  await context.close();
  const size = (statSync(file).size / 1e6).toFixed(1);
  console.log(`${name}: ${total} cases, ${size} MB, opened in ${Math.round(loaded)} ms, filtered in ${Math.round(Math.max(...times))} ms at most, found and opened a case in ${Math.round(found)} ms`);
}
await browser.close();
