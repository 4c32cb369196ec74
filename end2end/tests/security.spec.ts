import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const mine = { title: lighthouse.title, text: lighthouse.text } as const;

test('pages carry a policy with a nonce and nothing inline, and their headers', async ({
  visit,
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation({ ...mine, share: 'class' });
  const [stranger, person] = await Promise.all([visit(), signIn('student-1')]);
  const nonces = new Set<string>();
  for (const [visitor, path] of [
    [stranger, '/sign-in'],
    [person, '/'],
    [person, '/import'],
    [person, `/c/${id}`],
    [person, `/c/${id}`],
  ] as const) {
    const answer = await visitor.api.get(path);
    expect(answer.status(), path).toBe(200);
    const headers = answer.headers();
    const policy = headers['content-security-policy'] ?? '';
    const nonce = policy.match(/script-src[^;]*'nonce-([^']+)'/)?.[1] ?? '';
    expect(nonce.length, `${path}: a nonce of 128 bits in “${policy}”`).toBeGreaterThanOrEqual(22);
    nonces.add(nonce);
    expect(policy, path).not.toContain('unsafe-inline');
    expect(policy.replaceAll("'wasm-unsafe-eval'", ''), path).not.toContain('unsafe-eval');
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options'], path).toBe('nosniff');
    expect(headers['referrer-policy'], path).toMatch(/^(no-referrer|same-origin|strict-origin.*)$/);

    const scripts = (await answer.text()).match(/<script\b[^>]*>/g) ?? [];
    const unsigned = scripts.filter((tag) => !tag.includes(`nonce="${nonce}"`) && !/\bsrc=|type="application\/json"/.test(tag));
    expect(unsigned, `inline scripts of ${path} without the nonce`).toEqual([]);
  }
  expect(nonces.size, 'a new nonce for each answer').toBe(5);
});

test('API answers are not sniffed either', async ({ signIn }) => {
  const { api } = await signIn('student-1');
  const answer = await api.get('/api/v1/me');
  expect(answer.headers()['content-type']).toMatch(/^application\/json/);
  expect(answer.headers()['x-content-type-options']).toBe('nosniff');
});

test('a change needs to come from this site', async ({ signIn, server }) => {
  const { api } = await signIn('student-1');
  const path = '/api/v1/conversations';
  const url = `${server.origin}${path}`;

  for (const origin of ['https://elsewhere.example', `http://localhost:${server.port + 1}`, 'null']) {
    const answer = await api.post(path, mine, origin);
    expect(answer.status(), `from ${origin}`).toBe(403);
    expect(answer.headers()['content-type']).toMatch(/^application\/problem\+json/);
  }
  const silent = await api.request.post(url, { data: mine });
  expect(silent.status(), 'with neither Origin nor Sec-Fetch-Site').toBe(403);
  const crossSite = await api.request.post(url, { data: mine, headers: { 'Sec-Fetch-Site': 'cross-site' } });
  expect(crossSite.status(), 'Sec-Fetch-Site: cross-site').toBe(403);

  expect((await api.post(path, mine)).status(), 'from the site itself').toBe(201);
  expect((await api.post(path, mine, `http://127.0.0.1:${server.port}`)).status(), 'loopback by number').toBe(201);
});

test('a token works without Origin and in its owner’s name', async ({ signIn, playwright, server }) => {
  const { api } = await signIn('student-2');
  const token = await api.token('for a script');
  const script = await playwright.request.newContext({
    baseURL: server.origin,
    extraHTTPHeaders: { Authorization: `Bearer ${token}` },
  });
  expect(await (await script.get('/api/v1/me')).json()).toEqual(await api.me());
  expect((await script.post('/api/v1/conversations', { data: mine })).status()).toBe(201);
  await script.dispose();

  const forged = await playwright.request.newContext({
    baseURL: server.origin,
    extraHTTPHeaders: { Authorization: `Bearer ${token.slice(0, -2)}xx` },
  });
  expect((await forged.get('/api/v1/me')).status()).toBe(401);
  await forged.dispose();
});

test('the session cookie cannot be read by scripts nor sent by other sites', async ({ visit }) => {
  const { api, context } = await visit();
  const answer = await api.signIn('student-1');
  const cookies = answer.headersArray().filter(({ name }) => name.toLowerCase() === 'set-cookie');
  expect(cookies).toHaveLength(1);
  const cookie = cookies[0]?.value ?? '';
  expect(cookie).toMatch(/;\s*HttpOnly/i);
  expect(cookie).toMatch(/;\s*SameSite=Lax/i);
  expect(cookie).toMatch(/;\s*Path=\/(;|$)/i);
  expect(cookie).not.toMatch(/;\s*Domain=/i);
  // A browser drops a cookie of that name that is not Secure.
  if (cookie.startsWith('__Host-')) expect(cookie).toMatch(/;\s*Secure/i);
  const [stored] = await context.cookies();
  expect(stored?.value.length, '32 random bytes').toBeGreaterThanOrEqual(43);

  const [first, second] = [stored?.value, (await api.signIn('student-1')).headers()['set-cookie']];
  expect(second, 'a new session each time').not.toContain(first);
});

test('the API answers a signed-out caller with a problem', async ({ visit, newConversation }) => {
  const { id } = await newConversation({ ...mine, share: 'class' });
  const { api } = await visit();
  for (const path of ['/api/v1/me', `/api/v1/conversations/${id}`]) {
    const answer = await api.get(path);
    expect(answer.status(), path).toBe(401);
    expect(answer.headers()['content-type'], path).toMatch(/^application\/problem\+json/);
    const problem = await answer.json();
    expect(problem, path).toMatchObject({ status: 401 });
    expect(problem.title, path).toBeTruthy();
  }
  expect((await api.post('/api/v1/conversations', mine)).status()).toBe(401);
});

test('no access and no such thing look the same', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ ...mine, by: 'student-1' });
  const { api } = await signIn('student-2');
  // Of the same version as real ids, so that its form gives nothing away.
  const nothing = randomUUID().replace(/^(.{14})4/, '$17');
  for (const prefix of ['/api/v1/conversations/', '/c/']) {
    const [hidden, missing] = [await api.get(prefix + id), await api.get(prefix + nothing)];
    expect(hidden.status(), prefix).toBe(404);
    expect(missing.status(), prefix).toBe(404);
    const nonceOf = (policy = '') => policy.match(/'nonce-([^']+)'/)?.[1] ?? '\0';
    const told = async (answer: typeof hidden, asked: string) => {
      const nonce = nonceOf(answer.headers()['content-security-policy']);
      const body = (await answer.text()).replaceAll(asked, 'ID').replaceAll(nonce, 'NONCE');
      const headers = Object.entries(answer.headers())
        // The rest of one's allowance counts one's own requests, whatever they ask for.
        .filter(([name]) => !['date', 'content-length', 'x-request-id', 'ratelimit'].includes(name))
        .map(([name, value]) => `${name}: ${value.replaceAll(nonce, 'NONCE')}`)
        .sort();
      return { body, headers };
    };
    expect(await told(hidden, id), prefix).toEqual(await told(missing, nothing));
  }
});

test('the server says that it is alive and ready, to anybody', async ({ visit }) => {
  const { api } = await visit();
  expect((await api.get('/healthz')).status()).toBe(200);
  expect((await api.get('/readyz')).status()).toBe(200);
});
