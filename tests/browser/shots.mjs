// Takes the pictures of docs/ from a page of reports/sample. node shots.mjs CHROMIUM PAGE.html FOLDER
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [executablePath, file, folder] = process.argv.slice(2);
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
const browser = await chromium.launch({ executablePath, headless: true, args });
const take = async (name, colorScheme, hash, height) => {
  const page = await browser.newPage({ viewport: { width: 900, height }, colorScheme });
  await page.goto(`${pathToFileURL(resolve(file)).href}${hash}`);
  for (;;) {
    const unfilled = await page.$$eval('.case[open]', (all) => all.filter((one) => one.dataset.filled !== 'yes').length);
    if (unfilled === 0) break;
    await new Promise((done) => { setTimeout(done, 20); });
  }
  await page.evaluate((hash) => document.getElementById(hash.slice(1) || 'none')?.scrollIntoView(), hash);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
};
await take('report', 'light', '', 1000);
await take('report-cases', 'light', '#cases', 1000);
await take('report-dark', 'dark', '', 620);
await browser.close();
