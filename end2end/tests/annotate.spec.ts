import { expect, test } from '../fixtures.ts';
import { bread, lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** Everything that one person made is on the other's page: cards with these quotes and no others, all of them painted. */
async function expectHighlights(workspace: Workspace, passages: string[]): Promise<void> {
  await expect.poll(async () => (await workspace.quotes()).sort()).toEqual([...passages].sort());
  for (const passage of passages) await workspace.expectPainted(passage);
}

test('a highlight made in one browser appears as colour and card in the other without reload', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const author = await signIn('instructor');
  const [a, b] = await Promise.all([author.open(id), signIn('student-1').then((reader) => reader.open(id))]);

  await a.selectText(lighthouse.weight);
  const [firstTag] = await a.tagNames();
  await a.applyTag(1);

  for (const workspace of [a, b]) {
    const card = workspace.card(lighthouse.weight);
    await expect(card).toHaveCount(1);
    await expect(card).toHaveAttribute('data-anchor', 'exact');
    await expect(card).toContainText(firstTag ?? 'a first tag');
    await expectHighlights(workspace, [lighthouse.weight]);
    await workspace.expectColoured(lighthouse.weight);
  }
  await expect(b.card(lighthouse.weight)).toContainText((await author.api.me()).name);
  await a.synced('saved');
});

test('a new conversation has at least five tags and a way to make more', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const workspace = await (await signIn('student-1')).open(id);
  await workspace.selectText(lighthouse.weight);
  await expect(workspace.toolbar).toBeVisible();
  const names = await workspace.tagNames();
  expect(names.length).toBeGreaterThanOrEqual(5);
  expect(new Set(names).size, 'names that differ').toBe(names.length);
  await expect(workspace.toolbar.getByRole('button', { name: 'New tag', exact: true })).toBeVisible();
});

test('a comment made by a reader appears with the author of the highlight', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [author, reader] = await Promise.all([signIn('instructor'), signIn('student-1')]);
  const [a, b] = await Promise.all([author.open(id), reader.open(id)]);
  await a.highlight(lighthouse.bell);

  const remark = 'Was the bell ever silent? <b>Who</b> checked it & when?';
  await b.comment(b.card(lighthouse.bell), remark);

  const card = a.card(lighthouse.bell);
  await a.openCard(card);
  await expect(card.getByText(remark, { exact: true })).toBeVisible();
  await expect(card).toContainText((await reader.api.me()).name);
});

test('a deleted highlight goes from both browsers and stays away', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  await a.highlight(lighthouse.keeper);
  await a.highlight(lighthouse.oil);
  await expectHighlights(b, [lighthouse.keeper, lighthouse.oil]);

  await a.deleteCard(a.card(lighthouse.keeper));

  for (const workspace of [a, b]) {
    await expectHighlights(workspace, [lighthouse.oil]);
    await workspace.expectNotPainted(lighthouse.keeper);
  }
  await a.synced('saved');
  await b.reload();
  await expectHighlights(b, [lighthouse.oil]);
});

test('highlights made at the same moment are all in both browsers', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.selectText(lighthouse.weight), b.selectText(lighthouse.mercury)]);
  await Promise.all([a.applyTag(1), b.applyTag(2)]);
  await Promise.all([a.selectText(lighthouse.keeper), b.selectText(lighthouse.log)]);
  await Promise.all([a.applyTag(3), b.applyTag(3)]);

  const all = [lighthouse.weight, lighthouse.mercury, lighthouse.keeper, lighthouse.log];
  await Promise.all([expectHighlights(a, all), expectHighlights(b, all)]);
});

test('two people mark the same words and both marks are kept', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await Promise.all([a.selectText(lighthouse.weight), b.selectText(lighthouse.weight)]);
  await Promise.all([a.applyTag(1), b.applyTag(2)]);
  for (const workspace of [a, b]) await expectHighlights(workspace, [lighthouse.weight, lighthouse.weight]);
});

test('a highlight over two messages is one card and colours both', async ({ signIn, newConversation }) => {
  const { id, messages } = await newConversation(shared);
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  await a.selectText('before there was electricity?', lighthouse.clockwork);
  await a.applyTag(1);

  for (const workspace of [a, b]) {
    await expect(workspace.cards).toHaveCount(1);
    await expect(workspace.card('before there was electricity?')).toHaveCount(1);
    await expect(workspace.card(lighthouse.clockwork)).toHaveCount(1);
    await workspace.expectPainted('before there was electricity?');
    await workspace.expectPainted(lighthouse.clockwork);
  }
});

test('somebody who joins late has every highlight and comment', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('instructor')).open(id);
  await a.comment(await a.highlight(lighthouse.weight), 'How heavy was it?');
  await a.highlight(lighthouse.mercury, 2);
  await a.synced('saved');

  const late = await (await signIn('student-2')).open(id);
  await expectHighlights(late, [lighthouse.weight, lighthouse.mercury]);
  await late.openCard(late.card(lighthouse.weight));
  await expect(late.card(lighthouse.weight).getByText('How heavy was it?', { exact: true })).toBeVisible();
});

test('two conversations never mix', async ({ signIn, newConversation }) => {
  const [first, second] = await Promise.all([
    newConversation(shared),
    newConversation({ title: bread.title, text: bread.text, share: 'class' }),
  ]);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(first.id)),
    signIn('student-1').then((visitor) => visitor.open(second.id)),
  ]);
  await Promise.all([a.highlight(lighthouse.weight), b.highlight(bread.yeast)]);
  await a.openNotes();
  await a.notes.fill('about the lighthouse');
  await Promise.all([a.synced('saved'), b.synced('saved')]);
  // A second round trip of each room: whatever leaked has had its chance to arrive.
  await a.showTab('Annotations');
  await Promise.all([a.highlight(lighthouse.log), b.highlight(bread.crust)]);

  await expectHighlights(a, [lighthouse.weight, lighthouse.log]);
  await expectHighlights(b, [bread.yeast, bread.crust]);
  await b.openNotes();
  expect(await b.notesText()).not.toContain('lighthouse');
  await expect(a.peopleHere).toHaveCount(1);
  await expect(b.peopleHere).toHaveCount(1);

  await b.reload();
  await expectHighlights(b, [bread.yeast, bread.crust]);
});

test('a half-typed comment survives a highlight that arrives from elsewhere', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('instructor').then((visitor) => visitor.open(id)),
    signIn('student-1').then((visitor) => visitor.open(id)),
  ]);
  await a.highlight(lighthouse.keeper);
  const box = await b.openCard(b.card(lighthouse.keeper));
  await box.click();
  await b.page.keyboard.type('I think the keeper');
  await b.page.keyboard.press('ArrowLeft');
  const before = await box.elementHandle();

  // One above and one below in the text: the card moves, and its neighbours are new.
  await a.highlight(lighthouse.weight);
  await a.highlight(lighthouse.log);
  await a.comment(a.card(lighthouse.keeper), 'A word from elsewhere');
  await expectHighlights(b, [lighthouse.keeper, lighthouse.weight, lighthouse.log]);

  await expect(b.card(lighthouse.keeper).getByText('A word from elsewhere', { exact: true })).toBeVisible();
  await expect(box).toBeFocused();
  await expect(box).toHaveValue('I think the keeper');
  expect(await box.evaluate((now, then) => now === then, before), 'the very same box').toBe(true);
  // The caret is where it was: before the last letter.
  await b.page.keyboard.type('X');
  await expect(box).toHaveValue('I think the keepeXr');
});

test('digits apply tags while a selection exists, and are plain digits otherwise', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.page.keyboard.press('1');

  const passages = [lighthouse.weight, lighthouse.keeper, lighthouse.log];
  for (const [index, passage] of passages.entries()) {
    await a.selectText(passage);
    await expect(a.toolbar).toBeVisible();
    const tag = (await a.tagNames())[index];
    await a.page.keyboard.press(`${index + 1}`);
    await expect(a.card(passage)).toContainText(tag ?? `tag ${index + 1}`);
  }
  await expectHighlights(a, passages);

  const box = await a.openCard(a.card(lighthouse.weight));
  await box.click();
  await a.page.keyboard.type('in 1823');
  await expect(box).toHaveValue('in 1823');
  await expectHighlights(a, passages);
});

test('digits that somebody types into a box mark nothing, though a passage is selected', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.highlight(lighthouse.weight);
  const boxes = [
    () => a.openCard(a.card(lighthouse.weight)),
    () => a.openNotes(),
    async () => {
      await a.showTab('Response');
      return a.page.getByRole('textbox', { name: 'My response', exact: true });
    },
  ];
  for (const open of boxes) {
    const box = await open();
    await a.selectText(lighthouse.keeper);
    await expect(a.toolbar).toBeVisible();
    // By the keyboard, which leaves the passage selected.
    await box.focus();
    await a.page.keyboard.type('in 1234');
    await expect(box).toHaveValue('in 1234');
  }
  await a.showTab('Annotations');
  await expectHighlights(a, [lighthouse.weight]);
});

test('a triple click marks its paragraph and nothing of the next', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.page.locator('[data-canonical] p', { hasText: lighthouse.clockwork }).click({ clickCount: 3 });
  await a.applyTag(1);
  const paragraph =
    '🗼 A clockwork drove it. A heavy weight hung in the tower, and as it sank the gears turned the lens at a steady pace.';
  await expectHighlights(a, [paragraph]);
});

test('a passage marked twice over in part keeps both quotes', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await a.highlight('A heavy weight hung');
  await b.highlight('weight hung in the tower', 2);
  for (const workspace of [a, b]) {
    await expect
      .poll(async () => (await workspace.quotes()).sort())
      .toEqual(['A heavy weight hung', 'weight hung in the tower']);
    await workspace.expectPainted(lighthouse.weight);
  }
});

test('who marks the same words with the same tag again comes to the card that is there', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const card = await a.highlight(lighthouse.weight);
  await a.highlight(lighthouse.bell);
  await expect(card).not.toHaveAttribute('data-active');
  await a.selectText(lighthouse.weight);
  await a.applyTag(1);
  await expect(card).toHaveAttribute('data-active', '');
  await expect(a.page.getByRole('status', { name: 'Messages' })).toContainText('You have marked this as Claim already.');
  await expect(a.cards).toHaveCount(2);
  // Another tag is another highlight, and so is another person's.
  await a.selectText(lighthouse.weight);
  await a.applyTag(2);
  await expect(a.cards).toHaveCount(3);
  await b.selectText(lighthouse.weight);
  await b.applyTag(1);
  for (const workspace of [a, b]) await expect(workspace.cards).toHaveCount(4);
});

test('who writes a response and marks a passage goes on writing, and is told', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  await a.showTab('Response');
  const response = a.page.getByRole('textbox', { name: 'My response', exact: true });
  await response.fill('It was a clock.');
  await a.selectText(lighthouse.weight);
  await a.applyTag(1);
  const said = a.page.getByRole('status', { name: 'Messages' });
  await expect(said).toContainText('Marked as Claim.');
  await expect(response).toBeVisible();
  await a.expectPainted(lighthouse.weight);
  await said.getByRole('button', { name: 'Undo', exact: true }).click();
  await a.expectNotPainted(lighthouse.weight);
  await a.showTab('Annotations');
  await expect(a.cards).toHaveCount(0);
});
