import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;
const telephone = { viewport: { width: 390, height: 740 }, hasTouch: true, isMobile: true } as const;
const window_ = { viewport: { width: 1280, height: 800 } } as const;

const sentences = Array.from({ length: 18 }, (_, index) => `Here is passage ${index + 1} of many.`);
const crowded = { title: 'Crowded', text: `User: Go on.\n\nAssistant: ${sentences.join(' ')}\n`, share: 'class' } as const;

/** Two frames: what a press has begun is drawn. */
const frames = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))));

/** Marks every passage, without the mouse. */
async function markAll({ page, cards }: Workspace): Promise<void> {
  for (const [index, passage] of sentences.entries()) {
    await page.evaluate((words) => window.canonical.select(words, words), passage);
    await page.keyboard.press('1');
    await expect(cards).toHaveCount(index + 1);
  }
}

/** A point on the first line of a passage of the crowded text, in the window as it is scrolled now. */
function spot({ page }: Workspace, passage: string): Promise<{ x: number; y: number }> {
  return page.evaluate((words) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let node = walker.nextNode();
    while (node && !(node.parentElement?.closest('[data-canonical]') && node.textContent?.includes(words))) node = walker.nextNode();
    if (!node) throw new Error(`“${words}” is not on the page`);
    const range = document.createRange();
    const start = node.textContent?.indexOf(words) ?? 0;
    range.setStart(node, start);
    range.setEnd(node, start + 4);
    const { left, width, top, height } = range.getClientRects()[0] ?? new DOMRect();
    return { x: left + width / 2, y: top + height / 2 };
  }, passage);
}

test('after a press with another button the focus takes a card in hand at once', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1', window_)).open(id);
  const card = await a.highlight(lighthouse.weight);
  await a.highlight(lighthouse.bell);
  await a.page.locator('.reading-title').click({ button: 'right' });
  // Not by a key: that ends any press.
  await card.getByRole('button', { name: 'More', exact: true }).evaluate((more: HTMLElement) => more.focus());
  await expect(card).toHaveAttribute('data-active', '');
});

test('a slow press on a button of another card is not lost', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1', window_)).open(id);
  const { page } = a;
  const above = await a.highlight(lighthouse.clockwork);
  const below = await a.highlight(lighthouse.weight);
  await a.takeInHand(above);
  await a.comment(above, 'Makes the card above high');
  await frames(page);
  const more = below.getByRole('button', { name: 'More', exact: true });
  await more.hover();
  await page.mouse.down();
  await frames(page);
  await page.mouse.up();
  await expect(more).toHaveAttribute('aria-expanded', 'true');
  await expect(below).toHaveAttribute('data-active', '');

  // By keys the focus alone takes a card in hand.
  await page.keyboard.press('Escape');
  await a.takeInHand(above);
  await above.getByRole('button', { name: 'Post', exact: true }).focus();
  await page.keyboard.press('Tab');
  await expect(below).toHaveAttribute('data-active', '');
});

test('a card that was pushed far down stands at its text when that is pressed', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(crowded);
  const a = await (await signIn('student-1', window_)).open(id);
  await markAll(a);
  await a.clearSelection();
  const last = sentences.at(-1) ?? '';
  const press = async (passage: string) => {
    const { x, y } = await spot(a, passage);
    await a.page.mouse.click(x, y);
    await expect(a.card(passage)).toHaveAttribute('data-active', '');
  };
  await press(sentences[0] ?? '');
  await press(last);
  const card = a.card(last);
  const off = async () => {
    const [box, text] = await Promise.all([card.boundingBox(), spot(a, last)]);
    return Math.abs((box?.y ?? 9_999) - text.y);
  };
  await expect.poll(off, 'from its text').toBeLessThan(60);
  await expect(card).toBeInViewport({ ratio: 1 });
  // The keys reach those that went over the top.
  for (let step = 1; step < sentences.length; step++) await a.page.keyboard.press('k');
  await expect(a.card(sentences[0] ?? '')).toHaveAttribute('data-active', '');
  await expect(a.card(sentences[0] ?? '')).toBeInViewport({ ratio: 1 });
});

test('on a telephone the card of what is tapped is at the top of the sheet, and the text above it', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(crowded);
  const a = await (await signIn('student-1', telephone)).open(id);
  const { page } = a;
  await markAll(a);
  await a.clearSelection();
  const sheet = page.locator('.panel[data-sheet]');
  const annotations = page.getByRole('tab', { name: 'Annotations', exact: true });
  if ((await sheet.getAttribute('data-sheet')) === 'open') await annotations.tap();
  await expect(sheet).toHaveAttribute('data-sheet', 'closed');
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
  const body = sheet.locator('.panel-body:visible');
  for (const passage of [sentences[8] ?? '', sentences.at(-1) ?? '']) {
    // The sheet is open from the second on: the person scrolls to the passage.
    await page.evaluate((y) => scrollBy({ top: y, behavior: 'instant' }), (await spot(a, passage)).y - 150);
    const at = await spot(a, passage);
    await page.touchscreen.tap(at.x, at.y);
    const card = a.card(passage);
    await expect(card).toHaveAttribute('data-active', '');
    await expect(card).toBeInViewport({ ratio: 1 });
    const above = async () => ((await sheet.boundingBox())?.y ?? 0) - (await spot(a, passage)).y;
    await expect.poll(above, 'the text above the sheet').toBeGreaterThan(10);
    // The last ones cannot be further up.
    const top = async () => {
      const [card_, body_] = await Promise.all([card.boundingBox(), body.boundingBox()]);
      const isAtEnd = await body.evaluate(({ scrollTop, clientHeight, scrollHeight }) => scrollTop + clientHeight >= scrollHeight - 1);
      return isAtEnd ? 0 : (card_?.y ?? 9_999) - (body_?.y ?? 0);
    };
    await expect.poll(top, 'below the top of the sheet').toBeLessThan(40);
  }
});

test('the head of a closed card keeps its author, and its bubble in line with its menu', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1', telephone)).open(id);
  const { page } = a;
  await page.evaluate((words) => window.canonical.select(words, words), lighthouse.weight);
  await a.toolbar.getByRole('button', { name: 'New tag', exact: true }).tap();
  const dialog = page.getByRole('dialog', { name: 'New tag', exact: true });
  await dialog.getByRole('textbox').fill('Needs a source that can be looked up by everybody');
  await dialog.getByRole('button', { name: 'Create and apply', exact: true }).tap();
  const card = a.card(lighthouse.weight);
  await a.comment(card, 'Where from?');
  await card.getByRole('button', { name: 'More', exact: true }).tap();
  await page.getByRole('menuitem', { name: 'Resolve', exact: true }).tap();
  // Another is in hand, and the focus is not in this one.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.evaluate((words) => window.canonical.select(words, words), lighthouse.log);
  await a.tagButton(1).tap();
  await expect(a.card(lighthouse.log)).toHaveAttribute('data-active', '');
  await expect(card).not.toHaveAttribute('data-active');
  const tag = card.locator('.card-tag');
  await expect(tag).toHaveCSS('text-overflow', 'ellipsis');
  await expect(tag, 'where an ellipsis has an effect').toHaveCSS('display', 'block');
  const box = async (part: string) => (await card.locator(part).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  expect((await box('.card-author')).width, 'of the author').toBeGreaterThan(50);
  const [bubble, more] = [await box('textarea'), await box('.card-more')];
  expect(Math.abs(bubble.y + bubble.height / 2 - more.y - more.height / 2), 'from the middle of the dots').toBeLessThan(2);
  expect(bubble.x + bubble.width, 'beside the button').toBeLessThanOrEqual(more.x);
});
