import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { asksBeforeLeaving } from '../absence.ts';
import { Api } from '../api.ts';
import { expectAccessible } from '../axe.ts';
import { installCanonical } from '../canonical.ts';
import { expect, test } from '../fixtures.ts';
import { book, expectDocumentKept, expectKept, keptBuilds, keptDocuments, letTheMinutePass, NO_NETWORK, putDocuments } from '../kept.ts';
import { Server } from '../server.ts';
import { bread, lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;
const other = { title: bread.title, text: bread.text, share: 'class' } as const;

/** The text can be read and the tools work, though there is no server. */
async function expectReadable(page: Page, text: string): Promise<void> {
  await expect(page.locator('[data-canonical]').filter({ hasText: text })).toBeVisible();
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await expect(page.locator('[role=status][aria-label="Sync status"]')).toHaveAttribute('data-state', 'offline');
}

/** What the browser's own cache holds may go at any time. */
async function clearHttpCache(page: Page): Promise<void> {
  await (await page.context().newCDPSession(page)).send('Network.clearBrowserCache');
}

/** What was done is on the disk: the page would not ask before it is left. */
const expectWritten = (page: Page) => expect.poll(() => asksBeforeLeaving(page), 'it is not on the disk').toBe(false);

/** Of which build the page for times without a network is. */
const offlineBuild = (page: Page) =>
  page.evaluate(async () => {
    const page = await (await caches.open('assets')).match('/offline');
    return (await page?.text())?.match(/\/pkg\/([^/]+)/)?.[1];
  });

const expectNotKept = (page: Page) =>
  expect(page.getByRole('heading', { level: 1, name: 'This page is not on this device' })).toBeVisible();

test('the first page of all is kept, though the worker came after it', async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const { page, context } = await signIn('student-1');
  await page.goto(`/c/${id}`);
  await expectKept(page, `/c/${id}`);
  await context.setOffline(true);
  await page.reload();
  await expectReadable(page, lighthouse.weight);
  // Its code comes when it is first wanted: that has never been before.
  await Workspace.on(page).showTab('Board');
  await expect(page.getByRole('group', { name: 'Columns' })).toBeVisible();
});

test('visited pages are read without a network: reloaded, in a new tab, by a link', async ({
  signIn,
  newConversation,
  guard,
}) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const { page, context } = await signIn('student-1');
  await page.goto('/');
  await expectKept(page, '/');
  await page.goto(`/c/${id}`);
  await page.goto('/import');
  await expectKept(page, '/', `/c/${id}`, '/import');
  await clearHttpCache(page);

  await context.setOffline(true);
  await page.goto(`/c/${id}`);
  await expectReadable(page, lighthouse.weight);
  await page.reload();
  await expectReadable(page, lighthouse.weight);
  await page.close();

  const tab = await context.newPage();
  await tab.goto('/');
  await tab.locator(`a[href="/c/${id}"]`).click();
  await expectReadable(tab, lighthouse.weight);
  await expect.poll(() => tab.evaluate(() => document.fonts.check('1em "Source Serif 4 Variable"')), 'in its own type').toBe(true);

  await context.setOffline(false);
  await (tab as Page).reload();
  await Workspace.on(tab).synced('saved');
});

test('a kept first page says so, and which conversations are not on this device', async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK);
  const [read, unread] = [await newConversation(shared), await newConversation(other)];
  const { page, context } = await signIn('student-1');
  await page.goto(`/c/${read.id}`);
  await expectKept(page, `/c/${read.id}`);
  await page.goto('/');
  await expectKept(page, '/');
  const note = page.getByRole('status').filter({ hasText: 'as it was on' });
  await expect(note).toHaveCount(0);
  await context.setOffline(true);
  await page.reload();
  await expect(note).toHaveText(/^No connection\. This is the page as it was on \d/);
  const lineOf = (id: string) => page.locator(`a[href="/c/${id}"]`).last();
  await expect(lineOf(unread.id)).toContainText('not on this device');
  await expect(lineOf(read.id)).not.toContainText('not on this device');
  await expectAccessible(page, 'a kept first page');
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await context.setOffline(false);
  await expect(note).toContainText('You are connected again');
  await note.getByRole('link', { name: 'Load it anew' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Conversations' })).toBeVisible();
  await expect(note).toHaveCount(0);
});

test('a page that was not visited says so, and lists those that were', async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK);
  const [read, unread] = [await newConversation(shared), await newConversation(other)];
  const { page, context } = await signIn('student-1');
  await page.goto(`/c/${read.id}`);
  await expectKept(page, `/c/${read.id}`);

  await context.setOffline(true);
  await page.goto(`/c/${unread.id}`);
  await expectNotKept(page);
  const list = page.getByRole('region', { name: 'On this device' }).getByRole('link');
  await expect(list).toHaveText([new RegExp(`^${lighthouse.title.replace('?', '\\?')}Last opened .`)]);
  await expectAccessible(page, 'the page without a network');

  await list.click();
  await expectReadable(page, lighthouse.weight);
  await page.goBack();
  await expectNotKept(page);
  await context.setOffline(false);
  await page.getByRole('link', { name: 'Try again' }).click();
  await expect(page.getByText(bread.yeast)).toBeVisible();
});

test('visited pages are read while the server is gone, and a browser that is started again has them', async ({
  ownServer,
  playwright,
  launchOptions,
  guard,
}, testInfo) => {
  // Two browsers and two starts of the server.
  test.slow();
  guard.allow(...NO_NETWORK);
  const profile = testInfo.outputPath('profile');
  const start = async () => {
    const context = await playwright.chromium.launchPersistentContext(profile, { ...launchOptions, baseURL: ownServer.origin });
    guard.watch(context);
    return { context, page: await context.newPage() };
  };
  const first = await start();
  const api = new Api(first.context.request, ownServer.origin);
  await api.signIn('student-1');
  const id = await api.newConversation(shared);
  await first.page.goto(`/c/${id}`);
  await expectKept(first.page, `/c/${id}`);
  await clearHttpCache(first.page);
  await ownServer.kill();
  await first.page.reload();
  await expectReadable(first.page, lighthouse.weight);
  await first.context.close();

  const second = await start();
  await second.page.goto(`/c/${id}`);
  await expectReadable(second.page, lighthouse.weight);
  await ownServer.start();
  await Workspace.on(second.page).synced('saved');
  guard.check();
  await second.context.close();
  await rm(profile, { recursive: true, force: true });
});

test('work of a train survives what a browser does to pages, and is sent when there is a network', async ({
  ownServer,
  playwright,
  launchOptions,
  signIn,
  guard,
}, testInfo) => {
  // Three browsers and two starts of the server.
  test.slow();
  guard.allow(...NO_NETWORK);
  const profile = testInfo.outputPath('profile');
  const start = async () => {
    const options = { ...launchOptions, baseURL: ownServer.origin, viewport: { width: 1280, height: 900 } };
    const context = await playwright.chromium.launchPersistentContext(profile, options);
    guard.watch(context);
    await context.addInitScript(installCanonical);
    return { context, page: await context.newPage() };
  };
  const first = await start();
  const api = new Api(first.context.request, ownServer.origin);
  await api.signIn('student-1');
  const id = await api.newConversation(shared);
  const a = await Workspace.open(first.page, id);
  await expectKept(first.page, `/c/${id}`);
  await expectDocumentKept(first.page, (await api.me()).id, id);
  await ownServer.kill();
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  await expectWritten(a.page);
  await first.page.reload();
  await expect(a.syncStatus).toHaveText('Offline · 1 unsent change');
  await a.expectPainted(lighthouse.keeper);
  await a.comment(a.card(lighthouse.keeper), 'Written in a tunnel.');
  await expect(a.syncStatus).toHaveText('Offline · 2 unsent changes');
  await expectWritten(a.page);
  await a.page.close();

  const b = Workspace.on(await first.context.newPage());
  await b.page.goto(`/c/${id}`);
  await expect(b.cards.getByText('Written in a tunnel.')).toBeVisible();
  await (await b.openNotes()).fill('Notes of the train.');
  await expect(b.syncStatus).toHaveText('Offline · 3 unsent changes');
  await expectWritten(b.page);
  await first.context.close();

  const second = await start();
  const c = Workspace.on(second.page);
  await c.page.goto(`/c/${id}`);
  await expect(c.syncStatus).toHaveText('Offline · 3 unsent changes');
  await c.expectPainted(lighthouse.keeper);
  await ownServer.start();
  await c.synced('saved');
  const reader = await signIn('student-2', { server: ownServer });
  const d = await reader.open(id);
  await d.expectPainted(lighthouse.keeper);
  await expect(d.cards.getByText('Written in a tunnel.')).toHaveCount(1);
  await expect(await d.openNotes()).toHaveValue('Notes of the train.');
  await second.context.close();
  await rm(profile, { recursive: true, force: true });
});

test('a server that takes connections and never answers is not waited for where the page is kept', async ({
  ownServer,
  signIn,
  guard,
}) => {
  guard.allow(...NO_NETWORK);
  const { page, context, api } = await signIn('student-1', { server: ownServer });
  const [read, unread] = [await api.newConversation(shared), await api.newConversation(other)];
  await page.goto(`/c/${read}`);
  await expectKept(page, `/c/${read}`);
  ownServer.freeze();
  try {
    await page.reload({ waitUntil: 'commit' });
    await expect(page.getByText(lighthouse.weight)).toBeVisible();
    const tab = await context.newPage();
    const opening = tab.goto(`/c/${unread}`);
    ownServer.thaw();
    await opening;
    await expect(tab.getByText(bread.yeast)).toBeVisible();
  } finally {
    ownServer.thaw();
  }
});

test('a new build is taken over by the next page, and open and kept pages keep what they came with', async ({
  ownServer,
  signIn,
  guard,
}, testInfo) => {
  // Four starts of the server.
  test.slow();
  guard.allow(...NO_NETWORK);
  const { page, context, api } = await signIn('student-1', { server: ownServer });
  const [first, second] = [await api.newConversation(shared), await api.newConversation(other)];
  const open = await Workspace.open(page, first);
  const tab = await context.newPage();
  await tab.goto(`/c/${second}`);
  await expectKept(tab, `/c/${first}`, `/c/${second}`);
  const [old = ''] = await keptBuilds(tab);
  const loaded = (build: string) => tab.evaluate((build) => fetch(`/pkg/${build}/app.js`).then(({ status }) => status), build);

  const sheet = tab.locator('link[href$="app.css"]');
  /** The builds of the two kept pages. */
  const builds = async () => {
    const pages = (await book(tab))?.pages ?? {};
    return [first, second].map((id) => pages[`/c/${id}`]?.build);
  };

  const site = await siteOfNewBuild(testInfo.outputPath('site'), old);
  await ownServer.stop();
  await ownServer.start({ SITE_ROOT: site });
  // The open page goes on as it is, and what it may still ask for is there, though the server has it no more.
  await open.synced('saved');
  await open.highlight(lighthouse.weight);
  expect(await loaded(old)).toBe(200);
  await tab.goto(`/c/${second}`);
  await expect(sheet).toHaveAttribute('href', '/pkg/new/app.css');
  await expect.poll(builds).toEqual([old, 'new']);
  await Workspace.on(tab).ready();

  // Kept from the old build, and complete.
  await clearHttpCache(tab);
  await ownServer.stop();
  await tab.goto(`/c/${first}`);
  await expect(sheet).toHaveAttribute('href', `/pkg/${old}/app.css`);
  await expectReadable(tab, lighthouse.weight);

  // Kept from the new one: only the window that is still open needs the old one now.
  await ownServer.start({ SITE_ROOT: site });
  await tab.evaluate(letTheMinutePass);
  await tab.goto(`/c/${first}`);
  await expect(sheet).toHaveAttribute('href', '/pkg/new/app.css');
  await expect.poll(builds).toEqual(['new', 'new']);
  await expectKept(tab, `/c/${first}`, `/c/${second}`);
  expect(await keptBuilds(tab)).toEqual([old, 'new'].sort());
  expect(await loaded(old)).toBe(200);

  // What it came with is let go when nothing is of it any more, the page for times without a network neither.
  await expect.poll(() => offlineBuild(tab)).toBe('new');
  await open.page.close();
  await tab.evaluate(letTheMinutePass);
  await tab.reload();
  await expect.poll(() => keptBuilds(tab)).toEqual(['new']);
});

/** A copy of the site under another build's name, without the files of the one before. */
async function siteOfNewBuild(folder: string, old: string): Promise<string> {
  await mkdir(path.join(folder, 'pkg'), { recursive: true });
  await cp(path.join(Server.site, 'pkg', old), path.join(folder, 'pkg', 'new'), { recursive: true });
  for (const name of ['fonts', 'favicon.svg', 'service-worker.js']) {
    await cp(path.join(Server.site, name), path.join(folder, name), { recursive: true });
  }
  await writeFile(path.join(folder, 'build-id'), 'new');
  expect(await readFile(path.join(Server.site, 'build-id'), 'utf8'), 'the build under test').toBe(old);
  return folder;
}

test('documents take no more room than they may, and those opened longest ago make it', async ({ signIn, newConversation }) => {
  const [visitor, { id }] = [await signIn('student-1'), await newConversation(shared)];
  const { id: user } = await visitor.api.me();
  const a = await visitor.open(id);
  await expectDocumentKept(a.page, user, id);
  const MIB = 2 ** 20;
  const names = { oldest: crypto.randomUUID(), old: crypto.randomUUID(), large: crypto.randomUUID() };
  await putDocuments(a.page, user, {
    [names.large]: { size: 100 * MIB, at: 3 },
    [names.oldest]: { size: 20 * MIB, at: 1 },
    [names.old]: { size: 20 * MIB, at: 2 },
  });
  // 140 MiB and its own: one has to go, and the next fits again.
  await a.highlight(lighthouse.keeper);
  await expect.poll(async () => (await keptDocuments(a.page, user)).sort()).toEqual([id, names.large, names.old].sort());
});
