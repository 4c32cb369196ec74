import { admin } from '../admin.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test as base, type Visitor } from '../fixtures.ts';
import { shownOnce } from '../reply.ts';
import type { Server } from '../server.ts';
import { StandIns } from '../stand_ins.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

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

/** From the page that asks who somebody is to where they wanted to go, by a link in their mail. */
async function comeByMail({ page }: Visitor, standIns: StandIns, email: string): Promise<void> {
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page).toHaveURL(/\/sent$/);
  await page.goto(await standIns.linkTo(email));
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a class comes in by mail: those on its roster find it, and an invitation leads through the sign-in into it', async ({
  visit,
  mailServer: server,
  standIns,
}) => {
  test.slow();
  const teacher = await visit({ server });
  const { page } = teacher;
  await page.goto('/classes');
  await comeByMail(teacher, standIns, 'olga@example.org');
  await expect(page).toHaveURL(`${server.origin}/classes`);
  await expect(page.getByRole('form', { name: 'New class' }), 'who teaches none makes none').toHaveCount(0);
  await admin(server, 'allow-classes', 'olga@example.org');
  await page.reload();
  await page.getByRole('form', { name: 'New class' }).getByLabel('Name').fill('Rhetoric 101');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/manage$/);
  const address = page.url().replace(/\/manage$/, '');
  await page.getByRole('form', { name: 'New link' }).getByRole('button', { name: 'New link' }).click();
  const invitation = await shownOnce(page, 'link');
  const roster = Buffer.from('Name,E-mail,Group\nAnn Lee,ann@example.org,Lab 1\n');
  await page.getByLabel('Choose a roster').setInputFiles({ name: 'roster.csv', mimeType: 'text/csv', buffer: roster });
  await page.getByRole('button', { name: 'Check the roster' }).click();
  await page.getByRole('button', { name: 'Import 1 person' }).click();
  await expect(page.getByRole('heading', { name: 'The roster is imported' })).toBeVisible();
  const talk = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });

  const [ann, ben] = [await visit({ server }), await visit({ server })];
  await ann.page.goto('/');
  await comeByMail(ann, standIns, 'ann@example.org');
  await expect(ann.page).toHaveURL(`${server.origin}/`);
  await ann.page.getByRole('link', { name: lighthouse.title }).first().click();
  await Workspace.on(ann.page).ready();
  await ann.page.goto(address);
  await expect(ann.page.getByRole('heading', { level: 1, name: 'Rhetoric 101' })).toBeVisible();

  await ben.page.goto(invitation);
  expect(await ben.page.content(), 'who is signed out learns nothing').not.toContain('Rhetoric');
  await comeByMail(ben, standIns, 'ben@example.org');
  await expect(ben.page.getByRole('heading', { level: 1, name: 'Rhetoric 101' })).toBeVisible();
  await ben.page.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(ben.page).toHaveURL(address);
  const desk = await ben.open(talk);
  await desk.highlight(lighthouse.bell);
  await desk.synced('saved');

  await page.goto(address);
  const people = page.getByRole('list').filter({ hasText: 'ann@example.org' }).getByRole('listitem');
  await expect(people).toHaveText([/ann@example\.org.*Student.*Lab 1/, /ben@example\.org.*Student/, /olga.*You.*Instructor/]);
  await expect(people.filter({ hasText: 'Not signed in yet' })).toHaveCount(0);
});

test('a link opened in another browser says so, and a used one says how to get another', async ({ visit, mailServer: server, standIns, guard }) => {
  guard.allow(REFUSED);
  const [laptop, phone] = [await visit({ server }), await visit({ server, viewport: { width: 320, height: 640 } })];
  await laptop.page.goto('/classes?page=2#people');
  await expect(laptop.page).toHaveURL(/\/sign-in\?next=/);
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
  // Where they wanted to go is not forgotten, nor the place within it.
  await comeByMail(laptop, standIns, 'ben@example.org');
  await expect(laptop.page).toHaveURL(`${server.origin}/classes#people`);
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
