import type { Page } from '@playwright/test';
import * as Y from 'yjs';
import { expect, test } from './fixtures.ts';
import { expectKept, NO_NETWORK } from './kept.ts';
import { lighthouse } from './texts.ts';
import { Workspace } from './workspace.ts';

const QUEUED = 1_000;
const STARTS = 7;

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** The middle one, and the least and the most, in milliseconds. */
function summary(times: number[]): string {
  const sorted = times.map(Math.round).sort((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1]} ms (${sorted[0]} to ${sorted.at(-1)}, ${sorted.length} times)`;
}

test('from nothing to readable without a network', async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const { page, context } = await signIn('student-1');
  await page.goto(`/c/${id}`);
  await expectKept(page, `/c/${id}`);
  await context.setOffline(true);
  const readable: number[] = [];
  const tools: number[] = [];
  await context.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.documentElement?.hasAttribute('data-hydrated')) return;
      performance.mark('tools');
      observer.disconnect();
    }).observe(document, { attributes: true, childList: true, subtree: true });
  });
  for (let number = 0; number < STARTS; number++) {
    await page.goto('about:blank');
    await page.goto(`/c/${id}`);
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
    await expect.poll(() => page.evaluate(() => performance.getEntriesByName('first-contentful-paint').length)).toBe(1);
    const [paint, mark] = await page.evaluate(() =>
      ['first-contentful-paint', 'tools'].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? NaN),
    );
    readable.push(paint ?? NaN);
    tools.push(mark ?? NaN);
  }
  console.log(`\ncold start without a network: readable ${summary(readable)}; tools ${summary(tools)}`);
});

test(`back to the network with ${QUEUED} unsent changes`, async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  await a.highlight(lighthouse.keeper);
  await a.synced('saved');
  const highlight = await a.cards.first().getAttribute('data-highlight-id');
  const me = await writer.api.me();
  const { author_id: author } = await writer.api.conversation(id);
  // The document as the device has it, and a thousand comments on it, as another Yjs client of the same person makes them.
  const doc = new Y.Doc();
  const isKept = async () => {
    Y.applyUpdate(doc, Buffer.from(await stateOf(a.page, me.id, id), 'base64'));
    return doc.getMap('highlights').has(highlight ?? '');
  };
  await expect.poll(isKept).toBe(true);
  await a.page.goto('/');
  const updates: string[] = [];
  doc.on('update', (update) => updates.push(Buffer.from(update).toString('base64')));
  const thread = doc.getMap<Y.Map<unknown>>('highlights').get(highlight ?? '')?.get('comments') as Y.Map<unknown>;
  for (let number = 0; number < QUEUED; number++) {
    const comment = new Y.Map(Object.entries({ author, created_at: Date.now(), body: `Comment ${number}` }));
    thread.set(`0190c1a2-0000-7000-8000-${number.toString(16).padStart(12, '0')}`, comment);
  }
  await a.page.evaluate(
    async ([user, id, updates]) => {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(`promptgrimoire-${user}`, 1);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const journal = db.transaction('journal', 'readwrite').objectStore('journal');
      updates.forEach((update, number) => {
        const bytes = Uint8Array.from(atob(update), (letter) => letter.charCodeAt(0));
        const key = `${id}/000000000000001/gone/${String(number).padStart(10, '0')}`;
        journal.put({ update: bytes, intent: '"Unknown"' }, key);
      });
      await new Promise((resolve) => (journal.transaction.oncomplete = resolve));
      db.close();
    },
    [me.id, id, updates] as const,
  );
  const since = Date.now();
  const again = Workspace.on(a.page);
  await a.page.goto(`/c/${id}`);
  await expect(again.syncStatus).toHaveText('Saved', { timeout: 120_000 });
  console.log(`\nwith ${QUEUED} unsent changes: saved ${Date.now() - since} ms after the navigation began`);
  const reader = await (await signIn('student-2')).open(id);
  await expect(reader.cards.locator('.comment')).toHaveCount(QUEUED);
});

/** The state that the device keeps of a document, in base64. */
function stateOf(page: Page, user: string, id: string): Promise<string> {
  return page.evaluate(
    async ([user, id]) => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open(`promptgrimoire-${user}`, 1);
        request.onsuccess = () => resolve(request.result);
      });
      const get = db.transaction('states').objectStore('states').get(id);
      await new Promise((resolve) => (get.onsuccess = resolve));
      db.close();
      const bytes: Uint8Array | undefined = get.result?.update;
      return btoa(Array.from(bytes ?? [0, 0], (byte) => String.fromCharCode(byte)).join(''));
    },
    [user, id] as const,
  );
}
