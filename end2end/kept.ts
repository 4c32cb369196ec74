import { expect, type Page } from '@playwright/test';

/** What a browser says while nobody answers: the journey brings it about. `ERR_FAILED` is what it makes of the worker's own failure. */
export const NO_NETWORK = [
  /WebSocket connection to/,
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

/** Waits until these pages can be opened without a network: they, and all that their build brought. */
export async function expectKept(page: Page, ...paths: string[]): Promise<void> {
  const missing = async () => {
    const pages = (await book(page))?.pages ?? {};
    const wanted = paths.flatMap((path) => {
      const build = pages[path]?.build;
      return build ? ['app.css', 'app.js', 'app_bg.wasm'].map((name) => `/pkg/${build}/${name}`) : [path];
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

/** Waits until the document of a conversation is on this device, with its tags and highlights. */
export async function expectDocumentKept(page: Page, user: string, conversation: string): Promise<void> {
  const isKept = () =>
    page.evaluate(
      async ([name, conversation]) => {
        const request = indexedDB.open(name);
        request.onupgradeneeded = () => request.transaction?.abort();
        const opened = await new Promise((resolve) => {
          request.onsuccess = () => resolve(true);
          request.onerror = () => resolve(false);
        });
        if (!opened) return false;
        const key = request.result.transaction('states').objectStore('states').getKey(conversation);
        await new Promise((resolve) => (key.onsuccess = resolve));
        request.result.close();
        return key.result !== undefined;
      },
      [`promptgrimoire-${user}`, conversation] as const,
    );
  await expect.poll(isKept, { message: 'the document is not kept yet', timeout: 15_000 }).toBe(true);
}

/** How many unsent changes of somebody this device holds; undefined where there is no database. */
export function unsentOf(page: Page, user: string): Promise<number | undefined> {
  return page.evaluate(async (name) => {
    if (!(await indexedDB.databases()).some((database) => database.name === name)) return undefined;
    const request = indexedDB.open(name);
    await new Promise((resolve) => (request.onsuccess = resolve));
    const count = request.result.transaction('journal').objectStore('journal').count();
    await new Promise((resolve) => (count.onsuccess = resolve));
    request.result.close();
    return count.result;
  }, `promptgrimoire-${user}`);
}

/** Runs in the page. A window has a minute to open before the worker takes it for closed. */
export async function letTheMinutePass(): Promise<void> {
  const cache = await caches.open('book');
  const book = await (await cache.match('/book'))?.json();
  for (const client of Object.values<{ seen: number }>(book.clients)) client.seen = 0;
  await cache.put('/book', new Response(JSON.stringify(book)));
}
