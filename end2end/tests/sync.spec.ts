import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { expect, test } from '../fixtures.ts';
import { endingOf, Frames } from '../socket.ts';
import { joinWithYjs } from '../stock.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** An id of the right form that nobody has. */
const nobodysId = () => randomUUID().replace(/^(.{14})4/, '$17');

/** The quotes of all highlights of a document, as an outside program reads them. */
function quotesOf(doc: Y.Doc): string[] {
  const highlights = [...doc.getMap<Y.Map<unknown>>('highlights').values()];
  return highlights
    .filter((highlight) => !highlight.get('deleted'))
    .flatMap((highlight) => highlight.get('targets') as { exact: string }[])
    .map(({ exact }) => exact);
}

test('a stock Yjs client reads the highlights and writes in the notes', async ({ signIn, newConversation, server }) => {
  const { id, messages } = await newConversation(shared);
  const [person, owner] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const token = await owner.api.token('stock client');
  const a = await person.open(id);
  await a.highlight(lighthouse.weight);
  await a.synced('saved');

  const doc = new Y.Doc();
  const provider = joinWithYjs(server, id, token, doc);
  try {
    await expect.poll(() => provider.synced).toBe(true);
    // What was there before, and what comes while it listens.
    expect(quotesOf(doc)).toEqual([lighthouse.weight]);
    await a.highlight(lighthouse.log, 2);
    await expect.poll(() => quotesOf(doc).sort()).toEqual([lighthouse.weight, lighthouse.log].sort());

    const [highlight] = [...doc.getMap<Y.Map<unknown>>('highlights').values()];
    const targets = highlight?.get('targets') as Record<string, unknown>[];
    expect(Object.keys(targets[0] ?? {}).sort()).toEqual(['end', 'exact', 'message', 'prefix', 'start', 'suffix']);
    const { message, start, end, exact } = targets[0] as { message: string; start: number; end: number; exact: string };
    const text = messages.find((candidate) => candidate.id === message)?.text ?? '';
    expect([...text].slice(start, end).join(''), 'offsets count code points').toBe(exact);
    expect(highlight?.get('author')).toBe((await person.api.conversation(id)).author_id);

    await a.openNotes();
    doc.getText('notes').insert(0, 'From a program. ');
    await expect.poll(() => a.notesText()).toBe('From a program. ');
    await a.notes.click();
    await a.page.keyboard.press('End');
    await a.page.keyboard.type('From a person.');
    await expect.poll(() => doc.getText('notes').toString()).toBe('From a program. From a person.');
  } finally {
    provider.destroy();
    doc.destroy();
  }
});

test('two stock clients meet, and a third that comes later has it all', async ({ signIn, newConversation, server }) => {
  const { id } = await newConversation(shared);
  const { api } = await signIn('student-1');
  const token = await api.token('stock clients');
  const join = () => joinWithYjs(server, id, token);
  const providers = [join(), join()];
  const notes = (index: number) => providers[index]?.doc.getText('notes').toString() ?? '';
  try {
    await expect.poll(() => providers.every(({ synced }) => synced)).toBe(true);
    providers[0]?.doc.getText('notes').insert(0, 'left');
    providers[1]?.doc.getText('notes').insert(0, 'right');
    await expect.poll(() => notes(0).length).toBe('leftright'.length);
    await expect.poll(() => notes(1)).toBe(notes(0));
    providers.push(join());
    await expect.poll(() => notes(2)).toBe(notes(0));
  } finally {
    for (const provider of providers) provider.destroy();
  }
});

test('our own protocol tells the epoch first and acknowledges by number', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id } = await newConversation(shared);
  const { api } = await signIn('student-1');
  const url = server.socket(`/sync/${id}?token=${await api.token('own protocol')}`);
  const frames = await Frames.open(url, ['promptgrimoire.v1']);
  try {
    expect(frames.socket.protocol).toBe('promptgrimoire.v1');
    // A message of ours is a varUint type (101 fits one byte) and a varString (short: one byte of length).
    const first = await frames.first();
    expect(first[0]).toBe(101);
    expect(JSON.parse(first.subarray(2).toString())).toEqual({ epoch: expect.any(Number) });

    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    doc.getText('notes').insert(0, 'one');
    doc.getText('notes').insert(3, ' two');
    for (const update of updates) {
      expect(update.length, 'a length of one byte').toBeLessThan(128);
      frames.socket.send(Uint8Array.from([0, 2, update.length, ...update]));
    }
    let acked = 0;
    while (acked < 2) acked = JSON.parse((await frames.next(100)).subarray(2).toString()).acked;
    expect(acked).toBe(2);
  } finally {
    frames.socket.terminate();
  }
});

test('a stock client is greeted with the server’s state vector and never with our own messages', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id } = await newConversation(shared);
  const { api } = await signIn('student-1');
  const frames = await Frames.open(server.socket(`/sync/${id}?token=${await api.token('stock')}`), []);
  try {
    expect([...(await frames.first()).subarray(0, 2)], 'sync, step 1').toEqual([0, 0]);
  } finally {
    frames.socket.terminate();
  }
});

test.describe('a socket that may not stay is told why', () => {
  test('no such conversation: 4404', async ({ signIn, server }) => {
    const { api } = await signIn('student-1');
    const token = await api.token('lost');
    expect(await endingOf(new WebSocket(server.socket(`/sync/${nobodysId()}?token=${token}`)))).toEqual({ code: 4404 });
  });

  test('a conversation of somebody else: 4404', async ({ signIn, newConversation, server }) => {
    const { id } = await newConversation({ ...shared, share: 'none', by: 'student-1' });
    const { api } = await signIn('student-2');
    const token = await api.token('curious');
    expect(await endingOf(new WebSocket(server.socket(`/sync/${id}?token=${token}`)))).toEqual({ code: 4404 });
  });

  test('a text frame: 4400', async ({ signIn, newConversation, server }) => {
    const { id } = await newConversation(shared);
    const { api } = await signIn('student-1');
    const socket = new WebSocket(server.socket(`/sync/${id}?token=${await api.token('chatty')}`));
    socket.once('open', () => socket.send('hello'));
    expect(await endingOf(socket)).toEqual({ code: 4400 });
  });

  test('an id that is none: 4400', async ({ signIn, server }) => {
    const { api } = await signIn('student-1');
    const socket = new WebSocket(server.socket(`/sync/not-an-id?token=${await api.token('careless')}`));
    expect(await endingOf(socket)).toEqual({ code: 4400 });
  });

  test('nobody signed in: 4401', async ({ newConversation, server }) => {
    const { id } = await newConversation(shared);
    const socket = new WebSocket(server.socket(`/sync/${id}`), { headers: { Origin: server.origin } });
    expect(await endingOf(socket)).toEqual({ code: 4401 });
    expect(await endingOf(new WebSocket(server.socket(`/sync/${id}?token=forged`)))).toEqual({ code: 4401 });
  });

  test('a cookie with a foreign origin or none: HTTP 403', async ({ signIn, newConversation, server }) => {
    const { id } = await newConversation(shared);
    const { context } = await signIn('student-1');
    const Cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    const url = server.socket(`/sync/${id}`);
    for (const headers of [{ Cookie, Origin: 'https://elsewhere.example' }, { Cookie }]) {
      expect(await endingOf(new WebSocket(url, { headers }))).toEqual({ status: 403 });
    }
    const welcome = await Frames.open(url, [], { Cookie, Origin: server.origin });
    welcome.socket.terminate();
  });
});
