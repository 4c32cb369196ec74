import type { Locator, Page } from '@playwright/test';

import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('a text is edited while two read it and one is offline: what is marked stays, moves or is lost, and no word is', async ({
  guard,
  signIn,
  newConversation,
}) => {
  test.slow();
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation({ ...shared, by: 'instructor' });
  const [author, reader, train] = [await signIn('instructor'), await signIn('student-1'), await signIn('student-2')];
  const b = await reader.open(id);
  await b.comment(await b.highlight(lighthouse.weight), 'How heavy?');
  await b.highlight(lighthouse.keeper);
  await b.comment(await b.highlight(lighthouse.mercury), 'Poison!');
  await b.synced('saved');
  const a = await author.open(id);
  await expect(a.cards).toHaveCount(3);
  // Half a comment, and, in a train, a highlight on words that stay where they are, one on words that come to stand elsewhere,
  // one on words that go, and a note.
  await (await b.openCard(b.card(lighthouse.weight))).fill('Only begun');
  const c = await train.open(id);
  await c.whole();
  await train.context.setOffline(true);
  await c.synced('offline');
  await c.comment(await c.highlight(lighthouse.clockwork), 'Made in a train.');
  await c.highlight(lighthouse.bell);
  await c.highlight(lighthouse.oil);
  await (await c.openNotes()).fill('A note from the train.');

  const page = author.page;
  await page.getByRole('link', { name: 'Edit text', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Edit text', exact: true })).toBeVisible();
  const answer = page.getByRole('textbox', { name: 'Text of message 2', exact: true });
  await expect(page.getByRole('button', { name: 'Review and save', exact: true })).toBeDisabled();
  const text = (await answer.inputValue())
    .replace('wound the weight up again', 'wound the heavy weight up again')
    .replace('- The lens floated on a bath of mercury\n', '')
    .replace('- Oil was carried up the stairs by hand\n', '');
  await answer.fill(text);
  await expectAccessible(page, 'edit');
  // What is typed outlives the page.
  page.once('dialog', (dialog) => dialog.accept());
  await page.reload();
  await expect(page.getByText('What you typed before is here again, and not saved yet.')).toBeVisible();
  await expect(answer).toHaveValue(text);
  await page.getByRole('button', { name: 'Review and save', exact: true }).click();
  const report = page.getByRole('dialog', { name: 'What becomes of the highlights', exact: true });
  await expect(report).toContainText('1 highlight stays, 1 to confirm, 1 would be lost');
  await expect(report.getByRole('listitem').filter({ hasText: 'Lost:' })).toContainText(lighthouse.mercury);
  await expectAccessible(page, 'edit');
  await report.getByRole('button', { name: 'Save', exact: true }).click();
  await a.ready();
  await expect(a.messages.nth(1)).toContainText('wound the heavy weight up again');

  // Whoever has it open reads the new text, and goes on where they were.
  await expect(b.messages.nth(1)).toContainText('wound the heavy weight up again', { timeout: 20_000 });
  await b.ready();
  await expect(b.card(lighthouse.weight)).toHaveAttribute('data-anchor', 'exact');
  await expect(b.card(lighthouse.keeper)).toHaveAttribute('data-anchor', 'moved');
  await expect(b.card(lighthouse.mercury)).toHaveAttribute('data-anchor', 'lost');
  await expect(await b.openCard(b.card(lighthouse.weight))).toHaveValue('Only begun');
  await b.expectPainted(lighthouse.weight);

  // And from the train comes all that has a place, and the rest in words.
  await train.context.setOffline(false);
  await expect(c.messages.nth(1)).toContainText('wound the heavy weight up again', { timeout: 20_000 });
  await c.ready();
  await expect(a.card(lighthouse.clockwork)).toHaveAttribute('data-anchor', 'exact', { timeout: 20_000 });
  await expect(a.card(lighthouse.clockwork)).toContainText('Made in a train.');
  // Of the text that it was made on this page knows no more than what it marks: somebody is asked.
  await expect(a.card(lighthouse.bell)).toHaveAttribute('data-anchor', 'moved');
  expect(await (await a.openNotes()).inputValue()).toBe('A note from the train.');
  const away = c.page.getByRole('region', { name: 'While you were away', exact: true });
  await expect(away).toContainText('the words that this marks are not in it any more', { ignoreCase: true });
  await expect(away).toContainText(lighthouse.oil);

  // The text before is there, with all three.
  await a.page.reload();
  await a.ready();
  await a.page.getByRole('link', { name: 'Earlier texts', exact: true }).click();
  await a.page.getByRole('link', { name: /^Text 1/ }).click();
  await expect(a.page.getByText('An earlier text.')).toBeVisible();
  await expect(a.page.locator('mark')).toHaveText([lighthouse.weight, lighthouse.keeper, lighthouse.mercury]);
  await expect(a.page.getByText('Poison!')).toBeVisible();
  await expectAccessible(a.page, 'an earlier text');
});

test('messages are split, merged, moved, added and removed by keys and buttons, and a second editor loses nothing', async ({
  guard,
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation({ ...shared, by: 'instructor' });
  const author = await signIn('instructor', { viewport: { width: 390, height: 800 } });
  const { page } = author;
  await page.goto(`/c/${id}/edit`);
  const box = (number: number) => page.getByRole('textbox', { name: `Text of message ${number}`, exact: true });
  const act = (name: string) => page.getByRole('button', { name, exact: true });
  await box(2).evaluate((area: HTMLTextAreaElement) => {
    area.focus();
    const at = area.value.indexOf('The keeper');
    area.setSelectionRange(at, at);
  });
  await page.keyboard.press('Control+Enter');
  await expect(box(3)).toBeFocused();
  await expect(box(3)).toHaveValue(/^The keeper wound/);
  await page.keyboard.press('Alt+ArrowUp');
  await expect(box(2)).toBeFocused();
  await expect(box(2)).toHaveValue(/^The keeper wound/);
  await act('Merge message 2 with the next').click();
  await expect(box(2)).toHaveValue(/somebody had to wind\.\n\n🗼 A clockwork/);
  await act('Remove message 1').click();
  await expect(page.locator('[data-status]')).toHaveText('Message 1 was removed. Undo takes that back.');
  await act('Undo').click();
  await expect(box(1)).toHaveValue(/^What kept/);
  await act('Add a message').click();
  await expect(box(3)).toBeFocused();
  await page.keyboard.insertText('Written *here*.');
  await page.getByRole('combobox', { name: 'Role of message 3', exact: true }).selectOption('Source');
  expect(await page.evaluate(() => document.documentElement.scrollWidth), 'nothing stands out').toBeLessThanOrEqual(390);
  await expectAccessible(page, 'edit');

  // Somebody else was faster.
  guard.allow(/status of 409/);
  const other = await author.api.conversation(id);
  const messages = other.messages.map(({ id: from, role, markdown }) => ({ from: [from], role, markdown: markdown.replace('lamp', 'lantern') }));
  const path = `${author.api.origin}/api/v1/conversations/${id}/text`;
  const saved = await author.api.request.put(path, { data: { base: 1, messages }, headers: { Origin: author.api.origin } });
  expect(saved.status()).toBe(200);
  await act('Review and save').click();
  await expect(page.getByRole('alert')).toContainText('Somebody else has edited this text meanwhile. What you typed is kept on this device.');
  await act('Load their text, and keep mine').click();
  await expect(box(1)).toHaveValue(/lantern/);
  await act('Put mine in its place').click();
  await expect(box(3)).toHaveValue('Written *here*.');
  await act('Review and save').click();
  const report = page.getByRole('dialog', { name: 'What becomes of the highlights', exact: true });
  await report.getByText('The messages that you changed, as they will be read').click();
  await expect(report.locator('em')).toHaveText('here');
  await report.getByRole('button', { name: 'Save', exact: true }).click();
  const workspace = Workspace.on(page);
  await workspace.ready();
  await expect(workspace.messages).toHaveCount(3);
  await expect(workspace.messages.nth(2)).toContainText('Written here.');
});

test('what two tabs typed is kept of each, though somebody else was faster', async ({ signIn, newConversation, guard }) => {
  guard.allow(/status of 409/);
  const { id } = await newConversation({ ...shared, by: 'instructor' });
  const author = await signIn('instructor');
  const [a, b] = [author.page, await author.context.newPage()];
  const box = (page: Page) => page.getByRole('textbox', { name: 'Text of message 1', exact: true });
  const act = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  for (const [page, words] of [[a, 'Of the first tab.'], [b, 'Of the second tab.']] as const) {
    await page.goto(`/c/${id}/edit`);
    await box(page).fill(words);
  }
  const { messages } = await author.api.conversation(id);
  const theirs = messages.map(({ id: from, role, markdown }) => ({ from: [from], role, markdown: markdown.replace('lamp', 'lantern') }));
  const path = `${author.api.origin}/api/v1/conversations/${id}/text`;
  const saved = await author.api.request.put(path, { data: { base: 1, messages: theirs }, headers: { Origin: author.api.origin } });
  expect(saved.status()).toBe(200);
  for (const page of [a, b]) {
    await act(page, 'Review and save').click();
    await act(page, 'Load their text, and keep mine').click();
    await expect(box(page)).toHaveValue(/lantern/);
  }
  for (const [page, words] of [[a, 'Of the first tab.'], [b, 'Of the second tab.']] as const) {
    await act(page, 'Put mine in its place').click();
    await expect(box(page)).toHaveValue(words);
  }
  // One lies on the other, until its author says what becomes of it.
  b.on('dialog', (dialog) => void dialog.accept());
  await b.reload();
  await expect(box(b)).toHaveValue('Of the second tab.');
  await act(b, 'Discard mine').click();
  await expect(box(b)).toHaveValue(/lantern/);
  await act(b, 'Discard mine').click();
  await act(b, 'Put mine in its place').click();
  await expect(box(b)).toHaveValue('Of the first tab.');
});

test('undo takes typed words back as it does any other act, and redo does them again', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ ...shared, by: 'instructor' });
  const { page } = await signIn('instructor');
  await page.goto(`/c/${id}/edit`);
  const box = (number: number) => page.getByRole('textbox', { name: `Text of message ${number}`, exact: true });
  const [undo, redo] = ['Undo', 'Redo'].map((name) => page.getByRole('button', { name, exact: true })) as [Locator, Locator];
  await expect(undo).toBeDisabled();
  await box(2).evaluate((area: HTMLTextAreaElement) => {
    area.focus();
    const at = area.value.indexOf('The keeper');
    area.setSelectionRange(at, at);
  });
  await page.keyboard.press('Control+Enter');
  await expect(box(3)).toBeFocused();
  await page.keyboard.insertText('Typed, ');
  await page.keyboard.insertText('and typed. ');
  await expect(box(3)).toHaveValue(/^Typed, and typed\. The keeper/);
  await undo.click();
  await expect(box(3), 'the words alone').toHaveValue(/^The keeper wound/);
  await undo.click();
  await expect(box(3)).toHaveCount(0);
  await expect(undo).toBeDisabled();
  await redo.click();
  await redo.click();
  await expect(box(3)).toHaveValue(/^Typed, and typed\. The keeper/);
  await expect(redo).toBeDisabled();
  // It is kept on the device as it stands.
  await undo.click();
  page.once('dialog', (dialog) => dialog.accept());
  await page.reload();
  await expect(box(3)).toHaveValue(/^The keeper wound/);
  // Whoever types goes on from there.
  await box(1).fill('Otherwise.');
  await undo.click();
  await expect(box(1)).toHaveValue(/^What kept/);
  await box(1).fill('Otherwise again.');
  await expect(redo).toBeDisabled();
});

test('a report that is not true any more is not confirmed, and an earlier text is protected as the present one', async ({
  guard,
  signIn,
  newConversation,
}) => {
  guard.allow(/status of 409/);
  const { id } = await newConversation({ ...shared, by: 'instructor' });
  const [author, reader] = await Promise.all([signIn('instructor'), signIn('student-1')]);
  const { page } = author;
  await page.goto(`/c/${id}/edit`);
  const answer = page.getByRole('textbox', { name: 'Text of message 2', exact: true });
  await answer.fill((await answer.inputValue()).replace('- The lens floated on a bath of mercury\n', ''));
  await page.getByRole('button', { name: 'Review and save', exact: true }).click();
  const report = page.getByRole('dialog', { name: 'What becomes of the highlights', exact: true });
  await expect(report).toContainText('0 highlights stay.');
  const b = await reader.open(id);
  await b.highlight(lighthouse.mercury);
  await b.synced('saved');
  const save = report.getByRole('button', { name: 'Save', exact: true });
  await save.click();
  await expect(report).toContainText('has changed since you looked');
  await expect(report.getByRole('listitem').filter({ hasText: 'Lost:' })).toContainText(lighthouse.mercury);
  await expectAccessible(page, 'edit');
  await save.click();
  await Workspace.on(page).ready();
  await expect(b.card(lighthouse.mercury)).toHaveAttribute('data-anchor', 'lost', { timeout: 20_000 });

  await page.goto(`/c/${id}/share`);
  const form = page.getByRole('form', { name: 'Copying', exact: true });
  await form.getByLabel('Protect the text against copying').check();
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(b.page.locator('main[data-protected]')).toBeAttached();
  for (const { page, is } of [{ page: reader.page, is: 'none' }, { page: author.page, is: 'auto' }]) {
    await page.goto(`/c/${id}/revisions/1`);
    const text = page.locator('.message-text').first();
    await expect(text).toHaveCSS('user-select', is);
    await expect(page.locator('blockquote').first()).toHaveCSS('user-select', is);
    await page.emulateMedia({ media: 'print' });
    await expect(text).toBeVisible({ visible: is === 'auto' });
    await page.emulateMedia({ media: 'screen' });
  }
});
