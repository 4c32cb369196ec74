import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { book, expectDocumentKept, expectKept, keptUsers, NO_NETWORK, putWork, unsentOf } from '../kept.ts';
import { bread, lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;
const other = { title: bread.title, text: bread.text, share: 'class' } as const;

/** What is put into the database is of no conversation. */
const NO_SUCH = /404 .*conversations\/elsewhere/;

async function expectNotKept(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'This page is not on this device' })).toBeVisible();
  await expect(page.getByText(lighthouse.weight)).toHaveCount(0);
}

/** Nobody is told whose what is. */
async function expectNobody(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'You are signed out' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expect(page.getByText(lighthouse.weight)).toHaveCount(0);
}

/** The dialog is there as it stays, not as it fades in. */
async function expectDialog(page: Page, dialog: Locator): Promise<void> {
  await expect(dialog).toBeVisible();
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
}

async function pressSignOut(page: Page): Promise<void> {
  await page.locator('.account > summary').click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
}

const signedOut = (page: Page) => expect(page).toHaveURL(/\/sign-in/);

test('another person on the same machine never sees the first one’s pages, whose unsent work stays', async ({
  signIn,
  newConversation,
  guard,
}) => {
  guard.allow(...NO_NETWORK, NO_SUCH);
  const { id } = await newConversation(shared);
  const { page, context, api } = await signIn('student-1');
  await page.goto(`/c/${id}`);
  await expectKept(page, `/c/${id}`);
  const first = (await api.me()).id;
  await putWork(page, first, 2, 0);

  await api.signIn('student-2');
  await page.goto('/');
  await expectKept(page, '/');
  expect(await keptUsers(page)).toEqual([(await api.me()).id]);
  expect(await unsentOf(page, first)).toBe(2);
  await context.setOffline(true);
  await page.goto(`/c/${id}`);
  await expectNotKept(page);
  await expect(page.getByRole('region', { name: 'On this device' }).getByRole('link')).toHaveText([/^Conversations/]);

  // Back again, the first person has to fetch their pages anew.
  await context.setOffline(false);
  await api.signIn('student-1');
  await page.goto('/');
  await expectKept(page, '/');
  await context.setOffline(true);
  await page.goto(`/c/${id}`);
  await expectNotKept(page);
  expect(await unsentOf(page, first)).toBe(2);
});

test('when a session has ended nothing is shown until the same person is back', async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK, NO_SUCH);
  const { id } = await newConversation(shared);
  const { page, context, api } = await signIn('student-1');
  await page.goto(`/c/${id}`);
  await expectKept(page, `/c/${id}`);
  const owner = await api.me();
  await context.clearCookies();
  await page.goto(`/c/${id}`);
  await signedOut(page);
  await expect.poll(async () => (await book(page))?.user).toBe('none');
  await putWork(page, owner.id, 2, 0);
  await context.setOffline(true);
  await page.goto(`/c/${id}`);
  await expectNobody(page);
  await expect(page.getByText('2 changes that were not sent are safe on this device')).toBeVisible();
  await expectAccessible(page, 'the page without a network of somebody who is signed out');
  await expect(page.getByRole('region', { name: 'On this device' })).toBeHidden();

  await context.setOffline(false);
  await api.signIn('student-1');
  await page.goto('/');
  await expectKept(page, '/');
  await context.setOffline(true);
  await page.goto(`/c/${id}`);
  await expect(page.getByText(lighthouse.weight)).toBeVisible();
});

test('what a session’s end left is not shown to whoever signs in by the form, before their first page is there', async ({
  ownServer,
  signIn,
  guard,
}) => {
  guard.allow(...NO_NETWORK);
  const { page, context, api } = await signIn('student-1', { server: ownServer });
  const id = await api.newConversation(shared);
  await page.goto(`/c/${id}`);
  await expectKept(page, `/c/${id}`);
  // The form is open from before; its answer never comes.
  const tab = await context.newPage();
  await tab.goto('/sign-in');
  await expect.poll(async () => (await book(tab))?.user).not.toBe('none');
  await ownServer.kill();
  await tab.getByRole('button', { name: 'Continue as Demo Student 2', exact: true }).click({ noWaitAfter: true });
  await expect.poll(async () => (await book(page))?.user).toBe('none');
  await page.reload();
  await expectNobody(page);
});

test('signing out takes away what the device keeps, also while other tabs are open', async ({
  signIn,
  newConversation,
  guard,
}) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const student = await signIn('student-1');
  const { page, context, api } = student;
  const { id: user } = await api.me();
  await student.open(id);
  const tab = await student.openInNewTab(id);
  await expectKept(page, `/c/${id}`);
  expect(await unsentOf(page, user)).toBe(0);

  await pressSignOut(page);
  await signedOut(page);
  await signedOut(tab.page);
  expect(await keptUsers(page)).toEqual([]);
  expect(await unsentOf(page, user)).toBeUndefined();
  expect((await api.get('/api/v1/me')).status()).toBe(401);
  await context.setOffline(true);
  await page.goto(`/c/${id}`);
  await expectNobody(page);
  await expect(page.getByText('not sent')).toBeHidden();
});

test('a look at the page while it signs out does not cut it off', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const student = await signIn('student-1');
  const { page, context, api } = student;
  const { id: user } = await api.me();
  // The worker does not answer, and meanwhile its person looks away and back.
  await context.addInitScript(() => {
    ServiceWorkerContainer.prototype.getRegistration = () => {
      dispatchEvent(new Event('focus'));
      return new Promise(() => undefined);
    };
  });
  const a = await student.open(id);
  await expectDocumentKept(page, user, id);
  await a.synced('saved');
  await page.evaluate((user) => {
    localStorage.setItem(`draft/${user}/import`, '{"title":"","text":"Mine alone."}');
    sessionStorage.setItem('told', '');
  }, user);
  await pressSignOut(page);
  await page.getByRole('dialog', { name: 'Sign out and lose work?' }).getByRole('button', { name: 'Sign out and discard them' }).click();
  // Nor is where this person was told to the next one.
  await expect(page).toHaveURL(/\/sign-in(\?|$)/);
  expect(new URL(page.url()).search).toBe('');
  expect(await page.evaluate(() => [Object.keys(localStorage).filter((key) => key.startsWith('draft/')), sessionStorage.getItem('told')])).toEqual([[], null]);
  expect(await unsentOf(page, user)).toBeUndefined();
});

test('signing out asks before it discards what was not sent', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(other);
  const { page, api } = await signIn('student-1');
  const { id: user } = await api.me();
  await page.goto(`/c/${id}`);
  await expectKept(page, `/c/${id}`);
  await page.goto('/');
  await expectKept(page, '/');
  await putWork(page, user, 3, 1);

  const dialog = page.getByRole('dialog', { name: 'Sign out and lose work?' });
  await pressSignOut(page);
  await expect(dialog.getByRole('listitem')).toHaveText(['3 changes not sent yet', '1 change refused, and kept here']);
  await expectDialog(page, dialog);
  await expectAccessible(page, 'the question before signing out');
  for (const leave of [() => dialog.getByRole('button', { name: 'Stay' }).click(), () => page.keyboard.press('Escape')]) {
    await leave();
    await expect(dialog).toBeHidden();
    expect(await unsentOf(page, user)).toBe(3);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await expect(dialog).toBeVisible();
  }
  expect((await api.me()).id, 'still signed in').toBe(user);

  await dialog.getByRole('button', { name: 'Sign out and discard them' }).click();
  await signedOut(page);
  expect(await unsentOf(page, user)).toBeUndefined();
  expect(await keptUsers(page)).toEqual([]);
});

test('what was written in a train is asked about, and is there after staying', async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const student = await signIn('student-1');
  const { id: user } = await student.api.me();
  const a = await student.open(id);
  await expectDocumentKept(student.page, user, id);
  await student.page.goto('/');
  await expectKept(student.page, '/', `/c/${id}`);
  await student.context.setOffline(true);
  await student.page.goto(`/c/${id}`);
  await expect(student.page.locator('html[data-hydrated]')).toBeAttached();
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  await expect(a.syncStatus).toHaveText('Offline · 1 unsent change');
  await expect.poll(() => unsentOf(student.page, user), 'on the disk').toBe(1);
  await student.page.goto('/');

  await student.context.setOffline(false);
  await pressSignOut(student.page);
  const dialog = student.page.getByRole('dialog');
  await expect(dialog.getByRole('listitem')).toHaveText(['1 change not sent yet']);
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await student.page.goto(`/c/${id}`);
  await a.synced('saved');
  await a.expectPainted(lighthouse.keeper);
  await expect.poll(() => unsentOf(student.page, user)).toBe(0);
});

test('without a network nobody is signed out, and nothing is taken away', async ({ ownServer, signIn, guard }) => {
  guard.allow(...NO_NETWORK);
  const { page, context, api } = await signIn('student-1', { server: ownServer });
  const { id: user } = await api.me();
  await page.goto('/');
  await expectKept(page, '/');
  await putWork(page, user, 1, 0);
  const dialog = page.getByRole('dialog', { name: 'You are still signed in' });
  const stay = async () => {
    await expectDialog(page, dialog);
    await expectAccessible(page, 'no signing out without a network');
    await dialog.getByRole('button', { name: 'Stay signed in' }).click();
    await expect(dialog).toBeHidden();
    expect(await unsentOf(page, user)).toBe(1);
    expect(await keptUsers(page)).toEqual([user]);
  };

  await context.setOffline(true);
  await pressSignOut(page);
  await stay();
  // The network is there, the server is not: that shows only when it is asked.
  await context.setOffline(false);
  await ownServer.kill();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out and discard them' }).click();
  await stay();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Conversations' })).toBeVisible();
});
