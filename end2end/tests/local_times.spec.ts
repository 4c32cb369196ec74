import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, type Page, test } from '@playwright/test';

const script = (name: string) => readFileSync(fileURLToPath(new URL(`../../crates/app/src/${name}`, import.meta.url)), 'utf8');
const ORIGIN = 'http://times.test';

/** A page for somebody who chose these, as the shell says it. */
async function open(page: Page, chosen: string, body: string): Promise<void> {
  const html = `<!DOCTYPE html><html ${chosen}><head><script>${script('forms.js')}</script></head>
    <body>${body}<script>${script('local_times.js')}</script></body></html>`;
  await page.route(`${ORIGIN}/page`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(`${ORIGIN}/page`);
}

/** What the API is sent when this stands in a field. */
async function sent(page: Page, typed: string): Promise<unknown> {
  await page.route(`${ORIGIN}/api/**`, (route) => route.fulfill({ status: 200, body: '{}' }));
  await page.locator('input').fill(typed);
  const request = page.waitForRequest(`${ORIGIN}/api/**`);
  await page.getByRole('button').click();
  return ((await request).postDataJSON() as { opens: unknown }).opens;
}

const form = (at: string) => `<form method="post" data-api="PUT /api/v1/x" data-then="say" data-say="Done.">
  <input type="datetime-local" name="opens" data-type="time" data-at="${at}"><button>Send</button>
  <div role="alert" tabindex="-1" hidden></div><p role="status"></p></form>`;

test.use({ timezoneId: 'Asia/Tokyo', locale: 'en-US' });

test('times are as the device has them, where nothing else was chosen', async ({ page }) => {
  await open(page, '', '<time datetime="2026-03-01T18:30:00Z" data-local>x</time> <time datetime="2026-03-01T18:30:00.123Z" data-local="day">x</time>');
  await expect(page.locator('time').first()).toHaveText(/^Mar 2, 2026, 3:30\sAM$/);
  await expect(page.locator('time').last()).toHaveText('Mar 2, 2026');
});

test('times are where somebody says that they are, and written as they choose', async ({ page }) => {
  await open(page, 'data-time-zone="America/New_York" data-locale="en-GB"', '<time datetime="2026-03-02T02:30:00Z" data-local>x</time> <time datetime="2026-03-02T02:30:00Z" data-local="day">x</time>');
  await expect(page.locator('time').first()).toHaveText('1 Mar 2026, 21:30');
  await expect(page.locator('time').last()).toHaveText('1 Mar 2026');
});

test('fields are in the same zone as the times, on both sides of a change of the clock', async ({ page }) => {
  // The clocks go forward there on 8 March and back on 1 November 2026, at two.
  await open(page, 'data-time-zone="America/New_York"', form('2026-07-01T16:00:30.500Z'));
  await expect(page.locator('input')).toHaveValue('2026-07-01T12:00');
  // What nobody touched is as it was.
  expect(await sent(page, '2026-07-01T12:00')).toBe('2026-07-01T16:00:30.500Z');
  expect(await sent(page, '2026-07-01T12:01')).toBe('2026-07-01T16:01:00.000Z');
  expect(await sent(page, '2026-12-01T12:00')).toBe('2026-12-01T17:00:00.000Z');
  expect(await sent(page, '2026-03-08T01:59')).toBe('2026-03-08T06:59:00.000Z');
  expect(await sent(page, '2026-03-08T03:00')).toBe('2026-03-08T07:00:00.000Z');
  expect(await sent(page, '2026-11-01T00:59')).toBe('2026-11-01T04:59:00.000Z');
  expect(await sent(page, '2026-11-01T02:00')).toBe('2026-11-01T07:00:00.000Z');
  // What a clock never shows, and what it shows twice.
  expect(await sent(page, '2026-03-08T02:30')).toBe('2026-03-08T07:30:00.000Z');
  expect(await sent(page, '2026-11-01T01:30')).toBe('2026-11-01T05:30:00.000Z');
  // A year that is not typed to its end is the server’s to refuse.
  expect(await sent(page, '0026-10-25T02:30')).toMatch(/^0026-10-25T/);
  expect(await sent(page, '')).toBe(null);
});

test('a field is in the zone of the device, where nothing else was chosen', async ({ page }) => {
  await open(page, '', form('2026-07-01T16:00:00Z'));
  await expect(page.locator('input')).toHaveValue('2026-07-02T01:00');
  expect(await sent(page, '2026-07-02T09:00')).toBe('2026-07-02T00:00:00.000Z');
});

test('a zone that this browser does not know is the device’s', async ({ page }) => {
  await open(page, 'data-time-zone="Mars/Olympus" data-locale="en-GB"', `<time datetime="2026-03-01T18:30:00Z" data-local>x</time>${form('2026-07-01T16:00:00Z')}`);
  await expect(page.locator('time')).toHaveText(/^Mar 2, 2026, 3:30\sAM$/);
  await expect(page.locator('input')).toHaveValue('2026-07-02T01:00');
});
