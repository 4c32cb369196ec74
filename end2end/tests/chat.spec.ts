import { expectAccessible } from '../axe.ts';
import { expect, test as base, type Visitor } from '../fixtures.ts';
import { StandIns } from '../stand_ins.ts';
import type { Server } from '../server.ts';
import { Workspace } from '../workspace.ts';

interface Fixtures {
  standIns: StandIns;
  /** A server with a model. */
  chatServer: Server;
}

const test = base.extend<Fixtures>({
  standIns: async ({}, use) => {
    const standIns = await StandIns.start();
    await use(standIns);
    standIns.stop();
  },
  chatServer: async ({ ownServer, standIns }, use) => {
    await ownServer.stop();
    const names = ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_MODEL'];
    await ownServer.start(Object.fromEntries(names.map((name) => [name, standIns.settings[name] ?? ''])));
    await use(ownServer);
  },
});

/** Lets a reply go on that waits in its midst. */
const release = (standIns: StandIns): Promise<Response> =>
  fetch(new URL('/stand-in/release', standIns.settings.OPENAI_BASE_URL), { method: 'POST' });

async function newChat({ page }: Visitor): Promise<string> {
  await page.goto('/projects');
  await page.getByRole('form', { name: 'New project' }).getByLabel('Name').fill('Bees');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('button', { name: 'New chat' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', '');
  return new URL(page.url()).pathname;
}

const box = ({ page }: Visitor) => page.getByRole('textbox', { name: 'Message', exact: true });
const replies = ({ page }: Visitor) => page.locator('#text > article[data-role=assistant]');

async function say(visitor: Visitor, words: string): Promise<void> {
  await box(visitor).fill(words);
  await box(visitor).press('Enter');
}

test('what is said is answered, and the answer can be annotated without a reload', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await expectAccessible(page, 'an empty chat');
  await box(student).fill('Do bees');
  await box(student).press('Shift+Enter');
  await box(student).pressSequentially('sleep?');
  await expect(box(student)).toHaveValue('Do bees\nsleep?');
  await box(student).press('Enter');
  const reply = replies(student).first();
  await expect(reply.locator('[data-canonical]')).toContainText('You said');
  await expect(reply).not.toHaveAttribute('aria-busy');
  await expect(box(student)).toHaveValue('');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Do bees');
  const workspace = Workspace.on(page);
  const card = await workspace.highlight('You said');
  await expect(card).toHaveAttribute('data-anchor', 'exact');
  await workspace.synced('saved');
  await expectAccessible(page, 'a chat with a reply');
  await workspace.reload();
  await expect(workspace.card('You said')).toHaveAttribute('data-anchor', 'exact');
});

test('two people watch one reply, and one who loads the page again sees it go on', async ({ signIn, chatServer, standIns }) => {
  const [writer, reader] = [await signIn('student-1', { server: chatServer }), await signIn('student-2', { server: chatServer })];
  const path = await newChat(writer);
  const me = (await (await writer.api.request.get(`${chatServer.origin}/api/v1/classes`)).json()) as { classes: { id: string }[] };
  const share = await writer.api.request.put(`${chatServer.origin}/api/v1/conversations/${path.slice(3)}/sharing/class`, {
    data: { class: me.classes[0]?.id },
    headers: { origin: chatServer.origin },
  });
  expect(share.status()).toBe(204);
  await reader.page.goto(path);
  await expect(reader.page.getByRole('status', { name: 'Sync status' })).toHaveAttribute('data-state', 'saved');
  await expect(box(reader)).toHaveCount(0);
  await say(writer, 'Tell me #gated');
  for (const visitor of [writer, reader]) {
    await expect(replies(visitor).first()).toHaveAttribute('aria-busy', 'true');
    await expect(replies(visitor).first().locator('[data-live]')).not.toBeEmpty();
  }
  await reader.page.reload();
  await expect(replies(reader).first().locator('[data-live]')).not.toBeEmpty();
  await release(standIns);
  for (const visitor of [writer, reader]) await expect(replies(visitor).first().locator('[data-canonical]')).not.toBeEmpty();
  const [own, others] = await Promise.all([writer, reader].map((visitor) => replies(visitor).first().locator('[data-canonical]').textContent()));
  expect(others).toBe(own);
});

test('a reply is stopped and keeps what there is; another is asked for', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Tell me #gated');
  await expect(replies(student).first().locator('[data-live]')).not.toBeEmpty();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped: the model wrote no further.')).toBeVisible();
  await expect(replies(student).first().locator('[data-canonical]')).not.toBeEmpty();
  await page.getByRole('button', { name: 'Regenerate' }).click();
  await expect(page.getByRole('navigation', { name: 'Versions of message 2' })).toContainText('2 of 2');
});

test('a message is kept when it cannot be sent, and a file goes with it', async ({ signIn, chatServer, guard }) => {
  guard.allow(/Failed to load resource|net::ERR/);
  const student = await signIn('student-1', { server: chatServer });
  const { page, context } = student;
  await newChat(student);
  await page.locator('form[data-chat] input[type=file]').setInputFiles({ name: 'notes.md', mimeType: 'text/plain', buffer: Buffer.from('# Notes') });
  await expect(page.getByRole('list', { name: 'Files to be sent along' })).toContainText('notes.md');
  await context.setOffline(true);
  await say(student, 'Read this.');
  await expect(page.getByRole('alert').filter({ hasText: 'kept here' })).toBeVisible();
  await context.setOffline(false);
  await page.reload();
  await expect(box(student)).toHaveValue('Read this.');
  await page.getByRole('button', { name: 'Send' }).click();
  const said = page.locator('#text > article[data-role=user]');
  await expect(said).toContainText('Read this.');
  await expect(said.getByRole('link', { name: 'notes.md' })).toBeVisible();
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('You said');
});

test('without a model the page says so, and how to set one', async ({ signIn, ownServer }) => {
  const student = await signIn('student-1', { server: ownServer });
  await newChat(student);
  await expect(student.page.getByText('No model is configured on this server.')).toBeVisible();
  await expect(box(student)).toHaveCount(0);
  await expectAccessible(student.page, 'a chat without a model');
});
