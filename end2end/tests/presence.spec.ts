import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('closing a browser takes its person off the list', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [first, second] = await Promise.all([signIn('instructor'), signIn('student-1')]);
  const a = await first.open(id);
  await expect(a.peopleHere).toHaveCount(1);
  const b = await second.open(id);
  await expect(a.peopleHere).toHaveCount(2);
  await expect(b.peopleHere).toHaveCount(2);

  await b.page.close();
  await expect(a.peopleHere).toHaveCount(1);
});

test('somebody who comes back is seen again', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [first, second] = await Promise.all([signIn('instructor'), signIn('student-1')]);
  const a = await first.open(id);
  const b = await second.open(id);
  await expect(a.peopleHere).toHaveCount(2);
  await b.reload();
  await expect(a.peopleHere).toHaveCount(2);
  await expect(b.peopleHere).toHaveCount(2);
  await b.page.goto('/');
  await expect(a.peopleHere).toHaveCount(1);
});

test('two tabs of one person are one person, who leaves with the last of them', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [watcher, person] = await Promise.all([signIn('instructor'), signIn('student-1')]);
  const a = await watcher.open(id);
  const one = await person.open(id);
  const two = await person.openInNewTab(id);
  // A third person is the signal that the list has taken in everybody before.
  const third = await (await signIn('student-2')).open(id);
  for (const workspace of [a, one, two, third]) await expect(workspace.peopleHere).toHaveCount(3);

  await one.page.close();
  await third.page.close();
  await expect(a.peopleHere).toHaveCount(2);
  await expect(two.peopleHere).toHaveCount(2);

  await two.page.close();
  await expect(a.peopleHere).toHaveCount(1);
});

test('who is followed is followed within a long message, and on from what they selected', async ({ signIn, newConversation }) => {
  const long = Array.from({ length: 60 }, (_, index) => `Paragraph ${index} of a long answer, ${'and so on, '.repeat(30)}.`);
  const { id } = await newConversation({ title: 'One long answer', text: `User: Tell me.\n\nAssistant: ${long.join('\n\n')}\n`, share: 'class' });
  const [a, b] = await Promise.all([
    signIn('student-1', { viewport: { width: 1280, height: 800 } }).then((visitor) => visitor.open(id)),
    signIn('student-2', { viewport: { width: 1100, height: 900 } }).then((visitor) => visitor.open(id)),
  ]);
  await b.showTab('People');
  const row = b.page.getByRole('tabpanel', { name: 'People' }).getByRole('listitem').filter({ hasText: 'Demo Student 1' });
  await row.getByRole('button', { name: 'Follow Demo Student 1', exact: true }).click();
  const paragraph = (workspace: typeof a, number: number) =>
    workspace.page.locator('[data-canonical] p', { hasText: `Paragraph ${number} of` });
  const show = (number: number) =>
    paragraph(a, number).evaluate((paragraph) => paragraph.scrollIntoView({ block: 'center', behavior: 'instant' }));
  await show(30);
  await expect(paragraph(b, 30)).toBeInViewport();
  await a.selectText('Paragraph 12 of');
  await expect(paragraph(b, 12)).toBeInViewport();
  // The way there was told before it: from here on it is known too.
  await b.expectPainted('Paragraph 12 of');
  // The selection stays, and the reader goes on.
  await show(45);
  await expect(paragraph(b, 45)).toBeInViewport();
});

test('what others select is seen, and somebody can be followed through the text', async ({ signIn, newConversation }) => {
  const filler = Array.from({ length: 30 }, (_, index) => `User: Question ${index}?\n\nAssistant: Answer ${index}, ${'and so on, '.repeat(40)}.\n`);
  const { id } = await newConversation({ title: 'Long', text: filler.join('\n'), share: 'class' });
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  await a.selectText('Answer 0');
  await b.expectPainted('Answer 0');
  await a.clearSelection();
  await b.expectNotPainted('Answer 0');

  await b.showTab('People');
  const row = b.page.getByRole('tabpanel', { name: 'People' }).getByRole('listitem').filter({ hasText: 'Demo Student 1' });
  await expect(row).toContainText('reads message 1');
  await row.getByRole('button', { name: 'Follow Demo Student 1', exact: true }).click();
  await expect(b.page.getByRole('status', { name: 'Following' })).toContainText('Following Demo Student 1');
  await expectAccessible(b.page, 'following somebody');
  await a.messages.nth(40).scrollIntoViewIfNeeded();
  await expect(b.messages.nth(40)).toBeInViewport();
  await a.selectText('Answer 25');
  await expect(b.messages.nth(51)).toBeInViewport();
  await b.expectPainted('Answer 25');

  await b.page.getByRole('status', { name: 'Following' }).getByRole('button', { name: 'Stop' }).click();
  await a.clearSelection();
  await a.messages.nth(0).scrollIntoViewIfNeeded();
  await expect(row).toContainText('reads message 1');
  await expect(b.messages.nth(0)).not.toBeInViewport();
  await a.page.goto('/');
  await expect(row).not.toContainText('message');
});

test('those who are here have colours of their own, and what they select bears their name', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const people = ['instructor', 'student-1', 'student-2'] as const;
  const [a, b, c] = await Promise.all(people.map((person) => signIn(person).then((visitor) => visitor.open(id))));
  if (!a || !b || !c) throw new Error('somebody is missing');
  for (const { peopleHere, page } of [a, b, c]) {
    await expect(peopleHere).toHaveCount(3);
    const hues = await page.locator('.person').evaluateAll((all) => all.map((one) => one.getAttribute('data-hue')));
    expect(new Set(hues).size).toBe(3);
  }
  await b.selectText(lighthouse.weight);
  const name = a.page.locator('.selection-name');
  await expect(name).toHaveText('Demo Student 1');
  const hue = await a.page.locator('.person[title="Demo Student 1"]').getAttribute('data-hue');
  await expect(name).toHaveAttribute('data-hue', hue ?? '');
  const [label, text] = [await name.boundingBox(), await a.page.evaluate((words) => window.canonical.drag(words, words), lighthouse.weight)];
  expect(Math.abs((label?.x ?? 0) - (text?.start.x ?? 999)), 'above its first letter').toBeLessThan(12);
  // What comes above the text pushes both down.
  const above = async () => {
    const start = await a.page.evaluate((words) => window.canonical.drag(words, words)?.start.y ?? 0, lighthouse.weight);
    return Math.round(start - ((await name.boundingBox())?.y ?? 0));
  };
  const distance = await above();
  await a.page.evaluate(() => {
    const remark = document.createElement('div');
    remark.style.height = '120px';
    document.body.prepend(remark);
  });
  await expect.poll(above).toBe(distance);
  await a.showTab('People');
  const row = a.page.getByRole('tabpanel', { name: 'People' }).getByRole('listitem').filter({ hasText: 'Demo Student 1' });
  await expect(row).toContainText(`has selected “${lighthouse.weight}”`);
  await expectAccessible(a.page, 'a selection of somebody else');
  await b.clearSelection();
  await expect(name).toHaveCount(0);
  await expect(row).not.toContainText('has selected');
});
