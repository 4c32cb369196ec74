import { expectAccessible } from '../axe.ts';
import { box, replies, say, test } from '../chat.ts';
import { expect } from '../fixtures.ts';

test('a teacher says which model a class has and how much of it, and sees what was used', async ({ signIn, chatServer, model, guard }) => {
  guard.allow(/status of 4\d\d/);
  const teacher = await signIn('instructor', { server: chatServer });
  const { page } = teacher;
  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  await page.getByRole('link', { name: 'Invite and manage' }).click();
  const form = page.getByRole('form', { name: 'Models' });
  const only = form.getByRole('group', { name: 'Only these' });
  await expect(form.getByLabel('All models of the server')).toBeChecked();
  await expect(only.getByLabel('stand-in-large')).toBeDisabled();
  await expectAccessible(page, 'what a class allows at first');
  await form.getByLabel('All models of the server').uncheck();
  await only.getByLabel('stand-in-large').uncheck();
  // The stand-in counts ten tokens read, and one for each word that it says.
  await form.getByLabel('Tokens of each person').fill('13');
  await form.getByLabel('There are new ones').selectOption('each day, at midnight UTC');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(only.getByLabel('stand-in-large')).not.toBeChecked();
  await expect(only.getByLabel('stand-in-small')).toBeChecked();
  await expect(form.getByLabel('All models of the server')).not.toBeChecked();
  await expect(form.getByLabel('Tokens of each person')).toHaveValue('13');
  await expect(page.getByText('0 tokens. There are new ones on')).toBeVisible();

  const project = await teacher.context.newPage();
  await project.goto('/projects');
  await project.getByLabel('For whom').selectOption('Demo class');
  await project.getByRole('form', { name: 'New project' }).getByLabel('Name').fill('Week 3');
  await project.getByRole('button', { name: 'New project' }).click();
  await expect(project).toHaveURL(/\/projects\/./);
  const student = await signIn('student-1', { server: chatServer });
  await student.page.goto('/projects');
  await student.page.getByRole('link', { name: 'Week 3' }).click();
  await student.page.getByRole('button', { name: 'New chat' }).click();
  await student.page.waitForURL(/\/c\//);
  await expect(student.page.locator('html')).toHaveAttribute('data-hydrated', '');
  await say(student, 'Hello');
  await expect(replies(student).first().locator('[data-canonical]')).toHaveText('You said: Hello');
  await expect(replies(student).first()).toContainText('stand-in-small');
  await say(student, 'And again');
  await expect(student.page.getByRole('alert').filter({ hasText: 'You have used all of your 13 tokens' })).toBeVisible();
  await expect(box(student)).toHaveValue('And again');

  await page.reload();
  await expect(page.getByRole('list', { name: 'Used today' }).getByRole('listitem')).toHaveText([/^Demo Student 1\s*13 tokens$/]);
  await expectAccessible(page, 'what a class has used');

  // More of both is given while the student's page is open: the next reply brings the choice.
  await form.getByLabel('Tokens of each person').fill('500');
  await only.getByLabel('stand-in-large').check();
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(only.getByLabel('stand-in-large')).toBeChecked();
  const choice = student.page.getByLabel('Model', { exact: true });
  await expect(choice).toHaveCount(0);
  await box(student).press('Enter');
  await expect(replies(student).last().locator('[data-canonical]')).toHaveText('You said: And again');
  await choice.selectOption('stand-in-large');
  await say(student, 'And of this one');
  await expect(replies(student).last()).toContainText('stand-in-large');
  await expect(choice, 'what is chosen stays').toHaveValue('stand-in-large');
  await form.getByRole('checkbox', { name: 'stand-in-large' }).uncheck();
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(only.getByLabel('stand-in-large')).not.toBeChecked();

  // The server is given another model while the page is open. (The student's would try to reach it meanwhile.)
  await student.page.close();
  await chatServer.stop();
  await chatServer.start({ ...model, OPENAI_MODEL: 'stand-in-large' });
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByRole('alert')).toHaveText('models: this server has no “stand-in-small”. It has stand-in-large.');
  await expect(only.getByLabel('stand-in-small'), 'what was chosen stays').toBeChecked();
  await page.reload();
  await expect(form.getByText('Also allowed, but not on this server any more: stand-in-small.')).toBeVisible();
});
