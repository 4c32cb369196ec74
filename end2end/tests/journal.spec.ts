import { asksBeforeLeaving, expectUnsent, wake, watchSockets } from '../absence.ts';
import { Api } from '../api.ts';
import { expect, test, Visitor } from '../fixtures.ts';
import { holdDisk, NO_NETWORK, unsentOf } from '../kept.ts';
import { Proxy } from '../proxy.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** One more tab of somebody, in which the document is shown that this device keeps. */
async function openWithoutSocket(visitor: Visitor, conversation: string): Promise<Workspace> {
  const desk = Workspace.on(await visitor.context.newPage());
  await desk.page.goto(`/c/${conversation}`);
  await expect(desk.page.locator('html[data-hydrated]')).toBeAttached();
  await desk.synced('offline');
  return desk;
}

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK));

test('while the server holds still nothing is called saved, and all of it is there when it goes on', async ({ ownServer, signIn }) => {
  const author = await signIn('instructor', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const writer = await signIn('student-1', { server: ownServer });
  const { id: user } = await writer.api.me();
  const [a, b] = [await writer.open(id), await author.open(id)];
  await a.whole();
  ownServer.freeze();
  try {
    await a.comment(await a.highlight(lighthouse.keeper), 'Into a silence.');
    await (await a.openNotes()).fill('Notes into a silence.');
    // The change is shown, so that the status has had its say about it.
    await a.synced('saving');
    await expect.poll(() => unsentOf(a.page, user), 'on the disk until it is acknowledged').toBe(3);
  } finally {
    ownServer.thaw();
  }
  await a.synced('saved');
  for (const desk of [a, b]) {
    await desk.expectPainted(lighthouse.keeper);
    await desk.showTab('Annotations');
    await expect(desk.cards.getByText('Into a silence.')).toHaveCount(1);
    await expect(await desk.openNotes()).toHaveValue('Notes into a silence.');
  }
  await expect.poll(() => unsentOf(a.page, user)).toBe(0);
});

test('what one tab has not saved no other tab of this browser calls saved', async ({ ownServer, signIn }) => {
  const author = await signIn('instructor', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const writer = await signIn('student-1', { server: ownServer });
  const a = await writer.open(id);
  const b = await writer.openInNewTab(id);
  await a.synced('saved');
  await b.synced('saved');
  ownServer.freeze();
  try {
    await a.highlight(lighthouse.keeper);
    await b.expectPainted(lighthouse.keeper);
    await expect(b.syncStatus).toHaveText('Saving…');
    await expect(a.syncStatus).toHaveText('Saving…');
  } finally {
    ownServer.thaw();
  }
  for (const desk of [a, b]) await desk.synced('saved');
});

test('what was sent to a server that died with it is sent again, by the page or by the next one', async ({ ownServer, signIn }) => {
  // Three browsers and two starts of the server.
  test.slow();
  const author = await signIn('instructor', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const [one, two] = [await signIn('student-1', { server: ownServer }), await signIn('student-2', { server: ownServer })];
  const sockets = [await watchSockets(one.context), await watchSockets(two.context)];
  const [a, b] = [await one.open(id), await two.open(id)];
  ownServer.freeze();
  await a.highlight(lighthouse.keeper);
  await b.highlight(lighthouse.mercury);
  for (const { sent } of sockets) await expect.poll(sent, 'it is on its way').toBe(1);
  // One stays open, the other is closed: only the device has what it did.
  await a.page.close();
  await ownServer.kill();
  await b.synced('offline');
  await expectUnsent(b.syncStatus, 1);
  await ownServer.start();
  await b.synced('saved');

  const again = await one.openInNewTab(id);
  const reader = await author.open(id);
  for (const desk of [again, reader]) {
    await desk.expectPainted(lighthouse.keeper);
    await desk.expectPainted(lighthouse.mercury);
  }
});

test('a second tab shows what the first has not sent, and does not take it for its own while that one is open', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  await writer.open(id);
  await writer.page.close();
  const sockets = await watchSockets(writer.context, { cut: true });
  const [a, b] = [await openWithoutSocket(writer, id), await openWithoutSocket(writer, id)];
  await a.highlight(lighthouse.keeper);
  await b.expectPainted(lighthouse.keeper);
  const c = await openWithoutSocket(writer, id);
  await c.expectPainted(lighthouse.keeper);
  await expectUnsent(a.syncStatus, 1);
  for (const desk of [b, c]) await expect(desk.syncStatus).toHaveText('Offline · unsent changes in another tab');

  sockets.connect();
  await Promise.all([a, b, c].map((desk) => wake(desk.page)));
  await Promise.all([a, b, c].map((desk) => desk.synced('saved')));
  expect(sockets.sent(), 'by one of them').toBe(1);
});

test('what a closed tab left is sent once, though two are there to send it', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  await writer.open(id);
  await writer.page.close();
  const sockets = await watchSockets(writer.context, { cut: true });
  const [a, b, c] = [await openWithoutSocket(writer, id), await openWithoutSocket(writer, id), await openWithoutSocket(writer, id)];
  // What is not in front draws, and so selects, slowly.
  await a.page.bringToFront();
  for (const passage of [lighthouse.keeper, lighthouse.mercury, lighthouse.log]) await a.highlight(passage);
  await expectUnsent(a.syncStatus, 3);
  for (const desk of [b, c]) await expect(desk.cards).toHaveCount(3);
  await expect.poll(() => asksBeforeLeaving(a.page), 'it is all on the disk').toBe(false);
  const elsewhere = await writer.context.newPage();
  await elsewhere.goto('/');
  // Both look at the journal before either has changed it.
  const release = await holdDisk(elsewhere, user, 'writing');
  await a.page.close();
  sockets.connect();
  await Promise.all([b, c].map((desk) => wake(desk.page)));
  // Connected, and no closed tab's work is called saved.
  for (const desk of [b, c]) await expect(desk.syncStatus).toHaveText('Saving…');
  await release();
  await Promise.all([b, c].map((desk) => desk.synced('saved')));
  // Every 15 s they look whether a page has gone: its lock may outlive it for a moment, and so the first look.
  await expect.poll(() => unsentOf(b.page, user), { timeout: 20_000 }).toBe(0);
  expect(sockets.sent(), 'each by one of them').toBe(3);
  const reader = await (await signIn('student-2')).open(id);
  await expect(reader.cards).toHaveCount(3);
});

test('a change that is not on the disk yet is asked about before the page is left, and not sent before', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const sockets = await watchSockets(writer.context);
  const a = await writer.open(id);
  const elsewhere = await writer.context.newPage();
  await elsewhere.goto('/');
  const release = await holdDisk(elsewhere, (await writer.api.me()).id, 'writing');
  await a.highlight(lighthouse.keeper);
  await a.synced('saving');
  expect(await asksBeforeLeaving(a.page)).toBe(true);
  expect(sockets.sent(), 'first the disk, then the server').toBe(0);
  await release();
  await a.synced('saved');
  expect(await asksBeforeLeaving(a.page)).toBe(false);
  expect(sockets.sent()).toBe(1);
});

test('a disk that answers late is not waited for, said to be missing, and has everything in the end', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  const elsewhere = await writer.context.newPage();
  await elsewhere.goto('/');
  const release = await holdDisk(elsewhere, user, 'opening');
  const a = await writer.open(id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  await expect(a.syncStatus).toHaveText('Offline · 1 unsent change, only in this page: keep it open');
  expect(await asksBeforeLeaving(a.page)).toBe(true);

  await release();
  await expectUnsent(a.syncStatus, 1);
  await expect.poll(() => asksBeforeLeaving(a.page)).toBe(false);
  expect(await unsentOf(elsewhere, user)).toBe(1);
  await writer.context.setOffline(false);
  await a.synced('saved');
  await expect.poll(() => unsentOf(elsewhere, user)).toBe(0);
});

test('a page says nothing in the name of who signed in after its person, and they see nothing of its work', async ({
  signIn,
  newConversation,
  guard,
}) => {
  guard.allow(/401/);
  const { id } = await newConversation(shared);
  const { context, api, page } = await signIn('student-1');
  const a = await Workspace.open(page, id);
  await a.whole();
  await context.setOffline(true);
  await a.synced('offline');
  await (await a.openNotes()).fill('Of the first.');
  await expectUnsent(a.syncStatus, 1);
  await api.signIn('student-2');
  await context.setOffline(false);
  // It is for the first, and the browser is signed in as the second.
  await expect(a.syncStatus).toHaveText('Signed out · 1 unsent change');
  const b = await Workspace.open(await context.newPage(), id);
  await expect(await b.openNotes()).toHaveValue('');
  // The page itself is covered, and its keys do nothing.
  await expect(a.page.getByRole('heading', { name: 'Somebody else is signed in here' })).toBeVisible();
  await expect(a.notes).toBeHidden();
  expect(await a.page.title()).toBe('PromptGrimoire');
  await b.notes.fill('Of the second.');
  await b.synced('saved');
  await expect(b.notes).toHaveValue('Of the second.');
  await b.page.close();

  await api.signIn('student-1');
  await wake(a.page);
  await a.synced('saved');
  await expect(a.notes).toBeVisible();
  await expect(a.notes).toHaveValue(/Of the first\./);
  await expect(a.notes).toHaveValue(/Of the second\./);
});

test('a line that is dead though it seems to stand is given up when the page wakes', async ({ ownServer, visit, guard }) => {
  // A server that starts twice.
  test.slow();
  guard.allow(/./);
  const proxy = await Proxy.to(ownServer.port);
  await ownServer.stop();
  await ownServer.start({ PUBLIC_ORIGIN: proxy.origin });
  try {
    const { context, page } = await visit({ server: ownServer, baseURL: proxy.origin });
    const writer = new Visitor(context, page, new Api(context.request, proxy.origin));
    await writer.api.signIn('student-1');
    const id = await writer.api.newConversation(shared);
    const a = await writer.open(id);
    proxy.swallow();
    await a.highlight(lighthouse.keeper);
    await a.synced('saving');
    // Without being woken it finds out after more than half a minute: later than this waits.
    await wake(a.page);
    await a.synced('saved');
  } finally {
    await proxy.close();
  }
});
