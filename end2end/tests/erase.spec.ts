import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const SIGNED_OUT = /status of 401/;
const NOT_CONFIRMED = /status of 400/;

test('somebody erases their account: the page says what happens, asks twice, and their words stay by a former member', async ({ visit, ownServer: server, guard }) => {
  guard.allow(SIGNED_OUT);
  guard.allow(NOT_CONFIRMED);
  const [teacher, student] = [await visit({ server }), await visit({ server })];
  await teacher.api.signIn('instructor');
  await student.api.signIn('student-1');
  const id = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const work = await student.open(id);
  await work.highlight(lighthouse.weight);
  await work.synced('saved');
  const { page } = student;
  const me = await (await student.api.get('/api/v1/me')).json() as { id: string };
  expect(JSON.stringify(await page.evaluate(() => indexedDB.databases()))).toContain(me.id);
  await page.goto('/account');
  await page.getByRole('link', { name: 'Erase my account…' }).click();
  await expect(page.getByRole('heading', { name: 'Erase my account', level: 1 })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Demo class' })).toContainText('stays, by a “Former member”');
  await expect(page.getByRole('link', { name: 'Download my data first' })).toBeVisible();
  await expectAccessible(page, 'the page that erases');

  await server.sql("update sessions set created_at = created_at - interval '1 hour'");
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Sign in again first' })).toBeVisible();
  await expect(page.getByRole('form', { name: 'Erase my account' })).toHaveCount(0);
  await expectAccessible(page, 'the page that asks to sign in again');
  await page.getByRole('button', { name: 'Sign out' }).last().click();
  await expect(page).toHaveURL(/\/sign-in/);
  await student.api.signIn('student-1');
  await page.goto('/account/erase');

  const form = page.getByRole('form', { name: 'Erase my account' });
  const address = form.getByRole('textbox', { name: /^Your address/ });
  const confirm = async () => {
    await form.getByRole('button', { name: 'Erase my account' }).click();
    const dialog = page.getByRole('dialog', { name: 'Erase your account?' });
    await expect(dialog).toBeVisible();
    return dialog;
  };
  await address.fill('somebody@else.example');
  await (await confirm()).getByRole('button', { name: 'Erase my account' }).click();
  await expect(page.getByRole('alert')).toContainText('not the address of your account');
  await address.fill('student-1@demo.invalid');
  await (await confirm()).getByRole('button', { name: 'Cancel' }).click();
  expect((await student.api.get('/api/v1/me')).status()).toBe(200);
  await (await confirm()).getByRole('button', { name: 'Erase my account' }).click();
  await expect(page).toHaveURL(/\/erased$/);
  await expect(page.getByRole('heading', { name: 'Your account is erased' })).toBeVisible();
  await expectAccessible(page, 'the page after');
  const kept = await page.evaluate(async () => ({ here: Object.entries(localStorage).flat(), databases: await indexedDB.databases() }));
  expect(JSON.stringify(kept), 'nothing of them is on this device').not.toContain(me.id);
  expect((await student.api.get('/api/v1/me')).status()).toBe(401);

  const reading = await teacher.open(id);
  await expect(reading.page.getByRole('article').filter({ has: reading.page.locator('[data-quote]') })).toContainText('Former member');
});

test('whoever alone teaches a class is told what to do first, and members read what a class does', async ({ signIn }) => {
  const { page } = await signIn('instructor');
  await page.goto('/account/erase');
  await expect(page.getByRole('heading', { name: 'What has to be done first' })).toBeVisible();
  await expect(page.getByRole('form', { name: 'Erase my account' })).toHaveCount(0);
  await expectAccessible(page, 'the page that refuses');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('link', { name: 'delete the class' }).click();
  const rule = page.getByRole('combobox', { name: /^When somebody erases their account/ });
  await expect(rule).toHaveValue('keep');
  await rule.selectOption('is erased too');
  await page.getByRole('form', { name: 'Erased accounts' }).getByRole('button', { name: 'Save' }).click();
  await page.waitForLoadState();
  await expect(rule).toHaveValue('erase');
  await expectAccessible(page, 'the settings of the class');
  const student = await signIn('student-2');
  await student.page.goto(page.url().replace('/manage', ''));
  await expect(student.page.getByText('what you wrote in this class is erased too')).toBeVisible();
  await rule.selectOption('keep');
  await page.getByRole('form', { name: 'Erased accounts' }).getByRole('button', { name: 'Save' }).click();
  await page.waitForLoadState();
  await expect(rule).toHaveValue('keep');
});
