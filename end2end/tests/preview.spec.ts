import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { ImportPage } from '../import_page.ts';

const WORDS = 'User: Who *rows* the ferry?\n\nClaude: Nobody does, since **1871**.';

test('a text is looked at before it is stored, and what is shown is of the text that stands there', async ({ signIn, guard }, info) => {
  const { page, api } = await signIn('student-1');
  const stored = async () => (await api.get('/api/v1/conversations')).text();
  const before = await stored();
  const form = await ImportPage.open(page);
  const preview = page.getByRole('button', { name: 'Preview', exact: true });
  const shown = page.getByRole('list', { name: 'How its messages begin' }).getByRole('listitem');
  // Nothing is there to be looked at.
  guard.allow(/status of 400/);
  await preview.click();
  await expect(form.alert).toContainText('has no words in it');

  await form.text.fill(WORDS);
  await preview.click();
  await expect(page.getByText('Read as a text with labelled turns.')).toBeVisible();
  await expect(shown).toHaveText([/^User\s*Who rows the ferry\?$/, /^Claude\s*Nobody does, since 1871\.$/]);
  await expect(form.alert).toHaveCount(0);
  await expectAccessible(page, 'a preview of a text');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: info.outputPath(`preview-${colorScheme}-${width}.png`), fullPage: true });
    }
  }
  expect(await stored(), 'nothing is stored').toBe(before);

  // Of another text nothing is known yet.
  await form.text.press('End');
  await form.text.pressSequentially('!');
  await expect(shown).toHaveCount(0);
  await form.title.fill('Ferries');
  await preview.click();
  await form.choose(/Bring it in: Ferries/);
  const { title, messages } = await api.conversation(await form.imported());
  expect(title).toBe('Ferries');
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
});

test('a Markdown file and an export are looked at, and brought in by Import all the same', async ({ signIn }) => {
  const { page, api } = await signIn('student-2');
  const form = await ImportPage.open(page);
  await form.file.setInputFiles({ name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('# Ferries\n\nThey are slow.') });
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await expect(page.getByText('Read as a text without labelled turns.')).toBeVisible();
  await form.submit.click();
  const { messages } = await api.conversation(await form.imported());
  expect(messages.map(({ markdown }) => markdown)).toEqual(['# Ferries\n\nThey are slow.']);

  // A page is shown first in any case, and Import means what is shown.
  const again = await ImportPage.open(page);
  const words = '<p class="whitespace-pre-wrap">The <b>slow</b> ferry</p>';
  await again.file.setInputFiles({ name: 'page.html', mimeType: 'text/html', buffer: Buffer.from(words) });
  await again.submit.click();
  await expect(page.getByText('This is what would be kept.')).toBeVisible();
  await again.submit.click();
  const kept = await api.conversation(await again.imported());
  expect(kept.messages.map(({ markdown }) => markdown)).toEqual(['The **slow** ferry']);
});
