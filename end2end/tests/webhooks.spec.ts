import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expectAccessible } from '../axe.ts';
import { expect, test as base } from '../fixtures.ts';
import { shownOnce } from '../reply.ts';
import { lighthouse } from '../texts.ts';

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** Somebody's server, which answers as it is told to. */
interface Receiver {
  url: string;
  answer: number;
  received: Received[];
}

const test = base.extend<{ receiver: Receiver }>({
  receiver: async ({}, use) => {
    const receiver: Receiver = { url: '', answer: 204, received: [] };
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(receiver.answer).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/comments`;
    await use(receiver);
    await new Promise((resolve) => server.close(resolve));
  },
});

/** As the specification has it, and none of our code. */
function signature({ headers, body }: Received, secret: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

test('a person has their server told of comments, sees what became of each, and takes it back', async ({ signIn, newConversation, receiver, guard }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const { page } = await signIn('student-1');
  await page.goto('/account');
  const section = page.getByRole('region', { name: 'Webhooks' });
  const form = section.getByRole('form', { name: 'New webhook' });
  const create = async (url: string, about: string) => {
    await form.getByRole('textbox', { name: 'Where to send them' }).fill(url);
    await form.getByRole('combobox', { name: 'Comments of' }).fill(about);
    await form.getByRole('button', { name: 'New webhook' }).click();
  };
  // What cannot be is said, and what was typed stays.
  guard.allow(/status of 400/);
  await create('https://169.254.169.254/', `/c/${id}`);
  await expect(form.getByRole('alert')).toContainText('The address leads into a private network.');
  await create(receiver.url, '/search');
  await expect(form.getByRole('alert')).toContainText('the address of a page of this site');
  await expect(form.getByRole('textbox', { name: 'Where to send them' })).toHaveValue(receiver.url);
  await expectAccessible(page, 'the account, a webhook that cannot be');
  await create(receiver.url, new URL(`/c/${id}`, page.url()).href);
  const secret = await shownOnce(page, 'secret');
  expect(secret).toMatch(/^whsec_/);
  await expectAccessible(page, 'the account, with a new webhook');

  const line = section.getByRole('listitem').filter({ hasText: receiver.url });
  await expect(line).toContainText(lighthouse.title);
  await expect(section.getByText('Nobody is told of anything yet.')).toHaveCount(0);
  await page.reload();
  expect(await page.content()).not.toContain(secret);
  await expect(line).toContainText(lighthouse.title);
  await line.getByRole('link').click();
  await expect(page.getByText('Nothing was sent yet')).toBeVisible();
  await expectAccessible(page, 'a webhook to which nothing was sent');
  receiver.answer = 500;
  await page.getByRole('button', { name: 'Send a test' }).click();
  const deliveries = page.getByRole('list', { name: 'Deliveries' }).getByRole('listitem');
  await expect(deliveries.first()).toContainText('It answered with an error.');
  await expect(deliveries.first()).toContainText('answered 500');
  await expect(page.getByText('The last attempt failed.')).toBeVisible();
  receiver.answer = 204;
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(deliveries).toHaveCount(2);
  await expect(deliveries.first()).toContainText('Delivered');
  const tested = receiver.received[1]!;
  expect(tested.headers['webhook-signature']).toBe(signature(tested, secret));

  const writer = await (await signIn('instructor')).open(id);
  await writer.comment(await writer.highlight(lighthouse.bell), 'Who heard it?');
  await expect.poll(() => receiver.received.length).toBe(3);
  const told = receiver.received[2]!;
  expect(told.headers['webhook-signature']).toBe(signature(told, secret));
  const event = JSON.parse(told.body);
  expect(event).toMatchObject({
    type: 'comment.created',
    data: { body: 'Who heard it?', author: { name: 'Demo Instructor' }, conversation: { id, title: lighthouse.title } },
  });
  // The address of the comment leads to it.
  const reader = await page.context().newPage();
  await reader.goto(event.data.link);
  await expect(reader.getByText('Who heard it?')).toBeVisible();
  await reader.close();
  await expect(async () => {
    await page.reload();
    await expect(deliveries.filter({ hasText: 'Comment' })).toContainText('Delivered', { timeout: 1 });
  }).toPass();
  await expectAccessible(page, 'a webhook with deliveries');

  await page.getByRole('checkbox', { name: 'Somebody else knows the old one' }).check();
  await page.getByRole('button', { name: 'New secret' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'New secret' }).click();
  const renewed = await shownOnce(page, 'secret');
  expect(renewed).not.toBe(secret);
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(deliveries).toHaveCount(4);
  // By the new one alone.
  expect(receiver.received[3]!.headers['webhook-signature']).toBe(signature(receiver.received[3]!, renewed));
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog', { name: 'Delete this webhook?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/account#webhooks$/);
  await expect(section.getByRole('listitem').filter({ hasText: receiver.url })).toHaveCount(0);
});

test('the page of a webhook is for narrow windows, and says why nothing comes', async ({ signIn, newConversation, receiver }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const { page, api } = await signIn('student-2', { viewport: { width: 320, height: 700 } });
  const made = await api.post('/api/v1/webhooks', { url: `${receiver.url}?${'long'.repeat(60)}`, about: `/c/${id}` });
  expect(made.status()).toBe(201);
  const { id: webhook } = (await made.json()) as { id: string };
  receiver.answer = 410;
  await page.goto(`/account/webhooks/${webhook}`);
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(page.getByText('The address answered that it is gone (410)')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send a test' })).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await expectAccessible(page, 'a webhook that has ended, narrow');
  await page.goto('/account');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});
