import { randomUUID } from 'node:crypto';
import * as Y from 'yjs';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { joinWithYjs } from '../stock.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** A new id of version 7. */
const newId = () => randomUUID().replace(/^(.{14})4/, '$17');

test('answers stand below what they answer, live, and are shown as the Markdown that they are', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [author, reader] = await Promise.all([signIn('instructor'), signIn('student-1')]);
  const [a, b] = await Promise.all([author.open(id), reader.open(id)]);
  await a.comment(await a.highlight(lighthouse.bell), 'Who heard it?');
  await a.comment(a.card(lighthouse.bell), 'And when?');

  const card = b.card(lighthouse.bell);
  await b.takeInHand(card);
  const first = card.getByRole('listitem').filter({ hasText: 'Who heard it?' });
  await first.getByRole('button', { name: 'Reply to Demo Instructor', exact: true }).click();
  const box = card.getByRole('textbox', { name: 'Reply to Demo Instructor', exact: true });
  await expect(box).toBeFocused();
  await box.fill('The **keeper**, see [the log](https://example.org/log):\n- asleep\n- <i>alone</i>');
  await expectAccessible(b.page, 'a thread, an answer being written');
  await box.press('Control+Enter');
  await expect(card.locator('.comment').nth(0)).toBeFocused();

  for (const workspace of [a, b]) {
    const here = workspace.card(lighthouse.bell);
    await workspace.takeInHand(here);
    const comments = here.locator('.comment');
    await expect(comments).toHaveCount(3);
    await expect(comments.nth(1)).toContainText('The keeper, see the log:');
    await expect(comments.nth(1)).toHaveAttribute('data-depth', '1');
    await expect(comments.nth(1).locator('strong')).toHaveText('keeper');
    await expect(comments.nth(1).getByRole('link', { name: 'the log' })).toHaveAttribute('href', 'https://example.org/log');
    await expect(comments.nth(1).locator('.comment-body li')).toHaveText(['asleep', '<i>alone</i>']);
    await expect(comments.nth(2)).toContainText('And when?');
  }
  await expectAccessible(a.page, 'a thread with an answer');
});

test('one’s own comment is changed, deleted and taken back; an answered one leaves a stub', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const card = await a.highlight(lighthouse.bell);
  await a.comment(card, 'A hasty word');
  const there = b.card(lighthouse.bell);
  await b.takeInHand(there);
  await expect(there.getByRole('button', { name: 'Edit comment' }), 'only their author changes words').toHaveCount(0);
  await expect(there.getByRole('button', { name: 'Delete comment' })).toHaveCount(0);

  await card.getByRole('button', { name: 'Edit comment', exact: true }).click();
  const box = card.getByRole('textbox', { name: 'Edit comment', exact: true });
  await expect(box).toHaveValue('A hasty word');
  await box.fill('A calm word');
  await card.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(there.getByText('A calm word', { exact: true })).toBeVisible();
  await expect(there).toContainText('edited');

  // Nobody has answered: nothing stays. What is taken back is whole.
  await card.getByRole('button', { name: 'Delete comment', exact: true }).click();
  await expect(there.locator('.comment')).toHaveCount(0);
  await a.page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(there.getByText('A calm word', { exact: true })).toBeVisible();

  await there.getByRole('button', { name: 'Reply to Demo Student 1', exact: true }).click();
  await there.getByRole('textbox', { name: 'Reply to Demo Student 1' }).fill('Calm indeed');
  await there.getByRole('button', { name: 'Reply', exact: true }).click();
  await expect(card.getByText('Calm indeed', { exact: true })).toBeVisible();
  await card.getByRole('button', { name: 'Delete comment', exact: true }).click();
  await expect(there.locator('.comment').nth(0)).toContainText('This comment was deleted.');
  await expect(there.locator('.comment').nth(1)).toContainText('Calm indeed');
  await expect(there.getByText('A calm word')).toHaveCount(0);
});

test('who moderates deletes another’s comment, and is asked first', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [teacher, student] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  await student.comment(await student.highlight(lighthouse.bell), 'Something unkind');
  const card = teacher.card(lighthouse.bell);
  await teacher.takeInHand(card);
  await card.getByRole('button', { name: 'Delete comment', exact: true }).click();
  await expect(card.locator('.comment')).toHaveCount(1);
  await card.getByRole('button', { name: 'Press again to delete the comment', exact: true }).click();
  await expect(card.locator('.comment')).toHaveCount(0);
  await expect(student.card(lighthouse.bell).locator('.comment')).toHaveCount(0);
});

test('what is being written stays while others write, and through a reload', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const card = await a.highlight(lighthouse.bell);
  await a.comment(card, 'First');
  await card.getByRole('button', { name: 'Edit comment', exact: true }).click();
  const edit = card.getByRole('textbox', { name: 'Edit comment', exact: true });
  await edit.fill('First, and half a');
  const box = a.commentBox(card);
  await box.fill('Half a');
  await box.press('End');

  await b.comment(b.card(lighthouse.bell), 'From elsewhere');
  await b.highlight(lighthouse.keeper, 3);
  await expect(card.getByText('From elsewhere', { exact: true })).toBeVisible();
  await expect(box).toBeFocused();
  await expect(box).toHaveValue('Half a');
  await expect(edit).toHaveValue('First, and half a');

  await a.reload();
  const again = a.card(lighthouse.bell);
  await a.takeInHand(again);
  await expect(a.commentBox(again)).toHaveValue('Half a');
  await again.getByRole('button', { name: 'Edit comment', exact: true }).click();
  await expect(again.getByRole('textbox', { name: 'Edit comment', exact: true })).toHaveValue('First, and half a');
  await again.getByRole('textbox', { name: 'Edit comment', exact: true }).press('Escape');
  await expect(again.locator('.comment').nth(0)).toContainText('First');

  await a.commentBox(again).press('Control+Enter');
  await expect(b.card(lighthouse.bell).getByText('Half a', { exact: true })).toBeAttached();
  await a.reload();
  await a.takeInHand(a.card(lighthouse.bell));
  await expect(a.commentBox(a.card(lighthouse.bell))).toHaveValue('');
});

test('what is begun outlives its tab, and is not lost by signing out unasked', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1');
  const first = await visitor.openInNewTab(id);
  const box = first.commentBox(await first.highlight(lighthouse.bell));
  await box.fill('Half a');
  await first.synced('saved');
  await first.page.close();

  const tab = await visitor.open(id);
  const card = tab.card(lighthouse.bell);
  await tab.takeInHand(card);
  await expect(tab.commentBox(card)).toHaveValue('Half a');

  await tab.page.goto('/');
  await tab.page.locator('.account > summary').click();
  await tab.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  const dialog = tab.page.getByRole('dialog', { name: 'Sign out and lose work?' });
  await expect(dialog.getByRole('listitem').filter({ visible: true })).toHaveText(['1 change not sent yet']);
  await dialog.getByRole('button', { name: 'Sign out and discard them' }).click();
  await expect(tab.page).toHaveURL(/\/sign-in/);
  expect(await tab.page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('draft/')))).toEqual([]);
});

test('one’s own doings are undone and done again by keys, and nobody else’s', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await a.highlight(lighthouse.keeper);
  await a.highlight(lighthouse.weight);
  await b.highlight(lighthouse.oil);
  await expect(a.card(lighthouse.oil)).toHaveCount(1);
  const quotes = async () => (await b.quotes()).sort();
  const all = [lighthouse.keeper, lighthouse.oil, lighthouse.weight].sort();
  await expect.poll(quotes).toEqual(all);

  await a.page.keyboard.press('Control+z');
  await expect.poll(quotes).toEqual(all.filter((quote) => quote !== lighthouse.weight));
  await a.page.keyboard.press('Control+z');
  await expect.poll(quotes).toEqual([lighthouse.oil]);
  await a.page.keyboard.press('Control+z');
  await a.page.keyboard.press('Control+Shift+z');
  await expect.poll(quotes).toEqual(all.filter((quote) => quote !== lighthouse.weight));
  await a.page.keyboard.press('Control+y');
  await expect.poll(quotes).toEqual(all);
  await a.expectPainted(lighthouse.weight);
  await a.synced('saved');
  await b.reload();
  expect(await quotes()).toEqual(all);
});

test('a link to a comment leads to it, and one to nothing says so', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const author = await signIn('instructor');
  await author.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const a = await author.open(id);
  await a.comment(await a.highlight(lighthouse.log), 'Which log?');
  await a.highlight(lighthouse.question);
  const card = a.card(lighthouse.log);
  await a.takeInHand(card);
  await card.getByRole('button', { name: 'Copy link to comment', exact: true }).click();
  await expect(a.page.getByText('Link copied.')).toBeVisible();
  const link = await a.page.evaluate(() => navigator.clipboard.readText());
  await a.synced('saved');

  const reader = await signIn('student-1');
  const { page } = reader;
  await page.goto(link);
  const there = page.locator('[data-highlight-id]').filter({ hasText: 'Which log?' });
  await expect(there).toHaveAttribute('data-active', '');
  await expect(there.locator('.comment')).toBeFocused();
  await expect(there.locator('.comment')).toBeInViewport();

  // Within the open page too.
  const other = await a.card(lighthouse.question).getAttribute('data-highlight-id');
  await page.evaluate((hash) => (location.hash = hash), `h=${other}`);
  await expect(page.locator(`[data-highlight-id="${other}"]`)).toHaveAttribute('data-active', '');

  await page.goto(`${link.split('#')[0]}?#h=${newId()}`);
  await expect(page.getByText('What this link leads to is not here any more.')).toBeVisible();
});

test('a highlight whose words have moved is confirmed, and a lost one attached anew', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id, messages } = await newConversation(shared);
  const [author, reader] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const [a, b] = await Promise.all([author.open(id), reader.open(id)]);
  const message = messages[1];
  if (!message) throw new Error('two messages are expected');
  const provider = joinWithYjs(server, id, await author.api.token('an older text'));
  try {
    await expect.poll(() => provider.synced).toBe(true);
    const { doc } = provider;
    const tag = [...doc.getMap('tags').keys()][0] ?? '';
    const made = { author: (await author.api.conversation(id)).author_id, created_at: Date.now(), resolved: null, deleted: null };
    const mark = (exact: string, prefix: string, suffix: string) =>
      doc.transact(() => {
        const highlight = new Y.Map<unknown>(Object.entries(made));
        highlight.set('targets', [{ message: message.id, start: 3, end: 3 + [...exact].length, exact, prefix, suffix }]);
        highlight.set('tags', new Y.Map([[tag, 1]]));
        highlight.set('comments', new Y.Map());
        doc.getMap('highlights').set(newId(), highlight);
      });
    mark('A heavy load hung in the tower', 'A clockwork drove it. ', ', and as it sank');
    mark('a paragraph about whales', 'which had ', ' in it');

    for (const workspace of [a, b]) {
      const moved = workspace.card('A heavy load hung in the tower');
      await expect(moved).toHaveAttribute('data-anchor', 'moved');
      await expect(moved.locator('.card-found')).toHaveText(lighthouse.weight);
      await expect(workspace.card('whales')).toHaveAttribute('data-anchor', 'lost');
    }
    await b.takeInHand(b.card('A heavy load'));
    await expect(b.card('A heavy load').getByRole('button', { name: 'Confirm' }), 'its author’s to say').toHaveCount(0);
    await a.takeInHand(a.card('A heavy load'));
    await expectAccessible(a.page, 'a moved highlight');
    await a.card('A heavy load').getByRole('button', { name: 'Confirm', exact: true }).click();
    for (const workspace of [a, b]) {
      await expect(workspace.card(lighthouse.weight)).toHaveAttribute('data-anchor', 'exact');
      await workspace.expectPainted(lighthouse.weight);
    }

    const lost = a.card('whales');
    await a.takeInHand(lost);
    const attach = lost.getByRole('button', { name: 'Attach to selection', exact: true });
    await expect(attach).toBeDisabled();
    await a.selectText(lighthouse.log);
    await attach.click();
    for (const workspace of [a, b]) {
      await expect(workspace.card(lighthouse.log)).toHaveAttribute('data-anchor', 'exact');
      await workspace.expectPainted(lighthouse.log);
    }
    await a.page.keyboard.press('Control+z');
    await expect(b.card('whales')).toHaveAttribute('data-anchor', 'lost');
  } finally {
    provider.destroy();
  }
});

test('what is being written outlives what it is written to', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await a.comment(await a.highlight(lighthouse.bell), 'Soon gone');
  const card = b.card(lighthouse.bell);
  await b.takeInHand(card);
  await card.getByRole('button', { name: 'Reply to Demo Student 1', exact: true }).click();
  const box = card.getByRole('textbox', { name: 'Reply to Demo Student 1', exact: true });
  await box.fill('An answer to');

  await a.card(lighthouse.bell).getByRole('button', { name: 'Delete comment', exact: true }).click();
  await expect(card.getByText('This comment was deleted.')).toBeVisible();
  await expect(box).toBeFocused();
  await box.pressSequentially(' nothing');
  await expect(box).toHaveValue('An answer to nothing');

  await a.deleteCard(a.card(lighthouse.bell));
  const gone = card.getByText('Demo Student 1 deleted this highlight.');
  await expect(gone).toBeVisible();
  await expect(a.card(lighthouse.bell)).toHaveCount(0);
  await expect(box).toBeFocused();
  // Keys that would be shortcuts are words still.
  await box.pressSequentially(', jk?');
  await expect(box).toHaveValue('An answer to nothing, jk?');
  await expect(b.page.getByRole('dialog')).toHaveCount(0);
  await box.press('Control+Enter');
  await expect(box, 'nobody would see it').toHaveValue('An answer to nothing, jk?');
  await expect(card.getByRole('button', { name: 'More', exact: true })).toBeHidden();
  await expectAccessible(b.page, 'words to a deleted highlight');

  // The box of an answer is closed when the page comes, its words are there.
  await b.reload();
  await b.takeInHand(card);
  await expect(card.locator('.card-found')).toHaveText('An answer to nothing, jk?');
  await card.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(b.page.getByRole('status', { name: 'Messages' })).toContainText('Copied.');
  await card.getByRole('button', { name: 'Discard', exact: true }).click();
  await card.getByRole('button', { name: 'Discard for good?', exact: true }).click();
  await expect(card).toHaveCount(0);
  await expect(b.page.getByRole('tab', { name: 'Annotations' })).toBeFocused();
  await b.reload();
  await expect(card).toHaveCount(0);
});

test('a box with nothing in it keeps the focus when its highlight is deleted, and goes when that is left', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await a.highlight(lighthouse.bell);
  const card = b.card(lighthouse.bell);
  const box = await b.openCard(card);
  await box.focus();
  await a.deleteCard(a.card(lighthouse.bell));
  await expect(card.getByText('Demo Student 1 deleted this highlight.')).toBeVisible();
  await b.page.keyboard.type('j');
  await expect(box).toHaveValue('j');
  // Taken back, it is a card as any other.
  await a.page.keyboard.press('Control+z');
  await expect(card).not.toHaveAttribute('data-deleted', '');
  await expect(box).toBeFocused();
  await expect(box).toHaveValue('j');
  await a.page.keyboard.press('Control+Shift+z');
  await expect(card).toHaveAttribute('data-deleted', '');
  await box.fill('');
  await b.messages.nth(0).click({ position: { x: 5, y: 5 } });
  await expect(card).toHaveCount(0);
});

test('a comment that is too long is refused, and nothing of it is lost', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const card = await a.highlight(lighthouse.bell);
  const box = await a.openCard(card);
  const words = 'word '.repeat(2_400).trim();
  await box.focus();
  await a.page.keyboard.insertText(words);
  await expect(box).toHaveValue(words);
  await card.getByRole('button', { name: 'Post', exact: true }).click();
  await expect(a.page.getByRole('status', { name: 'Messages' })).toContainText('A comment has at most 10,000 characters');
  await expect(box).toHaveValue(words);
  await expect(card.locator('.comment')).toHaveCount(0);
});

test('a tag of a name that is there is refused where it is written', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.selectText(lighthouse.bell);
  await a.toolbar.getByRole('button', { name: 'New tag', exact: true }).click();
  const dialog = a.page.getByRole('dialog', { name: 'New tag', exact: true });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('claim');
  await dialog.getByRole('button', { name: 'Create and apply', exact: true }).click();
  await expect(dialog.getByRole('status', { name: 'Messages' })).toContainText('There is a tag of this name already.');
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('claim');
  await expectAccessible(a.page, 'a refused tag');
});
