import type { Page } from '@playwright/test';
import { expect } from '../fixtures.ts';
import { book, expectKept, keptBuilds, keptUsers, letTheMinutePass } from '../kept.ts';
import { type Answer, StandIn } from '../stand_in.ts';
import { keptPaths, listed, openUnder, tell, test, text, visit } from '../under_worker.ts';

const load = (page: Page, path: string) => page.evaluate((path) => fetch(path).then((answer) => answer.text()), path);

const isKept = (page: Page, path: string) =>
  page.evaluate(async (path) => (await (await caches.open('assets')).match(path)) !== undefined, path);

const offlinePage = (page: Page) => page.evaluate(async () => (await (await caches.open('assets')).match('/offline'))?.text());

test('a new version of the worker takes over while pages are open, and keeps what the old one kept', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `page ${path}` });
  await visit(at, '/c/1');
  standIn.worker += '\n// A newer version.';
  await at.evaluate(async () => {
    const changed = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
    await (await navigator.serviceWorker.ready).update();
    await changed;
  });
  await visit(at, '/c/2');
  await standIn.close();
  for (const path of ['/c/1', '/c/2']) {
    await at.goto(path);
    await expect(text(at)).toHaveText(`page ${path}`);
  }
});

test('what is of another origin is none of the worker’s', async ({ at }) => {
  const other = await StandIn.listen(0);
  try {
    other.asset = () => ({ text: 'theirs' });
    expect(await load(at, `${other.origin}/fonts/theirs.woff2`)).toBe('theirs');
    expect(await isKept(at, '/fonts/theirs.woff2')).toBe(false);
  } finally {
    await other.close();
  }
});

test('what is no text of HTML is not kept, and addresses that differ in their question are two', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `page ${path}`, ...(path === '/export' && { type: 'text/plain' }) });
  await visit(at, '/?list=mine');
  await at.goto('/export');
  await visit(at, '/?list=shared');
  expect(await keptPaths(at)).toEqual(['/?list=mine', '/?list=shared']);
  await standIn.close();
  await at.goto('/?list=mine');
  await expect(text(at)).toHaveText('page /?list=mine');
});

test('pages that come at the same time are all kept', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  const paths = Array.from({ length: 8 }, (_, number) => `/c/${number}`);
  const tabs = await Promise.all(paths.map(() => at.context().newPage()));
  await Promise.all(tabs.map((tab, number) => tab.goto(paths[number] ?? '')));
  await expect.poll(() => keptPaths(at)).toEqual(paths);
});

test('what is listed is of whoever is here, what was opened last first', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  for (const path of ['/c/1', '/c/2']) await visit(at, path);
  // Shown from what is kept, it was opened too.
  standIn.answer = () => ({ status: 503 });
  await at.goto('/c/1');
  await expect(text(at)).toHaveText('/c/1');
  expect(await listed(at)).toEqual(['/c/1', '/c/2']);
  standIn.answer = () => ({ user: 'none', text: 'sign in' });
  await at.goto('/sign-in');
  await expect.poll(async () => (await book(at))?.user).toBe('none');
  expect(await listed(at)).toEqual([]);
  await standIn.close();
  await at.goto('/c/1');
  await expect(text(at)).toHaveText('no connection');
});

test('after signing out a late page brings nobody back', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await visit(at, '/c/1');
  let release: (answer: Answer) => void = () => {};
  const asked = new Promise<void>((arrived) => {
    standIn.answer = (path) => {
      if (path !== '/slow') return { user: 'none', text: path };
      arrived();
      return new Promise((resolve) => (release = resolve));
    };
  });
  const tab = await at.context().newPage();
  const opening = tab.goto('/slow');
  await asked;
  await tell(at, { kind: 'signed-out', user: 'ann' });
  release({ user: 'ann', text: 'late' });
  await opening;
  // After it, so that it has been dealt with.
  await at.goto('/sign-in');
  await expect.poll(async () => (await book(at))?.pages).toEqual({});
  expect(await keptUsers(at)).toEqual([]);
  expect(await listed(at)).toEqual([]);
});

test('who signs out in an old tab takes nothing of whoever is here now', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ben', text: path });
  await visit(at, '/c/1');
  await tell(at, { kind: 'signed-out', user: 'ann' });
  expect(await keptUsers(at)).toEqual(['ben']);
  expect(await listed(at)).toEqual(['/c/1']);
});

test('a font is not asked for again for a day, and then in the background', async ({ at, standIn }) => {
  const answered = (text: string, date: Date) => {
    standIn.asset = () => ({ text, date });
  };
  answered('first', new Date());
  for (const text of ['first', 'second']) {
    expect(await load(at, '/fonts/new.woff2')).toBe('first');
    await expect.poll(() => isKept(at, '/fonts/new.woff2')).toBe(true);
    answered(text, new Date());
  }
  expect(standIn.assetsAsked.filter((path) => path === '/fonts/new.woff2')).toHaveLength(1);

  answered('old', new Date(Date.now() - 25 * 60 * 60 * 1000));
  expect(await load(at, '/fonts/old.woff2')).toBe('old');
  await expect.poll(() => isKept(at, '/fonts/old.woff2')).toBe(true);
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  standIn.asset = () => released.then(() => ({ text: 'renewed' }));
  expect(await load(at, '/fonts/old.woff2'), 'not waited for').toBe('old');
  release();
  await expect.poll(() => load(at, '/fonts/old.woff2')).toBe('renewed');
});

test('an asset that is not there is not kept as if it were, and each is asked for once', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  standIn.asset = () => ({ status: 404, text: 'not found' });
  expect(await load(at, '/pkg/1/late.js')).toBe('not found');
  standIn.asset = (path) => ({ text: `asset ${path}` });
  await expect.poll(() => load(at, '/pkg/1/late.js')).toBe('asset /pkg/1/late.js');
  standIn.assetsAsked = [];
  standIn.build = '2';
  await visit(at, '/c/1');
  await expectKept(at, '/c/1');
  // The page for times without a network comes last, after what it needs.
  await expect.poll(() => offlinePage(at)).toContain('/pkg/2/');
  const ofBuild = standIn.assetsAsked.filter((path) => path.startsWith('/pkg/2/')).sort();
  expect(ofBuild).toEqual([...new Set(ofBuild)]);
  standIn.assetsAsked = [];
  expect(await load(at, '/pkg/2/app.css')).toBe('asset /pkg/2/app.css');
  expect(standIn.assetsAsked, 'the same bytes for ever').toEqual([]);
});

test('only assets are taken from what a page says that it has loaded', async ({ at, standIn }) => {
  standIn.answer = () => ({ user: 'ann', text: 'data' });
  await tell(at, { kind: 'assets', paths: ['/api/v1/me', '/fonts/told.woff2'] });
  expect(await isKept(at, '/fonts/told.woff2')).toBe(true);
  expect(await isKept(at, '/api/v1/me')).toBe(false);
});

test('a page for times without a network that is broken does not take the place of the one before', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  standIn.offline = { status: 503, text: 'broken' };
  standIn.build = '2';
  await visit(at, '/c/1');
  await expectKept(at, '/c/1');
  // Kept once more, after the first has been dealt with.
  await visit(at, '/c/2');
  expect(await keptBuilds(at), 'with its own files').toEqual(['1', '2']);
  await standIn.close();
  await at.goto('/c/3');
  await expect(text(at)).toHaveText('no connection');
});

test('the page for times without a network comes with all that it needs, before any other page', async ({ at, standIn }) => {
  await standIn.close();
  const sheets = ['/pkg/1/app.css', '/pkg/1/pages.css'];
  const faces = ['inter-latin-wght-normal', 'jetbrains-mono-latin-wght-normal', 'source-serif-4-latin-wght-italic', 'source-serif-4-latin-wght-normal'];
  for (const path of [...sheets, '/favicon.svg', ...faces.map((face) => `/fonts/${face}.woff2`)]) {
    expect(await load(at, path), path).toBe(`asset ${path}`);
  }
  await at.goto('/c/1');
  await expect(text(at)).toHaveText('no connection');
});

test('the page for times without a network is not renewed before its files are there, and once for a build', async ({ at, standIn }) => {
  const offline = () => offlinePage(at);
  standIn.answer = (path) => ({ user: 'ann', text: path });
  standIn.offline = { text: 'no connection, says the new build', build: '3' };
  standIn.asset = (path) => (path.startsWith('/pkg/3/') ? { status: 404 } : { text: `asset ${path}` });
  standIn.build = '2';
  await visit(at, '/c/1');
  await expect.poll(() => standIn.assetsAsked).toContain('/pkg/3/pages.css');
  expect(await offline()).not.toContain('new build');

  standIn.asset = (path) => ({ text: `asset ${path}` });
  standIn.build = '3';
  await visit(at, '/c/2');
  await expect.poll(offline).toContain('new build');
  standIn.assetsAsked = [];
  for (const path of ['/c/3', '/c/4']) await visit(at, path);
  expect(standIn.assetsAsked.filter((path) => path === '/offline' || path.endsWith('.wasm'))).toEqual([]);
});

const NOT_WHOLE: Record<string, (standIn: StandIn) => void> = {
  'that is broken': (standIn) => (standIn.offline = { status: 503, text: 'broken' }),
  'that leads elsewhere': (standIn) => Object.assign(standIn, { offline: { status: 303, location: '/' }, answer: () => ({ text: 'elsewhere' }) }),
  'without its style': (standIn) => (standIn.asset = (path) => ({ status: path.endsWith('/pages.css') ? 404 : 200 })),
};
for (const [what, make] of Object.entries(NOT_WHOLE)) {
  test(`a page for times without a network ${what} starts no worker`, async ({ standIn, page }) => {
    standIn.answer = () => ({ text: 'empty' });
    await page.goto(standIn.origin);
    make(standIn);
    const state = await page.evaluate(async () => {
      const { installing, waiting, active } = await navigator.serviceWorker.register('/service-worker.js');
      const worker = installing ?? waiting ?? active;
      if (worker?.state === 'installing') await new Promise((resolve) => worker.addEventListener('statechange', resolve));
      return worker?.state;
    });
    expect(state).toBe('redundant');
  });
}

test('the files of a build are kept while a window that was opened without a network is of it, and one that is opening', async ({ at, standIn }) => {
  const open = async (page: Page, path: string, build: string) => {
    const before = (await book(at))?.pages[path]?.visited;
    Object.assign(standIn, { build, answer: (path: string) => ({ user: 'ann', text: path }) });
    await page.goto(path);
    await expect.poll(async () => (await book(at))?.pages[path]?.visited).not.toBe(before);
    await expectKept(page, path);
  };
  await open(at, '/c/1', '1');
  await at.evaluate(letTheMinutePass);
  const window = await at.context().newPage();
  standIn.answer = () => ({ status: 503, text: 'broken' });
  await window.goto('/c/1');
  await expect(text(window)).toHaveText('/c/1');
  await at.evaluate(letTheMinutePass);
  for (const path of ['/c/1', '/c/2', '/c/3']) await open(at, path, '2');
  expect(await keptBuilds(at)).toEqual(['1', '2']);

  // The window is not listed any more, or not yet: it may be opening.
  await window.goto('about:blank');
  await at.evaluate(async () => {
    const cache = await caches.open('book');
    const book = await (await cache.match('/book'))?.json();
    book.clients.opening = { build: '1', seen: Date.now() };
    await cache.put('/book', new Response(JSON.stringify(book)));
  });
  await open(at, '/c/2', '2');
  expect(await keptBuilds(at)).toEqual(['1', '2']);
  await window.close();
  await at.evaluate(letTheMinutePass);
  await open(at, '/c/3', '2');
  await expect.poll(() => keptBuilds(at)).toEqual(['2']);
});

/** Stands before the worker's script: a disk that does as it is told. */
const DISK = `
  const told = {};
  let failures = 0;
  addEventListener("message", ({ data, ports }) => { if (data.disk) { Object.assign(told, data.disk); ports[0].postMessage(failures); } });
  const { put } = Cache.prototype;
  Cache.prototype.put = async function (path, response) {
    const isFull = path === "/book" ? told.full : String(path).startsWith("/c/") && (await this.keys()).length >= told.room;
    if (isFull) throw new DOMException("no room", "QuotaExceededError");
    if (path === told.bad) {
      failures += 1;
      throw new DOMException("broken", "UnknownError");
    }
    return put.call(this, path, response);
  };
  const { open, delete: remove } = CacheStorage.prototype;
  CacheStorage.prototype.open = async function (name) {
    if (told.broken) throw new DOMException("broken", "UnknownError");
    return open.call(this, name);
  };
  CacheStorage.prototype.delete = async function (name) {
    if (told.broken) throw new DOMException("broken", "UnknownError");
    return remove.call(this, name);
  };
`;

/** Answers how often it has failed. */
const told = (page: Page, disk: object) => tell(page, { disk });

test('where the disk is full the page opened longest ago makes room', async ({ standIn, browser }) => {
  standIn.worker = DISK + standIn.worker;
  const at = await openUnder(standIn, browser);
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await told(at, { room: 2 });
  for (const path of ['/c/1', '/c/2', '/c/3']) await visit(at, path);
  expect(await keptPaths(at)).toEqual(['/c/2', '/c/3']);
  await at.context().close();
});

test('a page that the disk does not take is not listed, and takes no other’s room', async ({ standIn, browser }) => {
  standIn.worker = DISK + standIn.worker;
  const at = await openUnder(standIn, browser);
  standIn.answer = (path) => ({ user: 'ann', text: path });
  for (const path of ['/c/1', '/c/2']) await visit(at, path);
  await told(at, { bad: '/c/3' });
  await at.goto('/c/3');
  await expect.poll(() => told(at, {})).toBe(1);
  expect(await listed(at)).toEqual(['/c/2', '/c/1']);
  await at.context().close();
});

test('pages take no more room than they may, and the newest has it', async ({ standIn, browser }) => {
  standIn.worker = standIn.worker.replace('MAX_BYTES = 100 * 1024 * 1024', 'MAX_BYTES = 1000');
  const at = await openUnder(standIn, browser);
  standIn.answer = (path) => ({ user: 'ann', text: path.padEnd(path === '/c/4' ? 2_000 : 150, '.') });
  for (const path of ['/c/1', '/c/2', '/c/3']) await visit(at, path);
  expect(await keptPaths(at)).toEqual(['/c/2', '/c/3']);
  await visit(at, '/c/4');
  expect(await keptPaths(at)).toEqual(['/c/4']);
  await at.context().close();
});

test('what cannot be written down is known all the same, and nothing older is believed', async ({ standIn, browser }) => {
  standIn.worker = DISK + standIn.worker;
  const at = await openUnder(standIn, browser);
  standIn.answer = (path) => ({ user: 'ann', text: `Ann’s ${path}` });
  await visit(at, '/c/1');
  await told(at, { full: true });
  standIn.answer = (path) => ({ user: 'ben', text: `Ben’s ${path}` });
  await at.goto('/c/2');
  await expect.poll(() => listed(at)).toEqual(['/c/2']);
  standIn.answer = () => ({ status: 503 });
  await at.goto('/c/2');
  await expect(text(at)).toHaveText('Ben’s /c/2');

  // The worker is ended and started again: it does not know who is here.
  const session = await at.context().newCDPSession(at);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  expect(await listed(at)).toEqual([]);
  await at.context().close();
});

test('a disk that fails once loses no more than that, and whoever asks is answered', async ({ standIn, browser }) => {
  standIn.worker = DISK + standIn.worker;
  const at = await openUnder(standIn, browser);
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await visit(at, '/c/1');
  await told(at, { broken: true });
  expect(await tell(at, { kind: 'signed-out', user: 'ben' })).toBeNull();
  standIn.answer = () => ({ status: 503, text: 'broken' });
  await at.goto('/c/1');
  await expect(text(at), 'the server’s answer, there being no other').toHaveText('broken');
  expect(await load(at, '/fonts/other.woff2')).toBe('asset /fonts/other.woff2');
  await told(at, { broken: false });
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await visit(at, '/c/2');
  await at.context().close();
});
