import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { Workspace } from '../workspace.ts';

const own = { share: 'none', by: 'student-1' } as const;

test('what somebody wrote is found, and leads to its place', async ({ signIn, newConversation, guard }) => {
  guard.allow(/status of 400/);
  const text = `${'A line about nothing.\n\n'.repeat(60)}The axolotl breathes under water.\n\n${'And more.\n\n'.repeat(60)}`;
  const { id } = await newConversation({ ...own, title: 'Salamanders', text });
  await newConversation({ ...own, title: 'Something else', text: 'Nothing here.' });
  const visitor = await signIn('student-1');
  const { page } = visitor;
  await page.goto('/');
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Search' })).toBeVisible();
  const box = page.getByRole('searchbox', { name: 'Search conversations' });
  await expect(box).toBeFocused();
  await expectAccessible(page, 'an empty search');

  await box.fill('-axolotl');
  await box.press('Enter');
  await expect(page.getByRole('alert')).toContainText('Say what to look for');
  await expect(box).toHaveValue('-axolotl');
  await expectAccessible(page, 'a search that cannot be');
  await box.fill('zyzzyva');
  await box.press('Enter');
  await expect(page.getByRole('status')).toContainText('Nothing was found');

  await expect(async () => {
    await page.goto('/search?q=axolotls');
    await expect(page.getByRole('heading', { level: 2, name: 'Salamanders' })).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(page.locator('mark')).toHaveText(['axolotl']);
  await expectAccessible(page, 'what was found');
  await page.getByRole('link', { name: /axolotl breathes/ }).click();
  await expect(page).toHaveURL(new RegExp(`/c/${id}#m-`));
  await expect(page.getByText('The axolotl breathes under water.')).toBeInViewport();

  // What is said in the page is found a moment later.
  const workspace = await visitor.open(id);
  await workspace.openNotes();
  await workspace.notes.fill('Remember the capybara');
  await expect(workspace.syncStatus).toHaveText('Saved');
  await expect(async () => {
    await page.goto('/search?q=capybara+in%3Anotes');
    await expect(page.locator('mark')).toHaveText(['capybara'], { timeout: 500 });
  }).toPass();
});

test('what was found is taken away as a file, or it is said why not', async ({ signIn, newConversation, guard }) => {
  guard.allow(/status of 413/);
  await newConversation({ ...own, title: 'Bats', text: 'The pipistrelle hunts at dusk.' });
  const { page } = await signIn('student-1');
  await expect(async () => {
    await page.goto('/search?q=pipistrelle');
    await expect(page.locator('mark')).toHaveText(['pipistrelle'], { timeout: 500 });
  }).toPass();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/\.csv$/);
  expect(await readFile(await file.path(), 'utf8')).toContain('The pipistrelle hunts at dusk.');
  // As the server answers where there is more than a file holds.
  const detail = 'More than 5000 things: narrow the search.';
  await page.route('**/search/export?*', (route) => route.fulfill({ status: 413, json: { detail }, contentType: 'application/problem+json' }));
  await page.getByRole('link', { name: 'Export JSON-LD' }).click();
  await expect(page.getByRole('alert')).toHaveText(detail);
});

test('one searches on a narrow screen, without scripts, and finds only what is for one', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ ...own, title: 'Private', text: 'The pangolin rolls up.' });
  const owner = await signIn('student-1');
  await expect(async () => {
    await owner.page.goto('/search?q=pangolin');
    await expect(owner.page.locator(`a[href="/c/${id}"]`)).toBeVisible({ timeout: 500 });
  }).toPass();
  await owner.page.setViewportSize({ width: 320, height: 640 });
  expect(await owner.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);

  const { page } = await signIn('student-2', { javaScriptEnabled: false });
  await page.goto('/search');
  await page.getByRole('searchbox').fill('pangolin');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('status')).toContainText('Nothing was found');
});

test('what was found in notes and responses opens them at its place', async ({ signIn, newConversation }) => {
  const filler = (word: string) => `A line of ${word} and nothing else.\n`.repeat(120);
  const { id } = await newConversation({ share: 'class', title: 'Marsupials', text: 'Some text.' });
  const author = await signIn('student-1');
  const workspace = await author.open(id);
  await workspace.openNotes();
  await workspace.notes.fill(`The wombat sleeps.\n${filler('notes')}Here the wombat digs.\n${filler('more')}`);
  await workspace.showTab('Response');
  const response = author.page.getByRole('textbox', { name: 'My response', exact: true });
  await response.fill(`${filler('response')}The **quokka** smiles.\n\n${filler('more')}`);
  await expect(workspace.syncStatus).toHaveText('Saved');

  const { page } = await signIn('student-2');
  const follow = async (who: Page, query: string, name: RegExp) => {
    await expect(async () => {
      await who.goto(`/search?q=${query}`);
      await expect(who.getByRole('link', { name })).toBeVisible({ timeout: 500 });
    }).toPass();
    await who.getByRole('link', { name }).click();
  };
  await follow(page, '%22wombat+digs%22', /Notes.*wombat digs/);
  const notes = page.getByRole('textbox', { name: 'Shared notes', exact: true });
  await expect(notes).toBeFocused();
  await expectSelected(notes, 'wombat digs');
  // Whoever types on without a look loses nobody's words: the first key only lets them go.
  await page.keyboard.type('ab');
  await expect(notes).toHaveValue(/the wombat digsb\./);
  await notes.press('Backspace');
  await expect(notes).toHaveValue(/the wombat digs\./);
  // In another's response, which is rendered, and opened for it.
  await follow(page, 'quokka', /Response.*quokka/);
  await expect(page.getByRole('tab', { name: 'Response' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.response strong')).toBeInViewport();
  expect(await page.evaluate(() => getSelection()?.toString())).toBe('quokka');
  // And in one's own, which is a box; also where the panel is a sheet.
  await author.page.setViewportSize({ width: 390, height: 800 });
  await follow(author.page, 'quokka', /Response.*quokka/);
  await expect(response).toBeFocused();
  await expectSelected(response, 'quokka');

  // What is gone meanwhile is said to be.
  await page.goto(`/c/${id}#tab=notes&words=platypus`);
  await expect(notes).toBeVisible();
  await expect(page.getByText('What this link leads to is not here any more.')).toBeVisible();
});

test('what was found of a tag shows what has it, and a name is the way to what they wrote', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ share: 'class', by: 'student-1', title: 'Owls', text: 'The owl hears. The owl sees.' });
  const author = await signIn('student-1');
  const workspace = await author.open(id);
  await workspace.highlight('owl hears', 1);
  await workspace.highlight('owl sees', 2);
  // Other conversations have the tags that all begin with.
  const dialog = await workspace.manageTags();
  await dialog.getByRole('button', { name: 'Edit Claim', exact: true }).click();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Strigiform');
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await workspace.synced('saved');

  const { page } = await signIn('student-2');
  const hit = page.getByRole('link', { name: /^Tag/ });
  await expect(async () => {
    await page.goto('/search?q=strigiforms');
    await expect(hit).toBeVisible({ timeout: 500 });
  }).toPass();
  await hit.click();
  const there = Workspace.on(page);
  await there.ready();
  await expect(page.locator('.filter-count')).toHaveText('1 of 2');
  await expect(there.card('owl hears')).toBeVisible();
  await expect(there.card('owl sees')).toBeHidden();

  await page.goto('/search?q=student');
  await page.getByRole('link', { name: 'What people called “student” wrote' }).click();
  await expect(page.getByRole('searchbox')).toHaveValue('by:"student"');
  await expect(page.getByRole('link', { name: /Demo Student 1/ }).first()).toBeVisible();
  await page.goto('/search?q=by:"student" owl in:highlights tag:strigiform');
  await expect(page.getByRole('link', { name: /^Highlight · Demo Student 1/ })).toHaveCount(1);
});

test('what was found is printed as one file', async ({ signIn, newConversation }) => {
  test.slow();
  await newConversation({ ...own, title: 'Night', text: 'The noctule hunts at dusk.' });
  await newConversation({ ...own, title: 'Other nights', text: 'A noctule sleeps.' });
  const { page } = await signIn('student-1');
  await expect(async () => {
    await page.goto('/search?q=noctule');
    await expect(page.locator('mark')).toHaveCount(2, { timeout: 500 });
  }).toPass();
  await page.getByRole('link', { name: 'Export PDF' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'PDF' })).toBeVisible();
  await expect(page.getByText('Of “noctule”')).toBeVisible();
  await expectAccessible(page, 'files of a search');
  await page.getByRole('button', { name: 'Make a PDF' }).click();
  const link = page.getByRole('link', { name: 'Download noctule.pdf' });
  await expect(link).toBeVisible({ timeout: 60_000 });
  const download = page.waitForEvent('download');
  await link.click();
  expect((await readFile(await (await download).path())).subarray(0, 5).toString()).toBe('%PDF-');
  await page.getByRole('button', { name: 'Remove' }).click();
  await expect(link).toHaveCount(0);
  await page.getByRole('link', { name: 'Search', exact: true }).first().click();
  await expect(page.getByRole('searchbox')).toBeVisible();
});

/** The words are selected in a box, and stand in what is to be seen of it. */
async function expectSelected(box: Locator, words: string): Promise<void> {
  const seen = () =>
    box.evaluate((area: HTMLTextAreaElement) => {
      const at = area.value.slice(0, area.selectionStart).split('\n').length / area.value.split('\n').length;
      const [top, bottom] = [area.scrollTop / area.scrollHeight, (area.scrollTop + area.clientHeight) / area.scrollHeight];
      return { words: area.value.slice(area.selectionStart, area.selectionEnd), visible: top <= at && at <= bottom };
    });
  await expect.poll(seen).toEqual({ words, visible: true });
  await expect(box).toBeInViewport();
}
