import { readFileSync } from 'node:fs';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { shownOnce } from '../reply.ts';
import { lighthouse } from '../texts.ts';

const SIGNED_OUT = /status of 401/;

test('somebody signs another device out, whose open page says so', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const phone = await signIn('student-1', { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1' });
  // The session is begun by a page, as people do, so that it knows its browser.
  await phone.page.goto('/sign-in');
  await phone.page.getByRole('button', { name: 'Continue as Demo Student 1' }).click();
  await expect(phone.page).toHaveURL(/\/$/);
  const tab = await phone.openInNewTab(id);

  const { page } = await signIn('student-1');
  await page.goto('/');
  await page.locator('summary').click();
  await page.getByRole('link', { name: 'Account' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'This device' })).toHaveCount(1);
  // All lines of the list.
  await page.waitForLoadState();
  const other = page.getByRole('button', { name: 'Sign out Safari on iPhone' });
  // Other journeys of this worker's server sign in as the same person; what this one ends is the newest.
  const before = await other.count();
  expect(before).toBeGreaterThan(0);
  await other.first().click();
  await expect(other).toHaveCount(before - 1);
  await tab.synced('error');
  await expect(tab.syncStatus).toHaveText(/^Signed out/);
  await expect(tab.page.getByText(lighthouse.weight)).toBeVisible();
});

test('signing out everywhere ends this session and the others, and asks nothing when nothing is unsent', async ({ visit, ownServer: server, guard }) => {
  guard.allow(SIGNED_OUT);
  const [here, there] = [await visit({ server }), await visit({ server })];
  await here.api.signIn('student-2');
  await there.api.signIn('student-2');
  await here.page.goto('/account');
  await here.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(here.page).toHaveURL(/\/sign-in/);
  for (const { api } of [here, there]) expect((await api.get('/api/v1/me')).status()).toBe(401);
});

test('a token is made, shown once, used and revoked', async ({ signIn, playwright, server }) => {
  const { page } = await signIn('student-2');
  await page.goto('/account');
  await page.getByRole('textbox', { name: 'What it is for' }).fill('My notebook');
  await page.getByRole('button', { name: 'New token' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Copy it now' })).toBeVisible();
  const token = await shownOnce(page, 'token');
  // It can be revoked at once.
  await expect(page.getByRole('button', { name: 'Revoke My notebook' })).toBeVisible();
  const program = await playwright.request.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  expect((await program.get(`${server.origin}/api/v1/me`)).status()).toBe(200);
  await page.reload();
  expect(await page.content()).not.toContain(token);
  await page.getByRole('button', { name: 'Revoke My notebook' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke “My notebook”?' });
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('My notebook')).toHaveCount(0);
  expect((await program.get(`${server.origin}/api/v1/me`)).status()).toBe(401);
  await program.dispose();
});

test('a token that reads for a month says so, reads, and changes nothing', async ({ signIn, playwright, server }) => {
  const { page } = await signIn('student-1');
  await page.goto('/account');
  const form = page.getByRole('form', { name: 'New token' });
  await form.getByRole('textbox', { name: 'What it is for' }).fill('My graphs');
  await expect(form.getByRole('combobox', { name: 'What it may do' })).toHaveValue('read');
  await expect(form.getByRole('combobox', { name: 'Expires after' })).toHaveValue('90');
  await form.getByRole('combobox', { name: 'Expires after' }).selectOption('30 days');
  await form.getByRole('button', { name: 'New token' }).click();
  const token = await shownOnce(page, 'token');
  const program = await playwright.request.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  expect((await program.get(`${server.origin}/api/v1/conversations`)).status()).toBe(200);
  const refused = await program.post(`${server.origin}/api/v1/conversations`, { data: { title: 'x', text: 'y' } });
  expect(refused.status()).toBe(403);
  expect(((await refused.json()) as { type: string }).type).toBe('/problems/read_only_token');
  await program.dispose();
  await page.reload();
  const line = page.getByRole('listitem').filter({ hasText: 'My graphs' });
  await expect(line).toContainText(/Read · expires on \d+ \w+ \d{4}/);
  await expect(line).toContainText('last used now');
  await form.getByRole('textbox', { name: 'What it is for' }).fill('My robot');
  await form.getByRole('combobox', { name: 'What it may do' }).selectOption('Read and write');
  await form.getByRole('combobox', { name: 'Expires after' }).selectOption('Never');
  await form.getByRole('button', { name: 'New token' }).click();
  await shownOnce(page, 'token');
  await page.reload();
  await expect(page.getByRole('listitem').filter({ hasText: 'My robot' })).toContainText('Read and write · does not expire');
  await expectAccessible(page, 'the account, with tokens');
});

test('a name is changed, and a bad one is refused in words with what was typed', async ({ visit, ownServer: server, guard }) => {
  guard.allow(/status of 400/);
  const { page, api } = await visit({ server });
  await api.signIn('student-1');
  await page.goto('/account');
  const profile = page.getByRole('form', { name: 'Your profile' });
  const name = profile.getByRole('textbox', { name: 'Name', exact: true });
  await name.fill('   ');
  await profile.getByRole('button', { name: 'Save' }).click();
  const alert = profile.getByRole('alert');
  await expect(alert).toContainText('1 to 100 characters');
  await expect(alert).toBeFocused();
  await expectAccessible(page, 'the account, with a problem');
  await name.fill('Zoë Ann');
  await profile.getByRole('textbox', { name: 'Pronouns' }).fill('they/them');
  await profile.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByLabel('Account of Zoë Ann')).toBeVisible();
  expect((await api.me()).name).toBe('Zoë Ann');
  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  const line = page.getByRole('listitem').filter({ hasText: 'Zoë Ann' });
  await expect(line).toContainText('they/them');
  await expectAccessible(page, 'a class with pronouns');
});

test('times are told where somebody says that they are', async ({ visit, ownServer: server }) => {
  const { page, api } = await visit({ server, timezoneId: 'Asia/Tokyo', locale: 'en-US' });
  await api.signIn('student-1');
  await page.goto('/account');
  const times = page.getByRole('form', { name: 'Dates and times' });
  const now = times.getByRole('time');
  await expect(now).toHaveText(/^[A-Z][a-z]+ \d+, \d{4}, \d+:\d\d\s[AP]M$/);
  await expect(times.getByLabel('Time zone')).toHaveValue('');
  await times.getByLabel('Time zone').selectOption('America/New York');
  await times.getByLabel('Dates are written as in').selectOption('English, United Kingdom');
  await times.getByRole('button', { name: 'Save' }).click();
  await expect(now).toHaveText(/^\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d$/);
  await expect(times.getByLabel('Time zone')).toHaveValue('America/New_York');
  // The other form leaves it as it is.
  const profile = page.getByRole('form', { name: 'Your profile' });
  await profile.getByRole('button', { name: 'Save' }).click();
  await expect(now).toHaveText(/^\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d$/);
  const me = await (await api.get('/api/v1/me')).json();
  expect(me).toMatchObject({ time_zone: 'America/New_York', locale: 'en-GB' });
  expect(me.pronouns).toBeUndefined();
});

test('all that is kept of oneself is downloaded by one press', async ({ signIn, newConversation }) => {
  await newConversation({ title: lighthouse.title, text: lighthouse.text, by: 'student-1' });
  const { page } = await signIn('student-1');
  await page.goto('/account');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download my data' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^promptgrimoire-my-data-\d{4}-\d\d-\d\d\.zip$/);
  expect(await file.failure()).toBeNull();
  const bytes = readFileSync(await file.path());
  expect(bytes.subarray(0, 2).toString()).toBe('PK');
  for (const part of ['README.txt', 'account.json', 'conversations.json', '.grimoire']) expect(bytes.includes(part), part).toBe(true);
});

test('the account is a page for all: keys, narrow, light and dark', async ({ signIn }) => {
  const { page } = await signIn('instructor', { viewport: { width: 320, height: 640 } });
  await page.goto('/account');
  await expect(page.getByRole('heading', { level: 1, name: 'Account' })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await expectAccessible(page, 'the account');
});
