import { expectAccessible } from '../axe.ts';
import { expect, test as base } from '../fixtures.ts';
import type { Server } from '../server.ts';
import { StandIns } from '../stand_ins.ts';

/** Chromium reports each answer of 400 and more as a console error; here they are asked for. */
const REFUSED = /status of 4\d\d/;

/** A server whose people sign in by mail, or by their university. */
const test = base.extend<{ standIns: StandIns; mailServer: Server }>({
  standIns: async ({}, use) => {
    const standIns = await StandIns.start();
    await use(standIns);
    standIns.stop();
  },
  mailServer: [
    async ({ standIns, ownServer }, use) => {
      await ownServer.stop();
      await ownServer.start({ ...standIns.settings, OIDC_NAME: 'Demo University', LOG: 'trace,hyper=info,h2=info,sqlx=info' });
      await use(ownServer);
    },
    { timeout: 120_000 },
  ],
});

test('a link in a mail signs in, and leads back to where somebody was', async ({ visit, mailServer: server, standIns }) => {
  const { page, api } = await visit({ server });
  await page.goto('/import');
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expect(page.getByRole('button', { name: /^Continue as/ })).toHaveCount(0);
  await expectAccessible(page, 'sign-in');
  await page.getByRole('textbox', { name: 'E-mail' }).fill('ann@example.org');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Look into your mail' })).toBeVisible();
  await expect(page.getByText('ann@example.org')).toBeVisible();
  await expectAccessible(page, 'the mail is sent');

  const link = await standIns.linkTo('ann@example.org');
  const token = new URL(link).searchParams.get('token') ?? '';
  await page.goto(link);
  await expect(page).toHaveURL(`${server.origin}/sign-in/continue`);
  expect(await page.content()).not.toContain(token);
  await expect(page.getByText('You asked for this link here')).toBeVisible();
  await expectAccessible(page, 'continue');
  // Two presses at once are one: the link is good once.
  await page.getByRole('button', { name: 'Continue' }).dblclick();
  await expect(page).toHaveURL(`${server.origin}/import`);
  expect((await api.me()).email).toBe('ann@example.org');
  expect(server.log()).toContain('TRACE');
  expect(server.log(), 'no log holds the token').not.toContain(token);
  expect(server.log(), 'no log holds the address').not.toContain('ann@example.org');
});

test('a link opened in another browser says so, and a used one says how to get another', async ({ visit, mailServer: server, standIns, guard }) => {
  guard.allow(REFUSED);
  const [laptop, phone] = [await visit({ server }), await visit({ server, viewport: { width: 320, height: 640 } })];
  await laptop.page.goto('/sign-in');
  await laptop.page.getByRole('textbox', { name: 'E-mail' }).fill('ben@example.org');
  await laptop.page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(laptop.page).toHaveURL(/\/sent$/);
  const link = await standIns.linkTo('ben@example.org');
  await phone.page.goto(link);
  await expect(phone.page.getByText('was not asked for in this browser')).toBeVisible();
  expect(await phone.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await expectAccessible(phone.page, 'a link of another browser');
  await phone.page.getByRole('button', { name: 'Continue' }).click();
  await expect(phone.page).toHaveURL(`${server.origin}/`);

  await laptop.page.goto(link);
  await laptop.page.getByRole('button', { name: 'Continue' }).click();
  await expect(laptop.page.getByRole('heading', { level: 1, name: 'This link does not work any more' })).toBeVisible();
  await expectAccessible(laptop.page, 'a used link');
  await laptop.page.getByRole('link', { name: 'To the sign-in page' }).click();
  await expect(laptop.page.getByRole('textbox', { name: 'E-mail' })).toBeVisible();
});

test('what is no address is said beside the field, and what was typed stays', async ({ visit, mailServer: server, guard }) => {
  guard.allow(REFUSED);
  const { page } = await visit({ server, viewport: { width: 320, height: 640 } });
  await page.goto('/sign-in?next=/import');
  const email = page.getByRole('textbox', { name: 'E-mail' });
  // The browser lets this through, the server does not.
  await email.fill('ann@localhost');
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page.getByRole('alert')).toContainText('not an e-mail address');
  await expect(email).toHaveValue('ann@localhost');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await expectAccessible(page, 'an address that is none');
});

test('a university signs somebody in', async ({ visit, mailServer: server }) => {
  const { page, api } = await visit({ server });
  await page.goto('/import');
  await page.getByRole('link', { name: 'Continue with Demo University' }).click();
  await expect(page).toHaveURL(`${server.origin}/import`);
  expect((await api.me()).name).toBe('Ann Lee');
});
