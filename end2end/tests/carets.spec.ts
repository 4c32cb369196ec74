import type { Locator } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { Outside } from '../outside.ts';
import { lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** The carets of others over the notes. */
const carets = ({ page }: Workspace): Locator => page.locator('.caret');

/** Lines between a caret's top and that of the first line, and how far right of the words' left edge it is, in CSS pixels. */
async function placeOf(workspace: Workspace): Promise<{ line: number; x: number }> {
  return workspace.notes.evaluate((box) => {
    const caret = document.querySelector('.caret');
    if (!caret) return { line: Number.NaN, x: Number.NaN };
    const style = getComputedStyle(box);
    const [at, home] = [caret.getBoundingClientRect(), box.getBoundingClientRect()];
    const middle = at.top + at.height / 2 - home.top - Number.parseFloat(style.paddingTop) + box.scrollTop;
    return { line: Math.floor(middle / Number.parseFloat(style.lineHeight)), x: at.left - home.left - Number.parseFloat(style.paddingLeft) };
  });
}

const lineOf = async (workspace: Workspace) => (await placeOf(workspace)).line;

test('the carets of others are seen in the notes, stay among their letters, and go with them', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.openNotes(), b.openNotes()]);
  await a.notes.fill('first\nsecond 漢字 🎉\nthird');
  await a.notes.press('Control+Home');
  await expect(carets(b)).toHaveText('Demo Student 1');
  await expect.poll(() => lineOf(b)).toBe(0);
  await a.notes.press('ArrowDown');
  await expect.poll(() => lineOf(b)).toBe(1);
  expect(Math.abs((await placeOf(b)).x)).toBeLessThan(4);
  await a.notes.press('End');
  await expect.poll(async () => (await placeOf(b)).x).toBeGreaterThan(80);
  await expect(carets(a), 'nobody else writes').toHaveCount(0);

  // Others write before it: it goes along, without a word of its owner.
  await b.notes.press('Control+Home');
  await b.notes.pressSequentially('a line before\n');
  await expect.poll(() => lineOf(b)).toBe(2);
  await expect(carets(a)).toHaveText('Demo Student 2');
  await b.notes.press('Control+End');
  await expect.poll(() => lineOf(a)).toBe(3);

  await b.showTab('People');
  const row = b.page.getByRole('tabpanel', { name: 'People' }).getByRole('listitem').filter({ hasText: 'Demo Student 1' });
  await expect(row).toContainText('writing in the notes');
  await expect(carets(a), 'who looks elsewhere does not write').toHaveCount(0);
  await b.showTab('Notes');
  await expect(carets(b)).toHaveCount(1);
  await a.notes.blur();
  await expect(carets(b)).toHaveCount(0);
  await b.showTab('People');
  await expect(row).not.toContainText('writing in the notes');
});

test('a caret scrolls with the notes and is nothing to tab to or to be read', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.openNotes(), b.openNotes()]);
  // Long lines too, which both wrap alike; and more than the box shows, so that there is a scroll bar.
  const lines = Array.from({ length: 90 }, (_, line) => `${line} ${'words and more words '.repeat(line % 9)}`).join('\n');
  await a.notes.fill(lines);
  await a.notes.press('Control+End');
  // The caret may come before the words: they are on the disk first.
  await expect(b.notes).toHaveValue(lines);
  await expect(carets(b)).toHaveCount(1);
  await b.notes.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
  await expect(carets(b)).toBeInViewport();
  const foot = () =>
    b.notes.evaluate((box) => {
      const [caret, home] = [document.querySelector('.caret')?.getBoundingClientRect(), box.getBoundingClientRect()];
      return Math.round(home.bottom - (caret?.bottom ?? 0));
    });
  await expect.poll(foot, 'in the last line').toBeLessThan(30);
  await b.notes.evaluate((box) => box.scrollTo({ top: 0 }));
  await expect.poll(foot).toBeLessThan(-500);
  await expect(b.page.locator('.carets')).toHaveAttribute('aria-hidden', 'true');
  expect(await b.page.locator('.carets :is(a, button, input, [tabindex])').count()).toBe(0);

  // One word: shaped anew for each of its lines it would freeze the page for seconds (`font-kerning` in the style).
  await a.notes.fill('x'.repeat(50_001));
  await expect(carets(b), 'too long to be measured').toHaveCount(0);
});

test('a program’s caret is seen, and what is none is passed over', async ({ signIn, newConversation, server }) => {
  const { id } = await newConversation(shared);
  const [person, owner] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const a = await person.open(id);
  const outside = await Outside.join(server, owner, id);
  try {
    const { awareness } = outside.provider;
    await a.openNotes();
    await a.notes.fill('words of a person');
    const notes = outside.doc.getText('notes');
    await expect.poll(() => notes.toString()).toBe('words of a person');
    const user = { id: (await owner.api.conversation(id)).author_id, name: 'Demo Student 2' };
    const { createRelativePositionFromTypeIndex: at } = await import('yjs');
    for (const cursor of [
      { anchor: { item: { client: 2 ** 53, clock: 1 } }, head: { item: { client: 7, clock: 2 ** 31 } } },
      { anchor: { tname: 'meta' }, head: { tname: 'meta' } },
      'nonsense',
    ]) {
      awareness.setLocalState({ user, cursor });
    }
    awareness.setLocalState({ user, cursor: { anchor: at(notes, 6), head: at(notes, 6) } });
    await expect(carets(a)).toHaveText('Demo Student 2');
    await expect.poll(() => lineOf(a)).toBe(0);
    expect((await placeOf(a)).x).toBeGreaterThan(20);
    awareness.setLocalState({ user, cursor: { anchor: { tname: 'meta' }, head: { tname: 'meta' } } });
    await expect(carets(a)).toHaveCount(0);
  } finally {
    outside.leave();
  }
});
