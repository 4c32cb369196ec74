import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { Writer } from './writer.ts';

/** Where `cargo xtask bench page` has installed what ours is measured beside. */
const PEERS = process.env.BENCH_PEERS ?? '';
/** Adds of one highlight, for a mean. */
const ADDS = 20;

interface Size {
  name: string;
  /** Characters of the conversation's text, about. */
  characters: number;
  /** Text nodes, about. */
  nodes: number;
  highlights: number;
}

const SIZES: Size[] = [
  { name: 'small', characters: 60_000, nodes: 700, highlights: 10 },
  { name: 'worst case of a class', characters: 425_000, nodes: 5_020, highlights: 190 },
  { name: 'larger than any', characters: 500_000, nodes: 5_900, highlights: 2_000 },
];

/** Every fourth word is one that stands nowhere else, so that a passage is found by its words in any text made of it. */
function words(from: number, count: number): string {
  const common = ['the', 'model', 'says', 'that', 'reading', 'together', 'is', 'a', 'slow', 'art'];
  return Array.from({ length: count }, (_, index) => (index % 4 === 0 ? `w${from + index}` : common[(from + index) % 10])).join(' ');
}

/** Paragraphs of five text nodes each: plain, strong, plain, code, plain. */
function conversation({ characters, nodes }: Size): string {
  const paragraphs = Math.round(nodes / 5);
  const perNode = Math.max(1, Math.round(characters / paragraphs / 5 / 5.2));
  let at = 0;
  const next = (count: number) => words((at += count) - count, count);
  const paragraph = () => `${next(perNode * 2)} **${next(2)}** ${next(perNode * 2)} \`${next(1)}\` ${next(perNode)}.`;
  const lines: string[] = [];
  for (let number = 0; number < paragraphs; number++) {
    if (number % 25 === 0) lines.push(number % 50 === 0 ? 'User:' : 'Assistant:');
    lines.push(paragraph(), '');
  }
  return lines.join('\n');
}

/** Passages of four words, spread over the text, each within one text node. */
function passages(text: string, count: number): string[] {
  const found = [...text.matchAll(/w\d+ [a-z]+ [a-z]+ [a-z]+(?= )/g)].map(([passage]) => passage);
  const step = found.length / count;
  return Array.from({ length: count }, (_, index) => found[Math.floor(index * step)] ?? '');
}

/** What the browser tells of a page's main thread and memory. */
async function metrics(cdp: CDPSession): Promise<Record<string, number>> {
  const { metrics: all } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

/** Two frames in which nothing was asked for. */
const settle = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 50)))));

/** Milliseconds of the main thread that something takes, until the page has come to rest. */
async function busy(page: Page, cdp: CDPSession, act: () => Promise<unknown>): Promise<number> {
  await settle(page);
  const before = await metrics(cdp);
  await act();
  await settle(page);
  const after = await metrics(cdp);
  return ((after.TaskDuration ?? 0) - (before.TaskDuration ?? 0)) * 1_000;
}

/** Frame times of a scroll through the whole text, in milliseconds. */
async function scroll(page: Page): Promise<string> {
  const times = await page.evaluate(async () => {
    const frames: number[] = [];
    const end = document.documentElement.scrollHeight - innerHeight;
    let last = await new Promise<number>(requestAnimationFrame);
    for (let step = 0; step <= 240; step++) {
      scrollTo({ top: (end * step) / 240, behavior: 'instant' });
      const now = await new Promise<number>(requestAnimationFrame);
      frames.push(now - last);
      last = now;
    }
    scrollTo({ top: 0, behavior: 'instant' });
    return frames.sort((a, b) => a - b);
  });
  const at = (part: number) => Math.round(times[Math.floor((times.length - 1) * part)] ?? NaN);
  return `${at(0.5)} / ${at(0.95)} / ${at(1)}`;
}

const rounded = (value: number, digits = 0) => value.toFixed(digits);

const rows: string[][] = [];

for (const size of SIZES) {
  test(`a page with ${size.highlights} highlights on ${size.characters} characters`, async ({ signIn, newConversation, server, browser }) => {
    test.setTimeout(600_000);
    const made = await newConversation({ title: size.name, text: conversation(size), share: 'class' });
    const text = made.messages.map((message) => message.text).join('\n');
    const all = passages(text, size.highlights + 3 * ADDS);
    const [before, later] = [all.slice(0, size.highlights), all.slice(size.highlights)];
    const writer = await Writer.join(server, made, await signIn('student-2'));
    for (const passage of before) writer.add(passage);

    const reader = await signIn('student-1', { viewport: { width: 1280, height: 860 }, serviceWorkers: 'block' });
    const { page } = reader;
    await page.addInitScript(() => {
      const told = window as unknown as { long: number };
      told.long = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (told.long += duration))).observe({ type: 'longtask', buffered: true });
      new MutationObserver((_, observer) => {
        if (!document.documentElement?.hasAttribute('data-hydrated')) return;
        performance.mark('tools');
        observer.disconnect();
      }).observe(document, { attributes: true, childList: true, subtree: true });
    });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable');
    await cdp.send('Network.enable');
    let bytes = 0;
    cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    cdp.on('Network.webSocketFrameReceived', ({ response }) => (bytes += (response.payloadData.length * 3) / 4));
    await page.goto(`/c/${made.id}`);
    await expect(page.locator('html[data-hydrated]')).toBeAttached({ timeout: 60_000 });
    // A card each; of the ranges only those near the window are registered.
    const cards = () => page.locator('#margin > .card').count();
    await expect.poll(cards, { timeout: 60_000 }).toBe(size.highlights);
    await settle(page);
    const nodes = await page.evaluate(() => {
      const walker = document.createTreeWalker(document.querySelector('.reading') as Node, NodeFilter.SHOW_TEXT);
      let count = 0;
      while (walker.nextNode()) count++;
      return count;
    });
    const [paint, tools, long] = await page.evaluate(() => [
      performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
      performance.getEntriesByName('tools')[0]?.startTime ?? NaN,
      (window as unknown as { long: number }).long,
    ]);
    const heap = (await metrics(cdp)).JSHeapUsedSize ?? NaN;
    const loaded = bytes;

    // One's own: from the key to the second frame after it.
    const own: number[] = [];
    for (const passage of later.slice(0, ADDS)) {
      await page.evaluate((passage) => {
        const walker = document.createTreeWalker(document.querySelector('.reading') as Node, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const at = (walker.currentNode as Text).data.indexOf(`${passage} `);
          if (at < 0) continue;
          getSelection()?.setBaseAndExtent(walker.currentNode, at, walker.currentNode, at + passage.length);
          return;
        }
      }, passage);
      await expect(page.getByRole('toolbar', { name: 'Annotate selection' })).toBeVisible();
      await settle(page);
      own.push(
        await page.evaluate(async () => {
          const since = performance.now();
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '1', bubbles: true, cancelable: true }));
          await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          return performance.now() - since;
        }),
      );
    }
    own.sort((a, b) => a - b);
    await expect.poll(cards).toBe(size.highlights + ADDS);
    // One after the other, so that each is drawn by itself; none of them in sight, where all sizes have as much to draw.
    await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
    const remote = await busy(page, cdp, async () => {
      for (const passage of later.slice(ADDS, 2 * ADDS)) {
        writer.add(passage);
        await pause(100);
      }
    });
    await expect.poll(cards).toBe(size.highlights + 2 * ADDS);
    const frames = await scroll(page);
    rows.push([
      `${size.highlights} on ${Math.round(text.length / 1000)} KB, ${nodes} text nodes`, 'PromptGrimoire', rounded(paint ?? NaN), rounded(tools ?? NaN),
      `${rounded(own[own.length >> 1] ?? NaN)}`, rounded(remote / ADDS, 1), frames, rounded(long ?? NaN), rounded(heap / 1e6, 1), rounded(loaded / 1e3),
    ]);

    rows.push([`${size.highlights} on the same text`, ...(await recogito(browser, page, before, later.slice(2 * ADDS)))]);
    writer.leave();
  });
}

/** The same text and highlights, painted by `@recogito/text-annotator` with the same API of the browser. */
async function recogito(browser: import('@playwright/test').Browser, ours: Page, before: string[], later: string[]): Promise<string[]> {
  const markup = await ours.locator('.reading').evaluate((reading) => reading.outerHTML.replace(/<details class="marks".*?<\/details>/gs, ''));
  const style = await (await ours.request.get(new URL((await ours.locator('link[href$="app.css"]').getAttribute('href')) ?? '', ours.url()).href)).text();
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  const modules = ['@recogito/text-annotator/dist/text-annotator.es.js', '@annotorious/core/dist/annotorious-core.es.js', 'colord/index.mjs', 'debounce/index.js', 'dequal/lite/index.mjs', 'hotkeys-js/dist/hotkeys-js.js', 'nanoevents/index.js', 'poll/dist/poll.js', 'rbush/index.js', 'quickselect/index.js', 'uuid/dist/index.js'];
  const imports = Object.fromEntries(modules.map((file) => [file.replace(/^((?:@[^/]+\/)?[^/]+)(\/lite)?\/.*$/, '$1$2'), `/m/${file}`]));
  await page.route('http://peer.test/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.startsWith('/m/')) {
      const body = await readFile(path.join(PEERS, pathname.slice(3)), 'utf8');
      return route.fulfill({ body, contentType: 'text/javascript' });
    }
    // Its core asks which environment it was built for.
    const head = `<!doctype html><meta charset=utf-8><script>var process = { env: {} }</script><style>${style}</style><script type=importmap>${JSON.stringify({ imports })}</script>`;
    return route.fulfill({ body: `${head}<main class="workspace">${markup}</main>`, contentType: 'text/html' });
  });
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.goto('http://peer.test/');
  await page.evaluate(async () => {
    const { createTextAnnotator } = (await import('@recogito/text-annotator' as string)) as { createTextAnnotator: (element: Element, options: object) => unknown };
    const reading = document.querySelector('.reading') as HTMLElement;
    (window as unknown as { annotator: unknown }).annotator = createTextAnnotator(reading, { renderer: 'CSS_HIGHLIGHTS', annotatingEnabled: false });
    (window as unknown as { text: string }).text = reading.textContent ?? '';
  });
  const add = (passages: string[], at: number, whole: boolean) =>
    page.evaluate(
      ([passages, at, whole]) => {
        const { annotator, text } = window as unknown as { annotator: { setAnnotations(list: object[]): void; addAnnotation(one: object): void }; text: string };
        const annotations = passages.map((quote, index) => {
          const start = text.indexOf(`${quote} `);
          const annotation = `a${at + index}`;
          return { id: annotation, bodies: [], target: { annotation, selector: [{ quote, start, end: start + quote.length }] } };
        });
        if (whole) annotator.setAnnotations(annotations);
        else annotations.forEach((annotation) => annotator.addAnnotation(annotation));
      },
      [passages, at, whole] as const,
    );
  const all = await busy(page, cdp, () => add(before, 0, true));
  const one = await busy(page, cdp, async () => {
    for (const [index, passage] of later.entries()) {
      await add([passage], before.length + index, false);
      await pause(100);
    }
  });
  const frames = await scroll(page);
  const heap = (await metrics(cdp)).JSHeapUsedSize ?? NaN;
  await context.close();
  return ['@recogito/text-annotator 4.1.1', '–', `all of them: ${rounded(all)}`, '–', rounded(one / later.length, 1), frames, '–', rounded(heap / 1e6, 1), '–'];
}

test.afterAll(() => {
  const head = ['highlights', 'by', 'first paint, ms', 'tools, ms', 'own highlight to paint, ms', 'main thread a highlight from elsewhere, ms', 'frames of a scroll: median / p95 / most, ms', 'long tasks of the start, ms', 'JS heap, MB', 'loaded, KB'];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  console.log(`\n${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}`);
});
