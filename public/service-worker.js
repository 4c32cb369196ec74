// Starts the site without a network: pages that somebody has opened, and the scripts, styles and fonts they came with.
//
// Pages are private. Each says in a header whom it is for; only those of the person who was here last are kept or shown,
// and never another's (docs/ARCHITECTURE.md, invariants of pages). What people write is not here: it is in IndexedDB.
"use strict";

/** Of one person at most; what was opened longest ago goes first. */
const MAX_PAGES = 60;
const MAX_BYTES = 100 * 1024 * 1024;
/** A network that seems there and does not answer for this long is not waited for if the page is kept. */
const PATIENCE_MS = 4000;
/** Nor for so much longer where it is not: a train's network takes connections, and answers nothing. What comes later is kept. */
const LAST_PATIENCE_MS = 6000;
/** Fonts and the icon have no build in their address: after a day they are looked up again, in the background. */
const FRESH_MS = 24 * 60 * 60 * 1000;
/** How long a window may take from being navigated to being listed. */
const OPENING_MS = 60 * 1000;

/** Whom a page is for: a user's id, or `none` for somebody who is signed out. A page for anybody says nothing. */
const USER = "x-promptgrimoire-user";
const NOBODY = "none";

/** Of a request for a page that nobody opens with it. */
const COPY = "x-promptgrimoire-copy";

/** The cache of a person's pages is called this and their id. */
const PAGES = "pages-";
const ASSETS = "assets";
/** What the worker itself has to remember when it is ended and started again. */
const BOOK = "book";

const OFFLINE = "/offline";
/** The faces of the interface itself; those of other scripts are kept when a text asks for them. */
const OF_EVERY_PAGE = [
  "/favicon.svg",
  "/fonts/inter-latin-wght-normal.woff2",
  "/fonts/jetbrains-mono-latin-wght-normal.woff2",
  "/fonts/source-serif-4-latin-wght-italic.woff2",
  "/fonts/source-serif-4-latin-wght-normal.woff2",
];
/** What pages load of the build that made them (crates/app/src/shell.rs, start.js). */
const OF_A_BUILD = ["app.css", "math.css", "pages.css", "print.css", "app.js", "app_bg.wasm", "later.js", "split_later.wasm"];

const isAsset = (path) => /^\/(pkg|fonts)\/|^\/favicon\.svg$/.test(path);
/** Data, probes and sockets are never answered from what is kept. */
const isPage = (path) => !isAsset(path) && !/^\/(api|sync|dev|healthz|readyz|metrics)(\/|$)/.test(path);

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(keepOfflinePage());
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([registration.navigationPreload?.enable(), clients.claim()]));
});

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== location.origin) return;
  const isNavigation = mode === "navigate";
  if (method === "GET" && isAsset(pathname)) event.respondWith(asset(event, pathname));
  else if (isNavigation && method !== "GET") formIsSent(event);
  else if (isNavigation && isPage(pathname)) navigate(event);
  else if (method === "GET" && event.request.headers.has(COPY) && isPage(pathname)) renew(event);
  // The browser has asked already, and would ask once more.
  else if (isNavigation) event.respondWith(fromNetwork(event));
});

addEventListener("message", (event) => {
  const { data, source, ports } = event;
  const work = {
    page: () => fetchAndKeep(pathOf(source.url), source.id),
    assets: () => Promise.all(data.paths.filter(isAsset).map(keepAsset)),
    "signed-out": () => forget(data.user),
    ended: () => withBook((book) => dropConversation(book, new URL(source.url).pathname)),
    gone: () => withBook((book) => dropGone(book, data.path)),
    kept: listKept,
    shown: () => howShown(source.id),
    nobody: () => withBook(({ user }) => user === NOBODY),
  }[data.kind];
  if (!work) return;
  const done = work();
  event.waitUntil(done.then((reply) => ports[0]?.postMessage(reply ?? null), () => ports[0]?.postMessage(null)));
});

// Pages

/** Requests are numbered as they are sent: an answer that comes late must not bring back who was here before. */
let asked = 0;
let heard = 0;

/** Browsers ask the network for a page while they start the worker (navigation preload). */
const fromNetwork = async (event) => (await event.preloadResponse) ?? fetch(event.request);

/** The network first; the kept copy where it fails, is broken or takes too long; else, after a while, a page that says so. */
function navigate(event) {
  const number = ++asked;
  const path = pathOf(event.request.url);
  const network = fromNetwork(event);
  // Asked for first, so that it is copied before the browser begins to read it.
  const copy = network.then((response) => response.clone());
  const { resultingClientId: client } = event;
  event.waitUntil(copy.then((response) => took(response, path, number, client)).catch(() => {}));
  event.respondWith(answer(network, path, client));
}

async function answer(network, path, client) {
  const within = (time) => Promise.race([network.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, time))]);
  const first = await within(PATIENCE_MS);
  if (first && first.status < 500) return first;
  const kept = await keptPage(path, client).catch(() => undefined);
  if (kept) return kept;
  // Without a page that says so the browser's own has to do, and it waits longer.
  return first ?? (await within(LAST_PATIENCE_MS)) ?? (await keptAsset(OFFLINE)) ?? network.catch(() => Response.error());
}

/** An open page takes itself anew (`chat/page.js`): what is kept is what it shows then. */
function renew(event) {
  const number = ++asked;
  const network = fetch(event.request);
  const copy = network.then((response) => response.clone());
  event.waitUntil(copy.then((response) => took(response, pathOf(event.request.url), number)).catch(() => {}));
  event.respondWith(network);
}

/** A form signs somebody in or out. It goes to the network alone, and nobody's pages are shown before the answer is known. */
function formIsSent(event) {
  const number = ++asked;
  event.waitUntil(withBook((book) => arrive(book, NOBODY, number)));
}

/** A page that was loaded before this worker was there. Nobody opens it a second time: the header says so. */
async function fetchAndKeep(path, client) {
  const number = ++asked;
  const response = await fetch(path, { redirect: "manual", headers: { accept: "text/html", [COPY]: "1" } });
  await took(response, path, number, client);
}

/** Learns from an answer of the network who is here, and keeps the page if it is theirs. */
async function took(response, path, number, client) {
  const { status, type, redirected, headers } = response;
  // A redirect leads to signing in, or comes from it: until a page says who is here now, it is nobody.
  const user = type === "opaqueredirect" ? NOBODY : headers.get(USER);
  if (user) await withBook((book) => (number < heard ? undefined : arrive(book, user, number)));
  const isTheirs = user && user !== NOBODY && !redirected && headers.get("content-type")?.startsWith("text/html");
  if (isTheirs && status === 200) return keepPage(response, path, user, client);
  // Nobody reads this copy: what it holds back is let go. Not waited for, because that takes as long as the other copy.
  response.body?.cancel().catch(() => {});
  const isGone = [403, 404, 410].includes(status);
  if (isTheirs && isGone) await withBook((book) => (book.user === user ? dropGone(book, path) : undefined));
}

/** What is not there for them any more. An address may name a branch that is not there, of what they may read. */
async function dropGone(book, path) {
  if (/^\/c\/[^/?]+$/.test(path)) await dropConversation(book, path);
  else await drop(book, path);
}

/** Somebody may not read a conversation any longer: no page of it stays, whatever branch it shows, and not its document. */
async function dropConversation(book, path) {
  const belongs = (other) => other === path || other.startsWith(`${path}/`) || other.startsWith(`${path}?`);
  for (const other of Object.keys(book.pages).filter(belongs)) await drop(book, other);
  await dropDocument(book.user, path.split("/").pop()).catch(() => {});
}

/** As the tools keep it (crates/app/src/annotate/browser/store.rs). What was not sent stays. */
async function dropDocument(user, conversation) {
  const request = indexedDB.open(`promptgrimoire-${user}`);
  // None is made by asking.
  request.onupgradeneeded = () => request.transaction.abort();
  const database = await new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => { event.preventDefault(); reject(request.error); };
  });
  try {
    const dropping = database.transaction("states", "readwrite");
    dropping.objectStore("states").delete(conversation);
    await new Promise((resolve) => { dropping.oncomplete = dropping.onabort = resolve; });
  } finally {
    database.close();
  }
}

async function keepPage(response, path, user, client) {
  const body = await response.clone().blob();
  const { title, build } = await headOf(body);
  await withBook(async (book) => {
    if (book.user !== user) return;
    await keep(book, path, response, { title, build, bytes: body.size, kept: Date.now(), visited: Date.now() });
    // It may be shown the older copy already, and then come late.
    if (client) book.clients[client] = { ...book.clients[client], build, seen: Date.now() };
    await prune(book);
  });
  await keepBuild(build);
}

/** Whoever comes is the one whose pages are kept from now on; another's are let go. */
async function arrive(book, user, number) {
  heard = number;
  book.user = user;
  if (user === NOBODY || user === book.owner) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(PAGES) && name !== PAGES + user) await caches.delete(name);
  }
  book.owner = user;
  book.pages = {};
}

async function keep(book, path, response, page) {
  const cache = await caches.open(PAGES + book.user);
  const others = Object.entries(book.pages).filter(([other]) => other !== path);
  others.sort(([, a], [, b]) => a.visited - b.visited);
  let bytes = others.reduce((sum, [, other]) => sum + other.bytes, page.bytes);
  const dropOldest = async () => {
    const [oldest, { bytes: freed }] = others.shift();
    bytes -= freed;
    await drop(book, oldest);
  };
  while (others.length >= MAX_PAGES || (bytes > MAX_BYTES && others.length > 0)) await dropOldest();
  for (;;) {
    try {
      await cache.put(path, response.clone());
      book.pages[path] = page;
      return;
    } catch (error) {
      // The disk may be fuller than our own limit.
      if (error.name !== "QuotaExceededError" || others.length === 0) throw error;
      await dropOldest();
    }
  }
}

async function drop(book, path) {
  delete book.pages[path];
  await (await caches.open(PAGES + book.user)).delete(path);
}

/** The copy of a page for whoever was here last. */
function keptPage(path, client) {
  return withBook(async (book) => {
    const page = book.pages[path];
    if (book.user === NOBODY || book.user !== book.owner || !page) return undefined;
    const response = await (await caches.open(PAGES + book.user)).match(path, { ignoreVary: true });
    // The browser may have cleared the cache; and whose page it is stands in the page's own header too.
    if (response?.headers.get(USER) !== book.user) return undefined;
    page.visited = Date.now();
    if (client) book.clients[client] = { build: page.build, seen: Date.now(), shown: page.kept };
    return response;
  });
}

/** What can be opened without a network, what was opened last first. */
function listKept() {
  return withBook(({ user, owner, pages }) => {
    if (user === NOBODY || user !== owner) return [];
    const list = Object.entries(pages).map(([path, { title, visited }]) => ({ path, title, visited }));
    return list.sort((a, b) => b.visited - a.visited);
  });
}

/** Since when the page of a window was kept, if it came from here, and what else can be opened; else nothing. */
function howShown(client) {
  return withBook(({ clients, pages }) => {
    const at = clients[client]?.shown;
    return at ? { at, paths: Object.keys(pages) } : null;
  });
}

/** Somebody has signed out here: nothing of theirs stays. */
async function forget(user) {
  heard = ++asked;
  await withBook(async (book) => {
    if (book.user === user) book.user = NOBODY;
    if (book.owner === user) {
      book.owner = NOBODY;
      book.pages = {};
    }
    await caches.delete(PAGES + user);
  });
  return true;
}

/** What a page says in its head; as it stands there, with HTML's escapes. */
async function headOf(body) {
  const head = await body.slice(0, 16 * 1024).text();
  return {
    title: head.match(/<title>([^<]*?)(?: · PromptGrimoire)?<\/title>/)?.[1] ?? "",
    build: head.match(/href="\/pkg\/([^/"]+)\/app\.css"/)?.[1] ?? "",
  };
}

/** What is asked for of the pages that links from elsewhere lead to: such links bring parameters of their own. */
const ASKED = [[/^\/$/, ["list", "after"]], [/^\/c\/[^/]+$/, ["branch"]]];

/** The address of a page, without what does not change it. */
function pathOf(url) {
  const { pathname, searchParams, search } = new URL(url);
  const asked = ASKED.find(([path]) => path.test(pathname))?.[1];
  if (!asked) return pathname + search;
  for (const name of [...searchParams.keys()]) if (!asked.includes(name)) searchParams.delete(name);
  return searchParams.size > 0 ? `${pathname}?${searchParams}` : pathname;
}

// Assets

const assetCache = () => caches.open(ASSETS);
const keptAsset = async (path) => (await assetCache()).match(path, { ignoreVary: true });

/** Under way, so that a page and the keeping of it ask the network once. */
const loading = new Map();

/** From the cache, else from the network and kept. An address under /pkg means the same bytes for ever. */
async function asset(event, path) {
  const kept = await keptAsset(path).catch(() => undefined);
  const age = Date.now() - Date.parse(kept?.headers.get("date") ?? "");
  if (kept && (path.startsWith("/pkg/") || age < FRESH_MS)) return kept;
  const { response, stored } = load(path);
  event.waitUntil(stored.catch(() => {}));
  return kept ?? (await response).clone();
}

/** Done when the asset is in the cache. */
async function keepAsset(path) {
  if (!(await keptAsset(path))) await load(path).stored;
}

function load(path) {
  const known = loading.get(path);
  if (known) return known;
  const response = fetch(path);
  const store = async (whole) => {
    if (whole.status !== 200) throw new Error(`${path} is answered with ${whole.status}`);
    await (await assetCache()).put(path, whole.clone());
  };
  const stored = response.then(store).finally(() => loading.delete(path));
  loading.set(path, { response, stored });
  return { response, stored };
}

/** A page is of use only with what its build brought. */
async function keepBuild(build) {
  if (!build) return;
  await Promise.all(OF_A_BUILD.map((name) => keepAsset(`/pkg/${build}/${name}`)));
  if ((await buildOf(await keptAsset(OFFLINE))) !== build) await keepOfflinePage();
}

async function keepOfflinePage() {
  const response = await fetch(OFFLINE, { cache: "reload", redirect: "error" });
  if (!response.ok) throw new Error(`${OFFLINE} is answered with ${response.status}`);
  const build = await buildOf(response.clone());
  const sheets = ["app.css", "pages.css"].map((name) => `/pkg/${build}/${name}`);
  await Promise.all([...OF_EVERY_PAGE, ...sheets].map(keepAsset));
  await (await assetCache()).put(OFFLINE, response);
}

const buildOf = async (page) => (page ? (await headOf(await page.blob())).build : "");

/** Lets go of builds that neither a kept page nor an open window came from. */
async function prune(book) {
  const open = new Set((await clients.matchAll({ includeUncontrolled: true, type: "window" })).map(({ id }) => id));
  for (const [id, { seen }] of Object.entries(book.clients)) {
    if (!open.has(id) && Date.now() - seen > OPENING_MS) delete book.clients[id];
  }
  const used = [...Object.values(book.pages), ...Object.values(book.clients)].map(({ build }) => build);
  const needed = new Set([...used, await buildOf(await keptAsset(OFFLINE))]);
  const cache = await assetCache();
  for (const { url } of await cache.keys()) {
    const build = new URL(url).pathname.match(/^\/pkg\/([^/]+)\//)?.[1];
    if (build && !needed.has(build)) await cache.delete(url);
  }
}

// The book

let turn = Promise.resolve();
/** What could not be written, on a full disk. Nothing older may be read in its place: it could name somebody else. */
let unwritten;

/** Reads the book, lets it be changed, writes it: one change after the other. */
function withBook(change) {
  const done = turn.then(async () => {
    const cache = await caches.open(BOOK);
    const written = unwritten ?? (await (await cache.match("/book"))?.json());
    const book = written ?? { user: NOBODY, owner: NOBODY, pages: {}, clients: {} };
    try {
      return await change(book);
    } finally {
      unwritten = undefined;
      await cache.put("/book", new Response(JSON.stringify(book))).catch(async () => {
        unwritten = book;
        await cache.delete("/book");
      });
    }
  });
  turn = done.catch(() => {});
  return done;
}
