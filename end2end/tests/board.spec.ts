import type { Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { BoardPage } from '../board_page.ts';
import { expect, test } from '../fixtures.ts';
import { Outside } from '../outside.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;
const { weight, keeper, log } = lighthouse;

/** Marks three passages with the first tag; the names of the first three tags. */
async function threeOfOneTag(workspace: Workspace): Promise<[string, string, string]> {
  await workspace.selectText(weight);
  const [first = '', second = '', third = ''] = await workspace.tagNames();
  await workspace.clearSelection();
  for (const passage of [weight, keeper, log]) await workspace.highlight(passage);
  return [first, second, third];
}

test('an entry dragged along its column and to another one goes there for everybody', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  const [first, second] = await threeOfOneTag(a);
  const [mine, theirs] = [await BoardPage.open(a), await BoardPage.open(b)];
  for (const board of [mine, theirs]) await board.expectColumn(first, [weight, keeper, log]);

  await mine.drag(mine.entry(first, log), mine.entry(first, weight));
  for (const board of [mine, theirs]) await board.expectColumn(first, [log, weight, keeper]);

  await mine.drag(mine.entry(first, weight), mine.column(second), 30);
  for (const board of [mine, theirs]) {
    await board.expectColumn(first, [log, keeper]);
    await board.expectColumn(second, [weight]);
  }
  await expect(mine.button(second, weight)).toBeFocused();
  await mine.expectTold(`Moved: ${second}, 1 of 1.`);

  // A drag that is given up moves nothing.
  const [start, end] = [await mine.entry(first, keeper).boundingBox(), await mine.column(second).boundingBox()];
  await a.page.mouse.move((start?.x ?? 0) + 30, (start?.y ?? 0) + 14);
  await a.page.mouse.down();
  await a.page.mouse.move((end?.x ?? 0) + 40, (end?.y ?? 0) + 40, { steps: 5 });
  await expect(a.page.locator('.board-ghost')).toBeVisible();
  await a.page.keyboard.press('Escape');
  await expect(a.page.locator('.board-ghost')).toHaveCount(0);
  await a.page.mouse.up();
  await mine.expectColumn(first, [log, keeper]);

  await a.synced('saved');
  await b.reload();
  await (await BoardPage.open(b)).expectColumn(first, [log, keeper]);
  await theirs.expectColumn(second, [weight]);
});

test('by keyboard alone an entry moves, keeps the focus, and comes back by undo', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const [first, second] = await threeOfOneTag(a);
  const [mine, theirs] = [await BoardPage.open(a), await BoardPage.open(b)];
  const { keyboard } = a.page;

  await a.page.getByRole('tab', { name: 'Board' }).focus();
  // The hint has no stop; the columns have one, then the first entry.
  await keyboard.press('Tab');
  while (!(await mine.button(first, weight).evaluate((button) => button === document.activeElement))) await keyboard.press('Tab');
  await keyboard.press('Alt+ArrowDown');
  await mine.expectTold(`Moved: ${first}, 2 of 3.`);
  await expect(mine.button(first, weight)).toBeFocused();
  for (const board of [mine, theirs]) await board.expectColumn(first, [keeper, weight, log]);

  await keyboard.press('Alt+ArrowRight');
  await mine.expectTold(`Moved: ${second}, 1 of 1.`);
  await expect(mine.button(second, weight)).toBeFocused();
  await keyboard.press('Alt+ArrowUp');
  await mine.expectTold('It is the first already.');
  for (const board of [mine, theirs]) {
    await board.expectColumn(first, [keeper, log]);
    await board.expectColumn(second, [weight]);
  }

  await keyboard.press('Control+z');
  for (const board of [mine, theirs]) await board.expectColumn(first, [keeper, weight, log]);
  await keyboard.press('Control+z');
  for (const board of [mine, theirs]) await board.expectColumn(first, [weight, keeper, log]);
});

test('the dialog moves without drag and without keys to remember', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const [first, , third] = await threeOfOneTag(a);
  const board = await BoardPage.open(a);
  const dialog = a.page.getByRole('dialog', { name: 'Move to …' });

  await board.entry(first, weight).getByRole('button', { name: 'Move to …' }).click();
  await expect(dialog).toContainText(weight);
  await expectAccessible(a.page, 'board with the dialog open');
  await dialog.getByRole('button', { name: third }).click();
  await expect(dialog).toBeHidden();
  await board.expectColumn(third, [weight]);
  await expect(board.button(third, weight)).toBeFocused();

  await board.entry(first, log).getByRole('button', { name: 'Move to …' }).click();
  await dialog.getByRole('button', { name: 'Up', exact: true }).click();
  await board.expectColumn(first, [log, keeper]);
});

test('a highlight with two tags stands in both columns, and moving one onto the other makes it one', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const [first, second] = await threeOfOneTag(a);
  const card = a.card(weight);
  await a.comment(card, 'How heavy was it?');
  await card.getByRole('button', { name: 'More', exact: true }).click();
  await a.page.getByRole('menuitem', { name: 'Edit', exact: true }).click();
  await card.getByRole('checkbox', { name: second }).check();

  const board = await BoardPage.open(a);
  await board.expectColumn(first, [weight, keeper, log]);
  await board.expectColumn(second, [weight]);
  await expect(board.entry(second, weight)).toContainText('1 comment');
  await expect(board.entry(second, weight)).toContainText('Demo Student 1');
  await board.button(first, weight).focus();
  await a.page.keyboard.press('Alt+ArrowRight');
  await board.expectColumn(first, [keeper, log]);
  await board.expectColumn(second, [weight]);
});

test('the button of an entry shows its passage, and the board stays', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1', { viewport: { width: 1280, height: 420 } });
  const { page } = visitor;
  const a = await visitor.open(id);
  const [first] = await threeOfOneTag(a);
  const board = await BoardPage.open(a);
  // Pressed by a key: a mouse would have to scroll to it.
  await board.button(first, log).evaluate((button) => (button as HTMLElement).focus({ preventScroll: true }));
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
  await expect.poll(() => inSight(page, log)).toBe(false);
  await page.keyboard.press('Enter');
  await expect.poll(() => inSight(page, log)).toBe(true);
  await expect(board.button(first, log)).toBeVisible();
  await expect(board.entry(first, log)).toHaveAttribute('data-active', '');
});

test('a board whose code does not come says so, and comes at the second try', async ({ signIn, newConversation, guard }) => {
  const { id } = await newConversation(shared);
  const { page } = await signIn('student-1');
  guard.allow(/split_later/, /Failed to fetch/);
  await page.addInitScript(() => {
    const { fetch } = window;
    let failed = 0;
    window.fetch = async (...asked: Parameters<typeof fetch>) => {
      if (!String(asked[0]).includes('split_later') || failed === 2) return fetch(...asked);
      failed += 1;
      document.documentElement.dataset.failed = String(failed);
      throw new TypeError('Failed to fetch');
    };
  });
  await page.goto(`/c/${id}`);
  // Before anybody wants it; nothing is said of that.
  await expect(page.locator('html[data-hydrated][data-failed="1"]')).toBeAttached();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await Workspace.on(page).showTab('Board');
  await expect(page.getByRole('alert').filter({ hasText: 'This part of the page could not be loaded.' })).toBeVisible();
  await expectAccessible(page, 'a board that did not come');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('group', { name: 'Columns' })).toBeVisible();
});

test('who may only read sees the board, and nothing that moves', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [writer, reader] = [await signIn('instructor'), await signIn('student-1')];
  const [first] = await threeOfOneTag(await writer.open(id));
  // Nobody has this access yet: the page is told that they have, as the server will, before its tools start.
  await reader.page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      const main = document.querySelector('main[data-tools*="annotator"]');
      if (!main) return;
      main.setAttribute('data-tools', (main.getAttribute('data-tools') ?? '').replace('annotator', 'viewer'));
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  await reader.page.goto(`/c/${id}`);
  await expect(reader.page.locator('html[data-hydrated]')).toBeAttached();
  const board = await BoardPage.open(Workspace.on(reader.page));
  await board.expectColumn(first, [weight, keeper, log]);
  await expect(reader.page.getByRole('button', { name: 'Move to …' })).toHaveCount(0);
  await board.button(first, weight).focus();
  await reader.page.keyboard.press('Alt+ArrowDown');
  await board.drag(board.entry(first, log), board.entry(first, weight));
  await board.expectColumn(first, [weight, keeper, log]);
});

test('the board is accessible, and usable on the narrowest page by touch', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const wide = await (await signIn('instructor')).open(id);
  const [first, second] = await threeOfOneTag(wide);
  await BoardPage.open(wide);
  await expectAccessible(wide.page, 'board');

  const visitor = await signIn('student-1', { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true });
  const narrow = await visitor.open(id);
  await narrow.page.getByRole('tab', { name: 'Board' }).tap();
  const board = await BoardPage.open(narrow);
  await board.expectColumn(first, [weight, keeper, log]);
  await expectAccessible(narrow.page, 'board, 320 px');
  expect(await narrow.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);

  await board.entry(first, log).getByRole('button', { name: 'Move to …' }).tap();
  await narrow.page.getByRole('dialog', { name: 'Move to …' }).getByRole('button', { name: second }).tap();
  await board.expectColumn(second, [log]);
  // The board scrolls to what has the focus.
  await expect(board.button(second, log)).toBeFocused();

  // A finger takes the grip of the first entry, and goes below the second.
  await board.entry(first, weight).locator('.board-grip').scrollIntoViewIfNeeded();
  const grip = await board.entry(first, weight).locator('.board-grip').boundingBox();
  const below = await board.entry(first, keeper).boundingBox();
  if (!grip || !below) throw new Error('no grip');
  expect(Math.min(grip.width, grip.height), 'room for a finger').toBeGreaterThanOrEqual(44);
  const touch = await visitor.context.newCDPSession(narrow.page);
  const at = (x: number, y: number) => ({ touchPoints: [{ x, y }] });
  const [x, y] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', ...at(x, y) });
  for (let step = 1; step <= 6; step++) {
    const to = below.y + below.height * 0.8;
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', ...at(x, y + ((to - y) * step) / 6) });
  }
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await board.expectColumn(first, [keeper, weight]);
});

/** Whether a passage lies in the window. */
async function inSight(page: Page, passage: string): Promise<boolean> {
  const box = await page.locator('[data-canonical] :is(p, li)', { hasText: passage }).boundingBox();
  const height = page.viewportSize()?.height ?? 0;
  return box !== null && box.y > 40 && box.y + box.height < height;
}

test('what has no tag stands in a column of its own, from which it is put under one', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id, messages } = await newConversation(shared);
  const owner = await signIn('student-1');
  const [a, b] = await Promise.all([owner.open(id), signIn('student-2').then((visitor) => visitor.open(id))]);
  await a.selectText(weight);
  const [first = '', second = ''] = await a.tagNames();
  await a.clearSelection();
  const [mine, theirs] = [await BoardPage.open(a), await BoardPage.open(b)];
  await expect(mine.column('Untagged')).toHaveCount(0);
  const outside = await Outside.join(server, owner, id);
  try {
    const text = messages[1]?.text ?? '';
    for (const exact of [weight, keeper, log]) {
      outside.mark(messages[1]?.id ?? '', exact, { tags: [], start: [...text.slice(0, text.indexOf(exact))].length });
    }
    for (const board of [mine, theirs]) await board.expectColumn('Untagged', [weight, keeper, log]);
    // It comes before the first column, to where one sees it.
    await expect(mine.button('Untagged', weight)).toBeInViewport({ ratio: 1 });
    await mine.drag(mine.entry('Untagged', weight), mine.column(first), 30);
    for (const board of [mine, theirs]) {
      await board.expectColumn(first, [weight]);
      await board.expectColumn('Untagged', [keeper, log]);
    }
    // Nothing is put there.
    await mine.drag(mine.entry(first, weight), mine.column('Untagged'), 30);
    await mine.expectColumn('Untagged', [keeper, log]);
    await mine.button(first, weight).press('Alt+ArrowLeft');
    await mine.expectTold('There is no further column.');

    await mine.button('Untagged', keeper).press('Alt+ArrowDown');
    await mine.expectTold('Without a tag it has no place to move along: put it under a tag first.');
    await mine.button('Untagged', keeper).press('Alt+ArrowRight');
    await expect(mine.button(first, keeper)).toBeFocused();
    await mine.entry('Untagged', log).getByRole('button', { name: 'Move to …' }).click();
    const dialog = a.page.getByRole('dialog', { name: 'Move to …' });
    await expect(dialog.getByRole('button', { name: 'Up', exact: true })).toBeHidden();
    await dialog.getByRole('button', { name: second }).click();
    for (const board of [mine, theirs]) {
      await board.expectColumn(second, [log]);
      await expect(board.column('Untagged')).toHaveCount(0);
    }
    await a.page.keyboard.press('Control+z');
    for (const board of [mine, theirs]) await board.expectColumn('Untagged', [log]);
    await expectAccessible(a.page, 'a board with a highlight without a tag');
  } finally {
    outside.leave();
  }
});

test('three columns stand side by side on a small notebook, and the text stays where it was read', async ({ signIn, newConversation }) => {
  const filler = Array.from({ length: 20 }, (_, index) => `User: Question ${index}?\n\nAssistant: Answer ${index}, ${'and so on, '.repeat(60)}.\n`);
  const { id } = await newConversation({ title: 'Long', text: filler.join('\n'), share: 'class' });
  const visitor = await signIn('student-1', { viewport: { width: 1280, height: 800 } });
  const a = await visitor.open(id);
  const message = a.messages.nth(21);
  await message.evaluate((message) => message.scrollIntoView({ block: 'start', behavior: 'instant' }));
  const top = async () => (await message.boundingBox())?.y ?? 9_999;
  const before = await top();
  await a.showTab('Board');
  const columns = a.page.locator('.board-column');
  for (const column of [0, 1, 2]) await expect(columns.nth(column)).toBeInViewport({ ratio: 1 });
  for (const size of await columns.evaluateAll((all) => all.map((column) => column.clientWidth))) {
    expect(size, 'of a column').toBeGreaterThanOrEqual(14 * 16 - 1);
  }
  expect((await a.page.locator('.message-text').first().boundingBox())?.width, 'of the text').toBeGreaterThan(380);
  expect(await a.page.evaluate(() => document.documentElement.scrollWidth), 'nothing to the side').toBeLessThanOrEqual(1280);
  await expect.poll(async () => Math.abs((await top()) - before), 'moved').toBeLessThan(40);
  await a.showTab('Annotations');
  await expect.poll(async () => Math.abs((await top()) - before), 'moved back').toBeLessThan(40);
});
