import { box, newChat, release, replies, said, say, test } from '../chat.ts';
import { expect, Visitor } from '../fixtures.ts';

test('eight tabs that show one reply read it along together, and it can be stopped from each', async ({ signIn, chatServer }) => {
  test.slow();
  const student = await signIn('student-1', { server: chatServer });
  const path = await newChat(student);
  const opened: string[] = [];
  student.context.on('request', (request) => {
    if (request.url().includes('/events?')) opened.push(request.url());
  });
  await say(student, 'Tell me #gated');
  await expect(replies(student).first().locator('[data-live]')).toContainText('The first half.');
  const tabs = [student];
  for (let more = 0; more < 7; more += 1) {
    const tab = new Visitor(student.context, await student.context.newPage(), student.api);
    await tab.page.goto(`${chatServer.origin}${path}`);
    await expect(replies(tab).first().locator('[data-live]')).toContainText('The first half.');
    tabs.push(tab);
  }
  // One of them has it from the server.
  expect(opened).toHaveLength(1);
  // Who reads it goes: another does it in its place.
  await student.page.close();
  tabs.shift();
  await expect.poll(() => opened.length).toBe(2);
  await tabs.at(-1)!.page.getByRole('button', { name: 'Stop' }).click();
  for (const tab of tabs) {
    await expect(tab.page.getByText('Stopped: the model wrote no further.')).toBeVisible();
    await expect(replies(tab).first().locator('[data-canonical]')).toHaveText('The first half.');
  }
});

test('replies in more chats than a browser has connections are all stopped', async ({ signIn, chatServer }) => {
  test.slow();
  const writer = await signIn('student-1', { server: chatServer });
  const chats: string[] = [];
  // What one person may have under way, and then what others have: here another person's in chats that are read along.
  const other = await signIn('student-2', { server: chatServer });
  for (const visitor of [writer, other]) {
    for (let more = 0; more < 4; more += 1) {
      const path = await newChat(visitor);
      await say(visitor, 'Tell me #gated');
      await expect(replies(visitor).first()).toHaveAttribute('data-state', 'streaming');
      if (visitor === writer) chats.push(path);
      else {
        const { classes } = (await (await visitor.api.request.get(`${chatServer.origin}/api/v1/classes`)).json()) as { classes: { id: string }[] };
        const share = await visitor.api.request.put(`${chatServer.origin}/api/v1/conversations/${path.slice(3)}/sharing/class`, {
          data: { class: classes[0]?.id },
          headers: { origin: chatServer.origin },
        });
        expect(share.status()).toBe(204);
        chats.push(path);
      }
    }
  }
  const tabs: Visitor[] = [];
  for (const path of chats.reverse()) {
    const tab = new Visitor(writer.context, await writer.context.newPage(), writer.api);
    await tab.page.goto(`${chatServer.origin}${path}`);
    await expect(replies(tab).first()).toHaveAttribute('aria-busy', 'true');
    tabs.push(tab);
  }
  for (const tab of tabs.slice(-4)) {
    await tab.page.getByRole('button', { name: 'Stop' }).click();
    await expect(tab.page.getByText('Stopped: the model wrote no further.')).toBeVisible();
  }
});

test('what waits in line is not read along, and moves up by itself', async ({ signIn, chatServer, standIns }) => {
  const student = await signIn('student-1', { server: chatServer });
  await newChat(student);
  const opened: string[] = [];
  student.page.on('request', (request) => {
    if (request.url().includes('/events?')) opened.push(new URL(request.url()).pathname);
  });
  await say(student, 'Tell me #gated');
  await expect(replies(student).first().locator('[data-live]')).toContainText('The first half.');
  await say(student, 'A second');
  await expect(replies(student).nth(1).getByText('Waits in line. Asked for by Demo Student 1.')).toBeVisible();
  await say(student, 'A third');
  await expect(replies(student).nth(2).getByText('Waits in line behind 2 others.')).toBeVisible();
  expect(new Set(opened).size).toBe(1);
  await release(standIns);
  await expect(replies(student).nth(2).locator('[data-canonical]')).toContainText('You said: A third');
  await expect(said(student)).toHaveCount(3);
});

test('what one sends and what is answered is in the window, until one scrolls away', async ({ signIn, chatServer, standIns }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  const fromEnd = () => page.evaluate(() => document.documentElement.scrollHeight - innerHeight - scrollY);
  // A message of which there is more than the window holds.
  await box(student).fill(Array.from({ length: 60 }, (_, line) => `Line ${line}\n`).join('\n'));
  await box(student).press('Enter');
  await expect(replies(student).first()).not.toHaveAttribute('aria-busy');
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('Line 59');
  await expect.poll(fromEnd).toBeLessThanOrEqual(2);
  await say(student, 'Tell me #blocks');
  const reply = replies(student).nth(1);
  await expect(reply.locator('[data-live]')).toHaveText(/^The third one is/);
  await expect(said(student).nth(1)).toBeInViewport();
  await expect(reply.locator('[data-live]')).toBeInViewport();
  await expect.poll(fromEnd).toBeLessThanOrEqual(2);
  // The reader goes up to read: nothing takes them back.
  await page.mouse.move(400, 400);
  await page.mouse.wheel(0, -1_000);
  await expect.poll(fromEnd).toBeGreaterThan(500);
  // The wheel turns on for some frames.
  let at = Number.NaN;
  const rests = async () => {
    const before = at;
    at = await page.evaluate(() => scrollY);
    return at === before;
  };
  await expect.poll(rests).toBe(true);
  await release(standIns);
  await expect(reply).not.toHaveAttribute('aria-busy');
  await expect(reply.locator('[data-canonical]')).toContainText('And the last.');
  expect(await page.evaluate(() => scrollY)).toBe(at);
});
