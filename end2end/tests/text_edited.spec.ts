import { asksBeforeLeaving, report } from '../absence.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { holdDisk, NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'instructor' } as const;

/** Puts another text into the place of the present one, with `by` for `words`. */
async function edit({ api }: Visitor, id: string, words: string, by: string): Promise<void> {
  const { messages } = await api.conversation(id);
  const edited = messages.map(({ id: from, role, markdown }) => ({ from: [from], role, markdown: markdown.replace(words, by) }));
  const data = { base: 1, messages: edited };
  const answer = await api.request.put(`${api.origin}/api/v1/conversations/${id}/text`, { data, headers: { Origin: api.origin } });
  expect(answer.status(), await answer.text()).toBe(200);
}

test('what was made without a network waits until it is known which text is there', async ({ guard, signIn, newConversation }) => {
  guard.allow(...NO_NETWORK, /503.*\/rights/);
  const { id } = await newConversation(shared);
  const [author, writer] = [await signIn('instructor'), await signIn('student-1')];
  const a = await writer.open(id);
  await a.whole();
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.clockwork);
  await edit(author, id, 'wound the weight up again', 'wound the heavy weight up again');
  let asked = 0;
  await a.page.route('**/rights', async (route) => {
    asked += 1;
    if (asked < 3) await route.fulfill({ status: 503 });
    else await route.continue();
  });
  await writer.context.setOffline(false);
  await expect(a.messages.nth(1)).toContainText('wound the heavy weight up again', { timeout: 20_000 });
  expect(asked).toBeGreaterThan(2);
  await a.ready();
  await a.synced('saved');
  const b = await author.open(id);
  await expect(b.card(lighthouse.clockwork)).toHaveAttribute('data-anchor', 'exact');
  await expect(a.page.getByRole('button', { name: /^Not taken/ })).toHaveCount(0);
});

test('a page whose work is not on the disk stays on the text that it was made on, and puts nothing into the new one', async ({
  guard,
  signIn,
  newConversation,
}) => {
  test.slow();
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const [author, writer] = [await signIn('instructor'), await signIn('student-1')];
  const a = await writer.open(id);
  const elsewhere = await writer.context.newPage();
  await elsewhere.goto('/');
  const release = await holdDisk(elsewhere, (await writer.api.me()).id, 'writing');
  await a.highlight(lighthouse.oil);
  await a.synced('saving');
  await edit(author, id, 'Oil was carried up the stairs by hand', 'Oil was pumped');
  await expect(a.page.getByText('The text of this conversation was edited. Load the page anew to read it as it is now.')).toBeVisible({
    timeout: 20_000,
  });
  expect(await asksBeforeLeaving(a.page)).toBe(true);
  await release();
  await expect(report(a.page)).toContainText('the text was edited meanwhile, and this page shows the one before', { ignoreCase: true });
  await expect(report(a.page)).toContainText(lighthouse.oil);
  await expect.poll(() => asksBeforeLeaving(a.page)).toBe(false);
  await a.reload();
  await expect(a.messages.nth(1)).toContainText('Oil was pumped');
  await expect(a.page.getByRole('button', { name: 'Not taken: 1', exact: true })).toBeVisible();
  const b = await author.open(id);
  await b.synced('saved');
  await expect(b.cards).toHaveCount(0);
});
