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
