import type { Page } from '@playwright/test';
import { admin } from '../admin.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { book, expectKept } from '../kept.ts';
import { lighthouse } from '../texts.ts';

/** Chromium reports each answer of 400 and more as a console error; here they are asked for. */
const REFUSED = /status of 4\d\d/;

const own = { text: lighthouse.text, share: 'none', by: 'student-1' } as const;

test('a conversation is renamed where it stands in the list, by keyboard', async ({ signIn, newConversation, guard }) => {
  guard.allow(REFUSED);
  const { id } = await newConversation({ ...own, title: 'Before' });
  const { page } = await signIn('student-1');
  await page.goto('/');
  const line = page.getByRole('listitem').filter({ has: page.locator(`a[href="/c/${id}"]`) });
  const rename = line.getByRole('button', { name: 'Rename Before' });
  await rename.focus();
  await page.keyboard.press('Enter');
  const title = line.getByRole('textbox', { name: 'Title' });
  await expect(title).toBeFocused();
  await expect(title).toHaveValue('Before');
  await expectAccessible(page, 'home with a title that is being changed');
  await title.fill('   ');
  await page.keyboard.press('Enter');
  await expect(line.getByRole('alert')).toContainText('1 to 200');
  await expect(title).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(rename).toBeFocused();

  await page.keyboard.press('Enter');
  await title.fill('After the storm');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Renamed to After the storm.' })).toBeVisible();
  await expect(line.getByRole('button', { name: 'Rename After the storm' })).toBeFocused();
  await page.reload();
  await line.getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'After the storm' })).toBeVisible();

  const other = await signIn('student-2');
  const { id: shared } = await newConversation({ ...own, title: 'Not yours', share: 'class' });
  await other.page.goto('/?list=shared');
  const theirs = other.page.getByRole('listitem').filter({ has: other.page.locator(`a[href="/c/${shared}"]`) });
  await expect(theirs).toBeVisible();
  await expect(theirs.getByRole('button')).toHaveCount(0);
});

test('a long list goes on below, with scripts and without', async ({ signIn, ownServer }) => {
  test.slow();
  const { page, api } = await signIn('student-1', { server: ownServer });
  const titles = Array.from({ length: 62 }, (_, number) => `Talk number ${number}.`);
  for (const title of titles) await api.newConversation({ title, text: lighthouse.text, share: 'none' });
  await page.goto('/?list=mine');
  const lines = page.getByRole('region', { name: 'My work' }).getByRole('listitem');
  await expect(lines).toHaveCount(60);
  await page.getByRole('link', { name: 'More: My work' }).click();
  await expect(page.getByRole('status').filter({ hasText: / more\.$/ })).toBeVisible();
  await expect(page.getByText('Talk number 0.')).toBeVisible();
  await expect(lines.nth(60).getByRole('link'), 'where it went on').toBeFocused();
  await expect(lines.nth(60).getByRole('button', { name: /^Rename/ })).toBeVisible();

  const plain = await signIn('student-1', { server: ownServer, javaScriptEnabled: false });
  await plain.page.goto('/?list=mine');
  await plain.page.getByRole('link', { name: 'More: My work' }).click();
  await expect(plain.page.getByText('Talk number 0.')).toBeVisible();
  await expect(plain.page.getByText('Talk number 61.')).toHaveCount(0);
  await plain.page.getByRole('link', { name: 'Newest' }).click();
  await expect(plain.page.getByText('Talk number 61.')).toBeVisible();
});

test('what was opened last comes first', async ({ signIn, newConversation }) => {
  const older = await newConversation({ ...own, title: 'Older, opened last' });
  const newer = await newConversation({ ...own, title: 'Newer, opened before' });
  const student = await signIn('student-1');
  await student.page.goto(`/c/${newer.id}`);
  await student.page.goto(`/c/${older.id}`);
  await student.page.goto('/');
  await student.page.getByRole('link', { name: 'Recent' }).click();
  await expect(student.page.getByRole('link', { name: 'Recent' })).toHaveAttribute('aria-current', 'page');
  const links = student.page.getByRole('region', { name: 'Recent' }).getByRole('listitem').getByRole('link');
  await expect(links.nth(0)).toHaveAttribute('href', `/c/${older.id}`);
  await expect(links.nth(1)).toHaveAttribute('href', `/c/${newer.id}`);
});

/** Each list on a narrow page: nothing to scroll sideways, and nothing that axe finds. */
async function expectListsFit(page: Page, whose: string): Promise<void> {
  for (const at of ['/', '/?list=recent', '/?list=mine', '/?list=shared']) {
    await page.goto(at);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), at).toBeLessThanOrEqual(0);
    await expectAccessible(page, `${at} of ${whose}`);
  }
}

test('full lists are accessible and fit on a narrow screen', async ({ signIn, newConversation }) => {
  await newConversation({ ...own, title: `A title of many words, ${'and again '.repeat(12)}`, share: 'class' });
  const { page } = await signIn('student-1', { viewport: { width: 320, height: 700 } });
  await expectListsFit(page, 'somebody with conversations');
});

test('empty lists are accessible and fit on a narrow screen', async ({ signIn, ownServer }) => {
  const { page } = await signIn('student-2', { viewport: { width: 320, height: 700 }, server: ownServer });
  await expectListsFit(page, 'somebody new');
});

test('whoever is banned is shown out of an open page, and comes back by a link when they may again', async ({ signIn, visit, ownServer, guard }) => {
  guard.allow(REFUSED);
  const student = await signIn('student-1', { server: ownServer });
  const id = await student.api.newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'none' });
  const work = await student.open(id);
  await work.highlight(lighthouse.weight);
  await work.synced('saved');
  await admin(ownServer, 'ban', 'student-1@demo.invalid');
  await work.synced('error');
  await expect(work.syncStatus).toHaveText('Your access has ended');
  await expect(work.page.getByText(lighthouse.weight)).toHaveCount(0);
  await student.page.goto('/');
  await expect(student.page.getByRole('heading', { name: 'Account closed' })).toBeVisible();
  await expectAccessible(student.page, 'an account that is closed');
  await student.page.getByRole('button', { name: 'Sign in as somebody else' }).click();
  await student.page.getByRole('button', { name: 'Continue as Demo Student 1' }).click();
  await expect(student.page.getByRole('heading', { name: 'Account closed' }), 'the way in is closed too').toBeVisible();

  await admin(ownServer, 'unban', 'student-1@demo.invalid');
  const { link } = await admin(ownServer, 'sign-in-link', 'student-1@demo.invalid');
  const { page } = await visit({ server: ownServer });
  await page.goto(String(link));
  await expect(page).toHaveURL(/\/sign-in\/link$/);
  await expect(page.getByText('Demo Student 1')).toBeVisible();
  await expectAccessible(page, 'a link of the people who run the server');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Conversations' })).toBeVisible();
  await expect(page.locator(`a[href="/c/${id}"]`)).toBeVisible();
  await page.goto(String(link));
  await expect(page.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible();
});

test('what is to be done stands above everything, with the time at which it closes where the reader is', async ({ signIn, ownServer }) => {
  test.slow();
  const teacher = await signIn('instructor', { server: ownServer });
  const student = await signIn('student-1', {
    server: ownServer,
    timezoneId: 'Asia/Tokyo',
    locale: 'en-GB',
    viewport: { width: 320, height: 700 },
  });
  const { page } = student;
  await page.goto('/?list=todo');
  await expect(page.getByText('Nothing to do: what your classes give you is listed here while it is open.')).toBeVisible();
  await expectAccessible(page, 'nothing to do');

  const template = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const { classes } = await (await teacher.api.get('/api/v1/classes')).json();
  const give = async (title: string, closes_at?: string) => {
    const settings = { title, template, mode: 'individual', closes_at };
    const made = await teacher.api.post(`/api/v1/classes/${classes[0].id}/activities`, settings);
    expect(made.status(), await made.text()).toBe(201);
  };
  await give('Whenever you like');
  await give('Close reading', '2100-03-02T18:30:00Z');
  for (let number = 0; number < 8; number += 1) await give(`One more, ${number}`, `2100-04-0${number + 1}T00:00:00Z`);

  await page.goto('/');
  const list = page.getByRole('region', { name: 'To do' });
  const first = list.getByRole('listitem').first();
  await expect(first).toContainText('Close reading');
  await expect(first).toContainText('Demo class');
  await expect(first).toContainText('Not started');
  await expect(first.getByRole('time'), 'half past six in the evening is the next morning in Tokyo').toHaveText(/3 Mar 2100,? 0?3:30/);
  await expect(list.getByRole('listitem')).toHaveCount(8);
  await expectAccessible(page, 'home with something to do');
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await list.getByRole('link', { name: 'More: To do' }).click();
  await expect(list.getByRole('listitem')).toHaveCount(10);
  await expect(list.getByRole('listitem').nth(8).getByRole('time'), 'what comes later is told so too').not.toContainText('UTC');
  await expect(list.getByRole('listitem').nth(9), 'what never closes is last').toContainText('Whenever you like');

  await first.getByRole('link').click();
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page).toHaveURL(/\/c\//);
  await page.goto('/');
  await expect(first).toContainText(/Close reading.*Started/s);
  await expect(first).not.toContainText('Not started');
  await teacher.page.goto('/');
  await expect(teacher.page.getByRole('heading', { name: 'Conversations', level: 1 })).toBeVisible();
  await expect(teacher.page.getByRole('region', { name: 'To do' }), 'staff give tasks').toHaveCount(0);
});

test('a title that somebody changes is another at once for whoever has the conversation open', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ ...own, title: 'Before', share: 'class' });
  const [owner, peer] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const a = await peer.open(id);
  await a.comment(await a.highlight(lighthouse.keeper), 'Half a thought.');
  await a.synced('saved');
  await owner.page.goto('/');
  const line = owner.page.getByRole('listitem').filter({ has: owner.page.locator(`a[href="/c/${id}"]`) });
  await line.getByRole('button', { name: 'Rename Before' }).click();
  await line.getByRole('textbox', { name: 'Title' }).fill('After <the> storm');
  await line.getByRole('button', { name: 'Save' }).click();

  const { page } = peer;
  await expect(page.getByRole('heading', { level: 1, name: 'After <the> storm' })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Breadcrumb' })).toHaveText('After <the> storm');
  await expect(page).toHaveTitle('After <the> storm · PromptGrimoire');
  await expect(page.getByRole('log', { name: 'Announcements' })).toContainText('Renamed to After <the> storm');
  await a.synced('saved');
});

test('a conversation that is thrown away from the list leaves this device, and what went wrong is said beside the way back', async ({
  signIn,
  ownServer: server,
  guard,
}) => {
  guard.allow(REFUSED);
  const ann = await signIn('student-1', { server });
  const { page } = ann;
  const id = await ann.api.newConversation({ title: 'A draft', text: lighthouse.text, share: 'none' });
  await page.goto(`/c/${id}`);
  await expectKept(page, `/c/${id}`);
  await page.goto('/');
  // Answers that do not come.
  await page.evaluate(() => {
    const { fetch } = window;
    window.fetch = (...asked) => (document.documentElement.dataset.cut ? Promise.reject(new TypeError('no answer')) : fetch(...asked));
  });
  const cut = (isCut: boolean) => page.evaluate((cut) => (document.documentElement.dataset.cut = cut), isCut ? 'yes' : '');
  const lines = page.locator(`li[data-conversation="${id}"]`);
  const throwAway = async () => {
    await lines.first().getByRole('button', { name: 'Delete A draft' }).click();
    await page.getByRole('dialog', { name: 'Move it to the trash?' }).getByRole('button', { name: 'Move to the trash' }).click();
  };

  // Nobody knows whether it arrived.
  await cut(true);
  await throwAway();
  const status = page.locator('[data-home-status]');
  await expect(status).toContainText('it is not known whether this was done');
  await expect(lines.first().getByRole('button', { name: 'Delete A draft' })).toBeFocused();
  expect((await book(page))?.pages[`/c/${id}`]).toBeDefined();
  await cut(false);

  await throwAway();
  await expect(status).toContainText('A draft is in the trash.');
  await expect.poll(async () => Object.keys((await book(page))?.pages ?? {}).filter((path) => path.startsWith('/c/'))).toEqual([]);
  await cut(true);
  const undo = status.getByRole('button', { name: 'Undo' });
  await undo.click();
  await expect(status).toContainText('it is not known whether this was done');
  await expect(undo).toBeFocused();
  await cut(false);
  await undo.click();
  await expect(status).toHaveText('A draft is back.');
});
