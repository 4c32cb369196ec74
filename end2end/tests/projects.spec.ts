import { readFile } from 'node:fs/promises';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';

async function newProject({ page }: Visitor, name: string): Promise<string> {
  await page.goto('/');
  await page.getByRole('navigation', { name: 'Site' }).getByRole('link', { name: 'Projects' }).click();
  await page.getByRole('form', { name: 'New project' }).getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'New project' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  return page.url();
}

async function newPrompt({ page }: Visitor, name: string, content: string): Promise<void> {
  await page.getByLabel('Name of the prompt').fill(name);
  await page.getByLabel('Instructions').fill(content);
  await page.getByRole('button', { name: 'New prompt' }).click();
  await expect(page.getByText(`${name}, version`)).toBeVisible();
}

test('somebody makes a project with a prompt and a file, and a chat in it', async ({ signIn, ownServer }) => {
  // A page is judged ten times, and another comes as often.
  test.slow();
  const student = await signIn('student-1', { server: ownServer });
  const { page } = student;
  await page.goto('/projects');
  await expect(page.getByText('No projects yet.')).toBeVisible();
  await expectAccessible(page, 'no projects');
  await newProject(student, 'My thesis');
  await expectAccessible(page, 'a new project');

  const prompts = page.getByRole('region', { name: 'Prompts' }).getByRole('listitem');
  await expect(prompts).toHaveText([/No instructions, version 1.*Active/s]);
  await newPrompt(student, 'Socratic', 'Answer with questions.\nNever with answers.');
  await expect(prompts.first()).not.toContainText('Active');
  await prompts.first().getByRole('button', { name: 'Activate' }).click();
  await expect(prompts.first().getByText('Active')).toBeVisible();
  await expect(page.getByText('Active', { exact: true })).toHaveCount(1);
  await prompts.first().getByText('Socratic').click();
  await prompts.first().getByRole('link', { name: 'Edit as a new version' }).click();
  await expect(page.getByLabel('Instructions')).toHaveValue('Answer with questions.\nNever with answers.');

  await page.getByLabel('Add a file').setInputFiles({ name: 'notes.md', mimeType: 'text/plain', buffer: Buffer.from('# Notes') });
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const file = page.getByRole('link', { name: 'notes.md' });
  const [download] = await Promise.all([page.waitForEvent('download'), file.click()]);
  expect(download.suggestedFilename()).toBe('notes.md');
  expect(await readFile(await download.path(), 'utf8')).toBe('# Notes');
  await expectAccessible(page, 'a project with a prompt and a file');
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectAccessible(page, 'a project in the dark');
  await page.getByRole('button', { name: 'Delete notes.md' }).click();
  await page.getByRole('dialog', { name: 'Delete notes.md?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(file).toHaveCount(0);

  await page.getByRole('button', { name: 'New chat' }).click();
  await expect(page).toHaveURL(/\/c\//);
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await expect(page.getByText('0 messages')).toBeVisible();
  await page.getByRole('link', { name: 'My thesis' }).click();
  await expect(page.getByRole('region', { name: 'Chats' }).getByRole('listitem')).toHaveText([/New chat.*You.*0 messages/s]);
});

test('a class has its project changed by those who teach it, and its members chat each for themselves', async ({ signIn, ownServer }) => {
  const teacher = await signIn('instructor', { server: ownServer });
  await teacher.page.goto('/projects');
  await teacher.page.getByLabel('For whom').selectOption('Demo class');
  await teacher.page.getByRole('form', { name: 'New project' }).getByLabel('Name').fill('Week 3');
  await teacher.page.getByRole('button', { name: 'New project' }).click();
  await newPrompt(teacher, 'Tutor', 'Be patient.');

  const student = await signIn('student-1', { server: ownServer });
  await student.page.goto('/projects');
  await student.page.getByRole('link', { name: 'Week 3' }).click();
  await expect(student.page.getByText('Tutor, version 2')).toBeVisible();
  await expect(student.page.getByRole('button', { name: 'Activate' })).toHaveCount(0);
  await expect(student.page.getByLabel('Add a file')).toHaveCount(0);
  await expectAccessible(student.page, 'a class’s project as a student sees it');
  await student.page.getByRole('button', { name: 'New chat' }).click();
  await expect(student.page).toHaveURL(/\/c\//);

  await teacher.page.reload();
  await expect(teacher.page.getByText('No chats yet.')).toBeVisible();
});
