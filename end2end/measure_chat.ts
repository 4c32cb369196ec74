import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Page, expect, test } from '@playwright/test';

/** Where `cargo xtask bench chat` has a server whose model writes fifty tokens a second until it is stopped. */
const ORIGIN = process.env.BENCH_ORIGIN ?? '';
/** What goes on beside the page, for the table; and the file that the figures are added to. */
const [NAME, OUT] = [process.env.BENCH_NAME ?? '', process.env.BENCH_OUT ?? ''];
const SECONDS = Number(process.env.BENCH_SECONDS ?? '20');

interface Told {
  waiting: number[];
  delays: number[];
  frames: number[];
  counts: boolean;
}

/** Tokens are timed from when the page is given them until the frame after their words is drawn. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: Told = { waiting: [], delays: [], frames: [], counts: false };
    Object.assign(window, { told });
    // What is posted in a frame's callback comes when that frame was drawn.
    const drawn = new MessageChannel();
    drawn.port1.onmessage = ({ data }: MessageEvent<number[]>) => {
      const now = performance.now();
      if (told.counts) told.delays.push(...data.map((at) => now - at));
    };
    const add = EventSource.prototype.addEventListener;
    EventSource.prototype.addEventListener = (function (this: EventSource, name: string, listener: EventListenerOrEventListenerObject) {
      add.call(this, name, (event: Event) => {
        const at = performance.now();
        if (typeof listener === 'function') listener.call(this, event);
        if (name !== 'delta') return;
        const { data } = event as MessageEvent<string>;
        for (let tokens = data.split('~').length - 1; tokens > 0; tokens--) told.waiting.push(at);
        // After the page's own, which was asked for first.
        requestAnimationFrame(() => {
          if (told.waiting.length > 0) drawn.port2.postMessage(told.waiting.splice(0));
        });
      });
    }) as typeof add;
    let last = 0;
    const frame = (now: number) => {
      if (told.counts && last > 0) told.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

const quantiles = (values: number[]) => {
  const sorted = values.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
};

test('a page with a reply', async ({ browser }) => {
  test.setTimeout((SECONDS + 120) * 1_000);
  const context = await browser.newContext({ baseURL: ORIGIN, serviceWorkers: 'block' });
  const page = await context.newPage();
  await listen(page);
  const headers = { Origin: ORIGIN };
  expect((await context.request.post('/api/v1/dev/sign-in', { data: { person: 'student-1' }, headers })).ok()).toBe(true);
  const project = (await (await context.request.post('/api/v1/projects', { data: { name: 'Watched' }, headers })).json()) as { id: string };
  const made = await context.request.post(`/api/v1/projects/${project.id}/conversations`, { data: {}, headers });
  await page.goto(`/c/${((await made.json()) as { id: string }).id}`);
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', '');
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  const busy = async () => (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  const box = page.getByRole('textbox', { name: 'Message', exact: true });
  await box.fill('Go on.');
  await box.press('Enter');
  await expect(page.locator('article[data-role=assistant] [data-live]')).toContainText('~', { timeout: 30_000 });
  await pause(2_000);
  await page.evaluate(() => ((window as unknown as { told: Told }).told.counts = true));
  const [from, before] = [performance.now(), await busy()];
  await pause(SECONDS * 1_000);
  const share = (await busy()) - before;
  const elapsed = (performance.now() - from) / 1_000;
  const { delays, frames } = await page.evaluate(() => (window as unknown as { told: Told }).told);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped: the model wrote no further.')).toBeVisible();
  const all = JSON.parse(await readFile(OUT, 'utf8').catch(() => '{}')) as Record<string, object>;
  all[NAME] = { tokens: delays.length, delays: quantiles(delays), frames: quantiles(frames), busy: share / elapsed };
  await writeFile(OUT, JSON.stringify(all));
  await context.close();
});
