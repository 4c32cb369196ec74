import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { shownOnce } from '../reply.ts';
import { lighthouse } from '../texts.ts';

const UNKNOWN_CODE = /status of 400/;

test('somebody with two accounts makes them one: a code, what comes over, and their words are by the account that stays', async ({ visit, ownServer: server, guard }) => {
  guard.allow(UNKNOWN_CODE);
  const [goes, stays] = [await visit({ server }), await visit({ server })];
  await goes.api.signIn('student-1');
  await stays.api.signIn('student-2');
  const own = await goes.api.newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'none' });
  const work = await goes.open(own);
  await work.highlight(lighthouse.weight);
  await work.synced('saved');

  await goes.page.goto('/account');
  await goes.page.getByRole('link', { name: 'Merge two accounts…' }).click();
  await expect(goes.page.getByRole('heading', { name: 'Merge two accounts', level: 1 })).toBeVisible();
  await expect(goes.page.getByText('Never give it to anybody')).toBeVisible();
  await goes.page.getByRole('form', { name: 'This account goes' }).getByRole('button', { name: 'Make a code' }).click();
  const code = await shownOnce(goes.page, 'code');
  expect(code).toMatch(/^([2-9B-Z]{4}-){3}[2-9B-Z]{4}$/);
  await expectAccessible(goes.page, 'the page with a code');

  const { page } = stays;
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/account/merge');
  const entering = page.getByRole('form', { name: 'This account stays' });
  const field = entering.getByRole('textbox', { name: 'Code of your other account' });
  await field.fill('BCDF-GHJK-MNPQ-RSTV');
  await entering.getByRole('button', { name: 'See what comes over' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'This is no code' })).toBeVisible();
  await expectAccessible(page, 'the page that refuses a code');
  await field.fill(code.toLowerCase());
  await field.press('Enter');
  await expect(page.getByRole('heading', { name: 'What comes over' })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('student-1@demo.invalid');
  await expect(page.getByRole('listitem').filter({ hasText: '1 conversation' })).toBeVisible();
  await expectAccessible(page, 'the page that says what comes over');
  expect(page.url(), 'the code is in no address').not.toContain('code');

  const confirm = async () => {
    await page.getByRole('form', { name: 'Merge' }).getByRole('button', { name: 'Merge the accounts' }).click();
    const dialog = page.getByRole('dialog', { name: 'Merge the accounts?' });
    await expect(dialog).toContainText('only if you made the code yourself');
    return dialog;
  };
  await (await confirm()).getByRole('button', { name: 'Cancel' }).click();
  expect((await goes.api.get('/api/v1/me')).status()).toBe(200);
  await (await confirm()).getByRole('button', { name: 'Merge the accounts' }).click();
  await expect(page).toHaveURL(/\/account\/merged$/);
  await expect(page.getByRole('heading', { name: 'Your accounts are one' })).toBeVisible();
  await expectAccessible(page, 'the page after');
  expect((await goes.api.get('/api/v1/me')).status()).toBe(401);

  const me = await (await stays.api.get('/api/v1/me')).json() as { id: string; name: string };
  // Until the documents are done.
  const left = "do $$ begin if exists (select from users where merged_into is not null) then raise 'not yet'; end if; end $$";
  await expect(() => server.sql(left)).toPass({ timeout: 30_000 });
  await page.setViewportSize({ width: 1280, height: 900 });
  const reading = await stays.open(own);
  await expect(reading.page.getByRole('article').filter({ has: reading.page.locator('[data-quote]') })).toContainText(me.name);
  await goes.api.signIn('student-1');
  expect((await (await goes.api.get('/api/v1/me')).json() as { id: string }).id).toBe(me.id);
});

test('whoever signed in long ago makes no code and uses none', async ({ visit, ownServer: server }) => {
  const { api, page } = await visit({ server });
  await api.signIn('student-1');
  await server.sql("update sessions set created_at = created_at - interval '1 hour'");
  await page.goto('/account/merge');
  await expect(page.getByRole('heading', { name: 'Sign in again first' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make a code' })).toHaveCount(0);
  await expectAccessible(page, 'the page that asks to sign in again');
});

test('what is in the way is said, and nothing offers to merge', async ({ visit, ownServer: server }) => {
  const [teacher, goes, stays] = [await visit({ server }), await visit({ server }), await visit({ server })];
  await teacher.api.signIn('instructor');
  await goes.api.signIn('student-1');
  await stays.api.signIn('student-2');
  const template = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const { classes: [demo] } = await (await teacher.api.get('/api/v1/classes')).json() as { classes: { id: string }[] };
  const settings = { title: 'Close reading', template, mode: 'individual' };
  const made = await teacher.api.post(`/api/v1/classes/${demo!.id}/activities`, settings);
  const { id } = await made.json() as { id: string };
  for (const { api } of [goes, stays]) expect((await api.post(`/api/v1/activities/${id}/start`, {})).ok()).toBe(true);
  const { code } = await (await goes.api.post('/api/v1/me/merge/code', {})).json() as { code: string };
  const { page } = stays;
  await page.goto('/account/merge');
  await page.getByRole('textbox', { name: 'Code of your other account' }).fill(code);
  await page.getByRole('button', { name: 'See what comes over' }).click();
  const obstacles = page.getByRole('region', { name: 'What is in the way' });
  await expect(obstacles.getByRole('listitem')).toHaveText(['Close reading']);
  await expect(page.getByRole('button', { name: 'Merge the accounts' })).toHaveCount(0);
  await expectAccessible(page, 'the page that says what is in the way');
});
