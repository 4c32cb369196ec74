import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { BoardPage } from '../board_page.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** Presses Tab, or another key, until the element has the focus. */
async function goTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 120; presses++) {
    if (await target.evaluateAll((found) => found.some((element) => element === document.activeElement))) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not reach ${target}`);
}

test('from the first word to the file by keyboard alone: select, tag, comment, resolve, sort, take away', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const { page } = a;
  const { keyboard } = page;

  // Two passages: one by the toolbar, one by a digit.
  await goTo(page, a.messages.nth(1));
  await keyboard.press('Control+ArrowRight');
  await keyboard.press('Control+Shift+ArrowRight');
  await keyboard.press('Enter');
  const tags = await a.tagNames();
  const [first = '', second = ''] = tags;
  // The toolbar may stand there before the focus is in it: until then arrows are the text's.
  await expect(a.tagButton(1)).toBeFocused();
  await goTo(page, a.tagButton(2), 'ArrowRight');
  await keyboard.press('Enter');
  await expect(a.cards).toHaveCount(1);
  const [sentence = ''] = await a.quotes();
  await a.expectPainted(sentence);
  await expect(b.card(sentence)).toContainText(second);

  // Comment.
  const card = a.card(sentence);
  await goTo(page, a.commentBox(card));
  await keyboard.type('Without a mouse');
  await keyboard.press('Control+Enter');
  await expect(b.card(sentence).getByText('Without a mouse', { exact: true })).toBeAttached();

  // Resolve, by the card's menu.
  await goTo(page, card.getByRole('button', { name: 'More', exact: true }), 'Shift+Tab');
  await keyboard.press('Enter');
  await goTo(page, page.getByRole('menuitem', { name: 'Resolve', exact: true }), 'ArrowDown');
  await keyboard.press('Enter');
  await expect(card.getByText('Resolved', { exact: true })).toBeVisible();
  await expect(b.card(sentence)).toHaveAttribute('data-resolved', '');

  // The board: under another tag.
  await goTo(page, page.getByRole('tab', { selected: true }), 'Shift+Tab');
  await goTo(page, page.getByRole('tab', { name: 'Board', exact: true }), 'ArrowRight');
  if ((await page.getByRole('tab', { name: 'Board', exact: true }).getAttribute('aria-selected')) !== 'true') await keyboard.press('Enter');
  const board = await BoardPage.open(a);
  await goTo(page, board.button(second, sentence));
  await keyboard.press('Alt+ArrowLeft');
  await board.expectColumn(first, [sentence]);
  await expect(b.card(sentence)).toContainText(first);
  await keyboard.press('Control+z');
  await board.expectColumn(second, [sentence]);
  await expect(b.card(sentence)).toContainText(second);

  // Take it away.
  await goTo(page, page.getByRole('button', { name: 'Export', exact: true }), 'Shift+Tab');
  const [download] = await Promise.all([page.waitForEvent('download'), keyboard.press('Enter')]);
  const file = await readFile(await download.path(), 'utf8');
  expect(file).toContain(sentence);
  expect(file).toContain('Without a mouse');
  await a.synced('saved');
});

test('a selection by keys goes on into the next message, and back', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const { page } = a;
  const { keyboard } = page;
  const selected = () => page.evaluate(() => getSelection()?.toString().replaceAll(/\s+/g, ' ').trim() ?? '');
  await goTo(page, a.messages.first());
  await keyboard.press('Control+ArrowRight');
  const question = await selected();
  expect(question).toContain(lighthouse.question);
  await keyboard.press('Control+Shift+ArrowRight');
  await expect.poll(selected).toContain(lighthouse.clockwork);
  expect((await selected()).startsWith(question)).toBe(true);
  await keyboard.press('Control+Shift+ArrowRight');
  await expect.poll(selected).toContain(lighthouse.weight);
  await keyboard.press('Control+Shift+ArrowLeft');
  await expect.poll(selected).not.toContain(lighthouse.weight);
  await keyboard.press('1');
  await expect(a.cards).toHaveCount(1);
  const [quote = ''] = await a.quotes();
  expect(quote).toContain(lighthouse.question);
  expect(quote).toContain(lighthouse.clockwork);
});
