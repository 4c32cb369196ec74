import { ended } from '../absence.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';

/** Chromium reports each answer of 400 and more as a console error; what is thrown away is not there. */
const REFUSED = /status of 404/;

test('a conversation is thrown away where it stands in the list, and taken back at once or later', async ({ signIn, ownServer: server, guard }) => {
  guard.allow(REFUSED, ...NO_NETWORK);
  const [ann, ben] = [await signIn('student-1', { server }), await signIn('student-2', { server })];
  const { page } = ann;
  const id = await ann.api.newConversation({ title: 'A draft', text: lighthouse.text, share: 'class' });
  const b = await ben.open(id);
  await b.highlight(lighthouse.bell);
  await b.synced('saved');

  // As a keyboard does it, in all lists at once.
  await page.goto('/');
  const lines = page.locator(`li[data-conversation="${id}"]`);
  const remove = lines.getByRole('button', { name: 'Delete A draft' });
  await remove.focus();
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: 'Move it to the trash?' });
  await expect(question).toContainText(/“A draft” \(\d+ messages?, \d+ highlights?\)/);
  await expectAccessible(page, 'home that asks before something is thrown away');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(lines).toHaveCount(1);
  await remove.click();
  await question.getByRole('button', { name: 'Move to the trash' }).click();
  const status = page.getByRole('status').filter({ hasText: 'A draft is in the trash.' });
  await expect(status).toBeVisible();
  await expect(lines).toHaveCount(0);
  // Whoever has it open learns of it.
  await expect(ended(b.page)).toBeVisible();

  await expect(status.getByRole('button', { name: 'Undo' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'A draft is back.' })).toBeVisible();
  await expect(remove).toBeFocused();
  await ended(b.page).getByRole('link', { name: 'Try again' }).click();
  await b.ready();
  await b.expectPainted(lighthouse.bell);

  // Later, from the trash.
  await remove.click();
  await question.getByRole('button', { name: 'Move to the trash' }).click();
  await expect(status).toBeVisible();
  await page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: 'Trash' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Trash' })).toBeVisible();
  const thrown = page.getByRole('listitem').filter({ hasText: 'A draft' });
  await expect(thrown).toContainText('1 highlight');
  await expect(thrown).toContainText('gone on');
  await expectAccessible(page, 'the trash');
  await thrown.getByRole('button', { name: 'Restore A draft' }).click();
  await expect(page.getByText('Nothing is in the trash.')).toBeVisible();
  await expectAccessible(page, 'an empty trash');
  const a = await ann.open(id);
  await a.expectPainted(lighthouse.bell);
});

test('from its own page a conversation is thrown away, and from the trash deleted for ever', async ({ signIn, ownServer: server, guard }) => {
  guard.allow(REFUSED);
  const { page, api } = await signIn('student-1', { server, viewport: { width: 390, height: 800 } });
  const id = await api.newConversation({ title: 'ملاحظات قديمة جدا عن المنارة والجرس 🔔 and a long tail of words', text: lighthouse.text });
  await page.goto(`/c/${id}/share`);
  await page.getByRole('button', { name: 'Move to the trash' }).click();
  const question = page.getByRole('dialog', { name: 'Move it to the trash?' });
  await question.getByRole('button', { name: 'Move to the trash' }).click();
  await expect(page).toHaveURL(/\/trash$/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.getByRole('button', { name: /^Delete .* for ever$/ }).click();
  const last = page.getByRole('dialog', { name: /^Delete .* for ever\?$/ });
  await expect(last).toContainText('cannot be taken back');
  await last.getByRole('button', { name: 'Delete for ever' }).click();
  await expect(page.getByText('Nothing is in the trash.')).toBeVisible();
  expect((await page.goto(`/c/${id}`))?.status()).toBe(404);
});

test('an activity and a project come back from the trash with all that was done in them', async ({ signIn, ownServer: server, guard }) => {
  test.slow();
  guard.allow(REFUSED, ...NO_NETWORK);
  const [teacher, ann] = [await signIn('instructor', { server }), await signIn('student-1', { server })];
  const { page } = teacher;
  await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  await page.getByRole('navigation', { name: 'This class' }).getByRole('link', { name: 'Activities' }).click();
  await page.getByRole('link', { name: 'New activity' }).click();
  const form = page.getByRole('form', { name: 'New activity' });
  await form.getByLabel('Title').fill('Close reading');
  await form.getByLabel('Template').selectOption({ label: `${lighthouse.title} (Demo Instructor)` });
  await form.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/activities\/[-0-9a-f]+$/);
  const task = page.url();
  await ann.page.goto(task);
  await ann.page.getByRole('button', { name: 'Start' }).click();
  await expect(ann.page).toHaveURL(/\/c\//);
  const a = await ann.open(ann.page.url().split('/c/')[1]!);
  await a.highlight(lighthouse.bell);
  await a.synced('saved');

  await page.goto(`${task}/settings`);
  await page.getByRole('button', { name: 'Delete the activity' }).click();
  const question = page.getByRole('dialog', { name: 'Delete this activity?' });
  await expect(question).toContainText('With it go 1 conversation');
  await question.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page).toHaveURL(/\/classes\/[-0-9a-f]+\/activities$/);
  await expect(ended(a.page)).toBeVisible();

  await page.goto('/projects');
  await page.getByRole('form', { name: 'New project' }).getByLabel('Name').fill('Whales');
  await page.getByRole('form', { name: 'New project' }).getByRole('button').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Whales' })).toBeVisible();
  const project = page.url();
  await page.getByRole('button', { name: 'Delete the project' }).click();
  await page.getByRole('dialog', { name: 'Delete this project?' }).getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page).toHaveURL(/\/projects$/);

  await page.goto('/trash');
  await expectAccessible(page, 'a trash with an activity and a project');
  await page.getByRole('region', { name: 'Activities' }).getByRole('button', { name: 'Restore Close reading' }).click();
  await expect(page.getByRole('region', { name: 'Activities' })).toHaveCount(0);
  await page.getByRole('region', { name: 'Projects' }).getByRole('button', { name: 'Restore Whales' }).click();
  await expect(page.getByText('Nothing is in the trash.')).toBeVisible();
  expect((await page.goto(project))?.status()).toBe(200);
  await ended(a.page).getByRole('link', { name: 'Try again' }).click();
  await a.ready();
  await a.expectPainted(lighthouse.bell);
});

test('a class goes to the trash with all that hangs on it, and comes back', async ({ signIn, ownServer: server, guard }) => {
  guard.allow(REFUSED);
  const [teacher, ann] = [await signIn('instructor', { server }), await signIn('student-1', { server })];
  const { page } = teacher;
  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  await page.getByRole('link', { name: 'Invite and manage' }).click();
  await page.getByRole('button', { name: 'Delete the class' }).click();
  const question = page.getByRole('dialog', { name: 'Delete this class?' });
  await expect(question).toContainText(/\d+ people are in it/);
  await expectAccessible(page, 'a class that is about to be deleted');
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/classes$/);
  await expect(page.getByText('Demo class')).toHaveCount(0);
  await ann.page.goto('/classes');
  await expect(ann.page.getByText('Demo class')).toHaveCount(0);

  await page.goto('/trash');
  const thrown = page.getByRole('listitem').filter({ hasText: 'Demo class' });
  await expect(thrown).toContainText(/\d+ people, \d+ activit(y|ies) with \d+ conversations?, \d+ projects?/);
  await expectAccessible(page, 'the trash with a class');
  await thrown.getByRole('button', { name: 'Restore Demo class' }).click();
  await expect(page.getByText('Nothing is in the trash.')).toBeVisible();
  await ann.page.reload();
  await expect(ann.page.getByText('Demo class')).toBeVisible();
});
