import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';

test('what people deleted is deleted for ever, and who has it open or is in a train goes on', async ({ guard, signIn, newConversation }) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'instructor' });
  const [author, student, other] = [await signIn('instructor'), await signIn('student-1'), await signIn('student-2')];
  const s = await student.open(id);
  await s.comment(await s.highlight(lighthouse.keeper), 'Kept.');
  const regretted = await s.highlight(lighthouse.mercury);
  await s.comment(regretted, 'My number is 5512.');
  await s.deleteCard(s.card(lighthouse.mercury));
  await s.synced('saved');
  // Who does not moderate is not led there.
  await expect(student.page.getByRole('link', { name: 'Deleted', exact: true })).toHaveCount(0);

  const train = await other.open(id);
  await train.whole();
  await other.context.setOffline(true);
  await train.synced('offline');
  await train.comment(await train.highlight(lighthouse.oil), 'Made in a train.');
  await (await train.openNotes()).fill('A note from the train.');

  const { page } = author;
  await author.open(id);
  await page.getByRole('link', { name: 'Deleted', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Deleted here' })).toBeVisible();
  const line = page.getByRole('listitem').filter({ hasText: lighthouse.mercury });
  await expect(line).toContainText('1 comment');
  await expectAccessible(page, 'what is deleted');
  const remove = page.getByRole('button', { name: 'Delete for ever', exact: true }).first();
  await remove.click();
  await expect(page.getByRole('alert')).toContainText('Nothing is ticked.');
  const all = page.getByRole('checkbox', { name: 'All of it' });
  await all.check();
  await expect(line.getByRole('checkbox')).toBeChecked();
  await line.getByRole('checkbox').uncheck();
  await expect(all).not.toBeChecked();
  await line.getByRole('checkbox').check();
  await expect(all).toBeChecked();
  await remove.click();
  const question = page.getByRole('dialog', { name: 'Delete these for ever?' });
  await expect(question).toContainText('1 of them.');
  await expectAccessible(page, 'the question before something is deleted for ever');
  await question.getByRole('button', { name: 'Delete for ever' }).click();
  await expect(page.getByText('Nothing in this conversation is marked deleted.')).toBeVisible();
  await expectAccessible(page, 'a conversation in which nothing is deleted');

  // The page that was open takes the new document, and works in it.
  await s.highlight(lighthouse.bell);
  await s.synced('saved');
  await expect(s.cards).toHaveCount(2);
  // What was made meanwhile is sent, and nothing is put aside.
  await other.context.setOffline(false);
  await train.synced('saved');
  await expect(other.page.getByText('put aside')).toHaveCount(0);
  const a = await author.open(id);
  await expect(a.cards).toHaveCount(3);
  await expect(a.card(lighthouse.oil)).toContainText('Made in a train.');
  await a.expectPainted(lighthouse.bell);
});

test('an earlier text is deleted for ever from the list of them', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'instructor' });
  const [author, student] = [await signIn('instructor'), await signIn('student-1')];
  const { page } = author;
  const path = `/api/v1/conversations/${id}`;
  const { revision: base, messages } = await (await author.api.get(path)).json();
  const [first] = messages;
  const shorter = { base, messages: [{ from: [first.id], role: first.role, markdown: first.markdown }] };
  const { origin: Origin, request } = author.api;
  const saved = await request.put(`${Origin}${path}/text`, { data: shorter, headers: { Origin } });
  expect(saved.status()).toBe(200);
  await student.page.goto(`/c/${id}/revisions`);
  await expect(student.page.getByRole('link', { name: /^Text 1/ })).toBeVisible();
  await expect(student.page.getByRole('button', { name: 'Delete text 1 for ever' })).toHaveCount(0);
  await page.goto(`/c/${id}/revisions`);
  await expectAccessible(page, 'earlier texts');
  await page.getByRole('button', { name: 'Delete text 1 for ever' }).click();
  await page.getByRole('dialog', { name: 'Delete text 1 for ever?' }).getByRole('button', { name: 'Delete for ever' }).click();
  await expect(page.getByRole('link', { name: /^Text 1/ })).toHaveCount(0);
  await expect(page.getByRole('link', { name: /^Text 2/ })).toBeVisible();
});
