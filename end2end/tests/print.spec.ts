import { expect, test } from '../fixtures.ts';
import { Outside } from '../outside.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('on paper the passages are marked and numbered, and the notes stand beside their lines', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id, messages } = await newConversation(shared);
  const author = await signIn('student-1');
  const a = await author.open(id);
  await a.highlight(lighthouse.weight, 1);
  await a.openCard(a.card(lighthouse.weight));
  await a.commentBox(a.card(lighthouse.weight)).fill('How **heavy**?');
  await a.card(lighthouse.weight).getByRole('button', { name: 'Post', exact: true }).click();
  await a.highlight(lighthouse.log, 2);
  // Over the first one, and beyond it.
  const over = 'heavy weight hung in the tower, and as it sank';
  await a.highlight(over, 3);
  const outside = await Outside.join(server, author, id);
  outside.mark(messages[1]?.id ?? '', 'a paragraph about whales');
  await expect(a.cards).toHaveCount(4);
  outside.leave();
  await a.openNotes();
  await a.notes.fill('What we *all* think');
  await a.synced('saved');
  const before = await a.canonicalMarkup();

  await a.page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const { page } = a;
  const notes = page.locator('.print-note');
  await expect(notes).toHaveCount(4);
  const marked = (colour: string) =>
    page.locator('.print-copy').evaluateAll(
      (copies, own) =>
        copies
          .flatMap((copy) => [...copy.querySelectorAll<HTMLElement>('.print-mark')])
          .filter((mark) => getComputedStyle(mark).getPropertyValue('--t') === own)
          .map((mark) => mark.textContent)
          .join(''),
      colour,
    );
  // Each passage is marked in its tag's colour, wherever another one cuts it.
  const colours = await notes.evaluateAll((all) => all.map((note) => getComputedStyle(note).getPropertyValue('--t')));
  expect(new Set(colours).size).toBe(3);
  for (const [at, passage] of [lighthouse.weight, over, lighthouse.log].entries()) {
    expect(await marked(colours[at] ?? '')).toBe(passage);
  }
  await expect(page.locator('.print-number')).toHaveText(['1', '2', '3']);
  await expect(notes.first()).toContainText('Demo Student 1');
  await expect(notes.first().locator('strong')).toHaveText('heavy');
  await expect(notes.last()).toContainText('No longer in the text:');
  await expect(page.locator('.print-section').filter({ hasText: 'Shared notes' }).locator('em')).toHaveText('all');

  // Beside its line: the note begins where the mark does, right of the text, and the tools are gone.
  const [mark, note] = [await page.locator('.print-mark').first().boundingBox(), await notes.first().boundingBox()];
  const text = await page.locator('.print-copy > .message-text').first().boundingBox();
  if (!mark || !note || !text) throw new Error('nothing is printed');
  expect(Math.abs(mark.y - note.y)).toBeLessThan(12);
  expect(note.x).toBeGreaterThanOrEqual(text.x + text.width);
  for (const tools of ['.bar', '.panel', '.toolbar', '.marks', '[data-canonical]:visible + .print-copy']) {
    await expect(page.locator(tools).filter({ visible: true })).toHaveCount(0);
  }
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'paper is white').toBe('light');

  await page.emulateMedia({ media: 'screen' });
  await expect(page.locator('.print-copy, .print-end')).toHaveCount(0);
  expect(await a.canonicalMarkup()).toEqual(before);
});

test('many notes come after their message', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.highlight(lighthouse.weight);
  await a.comment(a.card(lighthouse.weight), 'A long remark. '.repeat(120).trim());
  await a.page.emulateMedia({ media: 'print' });
  const copy = a.page.locator('.print-copy');
  await expect(copy).toHaveAttribute('data-notes', 'after');
  await expect(copy.locator('.print-after > .print-note')).toHaveCount(1);
  const [text, after] = [await copy.locator('.message-text').boundingBox(), await copy.locator('.print-after').boundingBox()];
  expect(after?.y).toBeGreaterThanOrEqual((text?.y ?? 0) + (text?.height ?? 0));
});
