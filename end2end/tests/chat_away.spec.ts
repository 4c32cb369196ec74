import { box, newChat, release, replies, said, say, sent, test } from '../chat.ts';
import { expect, type Visitor } from '../fixtures.ts';
import { expectKept, NO_NETWORK } from '../kept.ts';
import type { Server } from '../server.ts';

const status = ({ page }: Visitor) => page.getByRole('status', { name: 'Sync status' });
const heard = ({ page }: Visitor) => page.locator('[data-chat-status]');

/** Says something from elsewhere, and waits until it is answered. */
async function sayElsewhere({ api }: Visitor, { origin }: Server, path: string, text: string): Promise<void> {
  const chat = `${origin}/api/v1/conversations/${path.slice(3)}`;
  const answer = await api.request.post(`${chat}/messages`, { data: { text }, headers: { origin, 'idempotency-key': text.replaceAll(' ', '-') } });
  expect(answer.status(), await answer.text()).toBe(202);
  await expect.poll(async () => (await (await api.request.get(chat)).text()).includes(`You said: ${text}`)).toBe(true);
}

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK));

test('what was said while a page had no connection is there when it has one, though the browser knew of none', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  let isCut = false;
  let cut = () => undefined as void;
  await student.context.routeWebSocket(/\/sync\//, (socket) => {
    if (isCut) return void socket.close({ code: 1013 });
    const server = socket.connectToServer();
    cut = () => {
      void socket.close({ code: 1013 });
      void server.close();
    };
  });
  const path = await newChat(student);
  await say(student, 'Hello');
  await expect(replies(student)).toHaveText([/You said: Hello/]);
  await expect(status(student)).toHaveAttribute('data-state', 'saved');
  isCut = true;
  cut();
  await expect(status(student)).toHaveAttribute('data-state', 'offline');
  await sayElsewhere(student, chatServer, path, 'From elsewhere');
  await expect(replies(student)).toHaveCount(1);
  isCut = false;
  await expect(status(student)).toHaveAttribute('data-state', 'saved', { timeout: 20_000 });
  await expect(replies(student)).toHaveText([/You said: Hello/, /You said: From elsewhere/]);
});

test('a chat that is opened without a network is as it was last, and catches up by itself', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page, context } = student;
  const path = await newChat(student);
  await expectKept(page, path);
  await say(student, 'Hello');
  await expect(replies(student)).toHaveText([/You said: Hello/]);
  const kept = () => page.evaluate(async (address) => {
    for (const name of await caches.keys()) {
      const copy = name.startsWith('pages-') && (await (await caches.open(name)).match(address, { ignoreVary: true }));
      if (copy) return (await copy.text()).includes('You said: Hello');
    }
    return false;
  }, path);
  await expect.poll(kept).toBe(true);
  await context.setOffline(true);
  await page.reload();
  await expect(replies(student)).toHaveText([/You said: Hello/]);
  await expect(status(student)).toHaveAttribute('data-state', 'offline');
  await sayElsewhere(student, chatServer, path, 'From elsewhere');
  await context.setOffline(false);
  await expect(replies(student)).toHaveText([/You said: Hello/, /You said: From elsewhere/], { timeout: 20_000 });
});

test('lists and tables are shown as such while they are written, and say why they cannot be marked yet', async ({ signIn, chatServer, standIns }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Tell me #list');
  const live = replies(student).first().locator('[data-live]');
  await expect(live.getByRole('listitem')).toHaveText(['one of them', /^two\s*$/]);
  await expect(live.locator('strong')).toHaveText('one');
  // The caret stands where the next word will.
  await expect(live.locator('li').last().locator('.chat-end')).toBeAttached();
  await live.locator('strong').dblclick();
  await expect(page.locator('.toast')).toContainText('still being written');
  await page.mouse.click(5, 400);
  await release(standIns);
  await expect(live.getByRole('cell')).toHaveText(['one', '7']);
  const whole = replies(student).first().locator('[data-canonical]');
  await expect(whole.getByRole('listitem')).toHaveText(['one of them', 'two more']);
  await expect(whole.getByRole('table')).toHaveCount(0);
  await release(standIns);
  await expect(whole.getByRole('cell')).toHaveText(['one', '7', 'two', '9']);
  await expect(live).toHaveCount(0);
});

test('an edit that is left is there when it is opened again, and cancelling one forgets it', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Hello');
  await expect(replies(student)).toHaveText([/You said: Hello/]);
  const edit = said(student).first().getByRole('button', { name: /^Edit/ });
  const area = said(student).first().getByRole('textbox');
  await edit.click();
  await expect(area).toHaveValue('Hello');
  await area.fill('Hello, better');
  // The key that takes back what an input method offers is not for the page.
  await area.dispatchEvent('keydown', { key: 'Escape', isComposing: true, bubbles: true });
  await expect(area).toHaveValue('Hello, better');
  await area.press('Escape');
  await expect(area).toHaveCount(0);
  await expect(edit).toBeFocused();
  await page.reload();
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await expect(area, 'what was closed stays closed').toHaveCount(0);
  await edit.click();
  await expect(area).toHaveValue('Hello, better');
  await said(student).first().getByRole('button', { name: 'Cancel' }).click();
  await edit.click();
  await expect(area).toHaveValue('Hello');
  await area.press('Escape');

  await student.context.setOffline(true);
  await expect(status(student)).toHaveAttribute('data-state', 'offline');
  await edit.click();
  const alert = page.getByRole('alert').filter({ hasText: 'The server cannot be reached.' });
  await expect(alert).toHaveText('The server cannot be reached. Try again when you are connected.');
});

test('who hears the page is told how a reply ended, and whoever was at Stop goes on in the box', async ({ signIn, chatServer, standIns }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  for (const why of ['#key', '#context']) {
    await say(student, why);
    await expect(heard(student)).toContainText('The reply is not complete.');
  }
  await say(student, 'Tell me #gated');
  const stop = page.getByRole('button', { name: 'Stop' });
  await stop.focus();
  await release(standIns);
  await expect(stop).toBeHidden();
  await expect(box(student)).toBeFocused();
  await sent(student);
  await expect(heard(student)).toContainText('The reply is complete.');
});

test('without a server Edit and Retry say so, and the word goes when there is one', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page, context } = student;
  await newChat(student);
  await say(student, 'Tell me #cut');
  await expect(replies(student).first()).toContainText('Not complete');
  const alert = page.locator('[data-chat-alert]');
  await context.setOffline(true);
  await expect(status(student)).toHaveAttribute('data-state', 'offline');
  for (const act of ['Edit message 1', 'Retry']) {
    await page.getByRole('button', { name: act, exact: true }).first().click();
    await expect(alert, act).toHaveText('The server cannot be reached. Try again when you are connected.');
    await alert.evaluate((element: HTMLElement) => Object.assign(element, { textContent: '', hidden: true }));
  }
  await page.getByRole('button', { name: 'Edit message 1', exact: true }).first().click();
  await expect(alert).not.toBeEmpty();
  await context.setOffline(false);
  await expect(status(student)).toHaveAttribute('data-state', 'saved', { timeout: 20_000 });
  await expect(alert).toBeEmpty();
  await expect(replies(student)).toHaveCount(1);
});

test('the box grows with what is in it, and a very long text is not measured with each key', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  await newChat(student);
  const height = async () => (await box(student).boundingBox())!.height;
  const empty = await height();
  await box(student).fill('one\ntwo\nthree\nfour');
  const lines = await height();
  expect(lines).toBeGreaterThan(empty);
  const half = (await student.page.evaluate(() => innerHeight)) / 2;
  await box(student).fill('word '.repeat(20_000));
  await expect.poll(height).toBeCloseTo(half, 0);
  // It is measured by letting go of its height; that happens while the text is short alone.
  const letGo = () => box(student).evaluate((element) => {
    let count = 0;
    return new Promise<number>((resolve) => {
      const watch = new MutationObserver((changes) => (count += changes.filter(({ oldValue }) => oldValue?.includes('auto')).length));
      watch.observe(element, { attributes: true, attributeFilter: ['style'], attributeOldValue: true });
      element.dispatchEvent(new InputEvent('input', { bubbles: true }));
      setTimeout(() => resolve(count), 0);
    });
  });
  expect(await letGo()).toBe(0);
  await box(student).fill('one\ntwo');
  expect(await letGo()).toBe(1);
  expect(await height()).toBeLessThan(half);
});
