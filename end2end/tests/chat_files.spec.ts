import { expectAccessible } from '../axe.ts';
import { newChat, replies, said, say, test } from '../chat.ts';
import { expect } from '../fixtures.ts';

const file = (name: string, buffer: Buffer | string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(buffer) });

test('files of the project are sent along by a tick, beside new ones', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await page.locator('.reading-meta a[href^="/projects/"]').click();
  await page.getByLabel('Add a file').setInputFiles(file('rules.md', '# Rules'));
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByRole('link', { name: 'rules.md' })).toBeVisible();
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.waitForURL(/\/c\//);
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await page.getByText('Attach files').press('Enter');
  const tick = page.getByRole('group', { name: 'Files of the project' }).getByRole('checkbox', { name: 'rules.md' });
  await tick.press('Space');
  const list = page.getByRole('list', { name: 'Files to be sent along' });
  await expect(list).toContainText('rules.md');
  await expectAccessible(page, 'files to be sent along');
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await list.getByRole('button', { name: 'Leave out rules.md' }).click();
  await expect(tick).not.toBeChecked();
  await tick.check();
  await page.locator('form[data-chat] input[type=file]').setInputFiles(file('notes.md', '# Notes'));
  await expect(list).toContainText('notes.md');
  await say(student, 'Read these.');
  await expect(said(student).getByRole('link')).toHaveText(['rules.md', 'notes.md']);
  await expect(tick).not.toBeChecked();
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('You said');
  // Which prompt wrote it, and where that stands.
  await replies(student).first().getByRole('link', { name: 'No instructions, version 1' }).click();
  await expect(page).toHaveURL(/\/projects\/.*#prompt-1$/);
});

test('one bad file of several is named, and the others are there', async ({ signIn, chatServer, guard }) => {
  guard.allow(/status of 4\d\d/);
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  const input = page.locator('form[data-chat] input[type=file]');
  await input.setInputFiles([file('one.md', '# One'), file('nothing.md', ''), file('setup.exe', Buffer.from([0x4d, 0x5a, 0x90, 0, 3, 0xff])), file('two.md', '# Two')]);
  const list = page.getByRole('list', { name: 'Files to be sent along' });
  await expect(list.getByRole('listitem')).toHaveText([/^one.md/, /^setup.exe The model will not get it/, /^two.md/]);
  await expect(page.getByRole('alert').filter({ hasText: 'nothing.md: it is empty' })).toBeVisible();
  await expectAccessible(page, 'files of which one is refused');
});
