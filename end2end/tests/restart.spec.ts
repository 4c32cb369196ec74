import { Api } from '../api.ts';
import { expect, test } from '../fixtures.ts';
import { NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('everything is back in both browsers after a restart, and work goes on', async ({ ownServer, signIn, guard }) => {
  // Three pages and two starts of the server.
  test.slow();
  guard.allow(...NO_NETWORK);
  const [first, second] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
  ]);
  const id = await first.api.newConversation(shared);
  const [a, b] = await Promise.all([first.open(id), second.open(id)]);
  await a.highlight(lighthouse.weight);
  await b.comment(b.card(lighthouse.weight), 'Said before the restart');
  await b.openNotes();
  await b.notes.pressSequentially('kept over the restart');
  await Promise.all([a.synced('saved'), b.synced('saved')]);

  await ownServer.stop();
  await Promise.all([a.synced('offline'), b.synced('offline')]);
  await ownServer.start();
  await Promise.all([a.synced('saved'), b.synced('saved')]);

  await expect(a.card(lighthouse.weight)).toHaveCount(1);
  await expect.poll(() => b.notesText()).toBe('kept over the restart');
  await b.showTab('Annotations');
  await a.highlight(lighthouse.log, 2);
  await expect(b.card(lighthouse.log)).toHaveCount(1);
  await b.highlight(lighthouse.keeper, 3);
  await expect(a.card(lighthouse.keeper)).toHaveCount(1);
  await Promise.all([a.synced('saved'), b.synced('saved')]);

  // The pages may have kept it all themselves; a fresh one has only what the server stored.
  const fresh = await first.openInNewTab(id);
  await expect
    .poll(async () => (await fresh.quotes()).sort())
    .toEqual([lighthouse.weight, lighthouse.log, lighthouse.keeper].sort());
  const card = fresh.card(lighthouse.weight);
  await fresh.openCard(card);
  await expect(card.getByText('Said before the restart', { exact: true })).toBeVisible();
  await fresh.openNotes();
  await expect.poll(() => fresh.notesText()).toBe('kept over the restart');
});

for (const end of ['stop', 'kill'] as const) {
  test(`what the page called saved is kept by the server alone: ${end}`, async ({ ownServer, signIn, guard }) => {
    guard.allow(...NO_NETWORK);
    const [first, second] = await Promise.all([
      signIn('instructor', { server: ownServer }),
      signIn('student-1', { server: ownServer }),
    ]);
    const id = await first.api.newConversation(shared);
    const a = await first.open(id);
    await a.comment(await a.highlight(lighthouse.mercury), 'Is that safe?');
    await a.openNotes();
    await a.notes.pressSequentially('the last words');
    await a.synced('saved');
    await ownServer[end]();
    // This page could bring everything back by itself: it must be gone before the server returns.
    await a.page.close();
    await ownServer.start();

    const b = await second.open(id);
    await expect.poll(() => b.quotes()).toEqual([lighthouse.mercury]);
    await b.openCard(b.card(lighthouse.mercury));
    await expect(b.card(lighthouse.mercury).getByText('Is that safe?', { exact: true })).toBeVisible();
    await b.openNotes();
    await expect.poll(() => b.notesText()).toBe('the last words');
  });
}

test('a highlight made while the server is away arrives when it is back', async ({ ownServer, signIn, guard }) => {
  guard.allow(...NO_NETWORK);
  const [first, second] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
  ]);
  const id = await first.api.newConversation(shared);
  const [a, b] = await Promise.all([first.open(id), second.open(id)]);
  await ownServer.stop();
  await a.synced('offline');
  await a.highlight(lighthouse.bell);
  await a.synced('offline');
  await ownServer.start();

  await Promise.all([a.synced('saved'), b.synced('saved')]);
  await expect(b.card(lighthouse.bell)).toHaveCount(1);
  await b.expectPainted(lighthouse.bell);
});

test('sessions and conversations survive a restart and a kill', async ({ ownServer, playwright }) => {
  const api = new Api(await playwright.request.newContext(), ownServer.origin);
  await api.signIn('student-1');
  const me = await api.me();
  const before = await api.conversation(await api.newConversation(shared));

  await ownServer.stop();
  await ownServer.start();
  expect(await api.me()).toEqual(me);
  expect(await api.conversation(before.id)).toEqual(before);

  await ownServer.kill();
  await ownServer.start();
  expect(await api.me()).toEqual(me);
  expect(await api.conversation(before.id)).toEqual(before);
  await api.request.dispose();
});
