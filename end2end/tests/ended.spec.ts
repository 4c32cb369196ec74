import { readFile } from 'node:fs/promises';
import { ended, expectUnsent } from '../absence.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { book, expectDocumentKept, expectKept, keptDocuments, NO_NETWORK, unsentOf } from '../kept.ts';
import type { Server } from '../server.ts';
import { bread, lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** What is refused is asked for here. */
const REFUSED = /status of 40[34]/;

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK, REFUSED));

const leave = (server: Server): Promise<void> =>
  server.sql("delete from memberships using users where users.id = user_id and users.name = 'Demo Student 1'");

/** Nothing of the text, of what others wrote in it or of the tools is in the page, and it says why. */
async function expectNothingOfIt({ page, cards, toolbar, notes, messages, syncStatus }: Workspace, words: string[]): Promise<void> {
  await expect(ended(page)).toBeVisible();
  await expect(syncStatus).toHaveText('Your access has ended');
  await expect(syncStatus).toHaveAttribute('data-state', 'error');
  for (const gone of [cards, toolbar, notes, messages]) await expect(gone).toHaveCount(0);
  const html = await page.content();
  for (const word of words) expect(html).not.toContain(word);
  const bar = page.locator('header.bar');
  await expect(bar.getByRole('button', { name: 'Export', exact: true })).toBeHidden();
  await expect(bar.getByRole('link', { name: 'Share', exact: true })).toHaveCount(0);
}

const pathsOf = async ({ page }: Workspace): Promise<string[]> => Object.keys((await book(page))?.pages ?? {});

/** Somebody with a conversation of a teacher, in which others have written, and another one: both are kept on the device. */
async function reading(signIn: (person: 'instructor' | 'student-1', options: { server: Server }) => Promise<Visitor>, server: Server) {
  const author = await signIn('instructor', { server });
  const [id, other] = [await author.api.newConversation(shared), await author.api.newConversation({ ...shared, title: bread.title, text: bread.text })];
  const reader = await signIn('student-1', { server });
  const { id: user } = await reader.api.me();
  const written = await author.open(id);
  await written.comment(await written.highlight(lighthouse.bell), 'Words of somebody else.');
  await (await written.openNotes()).fill('Notes of somebody else. ');
  await written.synced('saved');
  await reader.open(other);
  await expectDocumentKept(reader.page, user, other);
  const desk = await reader.open(id);
  await expect(desk.card(lighthouse.bell)).toHaveCount(1);
  await expectKept(desk.page, `/c/${id}`, `/c/${other}`);
  await expectDocumentKept(desk.page, user, id);
  return { author, id, other, reader, user, desk, written };
}

const others = [lighthouse.weight, lighthouse.bell, 'Words of somebody else.', 'Notes of somebody else.'];

test('when access is taken away from an open page, what is others’ goes from it and from the device, and one’s own words stay', async ({
  signIn,
  ownServer,
}) => {
  test.slow();
  const { id, other, user, desk } = await reading(signIn, ownServer);
  const { page } = desk;
  // A comment is begun, and a line of the notes is on no server.
  await (await desk.openCard(desk.card(lighthouse.bell))).fill('Begun and not posted.');
  await page.evaluate(() => (WebSocket.prototype.send = () => undefined));
  const notes = await desk.openNotes();
  await notes.press('Control+End');
  await notes.pressSequentially('My own line.');
  await desk.synced('saving');
  await expect.poll(async () => (await unsentOf(page, user)) ?? 0).toBeGreaterThan(0);
  await leave(ownServer);

  await expectNothingOfIt(desk, others);
  await expect(page.getByRole('heading', { level: 1, name: 'Your access has ended' })).toBeFocused();
  const kept = ended(page);
  await expect(kept).toContainText('1 change was not taken. It is kept on this device.');
  await expect(kept, 'what was only begun is no change').toContainText('1 comment or message that you had begun is kept on this device.');
  for (const words of ['Begun and not posted.', 'My own line.']) await expect(kept).toContainText(words);
  await expectAccessible(page, 'a conversation whose access has ended');
  const download = page.waitForEvent('download');
  await kept.getByRole('button', { name: 'Export', exact: true }).click();
  const file = await readFile(await (await download).path(), 'utf8');
  expect(file).toContain('Begun and not posted.');
  expect(file).toContain('My own line.');
  expect(file).not.toContain('somebody else');
  expect(file, 'of what it is').toContain(lighthouse.title);

  await expect.poll(() => keptDocuments(page, user)).toEqual([other]);
  await expect.poll(() => pathsOf(desk)).not.toContain(`/c/${id}`);
  expect(await pathsOf(desk), 'another one stays').toContain(`/c/${other}`);

  // Without a network there is nothing of it either; and what is one's own is on the first page.
  await page.goto('/');
  const left = page.getByRole('region', { name: 'Not taken, and kept on this device', exact: true });
  await expect(left.getByRole('heading', { level: 3 }), 'what it was called when it could be read').toHaveText(lighthouse.title);
  await expect(left).toContainText('1 change, 1 only begun');
  for (const words of ['Begun and not posted.', 'My own line.']) await expect(left).toContainText(words);
  await page.context().setOffline(true);
  await page.goto(`/c/${id}`);
  await expect(page.getByRole('heading', { name: 'This page is not on this device' })).toBeVisible();
});

test('whose access was taken away while they had no network finds nothing of it when they come back', async ({ signIn, ownServer }) => {
  const { id, other, reader, user, desk } = await reading(signIn, ownServer);
  await reader.context.setOffline(true);
  await desk.synced('offline');
  await desk.highlight(lighthouse.keeper);
  await expectUnsent(desk.syncStatus, 1);
  await leave(ownServer);
  await expect(desk.page.getByText(lighthouse.weight), 'nobody could tell yet').toBeVisible();
  await reader.context.setOffline(false);
  await expectNothingOfIt(desk, [lighthouse.weight, 'Words of somebody else.', 'Notes of somebody else.']);
  await expect(ended(desk.page), 'one’s own highlight').toContainText(lighthouse.keeper);
  await expect.poll(() => keptDocuments(desk.page, user)).toEqual([other]);
  await expect.poll(() => pathsOf(desk)).not.toContain(`/c/${id}`);
});

test('a page that was closed before access ended leaves nothing on the device once its address is not there any more', async ({
  signIn,
  ownServer,
}) => {
  const { id, other, user, desk } = await reading(signIn, ownServer);
  await desk.page.goto('/');
  await leave(ownServer);
  expect((await desk.page.goto(`/c/${id}`))?.status()).toBe(404);
  await expect.poll(() => keptDocuments(desk.page, user)).toEqual([other]);
  await expect.poll(() => pathsOf(desk)).toEqual(expect.not.arrayContaining([`/c/${id}`]));
});

test('whoever may do less from now on goes on reading, and access that is given back brings everything back', async ({ signIn, ownServer }) => {
  const { id, reader, desk } = await reading(signIn, ownServer);
  const role = async (role: string, moderates: boolean): Promise<void> => {
    await ownServer.sql(`update memberships set role = '${role}' from users where users.id = user_id and users.name = 'Demo Student 1'`);
    await expect.poll(async () => (await reader.api.get(`/api/v1/conversations/${id}/rights`)).json()).toMatchObject({ moderates });
  };
  await role('instructor', true);
  await role('student', false);
  await desk.highlight(lighthouse.keeper);
  await desk.synced('saved');
  await expect(desk.page.getByText(lighthouse.weight)).toBeVisible();
  await expect(ended(desk.page)).toHaveCount(0);

  await leave(ownServer);
  await expectNothingOfIt(desk, others);
  await ownServer.sql(`insert into memberships (class_id, user_id, role) select classes.id, users.id, 'student' from classes, users where users.name = 'Demo Student 1'`);
  await ended(desk.page).getByRole('link', { name: 'Try again' }).click();
  await desk.ready();
  await desk.expectPainted(lighthouse.keeper);
  await expect(desk.card(lighthouse.bell)).toHaveCount(1);
});
