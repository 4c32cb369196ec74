import { type Browser, expect, type Page, test as base } from '@playwright/test';
import { book } from './kept.ts';
import { type Answer, StandIn } from './stand_in.ts';

/** Runs in a page: it is under the worker when this is done. */
export const takeOver = async (): Promise<void> => {
  await navigator.serviceWorker.register('/service-worker.js');
  if (navigator.serviceWorker.controller) return;
  await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
};

/** A new browser with a page of the stand-in under its worker. */
export async function openUnder(standIn: StandIn, browser: Browser): Promise<Page> {
  const context = await browser.newContext({ baseURL: standIn.origin });
  const page = await context.newPage();
  standIn.answer = () => ({ text: 'empty' });
  await page.goto('/');
  await page.evaluate(takeOver);
  return page;
}

/** A page of the stand-in under the real worker. */
export const test = base.extend<{ standIn: StandIn; at: Page }>({
  standIn: async ({}, use) => {
    const standIn = await StandIn.listen(0);
    await use(standIn);
    await standIn.close();
  },
  at: async ({ standIn, browser }, use) => {
    const page = await openUnder(standIn, browser);
    await use(page);
    await page.context().close();
  },
});

export const keptPaths = async (page: Page): Promise<string[]> => Object.keys((await book(page))?.pages ?? {}).sort();

/** Goes there and waits until it is kept. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect.poll(() => keptPaths(page)).toContain(path);
}

interface HeldBack {
  /** The path has been asked for. */
  asked: Promise<void>;
  release: (answer: Answer) => void;
}

/** From now on the answer to this path is held back until it is released; others are this, or as they were. */
export function holdBack(standIn: StandIn, held: string, others?: Answer): HeldBack {
  const before = standIn.answer;
  let isAsked: () => void = () => {};
  let release: (answer: Answer) => void = () => {};
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const answer = new Promise<Answer>((resolve) => (release = resolve));
  standIn.answer = (path) => {
    if (path !== held) return others ?? before(path);
    isAsked();
    return answer;
  };
  return { asked, release };
}

export const text = (page: Page) => page.locator('p');

/** Says something to the worker and waits for its answer. */
export function tell(page: Page, message: object): Promise<unknown> {
  return page.evaluate(async (message) => {
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<MessageEvent>((resolve) => (port1.onmessage = resolve));
    active?.postMessage(message, [port2]);
    return (await answer).data;
  }, message);
}

/** Addresses that can be opened without a network, as the worker lists them. */
export const listed = async (page: Page): Promise<string[]> => ((await tell(page, { kind: 'kept' })) as { path: string }[]).map(({ path }) => path);
