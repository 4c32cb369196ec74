import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('what others have changed since is not taken back, and that is said', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const card = await a.highlight(lighthouse.weight);
  const resolve = async (workspace: typeof a, name: 'Resolve' | 'Reopen') => {
    const own = await workspace.takeInHand(workspace.card(lighthouse.weight));
    await own.getByRole('button', { name: 'More', exact: true }).click();
    await workspace.page.getByRole('menuitem', { name, exact: true }).click();
  };
  await resolve(a, 'Resolve');
  await expect(b.card(lighthouse.weight)).toHaveAttribute('data-resolved', '');
  await resolve(b, 'Reopen');
  await expect(card).not.toHaveAttribute('data-resolved', '');
  await resolve(b, 'Resolve');
  await expect(card).toHaveAttribute('data-resolved', '');

  await a.page.keyboard.press('Control+z');
  await expect(a.page.getByRole('status', { name: 'Messages' })).toContainText('Changed meanwhile by others');
  await expect(card).toHaveAttribute('data-resolved', '');
  // What came before it is one's own still.
  await a.page.keyboard.press('Control+z');
  await expect(card).toHaveCount(0);
  await expect(b.card(lighthouse.weight)).toHaveCount(0);
});

test('what nobody else has touched is taken back and done again', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const card = await a.takeInHand(await a.highlight(lighthouse.weight));
  await card.getByRole('button', { name: 'More', exact: true }).click();
  await a.page.getByRole('menuitem', { name: 'Resolve', exact: true }).click();
  // Beside it others may do what they like.
  await b.comment(b.card(lighthouse.weight), 'Why?');
  await expect(card.getByText('Why?')).toBeAttached();
  for (const [key, resolved] of [['Control+z', false], ['Control+Shift+z', true], ['Control+z', false]] as const) {
    await a.page.keyboard.press(key);
    await expect(b.card(lighthouse.weight).and(b.page.locator('[data-resolved]'))).toHaveCount(resolved ? 1 : 0);
  }
});

test('what is said of something is over when that is taken back, and with the next thing done', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const a = await (await signIn('student-1')).open(id);
  const said = a.page.getByRole('status', { name: 'Messages' });
  const card = await a.highlight(lighthouse.weight);
  await a.deleteCard(card);
  await expect(said).toContainText('Highlight deleted.');
  await expect(said.getByRole('button', { name: 'Undo' })).toBeFocused();
  await a.page.keyboard.press('Control+z');
  await expect(card).toHaveCount(1);
  await expect(said).toContainText('Undone: the deletion of a highlight');
  await expect(card, 'the focus is not lost with the button').toBeFocused();

  await a.deleteCard(card);
  await expect(said).toContainText('Highlight deleted.');
  await a.highlight(lighthouse.bell);
  await expect(said).toBeEmpty();
});

test('what is taken back is named, and comes into sight', async ({ signIn, newConversation }) => {
  const filler = Array.from({ length: 20 }, (_, index) => `User: Question ${index}?\n\nAssistant: Answer ${index}, ${'and so on, '.repeat(30)}.\n`);
  const { id } = await newConversation({ title: 'Long', text: filler.join('\n'), share: 'class' });
  const a = await (await signIn('student-1')).open(id);
  const { page } = a;
  const said = page.getByRole('status', { name: 'Messages' });
  const card = await a.takeInHand(await a.highlight('Answer 2,'));
  await card.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Resolve', exact: true }).click();
  await expect(card).toHaveAttribute('data-resolved', '');
  const last = a.messages.last();
  await last.evaluate((message) => message.scrollIntoView({ block: 'end', behavior: 'instant' }));
  await expect(card).not.toBeInViewport();

  await page.keyboard.press('Control+z');
  await expect(said).toContainText('Undone: a thread resolved (“Answer 2,”).');
  await expect(card).not.toHaveAttribute('data-resolved');
  await expect(card).toBeInViewport({ ratio: 1 });
  await last.evaluate((message) => message.scrollIntoView({ block: 'end', behavior: 'instant' }));
  await expect(card).not.toBeInViewport();
  await page.keyboard.press('Control+Shift+z');
  await expect(said).toContainText('Redone: a thread resolved');
  await expect(card).toBeInViewport({ ratio: 1 });

  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await expect(said).toContainText('Undone: a highlight (“Answer 2,”).');
  await expect(card).toHaveCount(0);
  await said.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(card).toHaveCount(1);
});
