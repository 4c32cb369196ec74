import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { absence, expectUnsent, report } from '../absence.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { expectDocumentKept, NO_NETWORK, putAside, putChange } from '../kept.ts';
import type { Server } from '../server.ts';
import { bread, lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test.beforeEach(({ guard }) => guard.allow(...NO_NETWORK));

/** A stock client of somebody's: what no page can do yet. */
async function join(visitor: Visitor, server: Server, conversation: string): Promise<WebsocketProvider> {
  const provider = new WebsocketProvider(server.socket('/sync'), conversation, new Y.Doc(), {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    params: { token: await visitor.api.token('stock client') },
    disableBc: true,
  });
  await expect.poll(() => provider.synced).toBe(true);
  return provider;
}

function tagOf(doc: Y.Doc, name: string): Y.Map<unknown> | undefined {
  return [...doc.getMap<Y.Map<unknown>>('tags').values()].find((tag) => tag.get('name') === name);
}

test('of a tag that is locked meanwhile, its use is taken, and its new name kept aside and shown', async ({
  signIn,
  newConversation,
  server,
}) => {
  // Two browsers, two stock clients and two analyses of a whole page.
  test.slow();
  const { id } = await newConversation(shared);
  const [writer, teacher] = [await signIn('student-1'), await signIn('instructor')];
  const { id: user } = await writer.api.me();
  const a = await writer.open(id);
  await a.selectText(lighthouse.bell);
  await a.toolbar.getByRole('button', { name: 'New tag', exact: true }).click();
  await a.page.getByRole('textbox', { name: 'Name', exact: true }).fill('Hearsay');
  await a.page.getByRole('button', { name: 'Create and apply', exact: true }).click();
  await expect(a.card(lighthouse.bell)).toContainText('Hearsay');
  await a.synced('saved');

  // Away, the tag is used in one page and renamed in another, of a version that can do so.
  const other = await join(writer, server, id);
  await writer.context.setOffline(true);
  await a.synced('offline');
  other.disconnect();
  await a.selectText(lighthouse.keeper);
  await a.toolbar.getByRole('button', { name: 'Hearsay', exact: true }).click();
  await a.comment(a.card(lighthouse.keeper), 'Who says so?');
  await expectUnsent(a.syncStatus, 2);
  const renaming = new Promise<Uint8Array>((resolve) => other.doc.once('update', resolve));
  tagOf(other.doc, 'Hearsay')?.set('name', 'Rumour');
  await putChange(a.page, user, id, await renaming);
  other.destroy();

  const owner = await join(teacher, server, id);
  tagOf(owner.doc, 'Hearsay')?.set('locked', true);
  const b = await teacher.open(id);
  owner.destroy();
  await absence();
  await a.page.close();
  await writer.context.setOffline(false);
  const again = await writer.openInNewTab(id);
  await expect(report(again.page)).toContainText('1 change was not taken. It is kept on this device.');
  await expect(report(again.page)).toContainText('This tag is locked: it can be used, not changed.');
  await expect(report(again.page)).toContainText('2 changes of yours were sent and saved.');
  for (const desk of [again, b]) {
    await desk.expectPainted(lighthouse.keeper);
    await expect(desk.card(lighthouse.keeper)).toContainText('Hearsay');
    await expect(desk.cards.getByText('Who says so?')).toHaveCount(1);
    await expect(desk.cards.getByText('Rumour')).toHaveCount(0);
  }
  await expectAccessible(again.page, 'a conversation with work that was not taken');
  await again.reload();
  await expect(again.page.getByRole('button', { name: 'Not taken: 1', exact: true })).toBeVisible();
});

/** The document gets another's content, and what was made on the old one has no place in it. */
async function replaceDocument(server: Server, conversation: string, by: string): Promise<void> {
  await server.sql(`
    with gone as (delete from annotation_update where conversation_id = '${conversation}')
    update annotation_document_state as old set epoch = old.epoch + 1, crdt_state = new.crdt_state, seq = 0
    from annotation_document_state as new where old.conversation_id = '${conversation}' and new.conversation_id = '${by}'`);
}

test('what was made on a document that is replaced meanwhile is kept aside, and the page goes on with the new one', async ({
  ownServer,
  signIn,
}) => {
  // Two starts of the server.
  test.slow();
  const author = await signIn('instructor', { server: ownServer });
  const [id, other] = [await author.api.newConversation(shared), await author.api.newConversation({ ...shared, title: bread.title })];
  const writer = await signIn('student-1', { server: ownServer });
  const a = await writer.open(id);
  await a.highlight(lighthouse.bell);
  await (await a.openNotes()).fill('Notes of old. ');
  await a.synced('saved');
  await a.showTab('Annotations');
  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.comment(await a.highlight(lighthouse.keeper), 'Too late for this.');
  await (await a.openNotes()).fill('Notes of old. And of a train.');
  await expectUnsent(a.syncStatus, 3);
  // With nobody in it, and nothing on its way into it.
  await ownServer.kill();
  await replaceDocument(ownServer, id, other);
  await ownServer.start();
  await writer.context.setOffline(false);
  await a.synced('saved');

  const kept = report(a.page);
  await expect(kept).toContainText('3 changes were not taken. They are kept on this device.');
  await expect(kept).toContainText('The document was replaced on the server meanwhile');
  for (const words of [lighthouse.keeper, 'Too late for this.', 'Notes of old. And of a train.']) await expect(kept).toContainText(words);
  await expect(a.notes).toHaveValue('');
  await a.showTab('Annotations');
  await expect(a.cards).toHaveCount(0);
  expect(await a.painted()).toEqual([]);

  // It is worked on as if nothing had been, and nothing of the old one comes back, not even from this device.
  await kept.getByRole('button', { name: 'Dismiss', exact: true }).click();
  await a.highlight(lighthouse.oil);
  await a.synced('saved');
  await a.reload();
  const b = await author.open(id);
  for (const desk of [a, b]) {
    await expect.poll(() => desk.quotes()).toEqual([lighthouse.oil]);
    await expect(await desk.openNotes()).toHaveValue('');
  }
  await a.page.getByRole('button', { name: 'Not taken: 3', exact: true }).click();
  await expect(kept).toContainText('Too late for this.');

  // Nothing is made up: the tag of the old document is not there, and the words of a text go below what stands there now.
  await (await b.openNotes()).fill('Notes of today.');
  await expect(await a.openNotes()).toHaveValue('Notes of today.');
  await kept.getByRole('button', { name: 'Try again', exact: true }).click();
  await expect(a.page.getByText('It still cannot be done: This highlight is not there any more.')).toBeVisible();
  await expect(kept.getByRole('listitem')).toHaveCount(3);
  await kept.getByRole('button', { name: 'Add to the notes', exact: true }).click();
  await expect(kept.getByRole('listitem')).toHaveCount(2);
  await expect(b.notes).toHaveValue('Notes of today.\n\nNotes of old. And of a train.');
  await a.synced('saved');
  await a.reload();
  await expect(a.page.getByRole('button', { name: 'Not taken: 2', exact: true })).toBeVisible();
});

test('what is done again takes back nothing that was done since', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const { id: user } = await writer.api.me();
  const a = await writer.open(id);
  await expectDocumentKept(a.page, user, id);
  const card = await a.highlight(lighthouse.keeper);
  await a.comment(card, 'As first written.');
  const comment = (await card.locator('.comment').getAttribute('id'))?.replace(/^c-/, '');
  await card.getByRole('button', { name: 'Edit comment', exact: true }).click();
  await card.getByRole('textbox', { name: 'Edit comment', exact: true }).fill('Of Wednesday.');
  await card.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(card.getByText('Of Wednesday.')).toBeVisible();
  await a.synced('saved');
  const highlight = await card.getAttribute('data-highlight-id');
  const of = (number: number, what: string, text: string, intent: unknown) => ({
    key: `${id}/000000000001000/t/000000000${number}`,
    at: 2_000,
    what,
    text,
    intent,
  });
  await putAside(
    a.page,
    user,
    of(1, 'A comment’s new text', 'Of Monday.', { Command: { EditComment: { highlight, id: comment, body: 'Of Monday.' } } }),
    of(2, 'A thread resolved', lighthouse.keeper, { Command: { Resolve: highlight } }),
  );
  await a.reload();
  await a.synced('saved');
  await a.page.getByRole('button', { name: 'Not taken: 2', exact: true }).click();
  await report(a.page).getByRole('button', { name: 'Try again', exact: true }).click();
  await expect(a.page.getByText('It still cannot be done: This comment was edited later.')).toBeVisible();
  await expect(a.card(lighthouse.keeper)).toContainText('Of Wednesday.');
  await expect(a.card(lighthouse.keeper)).not.toHaveAttribute('data-resolved');
  await expect(report(a.page).getByText('Of Monday.')).toBeVisible();
});

test('a document that is replaced under an open page is taken anew, and what was being written is kept aside', async ({
  ownServer,
  signIn,
}) => {
  const author = await signIn('instructor', { server: ownServer });
  const [id, other] = [await author.api.newConversation(shared), await author.api.newConversation({ ...shared, title: bread.title })];
  const writer = await signIn('student-1', { server: ownServer });
  const [a, b] = [await writer.open(id), await author.open(id)];
  await b.highlight(lighthouse.bell);
  await b.synced('saved');
  await a.expectPainted(lighthouse.bell);
  await replaceDocument(ownServer, id, other);
  // The server finds out when it is to write.
  await (await a.openNotes()).fill('Written into the old one.');
  await expect(report(a.page)).toContainText('1 change was not taken. It is kept on this device.');
  await expect(report(a.page)).toContainText('Written into the old one.');
  for (const desk of [a, b]) {
    await desk.synced('saved');
    await expect(desk.cards).toHaveCount(0);
    await expect(await desk.openNotes()).toHaveValue('');
    await desk.showTab('Annotations');
  }
  await a.highlight(lighthouse.oil);
  await b.expectPainted(lighthouse.oil);
});

test('what one tab did and the server did not take goes from the other tab as well', async ({ ownServer, signIn }) => {
  const author = await signIn('student-1', { server: ownServer });
  const id = await author.api.newConversation(shared);
  const reader = await author.open(id);
  await reader.highlight(lighthouse.bell);
  await reader.synced('saved');
  const teacher = await signIn('instructor', { server: ownServer });
  const [a, b] = [await teacher.open(id), await teacher.openInNewTab(id)];
  await teacher.context.setOffline(true);
  await Promise.all([a.synced('offline'), b.synced('offline')]);
  await a.deleteCard(a.card(lighthouse.bell));
  await expect(b.cards).toHaveCount(0);
  // A deletion of somebody else's highlight is for staff alone.
  await ownServer.sql("update memberships set role = 'student' from users where users.id = user_id and users.name = 'Demo Instructor'");
  await teacher.context.setOffline(false);
  await expect(report(a.page)).toContainText('1 change was not taken. It is kept on this device.');
  for (const desk of [a, b]) {
    await desk.expectPainted(lighthouse.bell);
    await desk.synced('saved');
  }
});
