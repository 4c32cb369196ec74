import { Api } from '../api.ts';
import { test as base, expect, Visitor } from '../fixtures.ts';
import { PlainBrowser } from '../plain_browser.ts';
import { Proxy } from '../proxy.ts';
import { lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

type Tab = Awaited<ReturnType<PlainBrowser['open']>>;

interface Scene {
  browser: PlainBrowser;
  proxy: Proxy;
  /** One person's tab, of a browser that freezes and sleeps. */
  sleeper: Tab;
  /** Another person, who is awake. */
  awake: Workspace;
}

const test = base.extend<{ scene: Scene }>({
  scene: async ({ ownServer, visit, playwright, launchOptions, guard }, use) => {
    guard.allow(/./);
    const proxy = await Proxy.to(ownServer.port);
    await ownServer.stop();
    await ownServer.start({ PUBLIC_ORIGIN: proxy.origin });
    const executable = launchOptions.executablePath ?? playwright.chromium.executablePath();
    const browser = await PlainBrowser.start(executable, launchOptions.args ?? []);
    try {
      const api = new Api(await playwright.request.newContext(), proxy.origin);
      await api.signIn('student-1');
      const id = await api.newConversation(shared);
      await browser.takeCookies((await api.request.storageState()).cookies);
      const sleeper = await browser.open(`${proxy.origin}/c/${id}`);
      await expect.poll(() => state(sleeper).catch(() => undefined), { timeout: 20_000 }).toBe('saved');
      const { context, page } = await visit({ server: ownServer, baseURL: proxy.origin });
      const other = new Visitor(context, page, new Api(context.request, proxy.origin));
      await other.api.signIn('student-2');
      await use({ browser, proxy, sleeper, awake: await other.open(id) });
    } finally {
      await browser.close();
      await proxy.close();
    }
  },
});

const state = (tab: Tab) => tab.evaluate<string>(`document.querySelector('[aria-label="Sync status"]')?.dataset.state`);
const quotes = (tab: Tab) =>
  tab.evaluate<string[]>(`[...document.querySelectorAll('article[data-highlight-id] [data-quote]')].map((quote) => quote.textContent)`);

/** Types into the shared notes, as fast as a script does. */
async function write(tab: Tab, words: string): Promise<void> {
  await tab.evaluate(`[...document.querySelectorAll('[role=tab]')].find((tab) => tab.textContent.includes('Notes')).click()`);
  const box = `document.querySelector('textarea[aria-label="Shared notes"], .notes textarea')`;
  await expect.poll(() => tab.evaluate(`${box} !== null`)).toBe(true);
  await tab.evaluate(`${box}.value = ${JSON.stringify(words)}; ${box}.dispatchEvent(new InputEvent('input', { bubbles: true }))`);
}

test('a tab that the browser froze behind another catches up when it goes on, though its connection died unseen', async ({ scene }) => {
  // A server that starts twice, two browsers.
  test.slow();
  const { browser, proxy, sleeper, awake } = scene;
  proxy.swallow();
  await write(sleeper, 'Written before the sleep.');
  await expect.poll(() => state(sleeper)).toBe('saving');
  await sleeper.evaluate(`for (const kind of ['freeze', 'resume']) document.addEventListener(kind, () => { document[kind] = true })`);
  await browser.open('about:blank');
  await expect.poll(() => sleeper.evaluate('document.visibilityState')).toBe('hidden');
  await sleeper.freeze();
  await expect.poll(() => sleeper.evaluate('document.freeze')).toBe(true);
  await awake.page.reload();
  await awake.ready();
  await awake.highlight(lighthouse.keeper);
  await awake.synced('saved');
  expect(await quotes(sleeper)).toEqual([]);

  // Still behind the other: nothing but its going on says that it may look.
  await sleeper.thaw();
  await expect.poll(() => sleeper.evaluate('document.resume')).toBe(true);
  await expect.poll(() => quotes(sleeper), { timeout: 20_000 }).toEqual([lighthouse.keeper]);
  await expect.poll(() => state(sleeper)).toBe('saved');
  await expect(await awake.openNotes()).toHaveValue('Written before the sleep.');
});

test('a machine that slept and was cut off meanwhile catches up by itself', async ({ scene }) => {
  test.slow();
  const { browser, proxy, sleeper, awake } = scene;
  browser.sleep();
  try {
    await awake.highlight(lighthouse.keeper);
    await awake.synced('saved');
    proxy.down();
    await awake.synced('offline');
    await (await awake.openNotes()).fill('Written while the other slept.');
    proxy.up();
    await awake.synced('saved');
  } finally {
    browser.wakeUp();
  }
  await expect.poll(() => quotes(sleeper), { timeout: 20_000 }).toEqual([lighthouse.keeper]);
  await expect.poll(() => state(sleeper)).toBe('saved');
  await write(sleeper, 'Written while the other slept. And after.');
  await expect(awake.notes).toHaveValue('Written while the other slept. And after.');
});
