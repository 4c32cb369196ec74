import { writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { newChat, release, replies, say, test as chatTest } from '../chat.ts';
import { expect, test } from '../fixtures.ts';
import { Workspace } from '../workspace.ts';

const SQUARE = String.raw`\(x^2 + y_1\)`;
const ROOTS = String.raw`$$x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$$`;
const LONG = String.raw`\[ a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w \]`;

const shared = {
  title: 'Formulas',
  text: `Assistant: The sum ${SQUARE} is short, and it costs $4 and $5.\n\n${ROOTS}\n\nThe last one is long.\n\n${LONG}\n`,
  share: 'class',
} as const;

/** Where the formula of some TeX is seen. */
const formula = (page: Page, tex: string) => page.locator('.math').filter({ hasText: tex }).locator('math');

/** Draws with the mouse within a formula, or out of it, in parts of its width. */
async function drawOver(page: Page, tex: string, from: number, to: number): Promise<void> {
  await formula(page, tex).scrollIntoViewIfNeeded();
  const box = await formula(page, tex).boundingBox();
  if (!box) throw new Error(`${tex} is not seen`);
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, middle, { steps: 5 });
  await page.mouse.up();
}

/** What is painted of a formula, against where it is seen. */
const painted = (page: Page, tex: string) =>
  page.evaluate((tex) => {
    const shown = [...document.querySelectorAll('.math')].find((math) => math.textContent?.includes(tex));
    const [text, math] = [shown?.querySelector('.tex > span')?.firstChild, shown?.querySelector('math')];
    if (!(text instanceof Text) || !math) throw new Error(`no formula ${tex}`);
    const letter = document.createRange();
    letter.setStart(text, 0);
    letter.setEnd(text, 1);
    const [ink, seen] = [letter.getBoundingClientRect(), math.getBoundingClientRect()];
    return ink.left <= seen.left + 1 && ink.top <= seen.top + 2 && ink.right >= seen.right && ink.bottom >= seen.bottom - 2;
  }, tex);

test('a formula is seen, and marked, quoted and copied as its TeX', async ({ signIn, newConversation }, testInfo) => {
  const { id, messages } = await newConversation(shared);
  const workspace = await (await signIn('student-1')).open(id);
  const { page } = workspace;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await expect(page.locator('[data-canonical] math')).toHaveCount(3);
  await expect(page.locator('[data-canonical]')).toContainText('it costs $4 and $5.');
  expect(messages.map(({ text }) => text).join()).toContain(SQUARE);
  for (const tex of [SQUARE, ROOTS]) {
    await expect(formula(page, tex)).toBeVisible();
    expect(await painted(page, tex), 'its first letter lies over all of it').toBe(true);
  }

  // Whatever part of it is drawn over, it is the whole.
  await drawOver(page, SQUARE, 0.3, 0.8);
  await expect(workspace.toolbar).toBeVisible();
  await page.keyboard.press('Control+c');
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).not.toBe('');
  await workspace.applyTag(1);
  await expect(workspace.card(SQUARE)).toHaveCount(1);
  expect(await workspace.quotes()).toEqual([SQUARE]);
  await workspace.expectPainted(SQUARE);
  await workspace.expectColoured(SQUARE);

  await workspace.selectText('The sum', 'is short');
  await page.keyboard.press('Control+c');
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(`The sum ${SQUARE} is short`);
  const html = await page.evaluate(async () => (await (await navigator.clipboard.read())[0]?.getType('text/html'))?.text());
  expect(html).not.toMatch(/transparent|<math/);
  await workspace.applyTag(2);
  await expect(workspace.card(`The sum ${SQUARE} is short`)).toHaveCount(1);
  await workspace.clearSelection();

  await drawOver(page, ROOTS, 0.7, 0.1);
  await workspace.applyTag(3);
  await expect(workspace.card(ROOTS)).toHaveAttribute('data-anchor', 'exact');
  await workspace.synced('saved');
  await expectAccessible(page, 'formulas');

  await workspace.reload();
  await expect(workspace.cards.and(page.locator('[data-anchor=exact]'))).toHaveCount(3);
  await workspace.expectPainted(ROOTS);
  // In the page to read anywhere the mark is around the formula, and the number behind it.
  const copy = await page.context().newPage();
  const file = testInfo.outputPath('export.html');
  await writeFile(file, await (await page.request.get(`/api/v1/conversations/${id}/export?format=html`)).body());
  await copy.goto(`file://${file}`);
  await expect(copy.locator('math')).toHaveCount(3);
  await expect(copy.locator('mark:has(> .math-block) + sup')).toHaveText('3');
  const [mark, math] = await Promise.all(['mark:has(> .math-block)', '.math-block math'].map((which) => copy.locator(which).first().boundingBox()));
  expect((mark?.height ?? 0) + 1, 'the mark is behind all of it').toBeGreaterThan(math?.height ?? Number.POSITIVE_INFINITY);
  await expectAccessible(copy, 'an export with formulas');
  await copy.close();

  // A press on it takes its highlight in hand.
  await formula(page, ROOTS).scrollIntoViewIfNeeded();
  const box = await formula(page, ROOTS).boundingBox();
  await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) * 0.6, (box?.y ?? 0) + (box?.height ?? 0) * 0.3);
  await expect(workspace.card(ROOTS)).toHaveAttribute('data-active', '');
});

test('stepping by word takes a formula in one step, there and back', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const { page, messages } = await (await signIn('student-1')).open(id);
  await messages.first().focus();
  const step = async (key: string) => {
    await page.keyboard.press(key);
    return page.evaluate(() => window.canonical.selected());
  };
  const forth = [];
  for (let steps = 0; steps < 5; steps++) forth.push(await step('ArrowRight'));
  expect(forth).toEqual(['Assistant', 'The', 'sum', SQUARE, 'is']);
  expect(await step('ArrowLeft')).toBe(SQUARE);
  expect(await step('Shift+ArrowLeft')).toBe(`sum ${SQUARE}`);
  expect(await step('Control+ArrowRight')).toContain(ROOTS);
});

test('where there are no Custom Highlights a rectangle lies over the formula', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1');
  await visitor.page.addInitScript(() => {
    Reflect.deleteProperty(window, 'Highlight');
    Reflect.deleteProperty(window, 'HighlightRegistry');
  });
  const workspace = await visitor.open(id);
  const { page } = workspace;
  await drawOver(page, ROOTS, 0.2, 0.9);
  await workspace.applyTag(1);
  await expect(workspace.card(ROOTS)).toHaveCount(1);
  await workspace.clearSelection();
  const seen = await formula(page, ROOTS).boundingBox();
  const off = async () => {
    const drawn = await page.locator('.paint > [data-layer]:not([data-layer="pointed"])').first().boundingBox();
    if (!drawn || !seen) return Number.POSITIVE_INFINITY;
    return Math.max(Math.abs(drawn.x - seen.x), Math.abs(drawn.y - seen.y), Math.abs(drawn.width - seen.width));
  };
  await expect.poll(off, 'CSS pixels between the formula and its rectangle').toBeLessThan(4);
});

test('a wide formula scrolls by itself in a narrow window, also by keyboard', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1');
  await visitor.page.setViewportSize({ width: 320, height: 640 });
  const { page } = await visitor.open(id);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  const scroller = page.getByRole('group', { name: 'Formula' }).last();
  expect(await scroller.evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(true);
  await scroller.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => scroller.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
  await expectAccessible(page, 'a narrow page with a wide formula');
});

test('formulas can be read without scripts', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const { page } = await signIn('student-1', { javaScriptEnabled: false });
  await page.goto(`/c/${id}`);
  await expect(page.locator('[data-canonical] math')).toHaveCount(3);
  for (const tex of [SQUARE, ROOTS, LONG]) await expect(formula(page, tex)).toBeVisible();
});

chatTest('a reply shows its formulas while it is written', async ({ signIn, chatServer, standIns }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Square it #formulas');
  const reply = replies(student).first();
  await expect(reply.locator('[data-canonical] math')).toHaveCount(1);
  await expect(reply).toHaveAttribute('aria-busy', 'true');
  const workspace = Workspace.on(page);
  // The tools read what has come a moment later.
  await expect(async () => {
    await drawOver(page, String.raw`\(x^2\)`, 0.2, 0.9);
    await expect(workspace.toolbar).toBeVisible({ timeout: 500 });
  }).toPass();
  await workspace.applyTag(1);
  await expect(workspace.card(String.raw`\(x^2\)`)).toHaveCount(1);
  await release(standIns);
  await expect(reply).not.toHaveAttribute('aria-busy');
  await expect(reply.locator('[data-canonical] math')).toHaveCount(2);
  await expect(workspace.card(String.raw`\(x^2\)`)).toHaveAttribute('data-anchor', 'exact');
  await workspace.expectPainted(String.raw`\(x^2\)`);
});
