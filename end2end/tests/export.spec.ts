import { readFile } from 'node:fs/promises';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { ImportPage } from '../import_page.ts';
import { lighthouse } from '../texts.ts';

test('the conversation is taken away with what was marked and said', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const workspace = await (await signIn('student-1')).open(id);
  await workspace.highlight(lighthouse.keeper);
  await workspace.comment(workspace.card(lighthouse.keeper), 'Says who?');
  const [download] = await Promise.all([
    workspace.page.waitForEvent('download'),
    workspace.page.getByRole('button', { name: 'Export', exact: true }).click(),
  ]);
  const text = await readFile(await download.path(), 'utf8');
  expect(text).toContain(`# ${lighthouse.title}`);
  expect(text).toContain(`> ${lighthouse.keeper}`);
  expect(text).toContain('- Demo Student 1: Says who?');
});

test('the server writes the other formats, and the page to read needs nothing', async ({ signIn, newConversation }, testInfo) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const workspace = await (await signIn('student-1')).open(id);
  await workspace.highlight(lighthouse.keeper);
  const box = await workspace.openCard(workspace.card(lighthouse.keeper));
  await box.fill('Says **who**?');
  await workspace.card(lighthouse.keeper).getByRole('button', { name: 'Post', exact: true }).click();
  await expect(workspace.card(lighthouse.keeper).getByText('Says who?')).toBeVisible();
  await workspace.synced('saved');
  await workspace.page.getByLabel('Other formats').focus();
  await workspace.page.keyboard.press('Enter');
  await expectAccessible(workspace.page, 'the menu of formats');
  const take = async (name: string, ending: string) => {
    const [download] = await Promise.all([
      workspace.page.waitForEvent('download'),
      workspace.page.getByRole('link', { name }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(new RegExp(`^[^ ]+\\.${ending}$`));
    const path = testInfo.outputPath(`export.${ending}`);
    await download.saveAs(path);
    return path;
  };
  const annotations = JSON.parse(await readFile(await take('Web Annotations (JSON-LD)', 'jsonld'), 'utf8'));
  expect(annotations.first.items[0].body.map(({ value }: { value: string }) => value)).toContain('Says **who**?');
  expect(await readFile(await take('Table (CSV)', 'csv'), 'utf8')).toContain('Says **who**?');
  expect(await readFile(await take('Agreement (CSV)', 'csv'), 'utf8')).toMatch(/^row,tag_id,/);
  expect(await readFile(await take('Markdown', 'md'), 'utf8')).toContain(`> ${lighthouse.keeper}`);

  const copy = await workspace.page.context().newPage();
  await copy.goto(`file://${await take('Web page, to read anywhere', 'html')}`);
  await expect(copy.getByRole('heading', { level: 1 })).toHaveText(lighthouse.title);
  await expect(copy.locator('mark').first()).toBeVisible();
  await expect(copy.getByRole('listitem').filter({ hasText: 'Says who?' }).first()).toBeVisible();
  await expect(copy.locator('strong', { hasText: 'who' })).toBeVisible();
  const ground = await copy.locator('mark').first().evaluate((mark) => getComputedStyle(mark).backgroundColor);
  expect(ground, 'its own style sheet is let through by its own policy').not.toBe('rgba(0, 0, 0, 0)');
  for (const width of [320, 1280]) {
    await copy.setViewportSize({ width, height: 800 });
    expect(await copy.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await expectAccessible(copy, `the page to read, ${width} wide`);
  }
});

test('a conversation is taken away whole, and brought in again with all that people added', async ({ signIn, newConversation }, testInfo) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const workspace = await (await signIn('student-1')).open(id);
  await workspace.highlight(lighthouse.keeper);
  await workspace.comment(workspace.card(lighthouse.keeper), 'Says who?');
  await (await workspace.openNotes()).fill('What the keeper saw.');
  await workspace.synced('saved');
  await workspace.page.getByLabel('Other formats').click();
  const [download] = await Promise.all([
    workspace.page.waitForEvent('download'),
    workspace.page.getByRole('link', { name: 'Everything, to import again' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.grimoire$/);
  const path = testInfo.outputPath(download.suggestedFilename());
  await download.saveAs(path);

  // Somebody else looks at what is in it before anything is stored.
  const other = await signIn('student-2');
  const form = await ImportPage.open(other.page);
  await form.file.setInputFiles(path);
  await form.submit.click();
  const choice = form.choice(new RegExp(lighthouse.title));
  await expect(choice).toContainText(/\d+ messages?, 1 highlight, 1 comment, 2 people/);
  await expectAccessible(form.page, 'what a bundle holds');
  await form.page.screenshot({ path: testInfo.outputPath('preview.png') });
  await choice.click();
  const copy = await form.imported();
  expect(copy).not.toBe(id);

  const there = await other.open(copy);
  await expect(there.card(lighthouse.keeper)).toHaveAttribute('data-anchor', 'exact');
  await expect(there.card(lighthouse.keeper)).toContainText('Demo Student 1 (imported)');
  await there.openCard(there.card(lighthouse.keeper));
  await expect(there.card(lighthouse.keeper)).toContainText('Says who?');
  await there.page.screenshot({ path: testInfo.outputPath('imported.png') });
  expect(await (await there.openNotes()).inputValue()).toBe('What the keeper saw.');
  await there.page.emulateMedia({ colorScheme: 'dark' });
  await there.page.screenshot({ path: testInfo.outputPath('imported-dark.png') });
});

test('a PDF is made while nobody waits, and fetched later', async ({ signIn, newConversation }, testInfo) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const visitor = await signIn('student-1');
  const workspace = await visitor.open(id);
  await workspace.highlight(lighthouse.keeper);
  await workspace.comment(workspace.card(lighthouse.keeper), 'Says who?');
  await workspace.synced('saved');
  await workspace.page.getByLabel('Other formats').click();
  await workspace.page.getByRole('link', { name: 'PDF, with notes in the margin' }).click();
  const { page } = workspace;
  await expect(page.getByRole('heading', { level: 1, name: 'PDF' })).toBeVisible();
  await expectAccessible(page, 'before a PDF is made');
  await page.getByRole('button', { name: 'Make a PDF' }).click();
  await expect(page.getByRole('list', { name: 'Your files' }).getByRole('listitem')).toHaveCount(1);
  // The tab is left, and another comes back.
  await page.goto('/');
  const later = await visitor.context.newPage();
  await later.goto(`/c/${id}/exports`);
  const link = later.getByRole('link', { name: /^Download .*\.pdf$/ });
  await expect(link).toBeVisible({ timeout: 30_000 });
  const [download] = await Promise.all([later.waitForEvent('download'), link.click()]);
  expect(download.suggestedFilename()).toMatch(/^[^ ]+\.pdf$/);
  const path = testInfo.outputPath('export.pdf');
  await download.saveAs(path);
  expect((await readFile(path)).subarray(0, 5).toString()).toBe('%PDF-');
  for (const colorScheme of ['light', 'dark'] as const) {
    await later.emulateMedia({ colorScheme });
    await expectAccessible(later, `a PDF that was made, ${colorScheme}`);
    await later.screenshot({ path: testInfo.outputPath(`exports-${colorScheme}.png`) });
  }
  await later.setViewportSize({ width: 320, height: 700 });
  expect(await later.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await later.getByRole('button', { name: 'Remove' }).click();
  await expect(later.getByRole('list', { name: 'Your files' }).getByRole('listitem')).toHaveCount(0);
});

test('Word, e-book readers and a search have their files', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: `${lighthouse.text}\n\nA quokka.`, share: 'class' });
  const workspace = await (await signIn('student-1')).open(id);
  await workspace.highlight(lighthouse.keeper);
  await workspace.synced('saved');
  const { page } = workspace;
  await page.getByLabel('Other formats').click();
  const take = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  for (const [name, ending] of [['Word, with comments (DOCX)', 'docx'], ['For e-book readers (EPUB Annotations)', 'annotations']]) {
    const file = await take(name!);
    expect(file.name).toMatch(new RegExp(`\\.${ending}$`));
    expect(file.bytes.subarray(0, 2).toString()).toBe('PK');
  }
  await expect(async () => {
    await page.goto('/search?q=quokka');
    await expect(page.getByRole('heading', { level: 2, name: lighthouse.title })).toBeVisible({ timeout: 500 });
  }).toPass();
  await expectAccessible(page, 'what was found, with its files');
  expect((await take('Export CSV')).bytes.toString()).toContain(`/c/${id}#m-`);
  expect(JSON.parse((await take('Export JSON-LD')).bytes.toString()).type).toBe('AnnotationCollection');
});

test('annotations of another copy are looked at, brought in, and known again', async ({ signIn, newConversation, guard }, testInfo) => {
  // A file that holds none.
  guard.allow(/status of 400/);
  const one = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const student = await signIn('student-1');
  const workspace = await student.open(one.id);
  await workspace.comment(await workspace.highlight(lighthouse.keeper), 'Says who?');
  await workspace.synced('saved');
  const answer = await student.api.request.get(`/api/v1/conversations/${one.id}/export?format=jsonld`);
  const collection = (await answer.json()) as { first: { items: object[] } };
  collection.first.items.push({ ...structuredClone(collection.first.items[0]), id: 'urn:x:1', target: { source: 'urn:x', selector: { type: 'TextQuoteSelector', exact: 'A whale that nobody saw.' } } });
  const file = { name: 'of-another.jsonld', mimeType: 'application/ld+json', buffer: Buffer.from(JSON.stringify(collection)) };

  const other = await newConversation({ title: 'Another copy', text: lighthouse.text, share: 'class' });
  const there = await student.openInNewTab(other.id);
  const { page } = there;
  await page.getByLabel('Other formats').click();
  await page.getByRole('link', { name: 'Bring annotations in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Bring annotations in' })).toBeVisible();
  const choose = page.getByLabel('Choose a file of annotations');
  const look = page.getByRole('button', { name: 'Look at it' });
  await choose.setInputFiles({ ...file, buffer: Buffer.from('{"no": "annotations"}') });
  await look.click();
  await expect(page.getByRole('alert')).toHaveText(/\S/);
  await choose.setInputFiles(file);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await look.click();
  const told = page.getByRole('region', { name: 'What would be brought in' });
  await expect(told.getByRole('listitem').first()).toHaveText('1 highlight on the words that are quoted');
  await expect(told).toContainText('1 comment');
  await told.getByText('1 annotation left out').click();
  await expect(told).toContainText('A whale that nobody saw.');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `what would be brought in, ${colorScheme}`);
    await page.screenshot({ path: testInfo.outputPath(`bring-in-${colorScheme}.png`) });
  }
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.setViewportSize({ width: 1280, height: 800 });
  const before = await student.api.request.get(`/api/v1/conversations/${other.id}/export?format=jsonld`);
  expect(await before.text(), 'nothing is changed by looking').not.toContain('Says who?');
  await told.getByRole('button', { name: 'Bring them in' }).click();
  await expect(page.getByRole('heading', { name: 'Brought in' })).toBeVisible();
  // The same file once more.
  await look.click();
  await expect(page.getByRole('heading', { name: 'There is nothing in it that is not here' })).toBeVisible();
  await page.getByRole('link', { name: 'Open the conversation' }).click();
  await there.expectPainted(lighthouse.keeper);
  await expect(there.card(lighthouse.keeper)).toHaveAttribute('data-anchor', 'exact');
  await expect(there.cards.getByText('Says who?')).toBeVisible();
});
