import { randomUUID } from 'node:crypto';
import type { Page } from '@playwright/test';
import * as Y from 'yjs';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { expectKept, NO_NETWORK } from '../kept.ts';
import { joinWithYjs } from '../stock.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** A new id of version 7. */
const newId = () => randomUUID().replace(/^(.{14})4/, '$17');

const list = (page: Page) => page.getByRole('listbox', { name: 'People to mention', exact: true });
const options = (page: Page) => list(page).getByRole('option');
const bell = (page: Page) => page.getByRole('link', { name: /^Inbox/ });

test('somebody is mentioned by keyboard alone, hears of it at once, and finds the comment by the inbox', async ({
  signIn,
  newConversation,
}) => {
  // The whole page is judged six times.
  test.slow();
  const { id } = await newConversation(shared);
  const [ann, ben] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const a = await ann.open(id);
  // Read first, so that nothing of another journey counts.
  await ann.page.goto('/inbox');
  const all = ann.page.getByRole('button', { name: 'Mark all as read', exact: true });
  if (await all.isVisible()) await all.click();
  await expect(bell(ann.page)).toHaveAccessibleName('Inbox');
  await ann.open(id);
  const b = await ben.open(id);
  const card = await b.highlight(lighthouse.bell);
  const box = await b.openCard(card);

  await box.focus();
  const { keyboard } = b.page;
  await keyboard.type('Who wound it, @demo');
  await expect(options(b.page)).toHaveText([/Demo Instructor/, /Demo Student 1/]);
  await expect(box).toHaveAttribute('aria-activedescendant', (await options(b.page).nth(0).getAttribute('id')) ?? '-');
  await expectAccessible(b.page, 'people to mention');
  await keyboard.press('ArrowDown');
  await expect(options(b.page).nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(box).toHaveAttribute('aria-activedescendant', (await options(b.page).nth(1).getAttribute('id')) ?? '-');
  await keyboard.press('Enter');
  await expect(box).toHaveValue('Who wound it, @Demo Student 1 ');
  await expect(list(b.page)).toBeHidden();
  await expect(box).not.toHaveAttribute('aria-activedescendant');
  await keyboard.type('or you?');
  await keyboard.press('Control+Enter');
  await expect(card.locator('.comment-body')).toHaveText('Who wound it, @Demo Student 1 or you?');
  await expect(card.locator('.mention')).toHaveText('@Demo Student 1');
  await expect(card.locator('.mention')).not.toHaveAttribute('data-own');

  await expect(bell(a.page)).toHaveAccessibleName('Inbox, 1 unread');
  const there = a.card(lighthouse.bell);
  await a.takeInHand(there);
  await expect(there.locator('.mention[data-own]')).toHaveText('@Demo Student 1');
  await expectAccessible(a.page, 'one’s own mention');

  await bell(a.page).click();
  await expect(a.page).toHaveURL('/inbox');
  await a.page.waitForLoadState();
  await expectAccessible(a.page, 'the inbox');
  const notice = a.page.getByRole('main').getByRole('listitem').first();
  await expect(notice).toContainText('Demo Student 2 mentioned you');
  await expect(notice).toContainText('Who wound it, @Demo Student 1 or you?');
  await expect(notice).toContainText(lighthouse.title);
  await expect(notice).toContainText('New');
  await notice.getByRole('link').click();
  await expect(a.page).toHaveURL(/\/c\/[^#]+#h=[^&]+&c=.+$/);
  await expect(a.page.locator('.comment').filter({ hasText: 'Who wound it' })).toBeFocused();
  await expect(bell(a.page)).toHaveAccessibleName('Inbox');
});

test('an edit keeps the mention, one that takes it away takes the notice too, and an answer is heard of', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id } = await newConversation(shared);
  const [ann, ben] = await Promise.all([signIn('instructor'), signIn('student-2')]);
  const a = await ann.open(id);
  const b = await ben.open(id);
  const count = async () => (await (await ann.api.get('/api/v1/notices')).json()).unread as number;
  const before = await count();
  const card = await b.highlight(lighthouse.bell);
  await b.openCard(card);
  await b.commentBox(card).fill('See @Demo Instructor, please');
  await card.getByRole('button', { name: 'Post', exact: true }).click();
  await expect.poll(count).toBe(before + 1);

  await card.getByRole('button', { name: 'Edit comment', exact: true }).click();
  const box = card.getByRole('textbox', { name: 'Edit comment', exact: true });
  await expect(box).toHaveValue('See @Demo Instructor, please');
  await box.press('End');
  await box.pressSequentially(' do');
  await card.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(card.locator('.comment-body')).toHaveText('See @Demo Instructor, please do');
  await expect(a.card(lighthouse.bell).locator('.mention[data-own]')).toBeAttached();
  await expect(a.card(lighthouse.bell).locator('.comment-body')).toHaveText('See @Demo Instructor, please do');
  // Other programs find a link.
  const provider = joinWithYjs(server, id, await ann.api.token('reads'));
  await expect.poll(() => provider.synced).toBe(true);
  expect(JSON.stringify(provider.doc.getMap('highlights').toJSON())).toContain(
    `See [@Demo Instructor](mention:${(await ann.api.me()).id}), please do`,
  );
  provider.destroy();
  expect(await count()).toBe(before + 1);

  await card.getByRole('button', { name: 'Edit comment', exact: true }).click();
  await card.getByRole('textbox', { name: 'Edit comment', exact: true }).fill('See for yourself');
  await card.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(bell(a.page)).toHaveAccessibleName(before === 0 ? 'Inbox' : `Inbox, ${before} unread`);

  // She answers; his bell counts.
  const his = (await (await ben.api.get('/api/v1/notices')).json()).unread as number;
  await a.comment(a.card(lighthouse.bell), 'I do');
  await expect(bell(b.page)).toHaveAccessibleName(`Inbox, ${his + 1} unread`);
  await b.page.goto('/inbox');
  await expect(b.page.getByRole('main').getByRole('listitem').first()).toContainText('Demo Instructor replied');
  await b.page.getByRole('button', { name: 'Mark all as read', exact: true }).click();
  await expect(b.page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(b.page.getByText('New', { exact: true })).toHaveCount(0);
  await expect(bell(b.page)).toHaveAccessibleName('Inbox');
  await b.page.reload();
  await expect(bell(b.page)).toHaveAccessibleName('Inbox');
});

test('the list takes no key that is not meant for it', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const card = await a.highlight(lighthouse.bell);
  const box = await a.openCard(card);
  await box.focus();
  const { keyboard } = a.page;
  await keyboard.type('me@demo');
  await expect(list(a.page)).toBeHidden();
  await keyboard.press('Enter');
  await keyboard.type('@xyz');
  await expect(list(a.page)).toBeHidden();
  await keyboard.press('Enter');
  await keyboard.type('@Dem');
  await expect(options(a.page)).toHaveCount(2);
  // Sent away, it stays away for this name.
  await keyboard.press('Escape');
  await expect(list(a.page)).toBeHidden();
  await keyboard.type('o');
  await expect(list(a.page)).toBeHidden();
  await keyboard.press('Enter');
  await expect(box).toHaveValue('me@demo\n@xyz\n@Demo\n');
  // A name that is written out needs no help.
  await keyboard.type('@Demo Student 2');
  await expect(list(a.page)).toBeHidden();
  await keyboard.press('Enter');
  await keyboard.type('(@2');
  await expect(options(a.page)).toHaveText([/Demo Student 2/]);
  await keyboard.press('Tab');
  await expect(box).toHaveValue('me@demo\n@xyz\n@Demo\n@Demo Student 2\n(@Demo Student 2 ');
  await expect(box).toBeFocused();
  await keyboard.type('and @');
  await expect(options(a.page)).toHaveCount(2);
  // It goes with the focus, and nothing is chosen by that.
  await card.getByRole('button', { name: 'Post', exact: true }).focus();
  await expect(list(a.page)).toBeHidden();
  await box.focus();
  await keyboard.press('Backspace');
  await keyboard.type('@');
  await expect(options(a.page)).toHaveCount(2);
  await keyboard.press('Control+Enter');
  await expect(card.locator('.mention')).toHaveText(['@Demo Student 2', '@Demo Student 2']);
  await expect(list(a.page)).toBeHidden();
});

test('a finger chooses, on a narrow screen, and nothing cuts the list off', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1', { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true });
  const other = await (await signIn('student-2')).open(id);
  await other.comment(await other.highlight(lighthouse.bell), 'Here');
  const a = await visitor.open(id);
  await a.page.getByRole('tab', { name: 'Annotations', exact: true }).tap();
  const card = a.card(lighthouse.bell);
  const box = await a.openCard(card);
  await box.tap();
  await a.page.keyboard.type('@');
  await expect(options(a.page)).toHaveCount(2);
  const place = await list(a.page).boundingBox();
  expect(place?.x).toBeGreaterThanOrEqual(0);
  expect(place?.y).toBeGreaterThanOrEqual(0);
  expect((place?.x ?? 999) + (place?.width ?? 999)).toBeLessThanOrEqual(320);
  expect((place?.y ?? 999) + (place?.height ?? 999)).toBeLessThanOrEqual(568);
  // What is on top there is the list itself.
  const onTop = await options(a.page).nth(1).evaluate((option) => {
    const { left, top, width, height } = option.getBoundingClientRect();
    return option.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  });
  expect(onTop).toBe(true);
  await expectAccessible(a.page, 'people to mention, 320 px');
  await options(a.page).nth(1).tap();
  await expect(box).toHaveValue('@Demo Student 2 ');
  await expect(box).toBeFocused();
  expect(await a.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await a.page.goto('/inbox');
  await expectAccessible(a.page, 'the inbox, 320 px');
  expect(await a.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

test('a stock client’s mention arrives, and the inbox is read without a network', async ({
  signIn,
  newConversation,
  server,
  guard,
}) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const [ann, ben] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const b = await ben.open(id);
  await b.highlight(lighthouse.keeper);
  const highlight = (await b.card(lighthouse.keeper).getAttribute('data-highlight-id')) ?? '';
  await b.synced('saved');
  const unread = async () => (await (await ann.api.get('/api/v1/notices')).json()).notices as { excerpt: string }[];
  const me = (await ann.api.me()).id;
  const author = (await ben.api.conversation(id)).author_id;
  const again = joinWithYjs(server, id, await ben.api.token('writes again'));
  await expect.poll(() => again.synced).toBe(true);
  again.doc.transact(() => {
    const highlights = again.doc.getMap('highlights');
    const thread = (highlights.get(highlight) as Y.Map<unknown>).get('comments') as Y.Map<unknown>;
    const body = `From elsewhere, [@Ann](mention:${me})`;
    thread.set(newId(), new Y.Map(Object.entries({ author, created_at: Date.now(), body })));
  });
  await expect.poll(async () => (await unread())[0]?.excerpt).toBe('From elsewhere, @Ann');
  again.destroy();

  const { page, context } = ann;
  await page.goto('/inbox');
  await expectKept(page, '/inbox');
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByText('From elsewhere, @Ann')).toBeVisible();
  await page.getByRole('button', { name: 'Mark all as read', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached.');
  await context.setOffline(false);
});
