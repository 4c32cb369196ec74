import { expectAccessible } from '../axe.ts';
import { box, newChat, release, replies, said, say, sent, test } from '../chat.ts';
import { expect } from '../fixtures.ts';
import { Workspace } from '../workspace.ts';

test('a message is edited and sent again beside the first, whose annotations stay with it', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Do bees sleep at night?');
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('You said');
  const workspace = Workspace.on(page);
  await workspace.highlight('sleep at');
  await workspace.synced('saved');

  await page.getByRole('button', { name: 'Edit message 1' }).press('Enter');
  const edited = page.getByRole('textbox', { name: 'Edited message' });
  await expect(edited).toBeFocused();
  await expect(edited).toHaveValue('Do bees sleep at night?');
  await expectAccessible(page, 'a message that is edited');
  await edited.fill('Do wasps sleep at night?');
  // What is written survives a reload.
  await page.reload();
  await expect(edited).toHaveValue('Do wasps sleep at night?');
  await edited.press('Enter');
  await sent(student);
  await expect(said(student)).toHaveText(/Do wasps sleep at night\?/);
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('You said: Do wasps');
  const versions = page.getByRole('navigation', { name: 'Versions of message 1' });
  await expect(versions).toContainText('2 of 2');
  // Of another branch it is neither beside this text nor lost.
  await expect(workspace.cards).toHaveCount(0);
  await expect(page.getByText('Lost highlights')).toBeHidden();

  await versions.getByRole('link', { name: 'Version before' }).press('Enter');
  await expect(versions).toContainText('1 of 2');
  await expect(versions.getByRole('link', { name: 'Next version' })).toBeFocused();
  await expect(workspace.card('sleep at')).toHaveAttribute('data-anchor', 'exact');
  await workspace.expectPainted('sleep at');
  await expect(page.getByText('1 highlight', { exact: true }).first()).toBeVisible();
  await page.goBack();
  await expect(versions).toContainText('2 of 2');
  await page.goForward();
  await expect(versions).toContainText('1 of 2');
  await say(student, 'Go on with bees');
  await expect(said(student)).toHaveText([/bees sleep/, /Go on with bees/]);
  await expect(page).not.toHaveURL(/branch/);
});

test('a fork stands beside its original, with the annotations carried over', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  const known = 'It is well known that honey is made while the sun shines, and not when it rains.';
  await say(student, `${known} Bees sleep at night`);
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('You said: It is');
  const workspace = Workspace.on(page);
  // What is sent gives the box the focus back, which ends a selection.
  await expect(box(student)).toHaveValue('');
  const quotes = ['well known', 'Bees', 'sleep at night'];
  for (const quote of quotes) await workspace.highlight(quote);
  await expect(workspace.cards).toHaveCount(3);
  await workspace.synced('saved');
  await page.getByRole('button', { name: 'Edit message 1' }).click();
  await page.getByRole('textbox', { name: 'Edited message' }).fill(`${known} Wasps never sleep at night`);
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('Wasps never');
  // What is compared while it is written is compared again, by a page that loads itself anew.
  await expect(replies(student).first()).not.toHaveAttribute('aria-busy');
  await page.getByRole('link', { name: 'Compare versions of message 1' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Side by side' })).toBeVisible();
  const [original, fork] = ['Original', 'Fork'].map((name) => page.getByRole('region', { name, exact: true }));
  await expect(original!).toContainText('Bees sleep at night');
  await expect(fork!).toContainText('Wasps never sleep at night');
  const carried = page.locator('.compare-annotation');
  await expect(carried.locator('blockquote')).toHaveText(quotes);
  expect(await carried.evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.anchor))).toEqual(['exact', 'lost', 'moved']);
  const painted = (name: string) =>
    page.evaluate((layer) => [...(CSS.highlights.get(layer) ?? [])].map((range) => (range as Range).toString()), name);
  // All of them at once, when the page is there.
  await expect.poll(() => painted('compare-original')).toEqual(['well known', 'sleep at night']);
  expect([await painted('compare-exact'), await painted('compare-moved'), await painted('compare-lost')]).toEqual([['well known'], ['sleep at night'], ['Bees']]);
  await carried.last().getByRole('button', { name: 'Show' }).press('Enter');
  await expect(fork!.getByRole('article').first()).toBeFocused();
  await expectAccessible(page, 'two branches side by side');
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.getByRole('link', { name: 'Open the original in the conversation' }).click();
  await expect(said(student)).toHaveText(/Bees sleep at night/);
});

test('programs are coloured without a change of the text', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Show me a #table');
  const text = replies(student).first().locator('[data-canonical]');
  await expect(text).toContainText('let x = 1;');
  const coloured = (kind: string) =>
    page.evaluate(
      (name) => [...(CSS.highlights.get(name) ?? [])].map((range) => range.startContainer.textContent?.slice(range.startOffset, range.endOffset)),
      `code-${kind}`,
    );
  await expect.poll(() => coloured('keyword')).toEqual(['let']);
  expect(await coloured('number')).toEqual(['1']);
  expect(await text.locator('code').evaluate((code) => code.childNodes.length)).toBe(1);
  const card = await Workspace.on(page).highlight('x = 1');
  await expect(card).toHaveAttribute('data-anchor', 'exact');
});

test('what is marked in a reply while it is written holds when it is finished', async ({ signIn, chatServer, standIns }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Tell me #blocks');
  const reply = replies(student).first();
  await expect(reply).toHaveAttribute('aria-busy', 'true');
  await expect(reply.locator('[data-canonical]')).toHaveText('A first block.A second block.');
  await expect(reply.locator('[data-live]')).toHaveText(/^The third one is/);
  const workspace = Workspace.on(page);
  // The tools have read it when its text can be marked.
  await expect(async () => {
    await workspace.selectText('second block.');
    await expect(workspace.toolbar).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await workspace.applyTag(1);
  const card = workspace.card('second block.');
  await expect(card).toHaveAttribute('data-anchor', 'exact');
  const first = await reply.locator('[data-canonical] p').first().elementHandle();
  await release(standIns);
  await expect(reply).not.toHaveAttribute('aria-busy');
  await expect(reply.locator('[data-canonical] p')).toHaveText(['A first block.', 'A second block.', 'The third one is written.', 'And the last.']);
  await expect(reply.locator('[data-live]')).toHaveCount(0);
  // What stood there was not written anew.
  expect(await first?.evaluate((block) => block.isConnected)).toBe(true);
  await expect(card).toHaveAttribute('data-anchor', 'exact');
  await workspace.expectPainted('second block.');
  await workspace.synced('saved');
  await workspace.highlight('written.');
  await workspace.synced('saved');
  await workspace.reload();
  await expect(workspace.card('second block.')).toHaveAttribute('data-anchor', 'exact');
  await expect(workspace.card('written.')).toHaveAttribute('data-anchor', 'exact');
  await expect(box(student)).toBeVisible();
});

test('what is marked beyond the end of a shorter fork is listed and painted', async ({ signIn, chatServer }) => {
  const student = await signIn('student-1', { server: chatServer });
  const { page } = student;
  await newChat(student);
  await say(student, 'Good day');
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('You said');
  await say(student, 'Do bees sleep?');
  await expect(replies(student).nth(1).locator('[data-canonical]')).toContainText('You said: Do bees sleep?');
  await expect(box(student)).toHaveValue('');
  const workspace = Workspace.on(page);
  await workspace.highlight('You said: Do bees');
  await workspace.synced('saved');
  await page.getByRole('button', { name: 'Edit message 1' }).click();
  await page.getByRole('textbox', { name: 'Edited message' }).fill('Good evening');
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(replies(student).first().locator('[data-canonical]')).toContainText('Good evening');
  await expect(replies(student).first()).not.toHaveAttribute('aria-busy');
  await page.getByRole('link', { name: 'Compare versions of message 1' }).click();
  const carried = page.locator('.compare-annotation');
  await expect(carried).toContainText(['Lost: not in the fork']);
  await expect(carried.locator('blockquote')).toHaveText('You said: Do bees');
  const painted = () => page.evaluate(() => [...(CSS.highlights.get('compare-lost') ?? [])].map((range) => (range as Range).toString()));
  await expect.poll(painted).toEqual(['You said: Do bees']);
});
