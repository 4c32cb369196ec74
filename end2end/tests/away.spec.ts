import { absence, asksBeforeLeaving, ended, report, told, watchSockets } from '../absence.ts';
import type { Person } from '../api.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor, type VisitOptions } from '../fixtures.ts';
import { asideOf, NO_NETWORK } from '../kept.ts';
import type { Server } from '../server.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** Whether a page has gone, the others look every 15 s: its lock may outlive it for a moment, and so the first look. */
const LOOKED_AGAIN = { timeout: 20_000 };

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK, /404 .*\/conversations\//));

test('what was done without a network survives the page, is sent later, and is reported', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  const b = await (await signIn('student-2')).open(id);

  await a.whole();
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.comment(await a.highlight(lighthouse.keeper), 'Written in a train.');
  await (await a.openNotes()).fill('Notes of the train.');
  await expect(a.syncStatus).toHaveText('Offline · 3 unsent changes');
  await a.page.close();
  await writer.context.setOffline(false);

  const sockets = await watchSockets(writer.context, { cut: true });
  const again = await writer.context.newPage();
  await again.goto(`/c/${id}`);
  await expect(again.locator('html[data-hydrated]')).toBeAttached();
  const a2 = Workspace.on(again);
  await expect(a2.syncStatus).toHaveText('Offline · 3 unsent changes');
  await a2.expectPainted(lighthouse.keeper);
  await expect(a2.cards.getByText('Written in a train.')).toBeVisible();
  await expect(await a2.openNotes()).toHaveValue('Notes of the train.');
  await expect(b.cards).toHaveCount(0);

  sockets.connect();
  await a2.synced('saved');
  await b.expectPainted(lighthouse.keeper);
  await expect(await b.openNotes()).toHaveValue('Notes of the train.');
  await expect(report(again)).toContainText('3 changes of yours were sent and saved.');
  await report(again).getByRole('button', { name: 'Dismiss', exact: true }).click();
  await expect(report(again)).toHaveCount(0);
});

test('two people without a network mark one passage and write in one place, and all of it is there afterwards', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation(shared);
  const [one, two] = [await signIn('student-1'), await signIn('student-2')];
  const [a, b] = [await one.open(id), await two.open(id)];
  await (await a.openNotes()).fill('The harbour. ');
  await expect(await b.openNotes()).toHaveValue('The harbour. ');
  await Promise.all([one.context.setOffline(true), two.context.setOffline(true)]);
  for (const [desk, words] of [[a, 'Ann was here. '], [b, 'Ben was here. ']] as const) {
    await desk.synced('offline');
    await desk.showTab('Annotations');
    await desk.comment(await desk.highlight(lighthouse.keeper), words.trim());
    await desk.openNotes();
    await desk.notes.press('End');
    await desk.notes.pressSequentially(words);
  }
  await absence();
  // One after the other, so that the second finds what the first did.
  await one.context.setOffline(false);
  await a.synced('saved');
  await two.context.setOffline(false);
  await b.synced('saved');
  await expect.poll(async () => (await a.notesText()) === (await b.notesText()), 'the same notes').toBe(true);
  const notes = await a.notesText();
  expect(notes).toContain('Ann was here. ');
  expect(notes).toContain('Ben was here. ');
  for (const desk of [a, b]) {
    await desk.showTab('Annotations');
    await expect(desk.cards).toHaveCount(2);
    await expect(desk.cards.getByText('Ann was here.')).toHaveCount(1);
    await expect(desk.cards.getByText('Ben was here.')).toHaveCount(1);
  }
  await expect(report(b.page)).toContainText('Others: 1 new highlight, 1 new comment.');
  // Nobody knows whose they are.
  await expect(report(b.page)).toContainText('Meanwhile: edits in the shared notes.');
});

test('the report says who did what, and leads there', async ({ signIn, newConversation }) => {
  test.slow();
  const { id } = await newConversation(shared);
  const [one, two] = [await signIn('student-1'), await signIn('student-2')];
  const [a, b] = [await one.open(id), await two.open(id)];
  const [bell, oil] = [await b.highlight(lighthouse.bell), await b.highlight(lighthouse.oil)];
  await b.comment(bell, 'Who wound it?');
  await a.highlight(lighthouse.weight);
  for (const passage of [lighthouse.bell, lighthouse.oil]) await a.expectPainted(passage);
  await expect(a.card(lighthouse.bell)).toContainText('Who wound it?');
  await b.expectPainted(lighthouse.weight);
  await b.selectText(lighthouse.mercury);
  const [, second] = await b.tagNames();
  await one.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  const menu = async (passage: string, item: string) => {
    const card = await b.takeInHand(b.card(passage));
    await card.getByRole('button', { name: 'More', exact: true }).click();
    await b.page.getByRole('menuitem', { name: item, exact: true }).click();
    return card;
  };
  const card = await b.takeInHand(b.card(lighthouse.bell));
  await card.getByRole('button', { name: 'Edit comment', exact: true }).click();
  await card.getByRole('textbox', { name: 'Edit comment', exact: true }).fill('Who winds it?');
  await card.getByRole('button', { name: 'Save', exact: true }).click();
  await menu(lighthouse.bell, 'Resolve');
  await (await menu(lighthouse.weight, 'Edit')).getByRole('checkbox', { name: second! }).check();
  await b.deleteCard(oil);
  await b.highlight(lighthouse.mercury);
  await b.synced('saved');
  await absence();
  await one.context.setOffline(false);
  await a.synced('saved');
  await expect(report(a.page)).toContainText(
    'Others: 1 new highlight, 1 comment edited, 1 thread resolved, 1 highlight deleted.',
  );
  await expect(report(a.page)).toContainText('Meanwhile: 1 highlight tagged otherwise.');
  const line = (words: string) => told(a.page).filter({ hasText: words });
  await expect(told(a.page)).toHaveCount(5);
  await expect(line('Demo Student 2 marked')).toContainText(lighthouse.mercury.slice(0, 40));
  await expect(line('Demo Student 2 edited a comment on')).toContainText(lighthouse.bell.slice(0, 40));
  await expect(line('Demo Student 2 resolved the thread of')).toHaveCount(1);
  // Whose it is the document does not tell.
  await expect(line('Somebody changed the tags of')).toContainText(lighthouse.weight.slice(0, 40));
  await expect(line('Demo Student 2 deleted the highlight of').getByRole('link')).toHaveCount(0);
  await expectAccessible(a.page, 'the report of an absence');
  for (const colorScheme of ['light', 'dark'] as const) {
    await a.page.emulateMedia({ colorScheme });
    await test.info().attach(`report ${colorScheme}`, { body: await a.page.screenshot(), contentType: 'image/png' });
  }
  await line('edited a comment').getByRole('link').click();
  await expect(a.card(lighthouse.bell)).toHaveAttribute('data-active', '');
  await line('marked').getByRole('link').click();
  await expect(a.card(lighthouse.mercury)).toHaveAttribute('data-active', '');
  // What is selected beside the report has its tools above it: the passage is scrolled to where they meet.
  await a.page.evaluate((passage) => window.canonical.select(passage, passage), lighthouse.log);
  const box = (await report(a.page).boundingBox())!;
  await a.page.evaluate((y) => window.scrollBy(0, getSelection()!.getRangeAt(0).getBoundingClientRect().top - y), box.y + 80);
  await expect.poll(async () => {
    const tools = (await a.toolbar.boundingBox())!;
    return tools.y + tools.height > box.y && tools.x < box.x + box.width;
  }).toBe(true);
  await a.applyTag(1);
  await expect(a.card(lighthouse.log)).toBeVisible();
});

test('the report of an absence calls people of an anonymous conversation as the page does', async ({ signIn, newConversation }) => {
  test.slow();
  const { id } = await newConversation({ ...shared, anonymous: true, by: 'student-1' });
  const [one, two] = [await signIn('student-1'), await signIn('student-2')];
  const a = await one.open(id);
  await one.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  // They come, write and go while nobody sees them.
  const b = await two.open(id);
  const pseudonym = (await b.page.locator('.panel-note b').textContent()) ?? '';
  await b.highlight(lighthouse.mercury);
  await b.synced('saved');
  await b.page.close();
  await absence();
  await one.context.setOffline(false);
  await a.synced('saved');
  await expect(told(a.page)).toHaveText([`${pseudonym} marked “${lighthouse.mercury}”`]);
  expect(await a.page.content()).not.toContain('Demo Student 2');
});

test('tabs show each other’s edits without a network, and one sends what a closed one left', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  const b = await writer.openInNewTab(id);
  const c = await (await signIn('student-2')).open(id);
  await writer.context.setOffline(true);
  await Promise.all([a.synced('offline'), b.synced('offline')]);
  const card = await a.highlight(lighthouse.keeper);
  await b.expectPainted(lighthouse.keeper);
  await b.comment(b.card(lighthouse.keeper), 'From the other tab.');
  await expect(card.getByText('From the other tab.')).toBeVisible();
  await a.page.close();
  await writer.context.setOffline(false);
  await b.synced('saved');
  await expect(c.card(lighthouse.keeper)).toHaveCount(1, LOOKED_AGAIN);
  await c.expectPainted(lighthouse.keeper);
  await expect(c.cards.getByText('From the other tab.')).toHaveCount(1);
});

test('tabs that type in turns without a network lose no word, whichever comes back first', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  const b = await writer.openInNewTab(id);
  await Promise.all([a.openNotes(), b.openNotes()]);
  await writer.context.setOffline(true);
  await Promise.all([a.synced('offline'), b.synced('offline')]);
  let typed = '';
  for (const [desk, words] of [[a, 'one '], [b, 'two '], [a, 'three '], [b, 'four ']] as const) {
    await desk.notes.press('Control+End');
    await desk.notes.pressSequentially(words);
    typed += words;
    for (const each of [a, b]) await expect(each.notes).toHaveValue(typed);
  }
  await writer.context.setOffline(false);
  await Promise.all([a.synced('saved'), b.synced('saved')]);
  const reader = await (await signIn('student-2')).open(id);
  await expect(await reader.openNotes()).toHaveValue(typed);
  await expect(a.notes).toHaveValue(typed);
});

test('what a closed tab built on another’s work is taken over after it', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  const b = await writer.openInNewTab(id);
  await writer.context.setOffline(true);
  await Promise.all([a.synced('offline'), b.synced('offline')]);
  await a.highlight(lighthouse.keeper);
  await b.expectPainted(lighthouse.keeper);
  for (const number of [1, 2, 3, 4, 5, 6]) await b.comment(b.card(lighthouse.keeper), `Comment ${number}.`);
  await b.page.close();
  await writer.context.setOffline(false);
  await a.synced('saved');
  const reader = await (await signIn('student-2')).open(id);
  await expect(reader.cards.locator('.comment')).toHaveCount(6, LOOKED_AGAIN);
  await expect(a.cards.locator('.comment')).toHaveCount(6);
});

test('the server dies while somebody is away, and all that both did is there afterwards', async ({ ownServer, signIn }) => {
  // A server that starts twice, two browsers.
  test.slow();
  const author = await signIn('instructor', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const away = await signIn('student-1', { server: ownServer });
  const [a, b] = [await away.open(id), await author.open(id)];
  await away.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  await (await b.openNotes()).fill('Written before the crash.');
  await b.synced('saved');
  await ownServer.kill();
  await b.synced('offline');
  await b.showTab('Annotations');
  await b.highlight(lighthouse.mercury);
  await ownServer.start();
  await away.context.setOffline(false);
  await Promise.all([a.synced('saved'), b.synced('saved')]);
  for (const desk of [a, b]) {
    await desk.expectPainted(lighthouse.keeper);
    await desk.expectPainted(lighthouse.mercury);
    await expect(await desk.openNotes()).toHaveValue('Written before the crash.');
  }
});

test('without a disk it works with a network, says what it cannot do, and asks before it is left', async ({ visit, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await visit();
  await visitor.api.signIn('student-1');
  await visitor.context.addInitScript(() => {
    // As a private window of some browsers.
    IDBFactory.prototype.open = () => {
      throw new DOMException('no disk', 'SecurityError');
    };
  });
  const a = await visitor.open(id);
  await a.highlight(lighthouse.keeper);
  await a.synced('saved');
  await expect(a.syncStatus).toHaveAttribute('title', /keeps nothing on this device/);
  await visitor.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.mercury);
  await expect(a.syncStatus).toHaveText('Offline · 1 unsent change, only in this page: keep it open');
  expect(await asksBeforeLeaving(a.page)).toBe(true);
  await visitor.context.setOffline(false);
  await a.synced('saved');
  expect(await asksBeforeLeaving(a.page)).toBe(false);
});

test('a full disk is said, and what does not fit on it is sent', async ({ visit, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await visit();
  await visitor.api.signIn('student-1');
  await visitor.context.addInitScript(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...args) {
      if (this.name !== 'journal') return put.apply(this, args);
      throw new DOMException('no room', 'QuotaExceededError');
    };
  });
  const a = await visitor.open(id);
  await a.highlight(lighthouse.keeper);
  await a.synced('saved');
  await expect(a.page.getByText('Unsent work cannot be kept on this device')).toBeVisible();
  await visitor.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.mercury);
  expect(await asksBeforeLeaving(a.page)).toBe(true);
  await visitor.context.setOffline(false);
  await a.synced('saved');
});

test('what is on the disk may be left without a question', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  await expect(a.syncStatus).toHaveText('Offline · 1 unsent change');
  await expect.poll(() => asksBeforeLeaving(a.page)).toBe(false);
});

/** A student whose highlight and comment were made without a network, in a conversation of the instructor. */
async function writtenAway(
  signIn: (person: Person, options: VisitOptions) => Promise<Visitor>,
  server: Server,
  comment: string,
) {
  const author = await signIn('instructor', { server });
  const id = await author.api.newConversation(shared);
  const writer = await signIn('student-1', { server });
  const a = await writer.open(id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.comment(await a.highlight(lighthouse.keeper), comment);
  return { id, writer, a };
}

test('what the server will not take any more is kept, can be taken away, and goes when its author says so', async ({
  signIn,
  ownServer,
}) => {
  const { writer, a } = await writtenAway(signIn, ownServer, 'Too late for this.');
  await ownServer.sql("delete from memberships using users where users.id = user_id and users.name = 'Demo Student 1'");
  await writer.context.setOffline(false);
  await a.synced('error');
  const kept = ended(a.page);
  await expect(kept).toContainText('2 changes were not taken. They are kept on this device.');
  await expect(kept).toContainText('Too late for this.');
  const download = a.page.waitForEvent('download');
  await kept.getByRole('button', { name: 'Export', exact: true }).click();
  const file = await (await download).createReadStream();
  expect((await file.toArray()).join('')).toContain('Too late for this.');
  // The conversation cannot be opened any more: what is kept is listed on the first page, until its author discards it.
  await a.page.goto('/');
  const left = a.page.getByRole('region', { name: 'Not taken, and kept on this device', exact: true });
  await expect(left).toContainText('Too late for this.');
  await expect(left).toContainText('Your access has ended');
  await expectAccessible(a.page, 'home with work that was not taken');
  await left.getByRole('button', { name: 'Discard', exact: true }).click();
  await left.getByRole('button', { name: 'Discard for good?', exact: true }).click();
  await expect(left).toBeHidden();
  await a.page.reload();
  await expect(a.page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(left).toBeHidden();
});

test('work in a conversation that is deleted meanwhile is kept, and can be taken away', async ({ signIn, ownServer }) => {
  // A server that starts twice.
  test.slow();
  const { id, writer, a } = await writtenAway(signIn, ownServer, 'Of something that is gone.');
  // No page can delete one yet; with nobody in it, as a purge would do it.
  await ownServer.kill();
  await ownServer.start();
  await ownServer.sql(`delete from conversations where id = '${id}'`);
  await writer.context.setOffline(false);
  await a.synced('error');
  const kept = ended(a.page);
  await expect(kept).toContainText('2 changes were not taken. They are kept on this device.');
  await expect(kept).toContainText('Of something that is gone.');
  const { id: user } = await writer.api.me();
  await expect.poll(() => asideOf(a.page, user), 'on the disk').toBe(2);
  await a.page.goto('/');
  const left = a.page.getByRole('region', { name: 'Not taken, and kept on this device', exact: true });
  await expect(left).toContainText('Of something that is gone.');
  const download = a.page.waitForEvent('download');
  await left.getByRole('button', { name: 'Export', exact: true }).click();
  const file = await (await download).createReadStream();
  expect((await file.toArray()).join('')).toContain('Of something that is gone.');
});

test('one change that is refused takes no other with it', async ({ signIn, ownServer }) => {
  // Two browsers, of which one works without a network, takes the document afresh, and is loaded again.
  test.slow();
  const author = await signIn('student-1', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const a = await author.open(id);
  await a.highlight(lighthouse.bell);
  await a.synced('saved');
  const teacher = await signIn('instructor', { server: ownServer });
  const b = await teacher.open(id);
  await b.whole();
  await teacher.context.setOffline(true);
  await b.synced('offline');
  await b.deleteCard(b.card(lighthouse.bell));
  await b.comment(await b.highlight(lighthouse.keeper), 'This is mine.');
  await (await b.openNotes()).fill('And these notes.');
  await b.showTab('Annotations');
  await absence();
  // A deletion of somebody else's highlight is for staff alone.
  await ownServer.sql("update memberships set role = 'student' from users where users.id = user_id and users.name = 'Demo Instructor'");
  await teacher.context.setOffline(false);
  await b.synced('saved');
  await expect(report(b.page)).toContainText('1 change was not taken. It is kept on this device.');
  await expect(report(b.page)).toContainText('The deletion of a highlight');
  await expect(report(b.page)).toContainText('3 changes of yours were sent and saved.');
  for (const width of [320, 390]) {
    await b.page.setViewportSize({ width, height: 640 });
    expect(await b.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await expect(report(b.page)).toBeInViewport({ ratio: 1 });
    await expect(report(b.page).getByRole('button', { name: 'Dismiss', exact: true })).toBeInViewport({ ratio: 1 });
  }
  await b.page.setViewportSize({ width: 1280, height: 900 });
  for (const desk of [a, b]) {
    await desk.expectPainted(lighthouse.bell);
    await desk.expectPainted(lighthouse.keeper);
    await expect(desk.cards.getByText('This is mine.')).toHaveCount(1);
    await expect(await desk.openNotes()).toHaveValue('And these notes.');
  }
  // And it stays so: what is kept on the device agrees with the server.
  await b.reload();
  await expect(b.page.getByRole('button', { name: 'Not taken: 1', exact: true })).toBeVisible();
  await b.expectPainted(lighthouse.bell);
  await a.showTab('Annotations');
  await a.comment(a.card(lighthouse.keeper), 'An answer.');
  await b.comment(b.card(lighthouse.bell), 'And another.');
  await Promise.all([a.synced('saved'), b.synced('saved')]);

  // Still not theirs to do; and once it is, it is done again, and nothing is left of it.
  await b.page.getByRole('button', { name: 'Not taken: 1', exact: true }).click();
  await report(b.page).getByRole('button', { name: 'Try again', exact: true }).click();
  await expect(b.page.getByText('It still cannot be done: This belongs to somebody else.')).toBeVisible();
  await b.expectPainted(lighthouse.bell);
  await ownServer.sql("update memberships set role = 'instructor' from users where users.id = user_id and users.name = 'Demo Instructor'");
  await b.reload();
  await b.synced('saved');
  await b.page.getByRole('button', { name: 'Not taken: 1', exact: true }).click();
  await report(b.page).getByRole('button', { name: 'Try again', exact: true }).click();
  await expect(b.page.getByRole('button', { name: /^Not taken/ })).toBeHidden();
  for (const desk of [a, b]) await expect(desk.card(lighthouse.bell)).toHaveCount(0);
  await b.synced('saved');
  await b.reload();
  await expect(b.page.getByRole('button', { name: /^Not taken/ })).toBeHidden();
});

test('who is signed out while away goes on working, and signs in to send', async ({ signIn, newConversation, guard }) => {
  guard.allow(/401/);
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  await writer.context.clearCookies();
  await writer.context.setOffline(false);
  await a.synced('error');
  await a.comment(a.card(lighthouse.keeper), 'Written while signed out.');
  await expect(a.syncStatus).toHaveText('Signed out · 2 unsent changes');

  // Somebody else signs in on the same machine, and the first one's tab is looked at again: nothing of it is sent for them.
  const other = await writer.context.newPage();
  await writer.api.signIn('student-2');
  const b = await Workspace.open(other, id);
  await a.page.evaluate(() => window.dispatchEvent(new Event('online')));
  await a.synced('error');
  await expect(b.cards).toHaveCount(0);
  // And nothing of it is shown to them.
  await expect(a.page.getByRole('heading', { level: 1 })).toHaveText('Somebody else is signed in here');
  await expect(a.page.getByText(lighthouse.weight)).toBeHidden();
  await expectAccessible(a.page, 'a page whose person is not the one who is signed in');
  await other.close();

  await writer.context.clearCookies();
  await a.page.getByRole('link', { name: 'Load it anew', exact: true }).click();
  await a.page.getByRole('button', { name: 'Continue as Demo Student 1', exact: true }).click();
  await a.synced('saved');
  await expect(a.cards.getByText('Written while signed out.')).toBeVisible();
  const reader = await (await signIn('instructor')).open(id);
  await reader.expectPainted(lighthouse.keeper);
  await expect(reader.cards.getByText('Written while signed out.')).toHaveCount(1);
});
