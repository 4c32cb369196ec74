import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const KEYSTROKES = 40;
const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** The letters of `part` stand in `whole` in their order, whatever stands between them. */
function holdsInOrder(whole: string, part: string): boolean {
  let from = 0;
  for (const letter of part) {
    from = whole.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}

/** Letter by letter, without a pause: one that the machine makes would part what is taken back as one. */
function typeAtOnce({ notes }: Workspace, words: string): Promise<void> {
  return notes.evaluate((box, words) => {
    box.focus();
    for (const letter of words) document.execCommand('insertText', false, letter);
  }, words);
}

async function expectSameNotes(a: Workspace, b: Workspace, length: number): Promise<string> {
  await expect.poll(async () => (await a.notesText()).length).toBe(length);
  const text = await a.notesText();
  await expect.poll(() => b.notesText()).toBe(text);
  return text;
}

test('notes typed by both at once end equal with nobody’s words lost', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.openNotes(), b.openNotes()]);
  const [mine, theirs] = ['abcdefghijklmnopqrstuvwxyz', '0123456789-9876543210'];
  await Promise.all([a.notes.pressSequentially(mine), b.notes.pressSequentially(theirs)]);

  const text = await expectSameNotes(a, b, mine.length + theirs.length);
  expect(holdsInOrder(text, mine), `“${text}” holds all that one typed, in order`).toBe(true);
  expect(holdsInOrder(text, theirs), `“${text}” holds all that the other typed, in order`).toBe(true);

  await a.synced('saved');
  await a.reload();
  await a.openNotes();
  await expect.poll(() => a.notesText()).toBe(text);
});

test('typing elsewhere does not throw the caret', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.openNotes(), b.openNotes()]);
  await a.notes.pressSequentially('one two');
  await expect.poll(() => b.notesText()).toBe('one two');
  for (let step = 0; step < ' two'.length; step++) await a.page.keyboard.press('ArrowLeft');

  await b.notes.click();
  await b.page.keyboard.press('Home');
  await b.page.keyboard.type('zero ');
  await expect.poll(() => a.notesText()).toBe('zero one two');
  await b.page.keyboard.press('End');
  await b.page.keyboard.type(' three');
  await expect.poll(() => a.notesText()).toBe('zero one two three');

  await expect(a.notes).toBeFocused();
  await a.page.keyboard.type('!');
  await expect.poll(() => b.notesText()).toBe('zero one! two three');
});

test('text beyond the basic plane and right to left arrives as it was typed', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.openNotes(), b.openNotes()]);
  await a.notes.click();
  for (const text of ['灯台 ', '👩🏽‍🚀🧭 ', 'שלום ', 'é']) await a.page.keyboard.insertText(text);
  await expect.poll(() => b.notesText()).toBe('灯台 👩🏽‍🚀🧭 שלום é');
  await b.notes.click();
  await b.page.keyboard.press('Home');
  await b.page.keyboard.insertText('🗼');
  await expect.poll(() => a.notesText()).toBe('🗼灯台 👩🏽‍🚀🧭 שלום é');
});

/** Notes in page `window.arrivals` when each length of the notes is first seen, in milliseconds of the machine's clock. */
async function watchArrivals(workspace: Workspace): Promise<void> {
  await workspace.notes.evaluate((box) => {
    const arrivals: number[] = [];
    Object.assign(window, { arrivals });
    const look = () => {
      const text = box instanceof HTMLTextAreaElement ? box.value : (box as HTMLElement).innerText;
      const now = performance.timeOrigin + performance.now();
      while (arrivals.length < text.length) arrivals.push(now);
    };
    setInterval(look, 1);
  });
}

async function watchKeys(workspace: Workspace): Promise<void> {
  await workspace.notes.evaluate((box) => {
    const presses: number[] = [];
    Object.assign(window, { presses });
    box.addEventListener('keydown', () => presses.push(performance.timeOrigin + performance.now()), { capture: true });
  });
}

const times = (workspace: Workspace, name: 'arrivals' | 'presses'): Promise<number[]> =>
  workspace.page.evaluate((key) => (window as unknown as Record<string, number[]>)[key] ?? [], name);

test('what is typed in one tab is visible in the other', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const person = await signIn('student-1');
  const reading = await person.open(id);
  const typing = await person.openInNewTab(id);
  await Promise.all([reading.openNotes(), typing.openNotes()]);
  await Promise.all([watchArrivals(reading), watchKeys(typing)]);

  await typing.notes.click();
  for (let key = 1; key <= KEYSTROKES; key++) {
    await typing.page.keyboard.press(String.fromCharCode(96 + ((key - 1) % 26) + 1));
    await expect.poll(async () => (await times(reading, 'arrivals')).length, { intervals: [5] }).toBe(key);
  }
  expect(await reading.notesText()).toBe(await typing.notesText());

  const [presses, arrivals] = [await times(typing, 'presses'), await times(reading, 'arrivals')];
  const latencies = arrivals.map((at, index) => at - (presses[index] ?? Number.NaN)).sort((x, y) => x - y);
  const quantile = (share: number) => latencies[Math.ceil(latencies.length * share) - 1] ?? Number.NaN;
  // A figure to read, not a promise to break: timed assertions fail on busy machines, and then nobody believes them.
  console.log(`two-tab latency: median ${quantile(0.5).toFixed(1)} ms, p95 ${quantile(0.95).toFixed(1)} ms`);
});

test('notes are looked at as they are meant, counted in words, and take the quote of a highlight', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [author, reader] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const [a, b] = await Promise.all([author.open(id), reader.open(id)]);
  const card = await a.highlight(lighthouse.weight);
  const highlight = await card.getAttribute('data-highlight-id');
  await a.openNotes();
  const pane = a.page.getByRole('tabpanel', { name: 'Notes', exact: true });
  await expect(pane.getByText('0 words', { exact: true })).toBeVisible();
  await a.notes.fill('The **clock** was heavy.');
  await expect(pane.getByText('4 words', { exact: true })).toBeVisible();
  await a.notes.press('End');
  await pane.getByRole('button', { name: 'Insert quote', exact: true }).click();
  const link = `${a.page.url().split('#')[0]}#h=${highlight}`;
  await expect(a.notes).toHaveValue(`The **clock** was heavy.\n\n> ${lighthouse.weight}\n> [in the text](${link})\n\n`);
  await expect(a.notes).toBeFocused();
  await expect(pane.getByText('14 words', { exact: true }), 'the address is none').toBeVisible();

  await b.openNotes();
  await expect(b.notes).toHaveValue(await a.notes.inputValue());
  const there = b.page.getByRole('tabpanel', { name: 'Notes', exact: true });
  await there.getByRole('button', { name: 'Preview', exact: true }).click();
  const preview = there.getByRole('region', { name: 'Shared notes, preview', exact: true });
  await expect(preview.locator('strong')).toHaveText('clock');
  await expect(b.notes).toBeHidden();
  await expectAccessible(b.page, 'a preview of the notes');
  // It follows what others write.
  await a.notes.press('Control+End');
  await a.notes.pressSequentially('- *done*');
  await expect(preview.locator('li em')).toHaveText('done');
  await preview.getByRole('link', { name: 'in the text' }).click();
  await expect(b.card(lighthouse.weight)).toHaveAttribute('data-active', '');
});

test('what one typed is taken back and typed again among what others typed', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.openNotes(), b.openNotes()]);
  await typeAtOnce(a, 'mine ');
  await expect.poll(() => b.notesText()).toBe('mine ');
  await b.notes.press('Control+End');
  await b.notes.pressSequentially('theirs ');
  await expect.poll(() => a.notesText()).toBe('mine theirs ');
  // What is typed without a pause, or without leaving the box, is taken back as one.
  await a.notes.blur();
  await a.notes.press('Control+End');
  await typeAtOnce(a, 'more');
  await expect.poll(() => b.notesText()).toBe('mine theirs more');

  await a.notes.press('Control+z');
  await expect.poll(() => b.notesText()).toBe('mine theirs ');
  await a.notes.press('Control+z');
  for (const workspace of [a, b]) await expect.poll(() => workspace.notesText()).toBe('theirs ');
  await a.notes.press('Control+z');
  for (const workspace of [a, b]) await expect.poll(() => workspace.notesText()).toBe('theirs ');
  await a.notes.press('Control+Shift+z');
  await expect.poll(() => b.notesText()).toBe('mine theirs ');
  await a.notes.press('Control+y');
  await expect.poll(() => b.notesText()).toBe('mine theirs more');
  await a.notes.press('Control+End');
  await a.notes.pressSequentially('!');
  await expect.poll(() => b.notesText()).toBe('mine theirs more!');
  await a.synced('saved');
  await a.reload();
  await a.openNotes();
  await expect.poll(() => a.notesText()).toBe('mine theirs more!');
});
