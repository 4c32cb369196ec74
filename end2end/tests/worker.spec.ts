import type { Page } from '@playwright/test';
import { expect } from '../fixtures.ts';
import { book, expectKept, keptBuilds, keptUsers, letTheMinutePass } from '../kept.ts';
import type { Answer } from '../stand_in.ts';
import { holdBack, keptPaths, listed, openUnder, takeOver, tell, test, text, visit } from '../under_worker.ts';

test('a page that the worker took over while it was loading is kept too', async ({ standIn, browser }) => {
  let release = () => {};
  const rest = new Promise<void>((resolve) => (release = resolve));
  standIn.answer = (path) => ({ user: 'ann', text: path, ...(path === '/half' && { registersAfter: rest }) });
  const context = await browser.newContext({ baseURL: standIn.origin });
  const [half, other] = [await context.newPage(), await context.newPage()];
  await half.goto('/half', { waitUntil: 'commit' });
  await expect(text(half)).toHaveText('/half');
  await other.goto('/other');
  await other.evaluate(takeOver);
  await expect.poll(() => half.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
  release();
  await expect.poll(() => keptPaths(half)).toEqual(['/half']);

  // It needs what it came with, though a newer build of it is kept now.
  await expectKept(half, '/half');
  standIn.build = '2';
  await other.goto('/half');
  await expect.poll(async () => (await book(other))?.pages['/half']?.build).toBe('2');
  await expectKept(other, '/half');
  await expect.poll(() => offlineBuild(other)).toBe('2');
  await other.evaluate(letTheMinutePass);
  await visit(other, '/other');
  expect(await keptBuilds(other)).toEqual(['1', '2']);
  await context.close();
});

test('an error of the server is not shown where the page is kept, and is where it is not', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `page ${path}` });
  await visit(at, '/c/1');
  for (const status of [500, 502, 503, 504]) {
    standIn.answer = () => ({ status, user: 'ann', text: 'broken' });
    await at.goto('/c/1');
    await expect(text(at)).toHaveText('page /c/1');
    const other = await at.goto('/c/2');
    await expect(text(at)).toHaveText('broken');
    expect(other?.status()).toBe(status);
  }
});

test('what somebody else puts into an address does not matter, and a branch does', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `page ${path}` });
  await visit(at, '/');
  await visit(at, '/c/1');
  await visit(at, '/c/1?branch=2');
  await visit(at, '/search?q=a');
  await at.goto('/c/2?utm_source=lms');
  await expect.poll(() => keptPaths(at)).toEqual(['/', '/c/1', '/c/1?branch=2', '/c/2', '/search?q=a']);
  await standIn.close();
  const shown = [
    ['/?utm_source=lms', 'page /'],
    ['/c/1?utm_source=lms&x', 'page /c/1'],
    ['/c/1?x=1&branch=2', 'page /c/1?branch=2'],
    ['/c/1?branch=3', 'no connection'],
    ['/c/2', 'page /c/2?utm_source=lms'],
    ['/?list=mine', 'no connection'],
    ['/search?q=b', 'no connection'],
  ] as const;
  for (const [path, words] of shown) {
    await at.goto(path);
    await expect(text(at), path).toHaveText(words);
  }
});

for (const status of [403, 404, 410]) {
  test(`a page that is no longer theirs is not kept: ${status}`, async ({ at, standIn }) => {
    standIn.answer = (path) => ({ user: 'ann', text: `page ${path}` });
    await visit(at, '/c/1');
    await visit(at, '/c/2');
    standIn.answer = () => ({ status, user: 'ann', text: 'not yours' });
    await at.goto('/c/1');
    await expect(text(at)).toHaveText('not yours');
    await expect.poll(() => keptPaths(at)).toEqual(['/c/2']);
    await standIn.close();
    await at.goto('/c/1');
    await expect(text(at)).toHaveText('no connection');
    await at.goto('/c/2');
    await expect(text(at)).toHaveText('page /c/2');
  });
}

test('of a conversation that is thrown away no page is kept, though nobody goes there', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `page ${path}` });
  for (const path of ['/c/1', '/c/1?branch=b', '/c/1/share', '/c/12', '/c/2']) await visit(at, path);
  await tell(at, { kind: 'gone', path: '/c/1' });
  expect(await keptPaths(at)).toEqual(['/c/12', '/c/2']);
});

test('what is no page of theirs is not kept', async ({ at, standIn }) => {
  const answers: Record<string, Answer> = {
    '/nobodys': { user: 'none', text: 'sign in' },
    '/anybodys': { text: 'no header' },
    '/broken': { user: 'ann', status: 500 },
  };
  for (const path of ['/api/v1/me', '/sync/1', '/dev/people', '/healthz', '/readyz', '/metrics']) answers[path] = { user: 'ann', text: 'data' };
  standIn.answer = (path) => answers[path] ?? { user: 'ann', text: path };
  await visit(at, '/first');
  for (const path of Object.keys(answers)) await at.goto(path);
  await visit(at, '/last');
  expect(await keptPaths(at)).toEqual(['/first', '/last']);
});

test('nothing is asked for twice, be it a page or not', async ({ at, standIn }) => {
  // It has taken the page over before its wish to be preloaded for is written down; it is active when both are done.
  await expect.poll(() => at.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)).toBe('activated');
  const asked: string[] = [];
  standIn.answer = (path) => {
    asked.push(path);
    return { user: 'ann', text: path };
  };
  await visit(at, '/c/1');
  await at.goto('/api/v1/me');
  await visit(at, '/c/2');
  expect(asked).toEqual(['/c/1', '/api/v1/me', '/c/2']);
  expect(standIn.preloaded, 'while the worker starts').toEqual(asked);
});

test('assets come from what is kept, and those that are not kept from the network', async ({ at, standIn }) => {
  const load = (path: string) => at.evaluate((path) => fetch(path).then((answer) => answer.text(), () => 'failed'), path);
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await visit(at, '/');
  await expectKept(at, '/');
  expect(await load('/fonts/other.woff2')).toBe('asset /fonts/other.woff2');
  await standIn.close();
  for (const path of ['/pkg/1/app.css', '/pkg/1/app_bg.wasm', '/favicon.svg', '/fonts/other.woff2']) {
    expect(await load(path), path).toBe(`asset ${path}`);
  }
  expect(await load('/fonts/another.woff2')).toBe('failed');
});

test('the files of a build are kept while a page or a window is of it', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  const open = async (page: Page, path: string, build: string) => {
    const kept = async () => (await book(at))?.pages[path];
    const before = (await kept())?.visited;
    standIn.build = build;
    await page.goto(path);
    await expect.poll(async () => (await kept())?.visited, 'kept anew').not.toBe(before);
    expect((await kept())?.build).toBe(build);
    await expectKept(page, path);
    await expect.poll(() => offlineBuild(page)).toBe(build);
    await page.evaluate(letTheMinutePass);
  };
  await open(at, '/c/1', '1');
  await open(at, '/c/2', '2');
  await open(at, '/c/3', '2');
  expect(await keptBuilds(at), 'the first page is of the old build').toEqual(['1', '2']);

  const window = await at.context().newPage();
  await open(window, '/c/1', '1');
  await open(at, '/c/1', '2');
  await open(at, '/c/2', '2');
  expect(await keptBuilds(at), 'a window is').toEqual(['1', '2']);
  await window.close();
  await open(at, '/c/3', '2');
  await expect.poll(() => keptBuilds(at)).toEqual(['2']);
});

/** Of which build the page for times without a network is. */
const offlineBuild = (page: Page) =>
  page.evaluate(async () => {
    const page = await (await caches.open('assets')).match('/offline');
    return (await page?.text())?.match(/\/pkg\/([^/]+)/)?.[1];
  });

test('sixty pages are kept, and the one opened longest ago goes first', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `page ${path}` });
  await visit(at, '/first');
  for (let number = 1; number < 60; number++) await at.goto(`/c/${number}`);
  await expect.poll(async () => (await keptPaths(at)).length).toBe(60);
  // Opened again, it is the newest.
  const before = (await book(at))?.pages['/first'];
  await at.goto('/first');
  await expect.poll(async () => (await book(at))?.pages['/first']).not.toEqual(before);
  await visit(at, '/c/60');
  const paths = await keptPaths(at);
  expect(paths).toHaveLength(60);
  expect(paths).toContain('/first');
  expect(paths).not.toContain('/c/1');
  const held = await at.evaluate(async () => (await (await caches.open('pages-ann')).keys()).length);
  expect(held).toBe(60);
});

test('an answer that comes late does not bring back who was here before', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `Ann’s ${path}` });
  await visit(at, '/c/1');
  let release: (answer: Answer) => void = () => {};
  const arrived = new Promise<void>((asked) => {
    standIn.answer = (path) => {
      if (path !== '/slow') return { user: 'ben', text: `Ben’s ${path}` };
      asked();
      return new Promise((resolve) => (release = resolve));
    };
  });
  const tab = await at.context().newPage();
  const opening = tab.goto('/slow');
  await arrived;
  await visit(at, '/c/2');
  expect(await keptUsers(at)).toEqual(['ben']);

  release({ user: 'ann', text: 'Ann’s, late' });
  await opening;
  await expect(text(tab)).toHaveText('Ann’s, late');
  // After it, so that it has been dealt with.
  await visit(at, '/c/3');
  expect(await keptUsers(at)).toEqual(['ben']);
  expect(await keptPaths(at)).toEqual(['/c/2', '/c/3']);
});

test('a redirect is not taken for the person who was here before', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: `Ann’s ${path}` });
  await visit(at, '/');
  // Somebody comes by a link that signs them in, and is sent on to a page that does not come.
  let asked: () => void = () => {};
  const onTheWay = new Promise<void>((resolve) => (asked = resolve));
  standIn.answer = (path) => {
    if (path === '/enter') return { status: 303, location: '/' };
    asked();
    return undefined;
  };
  const tab = await at.context().newPage();
  const opening = tab.goto('/enter').catch(() => {});
  await onTheWay;
  await standIn.close();
  await opening;
  await expect(text(tab)).toHaveText('no connection');
});

test('after a form is sent nobody’s pages are shown, and what was asked for before it brings nobody back', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await visit(at, '/c/1');
  const slow = holdBack(standIn, '/slow', { text: 'for anybody' });
  const tab = await at.context().newPage();
  const opening = tab.goto('/slow');
  await slow.asked;
  // Whom it signs in is not known before its answer, which does not come.
  const form = holdBack(standIn, '/sign-in', { text: 'for anybody' });
  await at.evaluate(() => {
    const form = Object.assign(document.createElement('form'), { method: 'post', action: '/sign-in' });
    document.body.append(form);
    form.submit();
  });
  await form.asked;
  slow.release({ user: 'ann', text: 'late' });
  await opening;
  await expect(text(tab)).toHaveText('late');
  expect(await listed(tab)).toEqual([]);
  await standIn.close();
  await tab.goto('/c/1');
  await expect(text(tab)).toHaveText('no connection');
});

test('a page that is asked for once more and comes late does not bring back who was here before', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await visit(at, '/c/1');
  const again = holdBack(standIn, '/c/1', { user: 'ben', text: 'Ben’s' });
  const told = tell(at, { kind: 'page' });
  await again.asked;
  await visit(await at.context().newPage(), '/c/2');
  again.release({ user: 'ann', text: 'Ann’s, late' });
  await told;
  expect(await keptUsers(at)).toEqual(['ben']);
  expect(await listed(at)).toEqual(['/c/2']);
});

test('what is gone for one person is not taken from another, and nothing is when nobody is here', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ben', text: path });
  await visit(at, '/c/1');
  const late = holdBack(standIn, '/c/1');
  const tab = await at.context().newPage();
  const opening = tab.goto('/c/1');
  await late.asked;
  await visit(at, '/c/2');
  late.release({ status: 404, user: 'ann', text: 'gone for Ann' });
  await opening;
  await expect(text(tab)).toHaveText('gone for Ann');
  expect(await listed(at)).toEqual(['/c/2', '/c/1']);

  standIn.answer = () => ({ status: 404, user: 'none', text: 'gone for nobody' });
  await tab.goto('/c/1');
  await expect.poll(async () => (await book(at))?.user).toBe('none');
  standIn.answer = (path) => ({ user: 'ben', text: path });
  await visit(at, '/c/3');
  expect(await listed(at)).toEqual(['/c/3', '/c/2', '/c/1']);
});

test('a copy that says that it is another’s is not shown, whatever the worker remembers', async ({ at, standIn }) => {
  standIn.answer = (path) => ({ user: 'ann', text: path });
  await visit(at, '/c/1');
  await at.evaluate(async () => {
    const headers = { 'content-type': 'text/html', 'x-promptgrimoire-user': 'ben' };
    await (await caches.open('pages-ann')).put('/c/1', new Response('<p>Ben’s</p>', { headers }));
  });
  await standIn.close();
  await at.goto('/c/1');
  await expect(text(at)).toHaveText('no connection');
});

/** Stands before the worker's script: its clock goes on as it is told, and says how many wait for it. */
const CLOCK = `
  let waiting = [];
  setTimeout = (done, left) => waiting.push({ done, left });
  addEventListener("message", ({ data, ports }) => {
    if (data.passed === undefined) return;
    for (const timer of waiting) timer.left -= data.passed;
    const due = waiting.filter(({ left }) => left <= 0);
    waiting = waiting.filter(({ left }) => left > 0);
    for (const { done } of due) done();
    ports[0].postMessage(waiting.length);
  });
`;

test('for four seconds a network is waited for, and for ten where nothing is kept; what comes later is kept', async ({ standIn, browser }) => {
  standIn.worker = CLOCK + standIn.worker;
  const at = await openUnder(standIn, browser);
  const pass = (passed: number) => tell(at, { passed });
  standIn.answer = () => ({ user: 'ann', text: 'kept' });
  await visit(at, '/c/1');
  const tab = await at.context().newPage();
  const ask = async (path: string) => {
    await pass(4_000);
    const answer = holdBack(standIn, path);
    const opening = tab.goto(path);
    await answer.asked;
    await expect.poll(() => pass(0), 'the worker waits').toBe(1);
    return { answer, opening };
  };

  const inTime = await ask('/c/1');
  await pass(3_900);
  inTime.answer.release({ text: 'for anybody, in time' });
  await inTime.opening;
  await expect(text(tab)).toHaveText('for anybody, in time');

  const tooLate = await ask('/c/1');
  await pass(4_000);
  await tooLate.opening;
  await expect(text(tab)).toHaveText('kept');

  const notKept = await ask('/c/2');
  await pass(4_000);
  await expect.poll(() => pass(0), 'it waits on').toBe(1);
  await pass(5_900);
  notKept.answer.release({ text: 'after all' });
  await notKept.opening;
  await expect(text(tab)).toHaveText('after all');

  const late = await ask('/c/3');
  await pass(4_000);
  await expect.poll(() => pass(0), 'it waits on').toBe(1);
  await pass(6_000);
  await late.opening;
  await expect(text(tab)).toHaveText('no connection');
  late.answer.release({ user: 'ann', text: 'late' });
  await expect.poll(() => keptPaths(at), 'it is there at the next try').toContain('/c/3');
  await at.context().close();
});
