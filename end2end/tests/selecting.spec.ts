import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('all of the page selected is its text alone, a target for each message', async ({ signIn, newConversation }) => {
  const { id, messages } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await a.page.keyboard.press('Control+a');
  await expect(a.toolbar).toBeVisible();
  await expect(a.toolbar).toBeInViewport({ ratio: 1 });
  await a.page.keyboard.press('1');
  for (const workspace of [a, b]) {
    await expect(workspace.cards).toHaveCount(1);
    const [quote = ''] = await workspace.quotes();
    expect(quote).toBe(messages.map(({ text }) => text.trim()).join('\n'));
  }
});

test('a drag that ends outside of the text marks what of it was covered', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const last = await a.page.evaluate((passage) => window.canonical.drag(passage, passage), 'somebody had to wind.');
  const panel = await a.page.getByRole('tablist', { name: 'Workspace' }).boundingBox();
  if (!last || !panel) throw new Error('nothing to drag over');
  const { mouse } = a.page;
  await mouse.move(last.start.x, last.start.y);
  await mouse.down();
  await mouse.move(panel.x + 60, 880, { steps: 8 });
  await mouse.up();
  await expect(a.toolbar).toBeVisible();
  await a.applyTag(1);
  await expect.poll(() => a.quotes()).toEqual(['somebody had to wind.']);
  await a.expectPainted('somebody had to wind.');
});

test('a drag that overshoots its line takes the line and nothing after or before it', async ({ signIn, newConversation }) => {
  const filler = Array.from({ length: 12 }, (_, index) => `User: Question ${index}?\n\nAssistant: Answer ${index} begins here, ${'and goes on, '.repeat(30)}.\n`);
  const { id } = await newConversation({ title: 'Overshot', text: filler.join('\n'), share: 'class' });
  const a = await (await signIn('student-1', { viewport: { width: 1440, height: 900 } })).open(id);
  const { mouse } = a.page;
  const column = await a.page.locator('.reading').boundingBox();
  const panel = await a.page.getByRole('tablist', { name: 'Workspace' }).boundingBox();
  const bar = await a.page.locator('.bar').boundingBox();
  if (!column || !panel || !bar) throw new Error('no page');

  /** Presses in the middle of a line, moves there in so many steps, and says what is selected. */
  const drag = async (x: number, y: number | null, steps: number) => {
    await a.clearSelection();
    const word = await a.page.evaluate((passage) => window.canonical.drag(passage, passage), 'Answer 6 begins');
    if (!word) throw new Error('nothing to drag over');
    await mouse.move(word.start.x, word.start.y);
    await mouse.down();
    await mouse.move(x, y ?? word.start.y, { steps });
    await mouse.up();
    await expect(a.toolbar).toBeVisible();
    return a.page.evaluate(() => window.canonical.selected());
  };
  const line = await drag(column.x + column.width - 2, null, 8);
  expect(line).toMatch(/^Answer 6 begins here, and goes on,/);
  expect(line.length).toBeLessThan(120);
  for (const steps of [1, 8, 40]) expect(await drag(panel.x + 60, null, steps), `to the panel in ${steps}`).toBe(line);
  // Over the bar it goes on at the first line below that.
  const up = await drag(bar.x + 500, bar.y + 20, 8);
  expect(up).not.toContain('Answer 0');
  expect(up).toContain('Question 6');

  expect(await drag(panel.x + 60, null, 8)).toBe(line);
  await a.applyTag(1);
  await expect.poll(() => a.quotes()).toEqual([line.trim()]);
  // What stands in the panel can be selected as ever.
  const quote = a.cards.locator('[data-quote]');
  await quote.dblclick({ position: { x: 10, y: 10 } });
  await expect.poll(() => a.page.evaluate(() => getSelection()?.toString().trim())).toBe('Answer');
});

test('a message that the mouse came into has no ring, and gets one from the keys', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const message = a.messages.nth(1);
  const ring = () => message.evaluate((message) => getComputedStyle(message).outlineStyle);
  await a.selectText(lighthouse.weight);
  await expect(message).toBeFocused();
  await a.page.keyboard.press('Shift');
  await a.page.keyboard.press('x');
  expect(await ring(), 'after a press').toBe('none');
  await a.page.keyboard.press('ArrowRight');
  expect(await ring(), 'after a step').toBe('solid');
  await a.page.emulateMedia({ media: 'print' });
  expect(await ring(), 'on paper').toBe('none');
});

test('the toolbar stays within the window, leaves what is selected free, and takes no focus', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  for (const viewport of [
    { width: 1280, height: 900 },
    { width: 1280, height: 420 },
    { width: 320, height: 640 },
  ]) {
    const visitor = await signIn('student-1', { viewport });
    const a = await visitor.open(id);
    for (const passage of [lighthouse.question, lighthouse.clockwork, 'somebody had to wind.']) {
      for (const block of ['start', 'center', 'end'] as const) {
        await a.clearSelection();
        await a.page.evaluate(
          ([passage, block]) => {
            window.canonical.select(passage, passage);
            getSelection()?.anchorNode?.parentElement?.scrollIntoView({ block, behavior: 'instant' });
          },
          [passage, block] as const,
        );
        const where = `${passage}, ${block}, ${viewport.width} by ${viewport.height}`;
        await expect(a.toolbar, where).toBeVisible();
        const covers = () =>
          a.page.evaluate(() => {
            const bar = document.querySelector('[role=toolbar][aria-label="Annotate selection"]')!.getBoundingClientRect();
            const range = getSelection()!.getRangeAt(0);
            // What lies behind the bar or, on a narrow page, behind the sheet is not seen anyway.
            const foot = document.querySelector('.panel[data-sheet]')?.getBoundingClientRect().top ?? innerHeight;
            const lines = [...range.getClientRects()].filter(({ top, bottom }) => bottom > 60 && bottom <= foot && top < innerHeight);
            const within = bar.left >= 0 && bar.right <= innerWidth && bar.top >= 0 && bar.bottom <= innerHeight;
            const over = lines.some(
              (line) => line.left < bar.right && line.right > bar.left && line.top < bar.bottom - 1 && line.bottom > bar.top + 1,
            );
            return lines.length === 0 || (within && !over);
          });
        await expect.poll(covers, where).toBe(true);
        expect(await a.page.evaluate(() => document.activeElement === document.body), where).toBe(true);
      }
    }
    await visitor.context.close();
  }
});

test('a drag from the text on paints text alone, and the tools stand at its end', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const { page } = a;
  const from = await page.evaluate((passage) => window.canonical.drag(passage, passage), lighthouse.clockwork);
  const title = await page.locator('.reading-title').boundingBox();
  if (!from || !title) throw new Error('nothing to drag over');
  await page.mouse.move(from.end.x, from.end.y);
  await page.mouse.down();
  await page.mouse.move(title.x + 20, title.y + 5, { steps: 8 });
  await page.mouse.up();
  await expect(a.toolbar).toBeVisible();
  const selectable = (selector: string) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).userSelect);
  for (const chrome of ['.message-speaker', '.reading-title', '.tab', '.bar-brand']) {
    expect(await selectable(chrome), chrome).toBe('none');
  }
  expect(await page.evaluate(() => getSelection()?.toString())).not.toContain('Assistant');

  // To the foot of the page, past the last word.
  await a.clearSelection();
  const word = await page.evaluate((passage) => window.canonical.drag(passage, passage), 'a large clock');
  const last = await page.evaluate((passage) => window.canonical.drag(passage, passage), 'somebody had to wind.');
  if (!word || !last) throw new Error('nothing to drag over');
  await page.mouse.move(word.start.x, word.start.y);
  await page.mouse.down();
  await page.mouse.move(word.start.x + 300, 890, { steps: 8 });
  await page.mouse.up();
  await expect(a.toolbar).toBeVisible();
  const below = (await a.toolbar.boundingBox())?.y ?? 0;
  expect(below - last.end.y, 'below the last line').toBeLessThan(40);

  // What is written in the cards can be taken along when one begins there.
  await a.applyTag(1);
  await page.locator('.card-quote').first().click();
  expect(await selectable('.card-quote')).toBe('auto');
});
