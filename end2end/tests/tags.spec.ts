import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** The row of a tag in the dialog. */
function row(dialog: Locator, name: string): Locator {
  return dialog.getByRole('listitem').filter({ has: dialog.page().getByText(name, { exact: true }) });
}

/** In their order, once their part of the page is loaded. */
async function names(dialog: Locator): Promise<string[]> {
  await dialog.locator('.tags-name').first().waitFor();
  return dialog.locator('.tags-name').allTextContents();
}

function button(scope: Locator | Page, name: string): Locator {
  return scope.getByRole('button', { name, exact: true });
}

test('what one person changes of a tag is on the other’s page at once, its group too', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const b = await (await signIn('student-1')).open(id);
  await b.highlight(lighthouse.weight);
  await expect(b.card(lighthouse.weight)).toContainText('Claim');

  const dialog = await a.manageTags();
  await button(dialog, 'Edit Claim').click();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Thesis');
  await dialog.getByRole('textbox', { name: 'Description' }).fill('What it wants to show');
  await dialog.getByRole('radio', { name: 'Lavender' }).check();
  await dialog.getByRole('combobox', { name: 'Group' }).selectOption({ label: 'New group…' });
  await dialog.getByRole('textbox', { name: 'Name of the new group' }).fill('Argument');
  await button(dialog, 'Save').click();
  await expect(button(dialog, 'Edit Thesis')).toBeFocused();
  await expect(dialog.getByRole('heading', { name: 'Argument' })).toBeVisible();
  await expect(row(dialog, 'Thesis')).toContainText('1 highlight');

  await expect(b.card(lighthouse.weight)).toContainText('Thesis');
  await expect(b.card(lighthouse.weight)).toHaveCSS('--t', '#aa88ff');
  await b.selectText(lighthouse.bell);
  // Those without a group first, then group by group.
  await expect.poll(async () => (await b.tagNames()).at(-1)).toBe('Thesis');
  await expect(b.toolbar.getByRole('separator')).toHaveAttribute('title', 'Argument');

  // Renamed, and deleted with a way back.
  await button(dialog, 'Rename group Argument').click();
  await dialog.getByRole('textbox', { name: 'Name of the group' }).fill('Reasoning');
  await button(dialog, 'Save').click();
  await expect(b.toolbar.getByRole('separator')).toHaveAttribute('title', 'Reasoning');
  await button(dialog, 'Delete group Reasoning').click();
  await expect(b.toolbar.getByRole('separator')).toHaveCount(0);
  await expect(button(dialog, 'Undo')).toBeFocused();
  await a.page.keyboard.press('Enter');
  await expect(b.toolbar.getByRole('separator')).toHaveAttribute('title', 'Reasoning');
});

test('tags are moved by keys and by the pointer, and the digits follow', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const b = await (await signIn('student-1')).open(id);
  const dialog = await a.manageTags();
  const before = await names(dialog);

  const down = button(dialog, 'Move Claim down');
  await down.focus();
  await a.page.keyboard.press('Enter');
  await expect.poll(() => names(dialog)).toEqual([before[1], before[0], ...before.slice(2)]);
  await expect(down).toBeFocused();
  await expect(dialog.getByRole('log')).toHaveText(`Claim is now number 2 of ${before.length}.`);
  await b.selectText(lighthouse.weight);
  await expect.poll(() => b.tagNames()).toEqual([before[1], before[0], ...before.slice(2)]);
  await b.page.keyboard.press('2');
  await expect(b.card(lighthouse.weight)).toContainText('Claim');

  // To the end, by what it is taken hold of.
  const handle = await row(dialog, 'Claim').locator('.tags-handle').boundingBox();
  const last = await row(dialog, before.at(-1) ?? '').boundingBox();
  if (!handle || !last) throw new Error('nothing to drag');
  await a.page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await a.page.mouse.down();
  await a.page.mouse.move(last.x + 40, last.y + last.height - 4, { steps: 5 });
  await expect(row(dialog, before.at(-1) ?? '')).toHaveAttribute('data-drop', 'after');
  await a.page.mouse.up();
  await expect.poll(() => names(dialog)).toEqual([...before.slice(1), before[0]]);
  await expect(button(dialog, 'Move Claim down')).toHaveAttribute('aria-disabled', 'true');
  await b.selectText(lighthouse.bell);
  await expect.poll(async () => (await b.tagNames()).at(-1)).toBe('Claim');
});

test('a tag in use is merged instead of deleted, one that is not comes back by undo', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const b = await (await signIn('student-1')).open(id);
  await b.highlight(lighthouse.weight, 1);
  await b.highlight(lighthouse.bell, 1);

  const dialog = await a.manageTags();
  await expect(row(dialog, 'Claim')).toContainText('2 highlights');
  await button(dialog, 'Edit Claim').click();
  await expect(button(dialog, 'Delete')).toHaveAttribute('aria-disabled', 'true');
  await expect(button(dialog, 'Delete')).toHaveAccessibleDescription(/^2 highlights carry this tag/);
  await button(dialog, 'Delete').click({ force: true });
  const into = dialog.getByRole('combobox', { name: 'Merge into another tag' });
  await expect(into).toBeFocused();
  await into.selectOption({ label: 'Question' });
  await expect(dialog.getByText('2 highlights marked Claim will be marked Question instead, for everybody.')).toBeVisible();
  await button(dialog, 'Merge into Question').click();
  for (const passage of [lighthouse.weight, lighthouse.bell]) await expect(b.card(passage)).toContainText('Question');
  await expect(row(dialog, 'Question')).toContainText('2 highlights');
  await expect(dialog.getByRole('status', { name: 'Messages' })).toContainText('Claim merged into Question.');
  await button(dialog, 'Undo').click();
  await expect(b.card(lighthouse.weight)).toContainText('Claim');

  await button(dialog, 'Edit Helpful').click();
  await button(dialog, 'Delete').click();
  await b.selectText(lighthouse.oil);
  await expect.poll(() => b.tagNames()).not.toContain('Helpful');
  await button(dialog, 'Undo').click();
  await expect.poll(() => b.tagNames()).toContain('Helpful');
  await a.synced('saved');
});

test('what a person may not change is not offered, with a word why', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const b = await (await signIn('student-1')).open(id);
  const theirs = await b.manageTags();
  await expect(row(theirs, 'Claim')).toContainText('only they and staff may change it');
  await expect(row(theirs, 'Claim').getByRole('button')).toHaveCount(0);

  await theirs.getByRole('textbox', { name: 'Add a tag' }).fill('Mine');
  await b.page.keyboard.press('Enter');
  await button(theirs, 'Edit Mine').click();
  await expect(button(theirs, 'Lock')).toHaveCount(0);

  const dialog = await a.manageTags();
  await button(dialog, 'Edit Mine').click();
  await button(dialog, 'Lock').click();
  // Also the form that was open goes.
  await expect(row(theirs, 'Mine')).toContainText('locked');
  await expect(row(theirs, 'Mine').getByRole('button')).toHaveCount(0);
  await button(dialog, 'Unlock').click();
  await expect(button(theirs, 'Edit Mine')).toBeVisible();
});

test('a half-typed name survives what others do, and what was not touched stays theirs', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const teacher = await signIn('instructor');
  const a = await teacher.open(id);
  const b = await teacher.openInNewTab(id);
  const dialog = await a.manageTags();
  await button(dialog, 'Edit Claim').click();
  const name = dialog.getByRole('textbox', { name: 'Name', exact: true });
  await expect(name).toBeFocused();
  await name.fill('Half a na');

  const other = await b.manageTags();
  await button(other, 'Edit Claim').click();
  await other.getByRole('textbox', { name: 'Description' }).fill('From the other tab');
  await button(other, 'Save').click();
  await button(other, 'Move Claim down').click();
  await expect(row(dialog, 'Claim')).toContainText('From the other tab');
  await expect(name).toHaveValue('Half a na');
  await expect(name).toBeFocused();
  await a.page.keyboard.type('me');
  await a.page.keyboard.press('Enter');
  await expect(row(other, 'Half a name')).toContainText('From the other tab');
});

test('a refusal is said where the person is: in the dialog', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const dialog = await a.manageTags();
  await button(dialog, 'Edit Claim').click();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('question');
  await button(dialog, 'Save').click();
  const said = dialog.getByRole('status', { name: 'Messages' });
  await expect(said).toContainText(/there is a tag of this name already/i);
  await expect(said.getByText(/this name/)).toBeInViewport();
  await expect(dialog.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('question');
});

test('the tags of another conversation are taken over, and a second time nothing is doubled', async ({ signIn, newConversation }) => {
  const other = await newConversation({ ...shared, title: 'Where the tags come from' });
  const { id } = await newConversation(shared);
  const teacher = await signIn('instructor');
  const source = await teacher.open(other.id);
  const there = await source.manageTags();
  await there.getByRole('textbox', { name: 'Add a tag' }).fill('Metaphor');
  await source.page.keyboard.press('Enter');
  await button(there, 'Edit Metaphor').click();
  await there.getByRole('textbox', { name: 'Description' }).fill('An image for a thing');
  await button(there, 'Save').click();
  await source.synced('saved');

  const a = await teacher.openInNewTab(id);
  const dialog = await a.manageTags();
  const before = await names(dialog);
  await dialog.getByText('Copy the tags of another conversation').click();
  const from = dialog.getByRole('combobox', { name: 'Conversation' });
  await from.selectOption({ label: `Where the tags come from · ${(await teacher.api.me()).name}` });
  await button(dialog, 'Copy tags').click();
  const said = dialog.getByRole('status', { name: 'Messages' });
  await expect(said).toContainText('1 tag copied, 6 here already.');
  expect(await names(dialog)).toEqual([...before, 'Metaphor']);
  await expect(row(dialog, 'Metaphor')).toContainText('An image for a thing');
  await button(dialog, 'Copy tags').click();
  await expect(said).toContainText('0 tags copied, 7 here already.');
  expect(await names(dialog)).toEqual([...before, 'Metaphor']);

  // What somebody cannot open has no tags for them either.
  const hidden = await newConversation({ ...shared, share: 'none' });
  const { api } = await signIn('student-1');
  expect((await api.get(`/api/v1/conversations/${other.id}/tags`)).status()).toBe(200);
  expect((await api.get(`/api/v1/conversations/${hidden.id}/tags`)).status()).toBe(404);
});

test('by keyboard alone: to the tags, a change, and back', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const { keyboard } = a.page;
  const board = a.page.getByRole('tabpanel', { name: 'Board' });
  await a.page.getByRole('tab', { name: 'Annotations', exact: true }).focus();
  await keyboard.press('ArrowRight');
  await keyboard.press('Tab');
  await expect(button(board, 'Manage tags')).toBeFocused();
  await keyboard.press('Enter');
  const dialog = a.page.getByRole('dialog', { name: 'Tags', exact: true });
  await expect(dialog.getByRole('heading', { name: 'Tags', exact: true })).toBeFocused();
  const edit = button(dialog, 'Edit Claim');
  for (let steps = 0; steps < 6 && !(await edit.evaluate((element) => element === document.activeElement)); steps += 1) {
    await keyboard.press('Tab');
  }
  await keyboard.press('Enter');
  await expect(dialog.getByRole('textbox', { name: 'Name', exact: true })).toBeFocused();
  // No digit marks anything from within a dialog.
  await keyboard.press('End');
  await keyboard.type(' 1');
  await keyboard.press('Enter');
  await expect(button(dialog, 'Edit Claim 1')).toBeFocused();
  await keyboard.press('1');
  await expect(a.cards).toHaveCount(0);
  await keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(button(board, 'Manage tags')).toBeFocused();
});

test('the dialog is accessible, and fits on a narrow screen', async ({ signIn, newConversation }) => {
  // The whole page is judged six times.
  test.slow();
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  await a.highlight(lighthouse.weight);
  const dialog = await a.manageTags();
  await expectAccessible(a.page, 'the tags');
  await button(dialog, 'Edit Claim').click();
  await dialog.getByRole('combobox', { name: 'Group' }).selectOption({ label: 'New group…' });
  await dialog.getByRole('combobox', { name: 'Merge into another tag' }).selectOption({ label: 'Question' });
  await expectAccessible(a.page, 'a tag being changed');
  await a.page.setViewportSize({ width: 320, height: 640 });
  await expectAccessible(a.page, 'a tag being changed, narrow');
  const wider = await dialog.evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(wider, 'nothing beside the dialog').toBe(0);
});

test('what is half written of a tag waits while another is looked at, and until it is saved or cancelled', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const dialog = await a.manageTags();
  const name = dialog.getByRole('textbox', { name: 'Name', exact: true });
  await button(dialog, 'Edit Claim').click();
  await name.fill('Half a na');
  await dialog.getByRole('textbox', { name: 'Description' }).fill('What it is for');
  await dialog.getByRole('radio', { name: 'Lavender' }).check();
  const other = (await names(dialog)).find((known) => known !== 'Claim') ?? '';
  await button(dialog, `Edit ${other}`).click();
  await expect(name).toHaveValue(other);
  // The merge list of the open row names it as well.
  const claim = dialog.locator('.tags-row').filter({ has: a.page.locator('.tags-name', { hasText: /^Claim$/ }) });
  await expect(claim).toContainText('changes not saved yet');
  await button(dialog, 'Close').click();
  await a.manageTags();
  await expect(claim).toContainText('changes not saved yet');
  await button(dialog, 'Edit Claim').click();
  await expect(name).toHaveValue('Half a na');
  await expect(dialog.getByRole('textbox', { name: 'Description' })).toHaveValue('What it is for');
  await expect(dialog.getByRole('radio', { name: 'Lavender' })).toBeChecked();
  await button(dialog, 'Cancel').click();
  await expect(claim).not.toContainText('changes not saved yet');
  await button(dialog, 'Edit Claim').click();
  await expect(name).toHaveValue('Claim');
});

test('the lists of groups and tags show what will be saved, whatever others delete', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const b = await (await signIn('student-1')).open(id);
  const theirs = await b.manageTags();
  await button(theirs, 'Add').waitFor();
  await theirs.getByRole('textbox', { name: 'Add a tag' }).fill('Theirs');
  await button(theirs, 'Add').click();
  await button(theirs, 'Edit Theirs').click();
  await theirs.getByRole('combobox', { name: 'Group' }).selectOption({ label: 'New group…' });
  await theirs.getByRole('textbox', { name: 'Name of the new group' }).fill('Passing');
  await button(theirs, 'Save').click();

  const dialog = await a.manageTags();
  await button(dialog, 'Edit Claim').click();
  const [group, merge] = [
    dialog.getByRole('combobox', { name: 'Group' }),
    dialog.getByRole('combobox', { name: 'Merge into another tag' }),
  ];
  await group.selectOption({ label: 'Passing' });
  await merge.selectOption({ label: 'Theirs' });
  await expect(button(dialog, 'Merge into Theirs')).toBeVisible();

  // Another tag comes: what is chosen stays chosen.
  await theirs.getByRole('textbox', { name: 'Add a tag' }).fill('Another');
  await button(theirs, 'Add').click();
  await expect(merge.getByRole('option', { name: 'Another' })).toBeAttached();
  await expect(merge.locator('option:checked')).toHaveText('Theirs');
  await expect(group.locator('option:checked')).toHaveText('Passing');

  await button(theirs, 'Delete group Passing').click();
  await expect(group.getByRole('option', { name: 'Passing' })).toHaveCount(0);
  await expect(group.locator('option:checked')).toHaveText('No group');
  await button(theirs, 'Edit Theirs').click();
  await button(theirs, 'Delete').click();
  await expect(merge.locator('option:checked')).toHaveText('Choose a tag');
  await expect(dialog.getByRole('button', { name: /^Merge into/ })).toHaveCount(0);
});

test('groups are moved by keys and by the pointer, and the tools follow', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  const b = await (await signIn('student-1')).open(id);
  const dialog = await a.manageTags();
  const [one = '', two = ''] = await names(dialog);
  for (const [tag, group] of [[one, 'First'], [two, 'Second']] as const) {
    await button(dialog, `Edit ${tag}`).click();
    await dialog.getByLabel('Group', { exact: true }).selectOption({ label: 'New group…' });
    await dialog.getByLabel('Name of the new group').fill(group);
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  }
  const headings = dialog.locator('.tags-group-head h3');
  await expect(headings).toHaveText(['First', 'Second']);
  const up = button(dialog, 'Move group Second up');
  await up.focus();
  await a.page.keyboard.press('Enter');
  await expect(headings).toHaveText(['Second', 'First']);
  await expect(up).toBeFocused();
  await expect(up).toHaveAttribute('aria-disabled', 'true');
  await expect(dialog.getByRole('log')).toHaveText('Group Second is now number 1 of 2.');
  await b.selectText(lighthouse.weight);
  await expect.poll(async () => (await b.tagNames()).slice(-2)).toEqual([two, one]);

  const group = (name: string) => dialog.locator('.tags-group').filter({ has: a.page.getByRole('heading', { name, exact: true }) });
  const handle = await group('Second').locator('.tags-group-head .tags-handle').boundingBox();
  const last = await group('First').boundingBox();
  if (!handle || !last) throw new Error('nothing to drag');
  await a.page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await a.page.mouse.down();
  await a.page.mouse.move(last.x + 40, last.y + last.height - 4, { steps: 5 });
  await expect(group('First')).toHaveAttribute('data-drop', 'after');
  await a.page.mouse.up();
  await expect(headings).toHaveText(['First', 'Second']);
  await expect.poll(async () => (await b.tagNames()).slice(-2)).toEqual([one, two]);
  await expectAccessible(a.page, 'groups that can be moved');
});
