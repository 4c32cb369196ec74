import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

function shortcuts(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Keyboard shortcuts', exact: true });
}

async function rebind(page: Page, what: string, key: string): Promise<void> {
  await shortcuts(page).getByRole('button', { name: `Change the key of ${what}`, exact: true }).click();
  await expect(shortcuts(page).getByRole('button', { name: `Press a key for ${what}`, exact: true })).toBeFocused();
  await page.keyboard.press(key);
}

test('a question mark opens all shortcuts, and so does a button in the account menu', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const { page } = await (await signIn('student-1')).open(id);
  await page.keyboard.press('?');
  const dialog = shortcuts(page);
  await expect(dialog).toBeVisible();
  for (const label of ['Next highlight', 'Mark with tag 1', 'Undo', 'Redo as well', 'Post a comment', 'On the board: move an entry up or down']) {
    await expect(dialog.getByText(label, { exact: true })).toBeVisible();
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await page.locator('.account > summary').click();
  await page.getByRole('button', { name: 'Keyboard shortcuts', exact: true }).click();
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(dialog).toBeHidden();
});

test('keys go from highlight to highlight', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  for (const passage of [lighthouse.weight, lighthouse.bell]) await a.highlight(passage);
  await a.synced('saved');
  await a.reload();
  const active = a.page.locator('[data-highlight-id][data-active] blockquote');
  await a.page.keyboard.press('j');
  await expect(active).toHaveText(lighthouse.weight);
  await a.page.keyboard.press('j');
  await expect(active).toHaveText(lighthouse.bell);
  await a.page.keyboard.press('k');
  await expect(active).toHaveText(lighthouse.weight);
});

test('one switch turns single keys off, for this person alone, and the device remembers', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1');
  const a = await visitor.open(id);
  const other = await visitor.openInNewTab(id);
  await a.page.keyboard.press('?');
  await shortcuts(a.page).getByRole('switch', { name: /^Single-key shortcuts/ }).uncheck();
  await a.page.keyboard.press('Escape');

  for (const workspace of [a, other]) {
    await workspace.page.bringToFront();
    await workspace.selectText(lighthouse.weight);
    await expect(workspace.toolbar.locator('kbd')).toHaveCount(0);
    await workspace.page.keyboard.press('1');
    await workspace.page.keyboard.press('?');
  }
  await a.reload();
  await a.page.keyboard.press('?');
  await expect(shortcuts(a.page)).toBeHidden();
  // The other keys work on, and a mark made by the pointer is the first one.
  const card = await a.highlight(lighthouse.bell);
  await expect(card).toHaveCount(1);
  await expect(a.cards).toHaveCount(1);
  await a.page.keyboard.press('Control+z');
  await expect(a.cards).toHaveCount(0);
  await a.synced('saved');

  await other.page.close();
  await visitor.api.signIn('student-2');
  const b = await visitor.open(id);
  await b.page.keyboard.press('?');
  await expect(shortcuts(b.page).getByRole('switch')).toBeChecked();
});

test('a key is given to another shortcut, unless it is taken', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const { page } = a;
  await page.keyboard.press('?');
  const dialog = shortcuts(page);
  await rebind(page, 'Mark with tag 1', 'j');
  await expect(dialog.getByRole('alert')).toContainText('“j” is the key of “Next highlight” already');
  await rebind(page, 'Mark with tag 1', 'Escape');
  await expect(dialog, 'Escape gives up the change, not the dialog').toBeVisible();
  await rebind(page, 'Mark with tag 1', 'x');
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await page.keyboard.press('Escape');

  await a.reload();
  await a.selectText(lighthouse.weight);
  await expect(a.tagButton(1).locator('kbd')).toHaveText('x');
  await page.keyboard.press('1');
  await page.keyboard.press('x');
  await expect(a.card(lighthouse.weight)).toContainText('Claim');
  await expect(a.cards).toHaveCount(1);

  await page.keyboard.press('?');
  await dialog.getByRole('button', { name: 'Reset all keys', exact: true }).click();
  await expect(dialog.getByRole('switch')).toBeFocused();
  await page.keyboard.press('Escape');
  await a.selectText(lighthouse.bell);
  await page.keyboard.press('1');
  await expect(a.cards).toHaveCount(2);
});

test('in a text box every key is text', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const notes = await a.openNotes();
  await notes.focus();
  await a.page.keyboard.type('j?1');
  await expect.poll(() => a.notesText()).toBe('j?1');
  await expect(shortcuts(a.page)).toBeHidden();
});

test('the list is accessible, and fits on a narrow screen', async ({ signIn, newConversation }) => {
  // The whole page is judged six times.
  test.slow();
  const { id } = await newConversation(shared);
  const { page } = await (await signIn('student-1')).open(id);
  await page.keyboard.press('?');
  await rebind(page, 'Next highlight', 'k');
  await expect(shortcuts(page).getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'the shortcuts');
  await page.setViewportSize({ width: 320, height: 640 });
  await expectAccessible(page, 'the shortcuts, narrow');
  const wider = await shortcuts(page).evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(wider, 'nothing beside the dialog').toBe(0);
});

test('keys lead to what is open, to its thread and to every place to work in', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const { page } = a;
  for (const passage of [lighthouse.weight, lighthouse.bell, lighthouse.log]) await a.highlight(passage);
  await page.locator('.reading-title').click();
  const active = page.locator('[data-highlight-id][data-active]');
  await a.takeInHand(a.card(lighthouse.weight));
  await page.keyboard.press('j');
  await page.keyboard.press('e');
  await expect(a.card(lighthouse.bell)).toHaveAttribute('data-resolved', '');
  await page.keyboard.press('u');
  await expect(active.locator('blockquote')).toHaveText(lighthouse.log);
  await page.keyboard.press('i');
  await expect(active.locator('blockquote'), 'not the resolved one').toHaveText(lighthouse.weight);
  await page.keyboard.press('r');
  await expect(a.commentBox(a.card(lighthouse.weight))).toBeFocused();
  await page.keyboard.type('e is text here');
  await expect(a.commentBox(a.card(lighthouse.weight))).toHaveValue('e is text here');
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('j');
  await page.keyboard.press('e');
  await expect(a.card(lighthouse.bell)).not.toHaveAttribute('data-resolved');

  const tab = (name: string) => page.getByRole('tab', { name, exact: true });
  await page.keyboard.press('b');
  await expect(tab('Board')).toBeFocused();
  await expect(tab('Board')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('o');
  await expect(a.notes).toBeFocused();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('w');
  await expect(page.getByRole('textbox', { name: 'My response', exact: true })).toBeFocused();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('a');
  await expect(tab('Annotations')).toBeFocused();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search quotes and comments' })).toBeFocused();

  // They too get other keys.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('?');
  await rebind(page, 'Board', 'x');
  await page.keyboard.press('Escape');
  await page.keyboard.press('x');
  await expect(tab('Board')).toBeFocused();
});
