import type { Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';
import { Writer } from '../writer.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** The passages of three highlights over one another, and the tag of each by its key. */
const OVERLAPS = [
  ['A heavy weight hung in', 1],
  ['weight hung in the tower', 2],
  ['hung', 3],
] as const;

/** Marks all three; the quotes of some hold those of others. */
async function overlap(workspace: Workspace): Promise<void> {
  for (const [index, [passage, tag]] of OVERLAPS.entries()) {
    await workspace.selectText(passage);
    await workspace.applyTag(tag);
    await expect(workspace.cards).toHaveCount(index + 1);
  }
}

/** What each layer of the registry holds, by the end of its name: the tag's place in the vocabulary, and which strand it is. */
function layers(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(() => {
    const found: Record<string, string[]> = {};
    const tags: string[] = [];
    for (const [name, ranges] of CSS.highlights) {
      const [, tag, strand] = /^pg-tag-([0-9a-f-]{36})(.*)$/.exec(name) ?? [];
      if (!tag) continue;
      if (!tags.includes(tag)) tags.push(tag);
      if (!ranges.size) continue;
      found[`${tags.indexOf(tag) + 1}${strand}`] = [...ranges].map(String).sort();
    }
    return found;
  });
}

const registered = (page: Page) =>
  page.evaluate(() => [...CSS.highlights].filter(([name]) => name.startsWith('pg-tag-')).reduce((sum, [, ranges]) => sum + ranges.size, 0));

const pointedAt = (page: Page) => page.evaluate(() => [...(CSS.highlights.get('pg-pointed') ?? [])].map(String));

/** The middle of a word of the text on the screen. */
async function middleOf(page: Page, passage: string): Promise<{ x: number; y: number }> {
  const drag = await page.evaluate((passage) => window.canonical.drag(passage, passage), passage);
  if (!drag) throw new Error(`“${passage}” is not on the screen at once`);
  return { x: (drag.start.x + drag.end.x) / 2, y: (drag.start.y + drag.end.y) / 2 };
}

async function clickText(page: Page, passage: string): Promise<void> {
  const { x, y } = await middleOf(page, passage);
  await page.mouse.click(x, y);
}

const said = (page: Page) => page.getByRole('log', { name: 'Announcements' });

test('where highlights overlap the text is painted in pieces that show how many there are', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  await overlap(a);

  // Nothing is in hand here. Each piece has one first strand; what lies second is drawn with it, and more than two are told.
  await expect(b.cards).toHaveCount(OVERLAPS.length);
  const pieces = { '1': ['A heavy ', ' in', 'hung', 'weight '].sort(), '2': [' the tower'], '2-2': [' in', 'weight '], '2-3': ['hung'] };
  await expect.poll(() => layers(b.page)).toEqual(pieces);
  await b.expectPainted(lighthouse.weight);
  for (const passage of ['heavy', 'weight hung', 'the tower']) await b.expectColoured(passage);

  // The one in hand comes first where it lies, and nothing else changes.
  await clickText(b.page, 'heavy');
  await expect(b.card('A heavy weight hung in')).toHaveAttribute('data-active', '');
  await expect.poll(() => layers(b.page)).toEqual({ '1-on': pieces['1'], '2': pieces['2'], '2-2': pieces['2-2'], '2-3': pieces['2-3'] });

  // Two tags on one range are two strands; the objects are as many as looks, not as highlights.
  const objects = () => b.page.evaluate(() => CSS.highlights.size);
  const before = await objects();
  await a.highlight(lighthouse.mercury, 2);
  await a.highlight(lighthouse.log, 1);
  await b.expectPainted(lighthouse.log);
  expect((await objects()) - before, 'no object a highlight').toBeLessThanOrEqual(1);
  await expectAccessible(b.page, 'overlapping highlights');
});

test('every one of several highlights is reached from its text, by clicks and by keys', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const maker = await (await signIn('instructor')).open(id);
  await overlap(maker);
  await maker.synced('saved');

  const a = await (await signIn('student-1')).open(id);
  const inHand = a.page.locator('[data-highlight-id][data-active] blockquote[data-quote]');
  const expected = ['hung', 'A heavy weight hung in', 'weight hung in the tower'];
  for (const [index, quote] of [...expected, expected[0] ?? ''].entries()) {
    await clickText(a.page, 'hung');
    await expect(inHand).toHaveText(quote);
    await expect(said(a.page)).toHaveText(new RegExp(`^${(index % 3) + 1} of 3 here: .+ by Demo Instructor$`));
  }
  await clickText(a.page, 'A clockwork');
  await expect(inHand).toHaveCount(0);

  // By keys: on to the word, then one after the other, and into the card and back.
  const message = a.messages.filter({ hasText: lighthouse.clockwork });
  await message.focus();
  const selected = () => a.page.evaluate(() => getSelection()?.toString());
  for (let steps = 0; (await selected()) !== 'hung'; steps++) {
    expect(steps, 'words before it').toBeLessThan(40);
    await a.page.keyboard.press('ArrowRight');
  }
  for (const quote of expected) {
    await a.page.keyboard.press('Shift+Enter');
    await expect(inHand).toHaveText(quote);
  }
  await expect(said(a.page)).toHaveText(/^3 of 3 here: /);
  await a.page.keyboard.press('Control+Enter');
  await expect(a.card('weight hung in the tower')).toBeFocused();
  await a.page.keyboard.press('Escape');
  await expect(message).toBeFocused();
  await a.page.keyboard.press('Escape');
  await message.press('ArrowRight');
  await a.page.keyboard.press('Shift+Enter');
  await expect(said(a.page)).toHaveText(/here/);
});

test('text and cards show where the other is', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const maker = await (await signIn('instructor')).open(id);
  await overlap(maker);
  await maker.highlight(lighthouse.log);
  await maker.synced('saved');

  const a = await (await signIn('student-1')).open(id);
  const { page } = a;
  const pointed = page.locator('.card[data-pointed] blockquote[data-quote]');
  const over = await middleOf(page, 'weight');
  await page.mouse.move(over.x, over.y);
  await expect(pointed).toHaveText(['A heavy weight hung in', 'weight hung in the tower']);
  expect(await a.canonicalMarkup(), 'the text is as it was').not.toContain('data-pointed');
  await expectAccessible(page, 'a passage that is pointed at');
  const beside = await middleOf(page, 'A clockwork');
  await page.mouse.move(beside.x, beside.y);
  await expect(pointed).toHaveCount(0);

  // The other way: from a card, from the board, and by keyboard from the list below the message.
  expect(await pointedAt(page)).toEqual([]);
  await a.card('weight hung in the tower').hover();
  await expect.poll(() => pointedAt(page)).toEqual(['weight hung in the tower']);
  await expectAccessible(page, 'a card that is pointed at');
  const element = page.locator('[data-canonical] p', { hasText: lighthouse.weight });
  const ground = () => element.evaluate((element) => getComputedStyle(element, '::highlight(pg-pointed)').backgroundColor);
  expect(await ground()).not.toBe('rgba(0, 0, 0, 0)');
  await page.mouse.move(beside.x, beside.y);
  await expect.poll(() => pointedAt(page)).toEqual([]);
  const message = a.messages.filter({ hasText: lighthouse.clockwork });
  await message.locator('.marks > summary').focus();
  await page.keyboard.press('Enter');
  await expect(message.locator('.marks li').first()).toBeVisible();
  await page.keyboard.press('Tab');
  await expect.poll(() => pointedAt(page)).toEqual(['A heavy weight hung in']);
  await a.showTab('Board');
  await page.locator('.board-entry', { hasText: lighthouse.log }).hover();
  await expect.poll(() => pointedAt(page)).toEqual([lighthouse.log]);
});

/** Marked words, a few hundred in one message, on a text as long as it may get. */
const MARKS = 300;
const filler = 'and so the talk went on, from one thing to another and back again, as talks do; '.repeat(17);
const mark = (index: number) => `m${index} marked words`;
const cell = (from: number, count: number) => Array.from({ length: count }, (_, index) => `${mark(from + index)} ${filler}`).join(' ');
const TEXTS = {
  'many paragraphs': Array.from({ length: MARKS }, (_, index) => `${mark(index)} ${filler}\n`).join('\n'),
  'one paragraph': Array.from({ length: MARKS }, (_, index) => `${mark(index)} ${filler}`).join(' '),
  // Rows higher than any window, with marks in cells beside one another.
  'one table': ['| a | b |', '|---|---|', ...Array.from({ length: MARKS / 12 }, (_, row) => `| ${cell(12 * row, 7)} | ${cell(12 * row + 7, 5)} |`)].join('\n'),
};

/** The marks that are in the window, and whether each is registered; and how many are registered at all. */
function inWindow(page: Page): Promise<{ seen: string[]; bare: string[] }> {
  return page.evaluate(() => {
    const painted = new Set(
      [...CSS.highlights].filter(([name]) => name.startsWith('pg-tag-')).flatMap(([, ranges]) => [...ranges].map(String)),
    );
    const seen: string[] = [];
    const walker = document.createTreeWalker(document.querySelector('[data-canonical]') as Node, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode as Text;
      for (const { index, 0: words } of node.data.matchAll(/m\d+ marked words/g)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + words.length);
        const { top, bottom } = range.getBoundingClientRect();
        if (bottom > 0 && top < innerHeight) seen.push(words);
      }
    }
    return { seen, bare: seen.filter((words) => !painted.has(words)) };
  });
}

for (const [name, body] of Object.entries(TEXTS)) {
  test(`of a long text (${name}) only what is near the window is registered`, async ({ signIn, newConversation, server }) => {
    test.setTimeout(120_000);
    const made = await newConversation({ title: name, text: `Assistant: ${name}.\n\n${body}\n`, share: 'class' });
    expect(made.messages).toHaveLength(1);
    expect(made.messages[0]?.text.length).toBeGreaterThan(400_000);
    const writer = await Writer.join(server, made, await signIn('student-2'));
    for (let index = 0; index < MARKS; index++) writer.add(mark(index));
    const a = await (await signIn('student-1')).open(made.id);
    const { page } = a;
    await expect(page.locator('#margin > .card')).toHaveCount(MARKS);
    const fewAndAllInSight = async (least: number) => {
      await expect.poll(async () => (await inWindow(page)).bare, 'in the window and not painted').toEqual([]);
      expect((await inWindow(page)).seen.length).toBeGreaterThanOrEqual(least);
      expect(await registered(page), 'registered').toBeLessThan(MARKS / 3);
      expect(await registered(page)).toBeGreaterThan(0);
    };
    await fewAndAllInSight(1);
    const go = (part: number) => page.evaluate((part) => scrollTo({ top: part * document.documentElement.scrollHeight, behavior: 'instant' }), part);
    for (const part of [0.1, 0.5, 0.51, 0.999]) {
      await go(part);
      await fewAndAllInSight(0);
    }
    await page.setViewportSize({ width: 1280, height: 500 });
    await fewAndAllInSight(0);

    // All of it goes to the printer.
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await expect.poll(() => registered(page)).toBe(MARKS);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await fewAndAllInSight(0);

    // A link to a far passage leads there, and shows it.
    await go(0);
    const far = mark(MARKS - 20);
    // A card far out of sight is there, but in no layout.
    const card = page.locator('#margin > .card', { hasText: far });
    await expect(card).toBeHidden();
    const id = await card.getAttribute('data-highlight-id');
    const flashed = page.waitForFunction((far) => [...(CSS.highlights.get('pg-flash') ?? [])].map(String).includes(far), far);
    await page.evaluate((hash) => (location.hash = hash), `h=${id}`);
    await flashed;
    await fewAndAllInSight(1);
    expect((await inWindow(page)).seen).toContain(far);
    await expect(card).toBeInViewport();
    // One that comes while all this is in sight is painted too, and one that comes far away is not.
    const before = await registered(page);
    writer.add(`${mark(MARKS - 21)} ${filler.slice(0, 20).trim()}`);
    await expect.poll(() => registered(page)).toBeGreaterThan(before);
    writer.add(`${mark(3)} ${filler.slice(0, 20).trim()}`);
    await expect(page.locator('#margin > .card')).toHaveCount(MARKS + 2);
    await fewAndAllInSight(1);
    writer.leave();
  });
}

/** What a browser without the CSS Custom Highlight API is like. */
function withoutHighlights(): void {
  Reflect.deleteProperty(window, 'Highlight');
  Reflect.deleteProperty(window, 'HighlightRegistry');
  Object.defineProperty(CSS, 'highlights', { value: undefined });
}

/** How far the rectangles above the text are from the lines of a passage, in CSS pixels; nothing where there are not as many. */
function distance(page: Page, passage: string): Promise<number | undefined> {
  return page.evaluate((passage) => {
    const walker = document.createTreeWalker(document.querySelector('.reading') as Node, NodeFilter.SHOW_TEXT);
    let lines: DOMRect[] = [];
    while (walker.nextNode()) {
      const at = (walker.currentNode as Text).data.indexOf(passage);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + passage.length);
      lines = [...range.getClientRects()];
      break;
    }
    const boxes = [...document.querySelectorAll('.paint > div')].map((box) => box.getBoundingClientRect());
    if (boxes.length !== lines.length) return undefined;
    const off = lines.map((line, index) => {
      const box = boxes[index] as DOMRect;
      return Math.max(Math.abs(box.left - line.left), Math.abs(box.top - line.top), Math.abs(box.right - line.right), Math.abs(box.height - line.height));
    });
    return Math.max(...off);
  }, passage);
}

test('what somebody deletes is not emphasised any more, though the pointer still rests there', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await a.highlight(lighthouse.keeper);
  await b.page.evaluate(() => {
    // A browser that sends no move when something vanishes under a pointer at rest.
    let moves = 0;
    addEventListener('pointermove', (event) => { if (moves++ > 0) event.stopImmediatePropagation(); }, { capture: true });
  });
  await b.card(lighthouse.keeper).hover();
  await expect.poll(() => pointedAt(b.page)).toEqual([lighthouse.keeper]);
  await a.deleteCard(a.card(lighthouse.keeper));
  await b.expectNotPainted(lighthouse.keeper);
  expect(await pointedAt(b.page)).toEqual([]);
});

test('a browser without Custom Highlights has rectangles over the words', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1');
  await visitor.page.addInitScript(withoutHighlights);
  const a = await visitor.open(id);
  const { page } = a;
  expect(await page.evaluate(() => 'Highlight' in window || CSS.highlights !== undefined)).toBe(false);
  const served = await a.canonicalMarkup();
  const passage = 'A clockwork drove it. A heavy weight hung in the tower, and as it sank the gears turned the lens';
  await a.highlight(passage);
  const boxes = page.locator('.paint > div');
  await expect.poll(() => distance(page, passage)).toBeLessThan(1);
  expect(await boxes.count(), 'a passage of two lines').toBe(2);
  expect(await a.canonicalMarkup(), 'the text is as it was').toEqual(served);
  expect(await page.locator('[data-canonical] .paint').count()).toBe(0);
  await expect(page.locator('.paint')).toHaveCSS('pointer-events', 'none');

  // Others lines in another window.
  for (const width of [420, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await expect.poll(() => distance(page, passage), `at ${width}`).toBeLessThan(1);
  }

  // Pressing the words takes the highlight in hand; pointing at its card emphasises them.
  await clickText(page, 'electricity');
  await expect(a.card(passage)).not.toHaveAttribute('data-active');
  await clickText(page, 'heavy weight');
  await expect(a.card(passage)).toHaveAttribute('data-active', '');
  await expect(page.locator('.paint > [data-layer="-on"]')).toHaveCount(2);
  await a.card(passage).hover();
  await expect(page.locator('.paint > [data-layer="pointed"]')).toHaveCount(2);
  await expectAccessible(page, 'rectangles');

  // A second highlight over some of the words is a second line there.
  await page.emulateMedia({ colorScheme: 'light' });
  const other = await (await signIn('instructor')).open(id);
  await other.selectText('weight hung');
  await other.applyTag(2);
  await expect(page.locator('.paint > [data-layer="-2"]')).toHaveCount(1);
  await a.deleteCard(a.card(passage));
  // A card that comes to lie under the pointer would point at its passage.
  await page.mouse.move(1, 1);
  await expect(page.locator('.paint > [data-layer="pointed"]')).toHaveCount(0);
  await expect(page.locator('.paint > [data-layer=""]')).toHaveCount(1);
  await expect.poll(() => distance(page, 'weight hung')).toBeLessThan(1);

  await page.emulateMedia({ forcedColors: 'active' });
  const border = await boxes.first().evaluate((box) => getComputedStyle(box).borderBottomWidth);
  expect(parseFloat(border), 'a frame where colours are the system’s').toBeGreaterThan(1);
  await page.emulateMedia({ forcedColors: 'none', media: 'print' });
  await expect(boxes.first(), 'the lines of paper are others').toBeHidden();
});

test('rectangles too are near the window only, and cut off where code is scrolled', async ({ signIn, newConversation, server }) => {
  const line = `${'x'.repeat(40)} ${mark(900)} ${'y '.repeat(200)}`;
  const text = `Assistant: Long.\n\n\`\`\`text\n${line}\n\`\`\`\n\n${TEXTS['many paragraphs'].slice(0, 120_000)}\n`;
  const made = await newConversation({ title: 'Rectangles', text, share: 'class' });
  const writer = await Writer.join(server, made, await signIn('student-2'));
  for (let index = 0; index < 86; index++) writer.add(mark(index));
  const visitor = await signIn('student-1');
  await visitor.page.addInitScript(withoutHighlights);
  const a = await visitor.open(made.id);
  const { page } = a;
  await expect(page.locator('#margin > .card')).toHaveCount(86);
  const boxes = page.locator('.paint > div');
  await expect.poll(() => boxes.count()).toBeGreaterThan(0);
  expect(await boxes.count()).toBeLessThan(40);
  await page.evaluate(() => scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' }));
  const tops = () => boxes.evaluateAll((boxes) => boxes.map((box) => box.getBoundingClientRect().top).filter((top) => top > -2000 && top < 2900).length);
  await expect.poll(tops).toBeGreaterThan(0);
  expect(await boxes.count()).toBeLessThan(40);
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));

  writer.add(mark(900));
  await a.cards.filter({ hasText: mark(900) }).waitFor();
  const inCode = () =>
    page.evaluate(() => {
      const code = (document.querySelector('pre') as HTMLElement).getBoundingClientRect();
      return [...document.querySelectorAll('.paint > div')].map((box) => box.getBoundingClientRect()).filter((box) => box.top > code.top && box.bottom < code.bottom);
    });
  await expect.poll(async () => (await inCode()).length).toBe(1);
  const before = (await inCode())[0]?.left ?? 0;
  await page.evaluate(() => document.querySelector('pre')?.scrollBy({ left: 100, behavior: 'instant' }));
  await expect.poll(async () => Math.round(before - ((await inCode())[0]?.left ?? 0))).toBe(100);
  await page.evaluate(() => document.querySelector('pre')?.scrollBy({ left: 900, behavior: 'instant' }));
  await expect.poll(async () => (await inCode()).length, 'scrolled out of its box').toBe(0);
  writer.leave();
});

/** The first words of a passage. */
async function picture(page: Page, passage: string): Promise<string> {
  const drag = await page.evaluate((passage) => window.canonical.drag(passage, passage), passage);
  if (!drag) throw new Error(`“${passage}” is not in sight`);
  const clip = { x: drag.start.x + 3, y: drag.start.y - 11, width: 60, height: 25 };
  return (await page.screenshot({ clip, animations: 'disabled', caret: 'hide' })).toString('base64');
}

/** The ground behind the first words of a passage, and the colour that is the most of what is neither that nor grey. */
async function looks(page: Page, passage: string): Promise<{ ground: string; line: string | null }> {
  return page.evaluate(async (picture) => {
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
    canvas.drawImage(bitmap, 0, 0);
    const { data } = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
    const counts = new Map<string, number>();
    for (let at = 0; at < data.length; at += 4) {
      const colour = [...data.slice(at, at + 3)].join(' ');
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    const colours = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
    const isGrey = (colour: string) => {
      const parts = colour.split(' ').map(Number);
      return Math.max(...parts) - Math.min(...parts) < 50;
    };
    return { ground: colours[0] ?? '', line: colours.slice(1).find((colour) => !isGrey(colour)) ?? null };
  }, await picture(page, passage));
}

test('where colours are the system’s, tags differ to the eye, and a selection is another thing than a highlight', async ({
  signIn,
  newConversation,
}) => {
  const code = '```rust\nfn main() { let lamp = 1; }\n```\n';
  const { id } = await newConversation({ ...shared, text: `${lighthouse.text}\n${code}` });
  const a = await (await signIn('student-1', { forcedColors: 'active' })).open(id);
  await a.highlight(lighthouse.weight, 1);
  await a.highlight(lighthouse.bell, 2);
  await a.synced('saved');
  // Nothing is in hand then.
  await a.reload();
  await expect(a.cards).toHaveCount(2);
  await expect.poll(() => a.page.evaluate(() => CSS.highlights.has('code-keyword'))).toBe(true);
  const plain = await looks(a.page, lighthouse.keeper);
  expect(plain.line).toBeNull();
  const [first, second] = [await looks(a.page, lighthouse.weight), await looks(a.page, lighthouse.bell)];
  expect([first.ground, second.ground], 'what is marked is underlined').toEqual([plain.ground, plain.ground]);
  expect(first.line).not.toBeNull();
  expect(second.line).not.toBeNull();
  expect(first.line, 'two tags').not.toBe(second.line);
  expect(await looks(a.page, 'fn main() { let lamp'), 'code').toEqual(plain);
  await a.selectText(lighthouse.weight);
  expect((await looks(a.page, lighthouse.weight)).ground, 'selected').not.toBe(plain.ground);

  const before = await picture(a.page, lighthouse.keeper);
  const b = await (await signIn('student-2')).open(id);
  await b.selectText(lighthouse.keeper);
  await expect.poll(() => picture(a.page, lighthouse.keeper), 'what somebody else has selected').not.toBe(before);
});
