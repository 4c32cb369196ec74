import { expect, type Page } from '@playwright/test';

/** What a browser says while nobody answers: the journey brings it about. `ERR_FAILED` is what it makes of the worker's own failure. */
export const NO_NETWORK = [
  /WebSocket connection to/,
  // The parts that are loaded when the tools work: somebody may be cut off before.
  /Failed to fetch[\s\S]*\/later\.js/,
  /ERR_(INTERNET_DISCONNECTED|FAILED|CONNECTION_REFUSED|CONNECTION_RESET|CONNECTION_CLOSED|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/,
];

interface Book {
  user: string;
  owner: string;
  pages: Record<string, { title: string; build: string; bytes: number; visited: number }>;
}

/** What the service worker remembers. */
export function book(page: Page): Promise<Book | undefined> {
  return page.evaluate(async () => (await (await caches.open('book')).match('/book'))?.json());
}

/** Which builds have assets in the cache. */
export async function keptBuilds(page: Page): Promise<string[]> {
  const paths = await page.evaluate(async () => {
    const requests = await (await caches.open('assets')).keys();
    return requests.map(({ url }) => new URL(url).pathname);
  });
  return [...new Set(paths.flatMap((path) => path.match(/^\/pkg\/([^/]+)/)?.[1] ?? []))].sort();
}

/** Whose page caches there are. */
export function keptUsers(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith('pages-'));
    return names.map((name) => name.slice('pages-'.length));
  });
}

const OF_A_BUILD = ['app.css', 'pages.css', 'print.css', 'app.js', 'app_bg.wasm', 'later.js', 'split_later.wasm'];

/** Waits until these pages can be opened without a network: they, and all that their build brought. */
export async function expectKept(page: Page, ...paths: string[]): Promise<void> {
  const missing = async () => {
    const pages = (await book(page))?.pages ?? {};
    const wanted = paths.flatMap((path) => {
      const build = pages[path]?.build;
      return build ? OF_A_BUILD.map((name) => `/pkg/${build}/${name}`) : [path];
    });
    return page.evaluate(async (assets) => {
      const cache = await caches.open('assets');
      const found = await Promise.all(assets.map(async (asset) => ((await cache.match(asset)) ? [] : [asset])));
      return found.flat();
    }, [...wanted, '/offline']);
  };
  await expect.poll(missing, { message: 'not kept yet', timeout: 15_000 }).toEqual([]);
}

/** Puts records into the database of unsent work, as the tools do while there is no network. */
export async function putWork(page: Page, user: string, unsent: number, refused: number): Promise<void> {
  await page.evaluate(
    async ([user, unsent, refused]) => {
      const request = indexedDB.open(`promptgrimoire-${user}`, 1);
      request.onupgradeneeded = () => {
        for (const store of ['journal', 'states', 'aside']) request.result.createObjectStore(store);
      };
      await new Promise((resolve) => (request.onsuccess = resolve));
      const writing = request.result.transaction(['journal', 'aside'], 'readwrite');
      for (let at = 0; at < unsent; at++) writing.objectStore('journal').put({ at }, `elsewhere/${at}`);
      for (let at = 0; at < refused; at++) writing.objectStore('aside').put({ at }, `elsewhere/${at}`);
      await new Promise((resolve) => (writing.oncomplete = resolve));
      request.result.close();
    },
    [user, unsent, refused] as const,
  );
}

/** As the tools keep it (`annotate/away.rs`). */
interface Aside {
  key: string;
  at: number;
  what: string;
  text: string;
  intent: unknown;
}

/** Puts work aside as if the server had not taken it at some time, of somebody who has a database. */
export async function putAside(page: Page, user: string, ...aside: Aside[]): Promise<void> {
  await page.evaluate(
    async ([name, aside]) => {
      const request = indexedDB.open(name);
      await new Promise((resolve) => (request.onsuccess = resolve));
      const writing = request.result.transaction('aside', 'readwrite');
      for (const { key, intent, ...item } of aside) {
        writing.objectStore('aside').put(JSON.stringify({ ...item, key, why: 'It was not taken', intent: JSON.stringify(intent) }), key);
      }
      await new Promise((resolve) => (writing.oncomplete = resolve));
      request.result.close();
    },
    [`promptgrimoire-${user}`, aside] as const,
  );
}

/**
 * Holds the database of somebody, from a page of theirs, so that no other page can open it (`opening`) or write changes
 * into it (`writing`) until it is released: as a disk that is slow, or another page that upgrades.
 */
export async function holdDisk(page: Page, user: string, what: 'opening' | 'writing'): Promise<() => Promise<void>> {
  await page.evaluate(
    async ([name, what]) => {
      const request = indexedDB.open(name, 1);
      let isHeld: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (isHeld = resolve));
      // A transaction lives as long as something is asked of it.
      const hold = (store: IDBObjectStore) => {
        isHeld();
        if (document.documentElement.dataset.released === undefined) store.get('nothing').onsuccess = () => hold(store);
      };
      request.onupgradeneeded = () => {
        for (const store of ['states', 'aside']) request.result.createObjectStore(store, { autoIncrement: true });
        const journal = request.result.createObjectStore('journal', { autoIncrement: true });
        if (what === 'opening') hold(journal);
      };
      request.onsuccess = () => {
        if (what === 'opening') return request.result.close();
        const writing = request.result.transaction('journal', 'readwrite');
        writing.oncomplete = () => request.result.close();
        hold(writing.objectStore('journal'));
      };
      await held;
    },
    [`promptgrimoire-${user}`, what] as const,
  );
  return () => page.evaluate(() => void (document.documentElement.dataset.released = ''));
}

/** Puts a change into the journal, as a page of another version leaves it: nobody knows what it was meant to be. */
export async function putChange(page: Page, user: string, conversation: string, update: Uint8Array): Promise<void> {
  await page.evaluate(
    async ([name, conversation, bytes]) => {
      const request = indexedDB.open(name, 1);
      await new Promise((resolve) => (request.onsuccess = resolve));
      const writing = request.result.transaction('journal', 'readwrite');
      const key = `${conversation}/${`${Date.now()}`.padStart(15, '0')}/gone/0000000001`;
      writing.objectStore('journal').put({ update: Uint8Array.from(bytes), intent: '{"Command":{"RenameTag":{}}}' }, key);
      await new Promise((resolve) => (writing.oncomplete = resolve));
      request.result.close();
    },
    [`promptgrimoire-${user}`, conversation, [...update]] as const,
  );
}

/** Waits until the document of a conversation is on this device, with its tags and highlights, and with these words in it. */
export async function expectDocumentKept(page: Page, user: string, conversation: string, words = ''): Promise<void> {
  const isKept = () =>
    page.evaluate(
      async ([name, conversation, words]) => {
        const request = indexedDB.open(name);
        request.onupgradeneeded = () => request.transaction?.abort();
        const opened = await new Promise((resolve) => {
          request.onsuccess = () => resolve(true);
          request.onerror = () => resolve(false);
        });
        if (!opened) return false;
        const state = request.result.transaction('states').objectStore('states').get(conversation);
        await new Promise((resolve) => (state.onsuccess = resolve));
        request.result.close();
        return state.result !== undefined && new TextDecoder().decode(state.result.update).includes(words);
      },
      [`promptgrimoire-${user}`, conversation, words] as const,
    );
  await expect.poll(isKept, { message: 'the document is not kept yet', timeout: 15_000 }).toBe(true);
}

/** The document of a conversation, as this device has it: an update. */
export async function documentKept(page: Page, user: string, conversation: string): Promise<Buffer> {
  const bytes = await page.evaluate(
    async ([name, conversation]) => {
      const request = indexedDB.open(name);
      await new Promise((resolve) => (request.onsuccess = resolve));
      const state = request.result.transaction('states').objectStore('states').get(conversation);
      await new Promise((resolve) => (state.onsuccess = resolve));
      request.result.close();
      return [...(state.result.update as Uint8Array)];
    },
    [`promptgrimoire-${user}`, conversation] as const,
  );
  return Buffer.from(bytes);
}

/** All pages that are kept for times without a network, as one text. */
export function keptPages(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith('pages-'));
    const texts = names.map(async (name) => {
      const cache = await caches.open(name);
      const pages = (await cache.keys()).map(async (request) => (await cache.match(request))?.text() ?? '');
      return Promise.all(pages);
    });
    return (await Promise.all(texts)).flat().join('\n');
  });
}

/** How many unsent changes of somebody this device holds; undefined where there is no database. */
export const unsentOf = (page: Page, user: string): Promise<number | undefined> => countOf(page, user, 'journal');

/** And how many that were not taken. The page shows them before they are on the disk. */
export const asideOf = (page: Page, user: string): Promise<number | undefined> => countOf(page, user, 'aside');

function countOf(page: Page, user: string, store: 'journal' | 'aside'): Promise<number | undefined> {
  return page.evaluate(
    async ([name, store]) => {
      if (!(await indexedDB.databases()).some((database) => database.name === name)) return undefined;
      const request = indexedDB.open(name);
      await new Promise((resolve) => (request.onsuccess = resolve));
      const count = request.result.transaction(store).objectStore(store).count();
      await new Promise((resolve) => (count.onsuccess = resolve));
      request.result.close();
      return count.result;
    },
    [`promptgrimoire-${user}`, store] as const,
  );
}

/** Puts documents beside those that somebody keeps on this device, as if they had been visited at these times (ms) and were that large (bytes). */
export function putDocuments(page: Page, user: string, documents: Record<string, { size: number; at: number }>): Promise<void> {
  return page.evaluate(
    async ([name, documents]) => {
      const done = (request: IDBRequest) => new Promise((resolve) => (request.onsuccess = resolve));
      const request = indexedDB.open(name);
      await done(request);
      const txn = request.result.transaction('states', 'readwrite');
      const states = txn.objectStore('states');
      const index = states.get('index');
      await done(index);
      states.put(JSON.stringify({ ...JSON.parse(index.result), ...documents }), 'index');
      for (const id of Object.keys(documents)) states.put({ epoch: 1, at: 1, update: new Uint8Array([0, 0]) }, id);
      await new Promise((resolve) => (txn.oncomplete = resolve));
      request.result.close();
    },
    [`promptgrimoire-${user}`, documents] as const,
  );
}

/** Which documents somebody keeps on this device. */
export function keptDocuments(page: Page, user: string): Promise<string[]> {
  return page.evaluate(async (name) => {
    const request = indexedDB.open(name);
    await new Promise((resolve) => (request.onsuccess = resolve));
    const keys = request.result.transaction('states').objectStore('states').getAllKeys();
    await new Promise((resolve) => (keys.onsuccess = resolve));
    request.result.close();
    return keys.result.map(String).filter((key) => key !== 'index');
  }, `promptgrimoire-${user}`);
}

/** Runs in the page. A window has a minute to open before the worker takes it for closed. */
export async function letTheMinutePass(): Promise<void> {
  const cache = await caches.open('book');
  const book = await (await cache.match('/book'))?.json();
  for (const client of Object.values<{ seen: number }>(book.clients)) client.seen = 0;
  await cache.put('/book', new Response(JSON.stringify(book)));
}
