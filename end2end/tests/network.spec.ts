import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { Api } from '../api.ts';
import { expect, test, Visitor } from '../fixtures.ts';
import { type Mishap, Proxy, seeded } from '../proxy.ts';
import { lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';

/** How long the network is bad, in milliseconds: `NETWORK_MS=300000 NETWORK_SEED=7` for a long run. */
const BAD_MS = Number(process.env.NETWORK_MS ?? 20_000);
const SEED = Number(process.env.NETWORK_SEED ?? 1);
const MISHAPS: Mishap[] = ['cut', 'stall', 'half-open', 'one-way'];
const PEOPLE = ['instructor', 'student-1', 'student-2'] as const;
const PASSAGES = [lighthouse.clockwork, lighthouse.weight, lighthouse.keeper, lighthouse.bell, lighthouse.oil, lighthouse.mercury];

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** What a document says, as an outside program reads it. */
function contents(doc: Y.Doc): { comments: string[]; notes: string; highlights: number } {
  const highlights = [...doc.getMap<Y.Map<unknown>>('highlights').values()];
  const threads = highlights.flatMap((highlight) => [...(highlight.get('comments') as Y.Map<Y.Map<unknown>>).values()]);
  return {
    comments: threads.map((comment) => String(comment.get('body'))).sort(),
    notes: doc.getText('notes').toString(),
    highlights: highlights.filter((highlight) => !highlight.get('deleted')).length,
  };
}

test(`on a network that cuts, stalls and swallows, nothing is lost (seed ${SEED})`, async ({ ownServer, visit, guard }) => {
  test.setTimeout(BAD_MS + 150_000);
  // All that a browser can say of a network.
  guard.allow(/./);
  const proxy = await Proxy.to(ownServer.port);
  await ownServer.stop();
  await ownServer.start({ PUBLIC_ORIGIN: proxy.origin });
  const visitors: Visitor[] = [];
  for (const person of PEOPLE) {
    const { context, page } = await visit({ server: ownServer, baseURL: proxy.origin });
    const visitor = new Visitor(context, page, new Api(context.request, proxy.origin));
    await visitor.api.signIn(person);
    visitors.push(visitor);
  }
  const [author] = visitors;
  if (!author) throw new Error('nobody');
  const id = await author.api.newConversation(shared);
  const desks = await Promise.all(visitors.map((visitor) => Workspace.open(visitor.page, id)));

  const random = seeded(SEED);
  const until = Date.now() + BAD_MS;
  let isBad = true;
  const network = (async () => {
    while (isBad) {
      await pause(200 + random() * 600);
      const dice = random();
      if (dice < 0.1) {
        proxy.down();
        await pause(500 + random() * 2_500);
        proxy.up();
      } else proxy.befall(MISHAPS[Math.floor(random() * MISHAPS.length)] ?? 'cut', random());
    }
  })();
  const done = await Promise.all(desks.map((desk, who) => work(desk, who, seeded(SEED * 1_000 + who), until)));
  isBad = false;
  await network;

  // What is half open is found out when the network is said to be back.
  for (const desk of desks) await desk.page.evaluate(() => window.dispatchEvent(new Event('online')));
  await Promise.all(desks.map((desk) => expect(desk.syncStatus).toHaveAttribute('data-state', 'saved', { timeout: 60_000 })));
  const comments = done.flatMap((work) => work.comments).sort();
  const words = done.flatMap((work) => work.words);
  expect(comments.length, 'somebody did something').toBeGreaterThan(3);

  // The database alone: the server starts anew, and a stock client reads.
  const token = await author.api.token('reader');
  await ownServer.stop();
  await ownServer.start({ PUBLIC_ORIGIN: proxy.origin });
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(ownServer.socket('/sync'), id, doc, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    params: { token },
    disableBc: true,
  });
  try {
    await expect.poll(() => provider.synced, { timeout: 20_000 }).toBe(true);
    const stored = contents(doc);
    expect(stored.comments).toEqual(comments);
    // Words of several people may stand in one another; their letters are all there, and none twice.
    expect([...stored.notes].sort().join('')).toBe([...words.join('')].sort().join(''));
    for (const desk of desks) {
      await expect(desk.syncStatus).toHaveAttribute('data-state', 'saved', { timeout: 60_000 });
      await desk.openNotes();
      // A page on a line that is dead finds out when nothing has come for half a minute.
      await expect.poll(() => desk.notesText(), { message: 'the same notes', timeout: 60_000 }).toBe(stored.notes);
      await desk.showTab('Annotations');
      await expect(desk.cards).toHaveCount(stored.highlights, { timeout: 60_000 });
      const shown = async () => (await desk.cards.locator('.comment-body').allTextContents()).sort();
      await expect.poll(shown, { message: 'the same comments', timeout: 60_000 }).toEqual(stored.comments);
    }
  } finally {
    provider.destroy();
    doc.destroy();
    await proxy.close();
  }
});

/** Marks, comments and writes until the time is over; what it did must be found again. */
async function work(desk: Workspace, who: number, random: () => number, until: number): Promise<{ comments: string[]; words: string[] }> {
  const comments: string[] = [];
  const words: string[] = [];
  for (let number = 0; Date.now() < until; number++) {
    if (random() < 0.5) {
      await desk.showTab('Annotations');
      const passage = PASSAGES[Math.floor(random() * PASSAGES.length)] ?? lighthouse.keeper;
      await desk.selectText(passage);
      await desk.applyTag(1 + Math.floor(random() * 3));
      await expect(desk.toolbar).toBeHidden();
      // What one has marked with that tag already is taken in hand.
      const mine = desk.page.locator('article[data-highlight-id][data-active]');
      await expect(mine.locator('blockquote')).toHaveText(passage);
      const text = `Comment ${number} of ${who}`;
      await desk.commentBox(mine).fill(text);
      await mine.getByRole('button', { name: 'Post', exact: true }).click();
      await expect(desk.cards.getByText(text, { exact: true })).toHaveCount(1);
      comments.push(text);
    } else {
      const word = `w${who}n${number} `;
      await desk.openNotes();
      await desk.notes.press('Control+End');
      await desk.notes.pressSequentially(word);
      words.push(word);
    }
    await pause(100 + random() * 400);
  }
  return { comments, words };
}
