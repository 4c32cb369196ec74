import { absence, asksBeforeLeaving, expectUnsent, report } from '../absence.ts';
import { expect, test } from '../fixtures.ts';
import { expectKept, NO_NETWORK, unsentOf } from '../kept.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK));

test('words written under what somebody deletes meanwhile are kept aside, and it is said why', async ({ signIn, newConversation }) => {
  // Two browsers, of which one is away and loads its page again.
  test.slow();
  const { id } = await newConversation(shared);
  const [teacher, writer] = [await signIn('instructor'), await signIn('student-1')];
  const t = await teacher.open(id);
  await t.comment(await t.highlight(lighthouse.bell), 'Is that so?');
  await t.highlight(lighthouse.oil);
  await t.synced('saved');
  const a = await writer.open(id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.comment(a.card(lighthouse.bell), 'An hour of thought.');
  await a.comment(a.card(lighthouse.oil), 'Seen by all.');
  await expectUnsent(a.syncStatus, 2);
  await t.deleteCard(t.card(lighthouse.bell));
  await t.synced('saved');
  await absence();

  await writer.context.setOffline(false);
  await a.synced('saved');
  await expect(report(a.page)).toContainText('1 change of yours was sent and saved.');
  const kept = report(a.page).getByRole('list', { name: 'Kept on this device' });
  await expect(kept.getByRole('listitem')).toHaveCount(1);
  await expect(kept).toContainText('An hour of thought.');
  await expect(kept).toContainText('Its highlight was deleted meanwhile');
  await expect(kept, 'where it was').toContainText(`A comment on “${lighthouse.bell.slice(0, 40)}`);
  await expect(report(a.page)).toContainText('1 comment was saved where nobody sees it. It is kept on this device.');
  await a.reload();
  const bar = a.page.getByRole('button', { name: 'Kept here: 1', exact: true });
  await bar.click();
  await expect(kept).toContainText('An hour of thought.');
  await expect(t.card(lighthouse.oil)).toContainText('Seen by all.');

  // Once the highlight is back all see it, and it is kept no longer.
  await t.page.keyboard.press('Control+z');
  await expect(t.card(lighthouse.bell)).toContainText('An hour of thought.');
  await expect(report(a.page)).toContainText('1 comment that nobody saw is seen again.');
  await expect(kept).toHaveCount(0);
  await expect(bar).toBeHidden();
  await a.reload();
  await a.synced('saved');
  await expect(bar).toBeHidden();
  await a.page.goto('/');
  await expect(a.page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(a.page.getByRole('region', { name: 'Not taken, and kept on this device', exact: true })).toBeHidden();
});

test('work that another document has no place for is told of on the page that loads anew, with what was only begun', async ({
  signIn,
  newConversation,
}) => {
  // Two browsers, of which one is away and loads its page again.
  test.slow();
  const { id } = await newConversation({ ...shared, by: 'student-2' });
  const [owner, writer] = [await signIn('student-2'), await signIn('student-1')];
  const a = await writer.open(id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.comment(await a.highlight(lighthouse.bell), 'Posted in the train.');
  await a.commentBox(a.card(lighthouse.bell)).fill('Only begun');
  await expectUnsent(a.syncStatus, 2);
  const { origin } = owner.api;
  const answer = await owner.api.request.put(`${origin}/api/v1/conversations/${id}/sharing/anonymity`, {
    data: { anonymous: true },
    headers: { Origin: origin },
  });
  expect(answer.status(), await answer.text()).toBeLessThan(300);

  const loaded = a.page.waitForEvent('load');
  await writer.context.setOffline(false);
  await loaded;
  await a.synced('saved');
  const kept = report(a.page).getByRole('list', { name: 'Kept on this device' });
  for (const words of [lighthouse.bell, 'Posted in the train.', 'Only begun']) await expect(kept).toContainText(words);
  await expect(a.cards).toHaveCount(0);
});

test('a disk that failed is used again when there is room', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  await writer.context.addInitScript(() => {
    // As a full disk: the browser closes the database with the error, and opens none.
    const seen = new Set<IDBDatabase>();
    const dead = new Set<IDBDatabase>();
    const state = { full: false };
    (window as unknown as { disk: typeof state }).disk = state;
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...of: Parameters<typeof transaction>) {
      seen.add(this);
      if (state.full) for (const known of seen) dead.add(known);
      if (dead.has(this)) throw new DOMException('The database connection is closing.', 'InvalidStateError');
      return transaction.apply(this, of);
    };
  });
  const a = await writer.open(id);
  const fill = (full: boolean) => a.page.evaluate((full) => ((window as unknown as { disk: { full: boolean } }).disk.full = full), full);
  await fill(true);
  await a.highlight(lighthouse.oil);
  await expect(a.syncStatus).toHaveText('Saved · no offline copy');
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.bell);
  await expect(a.syncStatus).toHaveText('Offline · 1 unsent change, only in this page: keep it open');
  await fill(false);
  // Without anything being done.
  await expect(a.syncStatus).toHaveText('Offline · 1 unsent change', { timeout: 40_000 });
  expect(await unsentOf(a.page, user)).toBe(1);
  expect(await asksBeforeLeaving(a.page)).toBe(false);
  await a.highlight(lighthouse.keeper);
  await expectUnsent(a.syncStatus, 2);
  await expect.poll(() => unsentOf(a.page, user)).toBe(2);
});

test('what is typed into one text is one change, however fast', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  const notes = await a.openNotes();
  await writer.context.setOffline(true);
  await a.synced('offline');
  await notes.pressSequentially('Ten words that come faster than a disk can follow.');
  await expectUnsent(a.syncStatus, 1);
  await absence();
  await writer.context.setOffline(false);
  await a.synced('saved');
  await expect(report(a.page)).toContainText('1 change of yours was sent and saved.');
});

test('where the text is kept and the document is not, nothing is said of highlights that are not known', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const teacher = await (await signIn('instructor')).open(id);
  await teacher.highlight(lighthouse.bell);
  await (await teacher.openNotes()).fill('Notes that are there.');
  await teacher.synced('saved');
  const reader = await signIn('student-1');
  await reader.context.addInitScript(() => {
    const { open } = IDBFactory.prototype;
    IDBFactory.prototype.open = function (name: string, version?: number) {
      if (name.startsWith('promptgrimoire-')) throw new DOMException('no disk', 'SecurityError');
      return open.call(this, name, version);
    };
  });
  const a = await reader.open(id);
  await expectKept(a.page, `/c/${id}`);
  await reader.context.setOffline(true);
  await a.page.reload();
  const b = Workspace.on(a.page);
  await expect(b.page.getByText(lighthouse.bell)).toBeVisible();
  await expect(b.page.getByText('The annotations are not on this device.')).toBeVisible();
  await expect(b.page.getByText('No highlights yet')).toHaveCount(0);
  await expect(await b.openNotes()).not.toBeEditable();

  await reader.context.setOffline(false);
  await b.synced('saved');
  await expect(b.notes).toHaveValue('Notes that are there.');
  await expect(b.notes).toBeEditable();
  await b.showTab('Annotations');
  await expect(b.cards).toHaveCount(1);
});

test('a connection on which nobody answers is given up while somebody waits to be saved', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  test.slow();
  let isDead = false;
  await writer.context.routeWebSocket(/\/sync\//, (socket) => {
    const server = socket.connectToServer();
    // No connection gets back what it lost: one that was silent stays so.
    let wasDead = false;
    const isLost = () => (wasDead ||= isDead);
    socket.onMessage((frame) => isLost() || server.send(frame));
    server.onMessage((frame) => isLost() || socket.send(frame));
  });
  const a = await writer.open(id);
  isDead = true;
  await a.highlight(lighthouse.bell);
  await a.synced('saving');
  // The next one is as silent: it never says that all is here.
  await expect(a.syncStatus).not.toHaveText('Saving…', { timeout: 20_000 });
  isDead = false;
  await expect(a.syncStatus).toHaveText('Saved', { timeout: 40_000 });
  const other = await (await signIn('student-2')).open(id);
  await expect(other.card(lighthouse.bell)).toBeVisible();
});
