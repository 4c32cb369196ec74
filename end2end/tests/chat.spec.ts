import { expectAccessible } from '../axe.ts';
import { box, newChat, release, replies, said, say, test } from '../chat.ts';
import { expect, Visitor } from '../fixtures.ts';
import { Workspace } from '../workspace.ts';

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
  for (const visitor of [writer, reader]) {
    // Blocks of it are there before all of it is.
    await expect(replies(visitor).first()).not.toHaveAttribute('aria-busy');
    await expect(replies(visitor).first().locator('[data-canonical]')).not.toBeEmpty();
    // Whose words they are is said where several people may write, also of what came while the page was open.
    await expect(visitor.page.getByRole('heading', { name: 'User · Demo Student 1' })).toBeVisible();
    await expect(visitor.page.getByRole('article', { name: 'User · Demo Student 1, message 1' })).toBeVisible();
  }
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

test('a message is kept when it cannot be sent, and goes with its file when its author says so', async ({ signIn, chatServer, guard }) => {
  guard.allow(/Failed to load resource|net::ERR/);
  const student = await signIn('student-1', { server: chatServer });
  const { page, context } = student;
  const path = await newChat(student);
  await page.locator('form[data-chat] input[type=file]').setInputFiles({ name: 'notes.md', mimeType: 'text/plain', buffer: Buffer.from('# Notes') });
  await expect(page.getByRole('list', { name: 'Files to be sent along' })).toContainText('notes.md');
  await Workspace.on(page).whole();
  await context.setOffline(true);
  await say(student, 'Read this.');
  await expect(page.getByRole('alert').filter({ hasText: 'kept on this device' })).toBeVisible();
  // Back, in another tab: it is there, and not sent without a word.
  await page.close();
  await context.setOffline(false);
  const back = new Visitor(context, await context.newPage(), student.api);
  await back.page.goto(`${chatServer.origin}${path}`);
  await expect(back.page.getByRole('alert').filter({ hasText: 'has not been sent' })).toBeVisible();
  await expect(box(back)).toHaveValue('Read this.');
  await expect(said(back)).toHaveCount(0);
  await back.page.getByRole('button', { name: 'Send' }).click();
  await expect(said(back)).toContainText('Read this.');
  await expect(said(back).getByRole('link', { name: 'notes.md' })).toBeVisible();
  await expect(replies(back).first().locator('[data-canonical]')).toContainText('You said');
  await expect(box(back)).toHaveValue('');
});

test('what was written and not sent leaves the device with its author, who is asked first', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await box(student).fill('A half of a thought');
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('chat/')).length)).toBe(1);
  await page.locator('.account > summary').click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign out and lose work?' });
  await expect(dialog).toContainText('1 change not sent yet');
  await dialog.getByRole('button', { name: 'Sign out and discard them' }).click();
  await expect(page).toHaveURL(/sign-in/);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('chat/')))).toEqual([]);
});

test('a second message waits in line where all see it, and can be withdrawn', async ({ signIn, chatServer, standIns }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Tell me #gated');
  await expect(replies(student).first().locator('[data-live]')).not.toBeEmpty();
  await say(student, 'And this');
  const waiting = replies(student).nth(1);
  await expect(waiting.getByText('Waits in line.')).toBeVisible();
  await expect(waiting).toHaveAttribute('data-state', 'waiting');
  await waiting.getByRole('button', { name: 'Withdraw' }).click();
  await expect(page.getByText('Withdrawn from the line: no model reads it.')).toBeVisible();
  await release(standIns);
  await expect(replies(student).first()).not.toHaveAttribute('aria-busy');
  await say(student, 'Go on');
  await expect(replies(student).nth(2).locator('[data-canonical]')).toContainText('You said: Go on');
  await expect(replies(student)).toHaveCount(3);
});

test('a reply that broke off says so and is asked for again, beside it', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Tell me #cut');
  const reply = replies(student).first();
  await expect(reply.getByText('Not complete.')).toBeVisible();
  await expect(reply.locator('[data-canonical]')).toHaveText('Some words');
  await expectAccessible(page, 'a reply that broke off');
  await reply.getByRole('button', { name: 'Retry' }).press('Enter');
  await expect(page.getByRole('navigation', { name: 'Versions of message 2' })).toContainText('2 of 2');
  await say(student, 'Thank you');
  await expect(replies(student).last()).toContainText('You said: Thank you');
  await expect(replies(student).last().locator('.message-number')).toContainText(/stand-in-large · \d+ tokens read, \d+ written/);
});

test('a server that dies in the midst of a reply leaves what there was, and says so', async ({ signIn, chatServer, model, guard }) => {
  // A server that is killed, and starts again.
  test.slow();
  guard.allow(/Failed to load resource|net::ERR|WebSocket|EventSource/);
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Tell me #gated');
  await expect(replies(student).first().locator('[data-live]')).toContainText('The first half.');
  // Stored within a second: until then it is in the server's memory alone.
  const id = new URL(page.url()).pathname.slice(3);
  await expect
    .poll(async () => {
      const told = await (await student.api.request.get(`${chatServer.origin}/api/v1/conversations/${id}`)).json();
      return (told as { messages: { markdown: string }[] }).messages.at(-1)?.markdown;
    })
    .toContain('first half');
  await chatServer.kill();
  await chatServer.start(model);
  await page.reload();
  await expect(replies(student).first().locator('[data-canonical]')).toHaveText('The first half.');
  await expect(page.getByText('The server was restarted while this was written.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Retry' })).toBeVisible();
});

test('who has no tokens left is told until when, and keeps what they wrote', async ({ signIn, chatServer, model, guard }) => {
  // A server that stops, and starts again.
  test.slow();
  guard.allow(/status of 429/);
  await chatServer.stop();
  await chatServer.start({ ...model, MODEL_TOKENS_PER_DAY: '12' });
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'One two three');
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('You said');
  await say(student, 'And four');
  await expect(page.getByRole('alert').filter({ hasText: /You have used all of your 12 tokens.*new ones on \d{4}-\d\d-\d\d/ })).toBeVisible();
  await expect(box(student)).toHaveValue('And four');
  await page.reload();
  await expect(box(student)).toHaveValue('And four');
});

test('without a model the page says so, and how to set one', async ({ signIn, ownServer }) => {
  const student = await signIn('student-1', { server: ownServer });
  await newChat(student);
  await expect(student.page.getByText('No model is configured on this server.')).toBeVisible();
  await expect(box(student)).toHaveCount(0);
  await expectAccessible(student.page, 'a chat without a model');
});
