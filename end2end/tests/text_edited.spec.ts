import { asksBeforeLeaving, report } from '../absence.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { holdDisk, NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'instructor' } as const;

const oldText = 'The text of this conversation was edited. Load the page anew to read it as it is now.';

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
  await expect(a.page.getByText(oldText)).toBeVisible({ timeout: 20_000 });
  expect(await asksBeforeLeaving(a.page)).toBe(true);
  await release();
  await expect(report(a.page)).toContainText('the text was edited meanwhile, and this page shows the one before', { ignoreCase: true });
  await expect(report(a.page)).toContainText(lighthouse.oil);
  await expect.poll(() => asksBeforeLeaving(a.page)).toBe(false);
  // Nor is anything marked from now on.
  await a.synced('saved');
  await a.selectText(lighthouse.clockwork);
  await a.applyTag(1);
  await expect(a.page.getByText(oldText)).toBeVisible();
  await expect(a.cards).toHaveCount(0);
  await a.synced('saved');
  await a.reload();
  await expect(a.messages.nth(1)).toContainText('Oil was pumped');
  await expect(a.page.getByRole('button', { name: 'Not taken: 1', exact: true })).toBeVisible();
  const b = await author.open(id);
  await b.synced('saved');
  await expect(b.cards).toHaveCount(0);
});

test('what two tabs marked offline on the text before is to be confirmed in the new one', async ({ guard, signIn, newConversation }) => {
  guard.allow(...NO_NETWORK);
  // Words that stand where they stood after the edit as well, and nobody can tell whether they are the same.
  const refrain = 'Turn the lamp and mind the weight, the night is long and the keeper is late, turn the lamp and mind the weight again.';
  const [first, second] = ['the night is long', 'the keeper is late'];
  const text = `User: Sing.\n\nAssistant: ${refrain}\n\nA verse.\n\n${refrain}`;
  const { id } = await newConversation({ ...shared, text });
  const [author, writer] = [await signIn('instructor'), await signIn('student-1')];
  const a = await writer.open(id);
  const page = await writer.context.newPage();
  let isCut = false;
  await page.routeWebSocket(/\/sync\//, (socket) => {
    if (isCut) void socket.close();
    else socket.connectToServer();
  });
  const b = await Workspace.open(page, id);
  await writer.context.setOffline(true);
  isCut = true;
  await Promise.all([a.synced('offline'), b.synced('offline')]);
  await a.highlight(first);
  await expect(b.card(first)).toHaveCount(1);
  await b.highlight(second);
  await expect(a.card(second)).toHaveCount(1);
  await edit(author, id, refrain, `${refrain}\n\nAnother verse.\n\n${refrain}`);
  await writer.context.setOffline(false);
  await expect(a.messages.nth(1)).toContainText('Another verse.', { timeout: 20_000 });
  await expect(a.card(first)).toHaveAttribute('data-anchor', 'moved');
  await a.synced('saving');
  // Of the other tab's nothing is shown that would be in the wrong place.
  await expect(a.card(second)).toHaveCount(0);
  await a.whole();
  isCut = false;
  await expect(b.messages.nth(1)).toContainText('Another verse.', { timeout: 20_000 });
  await b.ready();
  await Promise.all([a.synced('saved'), b.synced('saved')]);
  for (const desk of [a, b, await author.open(id)]) {
    for (const passage of [first, second]) await expect(desk.card(passage)).toHaveAttribute('data-anchor', 'moved');
    await expect(desk.cards).toHaveCount(2);
  }
  await expect(a.page.getByRole('button', { name: /^Not taken/ })).toHaveCount(0);
});
