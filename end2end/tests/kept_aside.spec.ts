import { absence, ended, expectUnsent, report, told } from '../absence.ts';
import { expect, test } from '../fixtures.ts';
import { expectDocumentKept, expectKept, NO_NETWORK, unsentOf } from '../kept.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK, /status of 40[134]/));

test('what is changed of tags and responses in an absence is told, and what one did on another device is not called others’', async ({
  signIn,
  newConversation,
}) => {
  test.slow();
  const { id } = await newConversation({ ...shared, by: 'student-1' });
  const [writer, again, other] = [await signIn('student-1'), await signIn('student-1'), await signIn('student-2')];
  const a = await writer.open(id);
  await a.selectText(lighthouse.bell);
  await a.toolbar.getByRole('button', { name: 'New tag', exact: true }).click();
  await a.page.getByRole('textbox', { name: 'Name', exact: true }).fill('Hearsay');
  await a.page.getByRole('button', { name: 'Create and apply', exact: true }).click();
  await expect(a.card(lighthouse.bell)).toContainText('Hearsay');
  await a.synced('saved');
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);

  // On one's own other device the notes, and a tag that is merged away; somebody else writes a response.
  const mine = await again.open(id);
  await (await mine.openNotes()).fill('Written on the other device.');
  await mine.synced('saved');
  const dialog = await mine.manageTags();
  await dialog.getByRole('button', { name: 'Edit Hearsay', exact: true }).click();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Rumour');
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog.getByRole('button', { name: 'Edit Rumour', exact: true })).toBeFocused();
  await mine.synced('saved');
  const b = await other.open(id);
  await b.showTab('Response');
  await b.page.getByRole('textbox', { name: 'My response', exact: true }).fill('I doubt it.');
  await b.synced('saved');
  await absence();
  await writer.context.setOffline(false);
  await a.synced('saved');
  await expect(report(a.page)).toContainText('Others: 1 response changed.');
  await expect(report(a.page)).toContainText('Meanwhile: 1 change of a tag, edits in the shared notes.');
  await expect(told(a.page)).toHaveText(['Demo Student 2 changed their response', 'The tag “Hearsay” is called “Rumour” now']);
});

test('when access is given back the first page says what opening does, and what was sent then is told', async ({ signIn, ownServer }) => {
  test.slow();
  const author = await signIn('instructor', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const writer = await signIn('student-1', { server: ownServer });
  const { id: user } = await writer.api.me();
  const b = await author.open(id);
  await b.highlight(lighthouse.bell);
  await b.synced('saved');
  const a = await writer.open(id);
  await expect(a.card(lighthouse.bell)).toHaveCount(1);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await (await a.openCard(a.card(lighthouse.bell))).fill('Only begun');
  await a.comment(await a.highlight(lighthouse.keeper), 'Written in a train.');
  await expectUnsent(a.syncStatus, 2);
  await ownServer.sql("delete from memberships using users where users.id = user_id and users.name = 'Demo Student 1'");
  await writer.context.setOffline(false);
  await expect(ended(a.page)).toContainText('2 changes were not taken. They are kept on this device.');
  await expect(ended(a.page)).toContainText(`A comment on “${lighthouse.keeper.slice(0, 40)}`);
  await expect(ended(a.page)).toContainText('If it is still there, so is what you wrote in it before.');

  await ownServer.sql(`insert into memberships (class_id, user_id, role) select classes.id, users.id, 'student' from classes, users where users.name = 'Demo Student 1'`);
  await a.page.goto('/');
  const left = a.page.getByRole('region', { name: 'Not taken, and kept on this device', exact: true });
  await expect(left).toContainText('2 changes, 1 only begun');
  await expect(left).toContainText('Opening it tries to send this again.');
  await left.getByRole('link', { name: 'Open the conversation' }).click();
  const again = Workspace.on(a.page);
  await again.synced('saved');
  await expect(report(a.page)).toContainText('2 changes of yours were sent and saved.');
  await expect(again.commentBox(again.card(lighthouse.bell))).toHaveValue('Only begun');
  await expect(a.page.getByRole('button', { name: /^(Not taken|Kept here)/ })).toBeHidden();
  await b.expectPainted(lighthouse.keeper);
  expect(await unsentOf(a.page, user)).toBe(0);
  await a.page.goto('/');
  await expect(a.page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(left).toBeHidden();
});

test('pages that show without a network, and the page to sign in, say what waits', async ({ signIn, newConversation }) => {
  const [read, unread] = [await newConversation(shared), await newConversation(shared)];
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  await writer.page.goto('/');
  await expectKept(writer.page, '/');
  const a = await writer.open(read.id);
  await expectKept(a.page, `/c/${read.id}`);
  await expectDocumentKept(a.page, user, read.id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.showTab('People');
  await expect(a.page.getByRole('list', { name: 'People', exact: true }).getByText('here now')).toHaveCount(0);
  await a.showTab('Annotations');
  await a.highlight(lighthouse.keeper);
  await expectUnsent(a.syncStatus, 1);
  await expect.poll(() => unsentOf(a.page, user)).toBe(1);
  await a.page.goto(`/c/${unread.id}`);
  await expect(a.page.getByRole('region', { name: 'On this device' }).locator(`a[href="/c/${read.id}"]`)).toContainText('1 change not sent yet');
  await a.page.goto('/');
  const left = a.page.getByRole('region', { name: 'Not sent yet, and kept on this device', exact: true });
  await expect(left.getByRole('link', { name: 'Open the conversation' })).toBeVisible();
  await expect(left.getByRole('link', { name: 'Open and send' })).toHaveCount(0);
  await writer.context.setOffline(false);
  await writer.context.clearCookies();
  await a.page.goto(`/c/${read.id}`);
  await expect(a.page.getByText('1 change that was not sent is safe on this device')).toBeVisible();
});
