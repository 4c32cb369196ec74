import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;
const { weight, keeper, mercury, log } = lighthouse;

/** The row above the cards. */
class FilterRow {
  readonly row: Locator;
  readonly words: Locator;
  readonly clear: Locator;

  constructor(readonly page: Page) {
    this.row = page.getByRole('search', { name: 'Find highlights' });
    this.words = this.row.getByRole('searchbox', { name: 'Search quotes and comments' });
    this.clear = this.row.getByRole('button', { name: 'Clear the filter' });
  }

  async openFacets(): Promise<void> {
    await this.row.getByRole('button', { name: /^Filter/ }).click();
  }

  chip(name: string): Locator {
    return this.row.getByRole('button', { name, exact: true });
  }

  async expectCount(shown: number, all: number): Promise<void> {
    await expect(this.row.locator('.filter-count')).toHaveText(`${shown} of ${all}`);
  }

  async expectTold(text: string | RegExp): Promise<void> {
    await expect(this.page.getByRole('log', { name: 'Announcements' })).toHaveText(text);
  }
}

/** These cards and no others are in the list, in the order of the text. */
async function expectShown(workspace: Workspace, passages: string[]): Promise<void> {
  await expect.poll(() => workspace.quotes()).toEqual(passages);
}

async function nameOfTag(workspace: Workspace, number: number): Promise<string> {
  await workspace.selectText(weight);
  const name = (await workspace.tagNames())[number - 1] ?? '';
  await workspace.clearSelection();
  return name;
}

test('cards are found by tag, author, words and state, and the rest is neither listed nor painted', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  const first = await nameOfTag(a, 1);
  await a.highlight(weight, 1);
  await a.highlight(log, 2);
  await b.highlight(keeper, 1);
  await b.comment(b.card(log), 'A ledger, surely');
  await expectShown(a, [weight, keeper, log]);
  const filter = new FilterRow(a.page);
  await filter.expectCount(3, 3);

  await filter.words.fill('LEDGER');
  await expectShown(a, [log]);
  await filter.expectCount(1, 3);
  await filter.expectTold('1 of 3 highlights.');
  await a.expectPainted(log);
  await a.expectNotPainted(weight);
  await filter.clear.click();
  await expectShown(a, [weight, keeper, log]);
  await a.expectPainted(weight);

  await filter.openFacets();
  await filter.chip(first).click();
  await expect(filter.chip(first)).toHaveAttribute('aria-pressed', 'true');
  await expectShown(a, [weight, keeper]);
  // What others do comes in if it matches, and is counted if not.
  await b.highlight(mercury, 3);
  await filter.expectCount(2, 4);
  await a.expectNotPainted(mercury);
  await filter.row.getByRole('combobox', { name: 'Author' }).selectOption({ label: 'Demo Student 1' });
  await expectShown(a, [keeper]);
  await filter.chip(first).click();
  await expectShown(a, [keeper, mercury, log]);
  await filter.clear.click();

  await filter.chip('Unresolved').click();
  await expectShown(a, [weight, keeper, mercury, log]);
  const card = b.card(mercury);
  await b.openCard(card);
  await card.getByRole('button', { name: 'More', exact: true }).click();
  await b.page.getByRole('menuitem', { name: 'Resolve', exact: true }).click();
  await expectShown(a, [weight, keeper, log]);
});

test('a card with something half written stays, whatever others do to it', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  await a.highlight(weight);
  await a.highlight(log);
  const filter = new FilterRow(b.page);
  await filter.openFacets();
  await filter.chip('Unresolved').click();
  const draft = await b.openCard(b.card(weight));
  await draft.fill('I am still wri');
  // Another card in hand: only the draft keeps the first one.
  await b.openCard(b.card(log));

  const card = a.card(weight);
  await a.openCard(card);
  await card.getByRole('button', { name: 'More', exact: true }).click();
  await a.page.getByRole('menuitem', { name: 'Resolve', exact: true }).click();
  await expect(b.card(weight)).toHaveAttribute('data-resolved', '');
  await expect(b.commentBox(b.card(weight))).toHaveValue('I am still wri');
});

test('cards stay beside their text when the filter is opened and closed', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1', { viewport: { width: 1440, height: 900 } })).open(id);
  for (const passage of [mercury, log]) await a.highlight(passage);
  await a.reload();
  const filter = new FilterRow(a.page);
  const top = () => a.card(mercury).evaluate((card) => Math.round(card.getBoundingClientRect().top));
  const passage = () =>
    a.page.evaluate((words) => {
      const line = [...document.querySelectorAll('[data-canonical] li')].find((line) => line.textContent?.includes(words));
      return Math.round(line?.getBoundingClientRect().top ?? 0);
    }, mercury);
  const apart = async () => Math.abs((await top()) - (await passage()));
  await expect.poll(apart).toBeLessThan(20);
  for (const state of ['true', 'false']) {
    await filter.openFacets();
    await expect(filter.row.getByRole('button', { name: /^Filter/ })).toHaveAttribute('aria-expanded', state);
    if (state === 'true') await expect(filter.chip('Unresolved')).toBeVisible();
    await expect.poll(apart, `open: ${state}`).toBeLessThan(20);
  }
});

test('a filter that matches nothing says so and has a way out', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await expect(new FilterRow(a.page).row).toBeHidden();
  await a.highlight(weight);
  await new FilterRow(a.page).words.fill('nothing like this');
  const empty = a.page.getByRole('tabpanel').locator('.empty');
  await expect(empty).toContainText('No highlight matches.');
  await expectAccessible(a.page, 'a filter that matches nothing');
  await empty.getByRole('button', { name: 'Clear the filter' }).click();
  await expectShown(a, [weight]);
});

test('a highlight of one’s own is never hidden by the filter', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.highlight(weight);
  const filter = new FilterRow(a.page);
  await filter.words.fill('tower');
  await a.highlight(log);
  await expectShown(a, [weight, log]);
  // What was asked for stays; the new one does not answer it, and goes when another is in hand.
  await expect(filter.words).toHaveValue('tower');
  await filter.expectCount(2, 2);
  await a.takeInHand(a.card(weight));
  await expectShown(a, [weight]);
});

test('what others did since the last visit is new', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [teacher, student] = await Promise.all([signIn('instructor'), signIn('student-1')]);
  const a = await teacher.open(id);
  await a.highlight(weight);
  const first = await student.open(id);
  await expectShown(first, [weight]);
  await first.highlight(keeper);
  await first.synced('saved');
  await student.page.goto('/');

  await a.highlight(log);
  await a.synced('saved');
  const again = await student.open(id);
  await expectShown(again, [weight, keeper, log]);
  const filter = new FilterRow(again.page);
  await filter.openFacets();
  await filter.chip('New since my last visit').click();
  await expectShown(again, [log]);

  // A page that is loaded again goes on with the visit.
  await again.synced('saved');
  await again.reload();
  await expectShown(again, [weight, keeper, log]);
  await filter.openFacets();
  await filter.chip('New since my last visit').click();
  await expectShown(again, [log]);
});

test('what is said twice in a row is heard twice', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.highlight(weight);
  const filter = new FilterRow(a.page);
  const heard = await a.page.getByRole('log', { name: 'Announcements' }).evaluateHandle((log) => {
    const said: string[] = [];
    new MutationObserver(() => said.push(log.textContent?.trim() ?? '')).observe(log, {
      childList: true,
      characterData: true,
      subtree: true,
    });
    return said;
  });
  for (const words of ['t', 'to', 'tow']) {
    await filter.words.fill(words);
    await filter.expectTold('1 of 1 highlights.');
  }
  await expect.poll(() => heard.jsonValue()).toEqual(Array(3).fill('1 of 1 highlights.'));
});

test('the keys j and k, and the buttons, go through the cards in sight', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1', { viewport: { width: 1280, height: 460 } });
  const a = await visitor.open(id);
  const first = await nameOfTag(a, 1);
  for (const passage of [weight, keeper, log]) await a.highlight(passage);
  const filter = new FilterRow(a.page);
  await filter.words.fill('w');
  await filter.words.press('j');
  await expect(filter.words).toHaveValue('wj');
  await expect(a.cards).toHaveCount(0);
  await filter.words.fill('we');
  await expectShown(a, [weight, keeper]);
  await filter.words.blur();

  await a.page.keyboard.press('j');
  await filter.expectTold(`1 of 2: ${first} by Demo Student 1`);
  await expect(a.card(weight)).toHaveAttribute('data-active', '');
  await a.page.keyboard.press('j');
  await filter.expectTold(`2 of 2: ${first} by Demo Student 1`);
  await a.page.keyboard.press('j');
  await expect(a.card(weight)).toHaveAttribute('data-active', '');
  await a.page.keyboard.press('k');
  await expect(a.card(keeper)).toHaveAttribute('data-active', '');
  await a.page.keyboard.press('Shift+J');
  await expect(a.card(keeper)).toHaveAttribute('data-active', '');

  await filter.clear.click();
  await filter.row.getByRole('button', { name: 'Next highlight' }).click();
  await expect(a.card(log)).toHaveAttribute('data-active', '');
  const box = await a.page.locator('[data-canonical] li', { hasText: log }).boundingBox();
  expect(box?.y).toBeGreaterThan(52);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(460);
});

test('the filter is accessible, and fits the narrowest page', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const wide = await (await signIn('instructor')).open(id);
  await wide.highlight(weight);
  await wide.highlight(log, 2);
  const open = new FilterRow(wide.page);
  await open.openFacets();
  await open.chip('Unresolved').click();
  await expectAccessible(wide.page, 'cards with the filter open');

  const visitor = await signIn('student-1', { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true });
  const narrow = await visitor.open(id);
  await narrow.page.getByRole('tab', { name: 'Annotations' }).tap();
  const filter = new FilterRow(narrow.page);
  await filter.openFacets();
  await filter.chip('Unresolved').tap();
  await expectAccessible(narrow.page, 'cards with the filter open, 320 px');
  expect(await narrow.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  const row = await filter.row.boundingBox();
  expect((row?.x ?? 0) + (row?.width ?? 999)).toBeLessThanOrEqual(320);

  await filter.row.getByRole('button', { name: 'Filter (1 set)' }).tap();
  await filter.row.getByRole('button', { name: 'Next highlight' }).tap();
  await expect(narrow.card(weight)).toHaveAttribute('data-active', '');
  // The passage stands above the sheet.
  const sheet = await narrow.page.locator('.panel').boundingBox();
  const passage = narrow.page.locator('[data-canonical] p', { hasText: weight });
  const top = (await passage.boundingBox())?.y ?? -1;
  expect(top).toBeGreaterThan(0);
  expect(top).toBeLessThan(sheet?.y ?? 0);
});
