import { readFile } from 'node:fs/promises';
import type { Locator } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

/** Nothing is wider than the window, at the widths that people have. */
async function expectFits({ page }: Visitor, where: string): Promise<void> {
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${where}, ${width} wide`).toBeLessThanOrEqual(0);
    await expectAccessible(page, `${where}, ${width} wide`);
  }
}

const table = ({ page }: Visitor, name: string): Locator => page.getByRole('region', { name }).getByRole('table');

test('two people mark, and the page says how far they agree and leads to where they do not', async ({ signIn, newConversation }, testInfo) => {
  test.slow();
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const [ann, ben] = [await signIn('student-1'), await signIn('student-2')];
  const a = await ann.open(id);
  await ann.page.getByRole('region', { name: 'Conversation' }).getByRole('link', { name: 'Agreement' }).click();
  await expect(ann.page.getByRole('heading', { name: 'Nobody has marked anything yet' })).toBeVisible();
  await expectFits(ann, 'agreement of nobody');

  await ann.page.getByRole('link', { name: lighthouse.title }).click();
  await ann.page.setViewportSize({ width: 1280, height: 800 });
  await a.ready();
  await a.highlight(lighthouse.keeper, 1);
  await a.highlight(lighthouse.mercury, 1);
  await a.highlight(lighthouse.oil, 2);
  await a.synced('saved');
  await ann.page.goto(`/c/${id}/agreement`);
  await expect(ann.page.getByRole('heading', { name: 'One person has marked something' })).toBeVisible();
  await expect(ann.page.getByText('So far it is Demo Student 1.')).toBeVisible();
  await expectAccessible(ann.page, 'agreement of one');

  const b = await ben.open(id);
  const named: { name: string }[] = await (await ben.api.get(`/api/v1/conversations/${id}/tags`)).json();
  const [first, second] = named.map(({ name }) => name);
  // Beside the cards of the other, of the same words.
  for (const [passage, tag, cards] of [[lighthouse.keeper, 1, 4], [lighthouse.oil, 2, 5]] as const) {
    await b.selectText(passage);
    await b.applyTag(tag);
    await expect(b.cards).toHaveCount(cards);
  }
  await b.synced('saved');
  const { page } = ben;
  await page.goto(`/c/${id}/agreement`);
  const tags = table(ben, 'Agreement on each tag');
  await expect(tags.getByRole('row').filter({ hasText: second! }).getByRole('cell')).toHaveText(['1.00', '2', '2']);
  await expect(tags.getByRole('row').filter({ hasText: first! }).getByRole('cell')).toHaveText([/^0\.\d\d$/, '3', '2']);
  await expect(tags.getByRole('row').filter({ hasText: 'Nobody marked anything' })).not.toHaveCount(0);
  // 42 code points that both marked, and 37 of the first alone: 84 of 121.
  const pairs = table(ben, 'Agreement of each pair');
  await expect(pairs.getByRole('rowheader')).toHaveText(['Demo Student 1 and Demo Student 2']);
  const shared = lighthouse.keeper.length;
  const f1 = (2 * shared) / (2 * shared + lighthouse.mercury.length);
  await expect(pairs.getByRole('cell').nth(1)).toHaveText(f1.toFixed(2));
  await expect(pairs.getByRole('cell').nth(2)).toHaveText('2 and 1');
  const passage = page.getByRole('listitem').filter({ hasText: lighthouse.mercury });
  await expect(passage.getByRole('list', { name: 'Not marked by' })).toHaveText('Demo Student 2');
  await page.getByText('What the figures mean').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('they agree no more than by chance')).toBeVisible();
  await expectFits(ben, 'agreement of two');

  // By the keyboard: the second tag, on which they agree.
  await tags.getByRole('link', { name: second!, exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: `Pairs on ${second}` })).toBeVisible();
  await expect(tags.getByRole('link', { name: second!, exact: true })).toHaveAttribute('aria-current', 'true');
  await expect(page.getByText('Nowhere: whatever one marked with this tag, all marked.')).toBeVisible();
  await page.goBack();

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
  expect(download.suggestedFilename()).toBe('How-did-a-lighthouse-keep-turning-agreement.csv');
  const path = testInfo.outputPath('agreement.csv');
  await download.saveAs(path);
  expect(await readFile(path, 'utf8')).toContain(`,${lighthouse.mercury},Demo Student 1,Demo Student 2`);

  await passage.getByRole('link', { name: 'Demo Student 1' }).click();
  await b.ready();
  await expect(page).toHaveURL(/\/c\/[-0-9a-f]+#h=[-0-9a-f]+$/);
  await expect(b.card(lighthouse.mercury)).toBeInViewport();
});

test('staff see how far people agree over all copies of an activity, and a name leads to its copy', async ({ signIn, ownServer }) => {
  test.slow();
  const [teacher, ann, ben] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
    signIn('student-2', { server: ownServer }),
  ]);
  const { classes } = await (await teacher.api.get('/api/v1/classes')).json();
  const template = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const settings = { title: 'Close reading', template, mode: 'individual' };
  const made = await teacher.api.post(`/api/v1/classes/${classes[0].id}/activities`, settings);
  const { id: activity } = await made.json();
  const copies: string[] = [];
  for (const [student, passages] of [
    [ann, [lighthouse.keeper, lighthouse.bell]],
    [ben, [lighthouse.keeper]],
  ] as const) {
    const { id } = await (await student.api.post(`/api/v1/activities/${activity}/start`, {})).json();
    const workspace = await student.open(id);
    for (const passage of passages) await workspace.highlight(passage, 1);
    await workspace.synced('saved');
    copies.push(id);
  }
  const { page } = teacher;
  await page.goto(`/activities/${activity}/overview`);
  await page.getByRole('navigation', { name: 'This activity' }).getByRole('link', { name: 'Agreement' }).click();
  await expect(page.getByText('2 people marked something here.')).toBeVisible();
  await expect(table(teacher, 'Agreement of each pair').getByRole('cell').nth(2)).toHaveText('2 and 1');
  await expectFits(teacher, 'agreement over an activity');
  const passage = page.getByRole('listitem').filter({ hasText: lighthouse.bell });
  await passage.getByRole('link', { name: 'Demo Student 1' }).click();
  await expect(page).toHaveURL(new RegExp(`/c/${copies[0]}#h=`));

  // The same is taken away: as a table, and at the end of all copies as one file to print.
  await page.goto(`/activities/${activity}/overview`);
  const [sheet] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Agreement (CSV)' }).click()]);
  expect(sheet.suggestedFilename()).toBe('Close-reading-agreement.csv');
  await page.getByRole('link', { name: 'PDF, with notes in the margin' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'PDF' })).toBeVisible();
  await expectFits(teacher, 'before the copies are printed');
  await page.getByRole('button', { name: 'Make a PDF' }).focus();
  await page.keyboard.press('Enter');
  const link = page.getByRole('link', { name: 'Download Close-reading.pdf' });
  await expect(link).toBeVisible({ timeout: 60_000 });
  await expectFits(teacher, 'the copies, printed');
  const [pdf] = await Promise.all([page.waitForEvent('download'), link.click()]);
  expect((await readFile(await pdf.path())).subarray(0, 5).toString()).toBe('%PDF-');
  await page.getByRole('link', { name: 'Close reading' }).click();
  await expect(page).toHaveURL(new RegExp(`/activities/${activity}/overview$`));
});
