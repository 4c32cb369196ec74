import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { absence, asksBeforeLeaving, ended, expectUnsent, report, told, watchSockets } from '../absence.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { asideOf, expectDocumentKept, expectKept, NO_NETWORK, putAside, unsentOf } from '../kept.ts';
import { Outside } from '../outside.ts';
import { bread, lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK, /404/));

const notSent = (page: Page) => page.getByRole('region', { name: 'Not sent yet, and kept on this device', exact: true });
const notTaken = (page: Page) => page.getByRole('region', { name: 'Not taken, and kept on this device', exact: true });

/** A highlight, a comment and notes, made without a network in a page that is closed then. */
async function leaveWork(writer: Visitor, id: string): Promise<void> {
  const { id: user } = await writer.api.me();
  const a = await writer.open(id);
  await expectDocumentKept(a.page, user, id);
  await a.whole();
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.comment(await a.highlight(lighthouse.keeper), 'Written in a train.');
  await (await a.openNotes()).fill('Notes of the train.');
  await expectUnsent(a.syncStatus, 3);
  await expect.poll(() => asksBeforeLeaving(a.page)).toBe(false);
  await a.page.close();
}

async function exported(page: Page, region: ReturnType<typeof notSent>): Promise<string> {
  const download = page.waitForEvent('download');
  await region.getByRole('button', { name: 'Export', exact: true }).click();
  return readFile(await (await download).path(), 'utf8');
}

test('what a closed page left unsent is listed on the first page, until its conversation is opened', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  await leaveWork(writer, id);
  await writer.context.setOffline(false);
  const home = await writer.context.newPage();
  await home.goto('/');
  const group = notSent(home).getByRole('group', { name: lighthouse.title, exact: true });
  await expect(group).toContainText('3 changes');
  // Before all else.
  const [top, lists] = [await notSent(home).boundingBox(), await home.getByRole('navigation', { name: 'Lists' }).boundingBox()];
  expect(top!.y).toBeLessThan(lists!.y);
  await group.getByText('What it is').click();
  await expect(group.getByRole('listitem')).toHaveCount(3);
  for (const words of ['A highlight', lighthouse.keeper, 'Written in a train.', 'Shared notes', 'Notes of the train.']) {
    await expect(group).toContainText(words);
  }
  await expectAccessible(home, 'home with work that was not sent');
  await home.setViewportSize({ width: 320, height: 640 });
  expect(await home.evaluate(() => document.documentElement.scrollWidth)).toBe(320);

  await group.getByRole('link', { name: 'Open and send' }).click();
  await Workspace.on(home).synced('saved');
  const reader = await (await signIn('student-2')).open(id);
  await reader.expectPainted(lighthouse.keeper);
  await home.goto('/');
  await expect(home.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(notSent(home)).toBeHidden();
});

test('of what waits elsewhere every page tells the number, and the first page names each conversation', async ({ signIn, newConversation }) => {
  const [{ id }, second] = [await newConversation(shared), await newConversation({ ...shared, title: bread.title, text: bread.text })];
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  const b = await writer.openInNewTab(second.id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await b.synced('offline');
  await a.highlight(lighthouse.keeper);
  await b.highlight(bread.yeast);
  await expectUnsent(b.syncStatus, 1);
  await expect.poll(() => asksBeforeLeaving(b.page)).toBe(false);
  await b.page.close();
  await writer.context.setOffline(false);
  await a.synced('saved');
  const waiting = a.page.getByRole('link', { name: '1 change not sent yet', exact: true });
  await expect(waiting).toBeVisible();
  for (const width of [320, 390, 1280]) {
    await a.page.setViewportSize({ width, height: 800 });
    expect(await a.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await expect(waiting).toBeInViewport({ ratio: 1 });
  }
  await expectAccessible(a.page, 'a bar with what waits elsewhere');
  await waiting.click();
  await expect(notSent(a.page).getByRole('group', { name: bread.title, exact: true })).toHaveCount(1);
  await expect(notSent(a.page).getByRole('heading', { level: 3 })).toHaveCount(1);
  await expect(notSent(a.page)).toBeInViewport();
  await a.page.goto('/classes');
  await waiting.click();
  await notSent(a.page).getByRole('link', { name: bread.title, exact: true }).click();
  await Workspace.on(a.page).synced('saved');
  await expect(waiting).toHaveCount(0);
  await a.page.goto('/');
  await expect(a.page.getByRole('link', { name: bread.title })).toHaveCount(1);
  await expect(waiting).toHaveCount(0);
});

test('a text that was typed with other things in between waits as one change, as it stood last', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  const a = await writer.open(id);
  await expectDocumentKept(a.page, user, id);
  await a.whole();
  await writer.context.setOffline(true);
  await a.synced('offline');
  await (await a.openNotes()).fill('In the train');
  await expect.poll(() => unsentOf(a.page, user)).toBe(1);
  await a.showTab('Annotations');
  await a.highlight(lighthouse.keeper);
  await (await a.openNotes()).fill('In the train and in the boat');
  await expectUnsent(a.syncStatus, 2);
  await expect.poll(() => unsentOf(a.page, user), 'on the disk').toBe(3);
  await a.page.close();
  await writer.context.setOffline(false);
  const home = await writer.context.newPage();
  await home.goto('/');
  const group = notSent(home).getByRole('group', { name: lighthouse.title, exact: true });
  await expect(group).toContainText('2 changes');
  await expect(home.getByRole('link', { name: '2 changes not sent yet', exact: true })).toBeVisible();
  await group.getByText('What it is').click();
  await expect(group.getByRole('listitem')).toHaveCount(2);
  await expect(group.getByRole('listitem').filter({ hasText: 'Shared notes' }).locator('blockquote')).toHaveText('In the train and in the boat');
  await home.locator('.account > summary').click();
  await home.getByRole('button', { name: 'Sign out', exact: true }).click();
  const dialog = home.getByRole('dialog', { name: 'Sign out and lose work?' });
  await expect(dialog.getByRole('listitem')).toHaveText(['2 changes not sent yet']);
  await dialog.getByRole('button', { name: 'Stay' }).click();
  // With it go all that it stands for.
  await group.getByRole('button', { name: 'Discard', exact: true }).click();
  await group.getByRole('button', { name: 'Discard for good?', exact: true }).click();
  await expect(notSent(home)).toBeHidden();
  expect(await unsentOf(home, user)).toBe(0);
});

test('work is exported and discarded by conversation', async ({ signIn, newConversation }) => {
  const [first, second] = [await newConversation(shared), await newConversation({ ...shared, title: bread.title, text: bread.text })];
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  for (const [{ id }, words] of [[first, lighthouse.keeper], [second, bread.yeast]] as const) {
    const a = await writer.openInNewTab(id);
    await writer.context.setOffline(true);
    await a.synced('offline');
    await a.highlight(words);
    await expectUnsent(a.syncStatus, 1);
    await expect.poll(() => asksBeforeLeaving(a.page)).toBe(false);
    await a.page.close();
    await writer.context.setOffline(false);
  }
  const home = writer.page;
  await home.goto('/');
  const [one, two] = [lighthouse.title, bread.title].map((name) => notSent(home).getByRole('group', { name, exact: true }));
  const file = await exported(home, one!);
  expect(file).toContain(lighthouse.title);
  expect(file).toContain(lighthouse.keeper);
  expect(file).not.toContain(bread.yeast);
  await one!.getByRole('button', { name: 'Discard', exact: true }).click();
  await one!.getByRole('button', { name: 'Discard for good?', exact: true }).click();
  await expect(one!).toHaveCount(0);
  await expect(two!).toBeVisible();
  expect(await unsentOf(home, user)).toBe(1);
  await expect(home.getByRole('link', { name: '1 change not sent yet', exact: true })).toBeVisible();
});

test('what an open page is about to send is not called left behind', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  await watchSockets(writer.context);
  const a = await writer.open(id);
  await a.page.evaluate(() => (WebSocket.prototype.send = () => undefined));
  await a.highlight(lighthouse.keeper);
  const { id: user } = await writer.api.me();
  await expect.poll(() => unsentOf(a.page, user)).toBe(1);
  const home = await writer.context.newPage();
  // What is listed stands there as soon as this is done.
  await home.addInitScript(() => {
    const { query } = LockManager.prototype;
    LockManager.prototype.query = async function () {
      const answer = await query.call(this);
      setTimeout(() => document.documentElement.setAttribute('data-asked', ''));
      return answer;
    };
  });
  await home.goto('/');
  await expect(home.locator('html[data-asked]')).toBeAttached();
  await expect(notSent(home)).toBeHidden();
});

test('what a page had not sent when it was loaded anew is sent, though another tab waits for its end', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  const a = await writer.open(id);
  await a.page.evaluate(() => (WebSocket.prototype.send = () => undefined));
  await a.highlight(lighthouse.keeper);
  await expect.poll(() => unsentOf(a.page, user)).toBe(1);
  // The other tab gets what marks the page as open, and has it until the new page has looked.
  const home = await writer.context.newPage();
  await home.goto('/');
  await home.evaluate(async (own) => {
    const looked = new BroadcastChannel('looked');
    const { held = [] } = await navigator.locks.query();
    const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(own));
    for (const name of names) void navigator.locks.request(name, () => new Promise((resolve) => (looked.onmessage = resolve)));
  }, `promptgrimoire/${user}/${id}/`);
  await a.page.addInitScript(() => {
    const { query } = LockManager.prototype;
    LockManager.prototype.query = async function () {
      const answer = await query.call(this);
      new BroadcastChannel('looked').postMessage('');
      return answer;
    };
  });
  await a.reload();
  await expect.poll(() => unsentOf(a.page, user)).toBe(0);
  await a.synced('saved');
});

test('work of a closed page in what is not shared any more can be read, taken away, and discarded for good', async ({ signIn, ownServer }) => {
  const author = await signIn('instructor', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const writer = await signIn('student-1', { server: ownServer });
  const { id: user } = await writer.api.me();
  await leaveWork(writer, id);
  await ownServer.sql("delete from memberships using users where users.id = user_id and users.name = 'Demo Student 1'");
  await writer.context.setOffline(false);
  const home = await writer.context.newPage();
  await home.goto(`/c/${id}`);
  await expect(home.getByText(lighthouse.weight)).toHaveCount(0);
  // The page in the conversation's place says that it is kept, and the first page does not promise what cannot be.
  await expect(notSent(home)).toContainText('Written in a train.');
  await expect(notSent(home)).toContainText('This conversation cannot be opened');
  await expectAccessible(home, 'a page that is gone, with work that is kept');
  await home.goto('/');
  await expect(notSent(home)).toContainText('This conversation cannot be opened');
  await expect(notSent(home).getByRole('link')).toHaveCount(0);
  const file = await exported(home, notSent(home));
  for (const words of [lighthouse.keeper, 'Written in a train.', 'Notes of the train.']) expect(file).toContain(words);
  await notSent(home).getByRole('button', { name: 'Discard', exact: true }).click();
  expect(await unsentOf(home, user), 'asked first').toBe(3);
  await notSent(home).getByRole('button', { name: 'Discard for good?', exact: true }).click();
  await expect(notSent(home)).toBeHidden();
  expect(await unsentOf(home, user)).toBe(0);
});

test('what is discarded on the first page is not sent when access is given back', async ({ signIn, ownServer }) => {
  const author = await signIn('instructor', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const writer = await signIn('student-1', { server: ownServer });
  const { id: user } = await writer.api.me();
  const a = await writer.open(id);
  await a.whole();
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.comment(await a.highlight(lighthouse.keeper), 'Thought better of.');
  await (await a.openNotes()).fill('And of this.');
  await ownServer.sql("delete from memberships using users where users.id = user_id and users.name = 'Demo Student 1'");
  await writer.context.setOffline(false);
  await a.synced('error');
  await expect(ended(a.page)).toContainText('Thought better of.');
  await expect.poll(() => asideOf(a.page, user), 'on the disk').toBe(3);
  await a.page.goto('/');
  await expect(notTaken(a.page).getByRole('listitem')).toHaveCount(3);
  // Shown once, though the changes wait in the journal as well.
  await expect(notSent(a.page)).toBeHidden();
  await notTaken(a.page).getByRole('button', { name: 'Discard', exact: true }).click();
  await notTaken(a.page).getByRole('button', { name: 'Discard for good?', exact: true }).click();
  await expect(notTaken(a.page)).toBeHidden();
  expect(await unsentOf(a.page, user)).toBe(0);
});

test('words that are newer than a text that was not taken are neither hidden nor discarded with it', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  const a = await writer.open(id);
  await expectDocumentKept(a.page, user, id);
  await a.whole();
  const monday = { key: `${id}/Shared notes/7`, at: 1_000, what: 'Shared notes: your version', text: 'Of Monday.', intent: { Typed: 'Notes' } };
  await putAside(a.page, user, monday);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await (await a.openNotes()).fill('Of Tuesday.');
  await expectUnsent(a.syncStatus, 1);
  await expect.poll(() => asksBeforeLeaving(a.page)).toBe(false);
  await a.page.close();
  await writer.context.setOffline(false);

  const home = await writer.context.newPage();
  await home.goto('/');
  await expect(home.getByRole('link', { name: '1 change not sent yet', exact: true })).toBeVisible();
  await expect(notSent(home)).toContainText('Of Tuesday.');
  await expect(notTaken(home)).toContainText('Of Monday.');
  await notTaken(home).getByRole('button', { name: 'Discard', exact: true }).click();
  await notTaken(home).getByRole('button', { name: 'Discard for good?', exact: true }).click();
  await expect(notTaken(home)).toBeHidden();
  expect(await unsentOf(home, user)).toBe(1);

  // Nor is the old text discarded as tried again when the new words are sent.
  await putAside(home, user, monday);
  await home.goto(`/c/${id}`);
  const again = Workspace.on(home);
  await again.synced('saved');
  await expect(await again.openNotes()).toHaveValue('Of Tuesday.');
  await expect(home.getByRole('button', { name: 'Not taken: 1', exact: true })).toBeVisible();
  await home.reload();
  await expect(home.getByRole('button', { name: 'Not taken: 1', exact: true })).toBeVisible();
});

test('who is signed in and has work in the page alone is asked before signing out', async ({ visit, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await visit();
  await visitor.api.signIn('student-1');
  await visitor.context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('no disk', 'SecurityError');
    };
  });
  const a = await visitor.open(id);
  await expect(a.syncStatus).toHaveText('Saved · no offline copy');
  await a.page.evaluate(() => (WebSocket.prototype.send = () => undefined));
  await a.highlight(lighthouse.keeper);
  await a.synced('saving');
  const dialog = a.page.getByRole('dialog', { name: 'Sign out and lose work?' });
  await a.page.locator('.account > summary').click();
  await a.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(dialog.getByRole('listitem')).toHaveText(['what you did last, which is in this page alone']);
  await dialog.getByRole('button', { name: 'Stay' }).click();
  expect((await visitor.api.get('/api/v1/me')).status(), 'still signed in').toBe(200);
  const asked: string[] = [];
  a.page.on('dialog', (question) => {
    asked.push(question.type());
    void question.accept();
  });
  await a.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await dialog.getByRole('button', { name: 'Sign out and discard them' }).click();
  await expect(a.page).toHaveURL(/\/sign-in/);
  expect(asked, 'not a second time').toEqual([]);
});

/** Lets hours pass for the pages of a browser; they have to be of the product. */
async function withClock(visitor: Visitor): Promise<(page: Page, hours: number) => Promise<void>> {
  await visitor.context.addInitScript(() => {
    const now = Date.now.bind(Date);
    if (location.protocol.startsWith('http')) Date.now = () => now() + Number(localStorage.getItem('passed') ?? 0);
  });
  return (page, hours) => page.evaluate((hours) => localStorage.setItem('passed', String(hours * 3_600_000)), hours);
}

test('what others did in a long absence is told, though the page was opened without a network meanwhile', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  const pass = await withClock(writer);
  const a = await writer.open(id);
  await expectKept(a.page, `/c/${id}`);
  await expectDocumentKept(a.page, user, id);
  const b = await (await signIn('student-2')).open(id);
  await b.highlight(lighthouse.bell);
  await a.expectPainted(lighthouse.bell);
  await expectDocumentKept(a.page, user, id, lighthouse.bell);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await b.comment(b.card(lighthouse.bell), 'Meanwhile.');
  await b.highlight(lighthouse.mercury);
  await b.synced('saved');

  await pass(a.page, 1);
  await a.page.goto('about:blank');
  await a.page.goto(`/c/${id}`);
  await expect(a.page.locator('html[data-hydrated]')).toBeAttached();
  await a.synced('offline');
  // It keeps what it shows, and is left.
  await absence();
  await a.page.goto('about:blank');
  await writer.context.setOffline(false);
  await a.page.goto(`/c/${id}`);
  await expect(report(a.page)).toContainText('Others: 1 new highlight, 1 new comment.');
  await expect(told(a.page)).toHaveText([`Demo Student 2 commented on “${lighthouse.bell}”`, `Demo Student 2 marked “${lighthouse.mercury}”`]);
});

test('the report leads to highlights that stand elsewhere', async ({ signIn, newConversation, server }) => {
  const whales = 'a paragraph about whales';
  const { id, messages } = await newConversation(shared);
  const [writer, other] = [await signIn('student-1'), await signIn('student-2')];
  const [a, b] = [await writer.open(id), await other.open(id)];
  const outside = await Outside.join(server, other, id);
  try {
    outside.mark(messages[1]?.id ?? '', whales);
    for (const desk of [a, b]) await expect(desk.card(whales)).toHaveCount(1);
    await a.synced('saved');
    await writer.context.setOffline(true);
    await a.synced('offline');
    await a.highlight(lighthouse.keeper);
    await b.takeInHand(b.card(whales));
    await b.selectText(lighthouse.mercury);
    await b.card(whales).getByRole('button', { name: 'Attach to selection', exact: true }).click();
    await b.expectPainted(lighthouse.mercury);
    await b.synced('saved');
  } finally {
    outside.leave();
  }
  await absence();
  await writer.context.setOffline(false);
  await a.synced('saved');
  await expect(report(a.page)).toContainText('1 highlight attached elsewhere');
  await expect(told(a.page)).toContainText('attached a highlight to');
  await told(a.page).getByRole('link', { name: lighthouse.mercury }).click();
  await expect(a.card(lighthouse.mercury)).toHaveAttribute('data-active', '');
});

test('on a narrow page every state is told in full, and nothing is wider than the page', async ({ signIn, newConversation, guard }) => {
  guard.allow(/401/);
  const { id } = await newConversation({ ...shared, title: bread.title });
  const writer = await signIn('student-1', { viewport: { width: 320, height: 640 } });
  const a = await writer.open(id);
  const inFull = async () => {
    for (const width of [390, 320]) {
      await a.page.setViewportSize({ width, height: 640 });
      expect(await a.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      const box = await a.syncStatus.boundingBox();
      expect(box?.x ?? -1).toBeGreaterThanOrEqual(0);
      expect(box?.y ?? -1).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
      expect(await a.syncStatus.evaluate((status) => status.scrollWidth <= status.clientWidth)).toBe(true);
      await expect(a.page.locator('.account > summary')).toBeInViewport({ ratio: 1 });
    }
  };
  await inFull();
  await a.whole();
  await writer.context.setOffline(true);
  await a.synced('offline');
  await (await a.openNotes()).fill('Of a train.');
  await expectUnsent(a.syncStatus, 1);
  await inFull();
  await writer.context.clearCookies();
  await writer.context.setOffline(false);
  await a.synced('error');
  await expect(a.syncStatus).toHaveText('Signed out · 1 unsent change');
  await inFull();
  await expectAccessible(a.page, 'a narrow page of somebody who is signed out');
});
