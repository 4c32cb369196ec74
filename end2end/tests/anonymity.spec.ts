import type { Page } from '@playwright/test';
import type { Api } from '../api.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { documentKept, expectDocumentKept, expectKept, keptPages } from '../kept.ts';
import { lighthouse } from '../texts.ts';

const note = 'Anonymous: others see you as ';

test('three people of an anonymous conversation: oneself, a peer under a pseudonym, and staff who see names', async ({
  signIn,
  newConversation,
}) => {
  // Three browsers.
  test.slow();
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', anonymous: true, by: 'student-1' });
  const [ann, ben, olga] = await Promise.all([signIn('student-1'), signIn('student-2'), signIn('instructor')]);
  const a = await ann.open(id);
  const pseudonym = (await a.page.locator('.panel-note b').textContent()) ?? '';
  expect(pseudonym).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  await expect(a.page.getByText(note)).toContainText('The class’s staff see your name.');
  const [b, o] = await Promise.all([ben.open(id), olga.open(id)]);

  const card = await a.highlight(lighthouse.bell);
  await a.comment(card, 'Who wound it?');
  await expect(card.locator('.card-author')).toContainText('Demo Student 1');

  // The peer: live, in the card, the thread, the people, and after loading anew.
  const peer = b.card(lighthouse.bell);
  await expect(peer.locator('.card-author')).toHaveText(pseudonym);
  await b.takeInHand(peer);
  await expect(peer.locator('.comment-author')).toHaveText(pseudonym);
  await expect(b.peopleHere.filter({ hasText: pseudonym })).toHaveCount(1);
  await b.reload();
  await expect(b.card(lighthouse.bell).locator('.card-author')).toHaveText(pseudonym);
  expect(await b.page.content()).not.toContain('Demo Student 1');

  // Staff came before she wrote anything: the name is asked for.
  const staff = o.card(lighthouse.bell);
  await o.takeInHand(staff);
  await expect(staff.locator('.comment-author')).toContainText('Demo Student 1');
  await expect(staff.locator('.comment-author .seen-as')).toContainText(pseudonym);
  await expect(o.peopleHere.filter({ hasText: 'Demo Student 1' })).toHaveCount(1);
  await expect(o.page.locator('.panel-note')).toContainText('The class’s staff see theirs.');
  await expectAccessible(o.page, 'an anonymous conversation as staff see it');

  // What staff write is read by all: whom they mention is called as everybody calls them.
  const box = await o.openCard(staff);
  await box.fill(`See @${pseudonym}, please`);
  await staff.getByRole('button', { name: 'Post', exact: true }).click();
  await expect(staff.locator('.mention')).toHaveText(`@${pseudonym}`);
  await b.takeInHand(b.card(lighthouse.bell));
  await expect(b.card(lighthouse.bell).locator('.comment').filter({ hasText: 'please' }).locator('.comment-author')).toHaveText(
    'Demo Instructor',
  );
  expect(await b.page.content()).not.toContain('Demo Student 1');
});

const FORMATS = ['jsonld', 'csv', 'markdown', 'html'];

/** What the API answers somebody about a conversation, and the files that it gives them, by their address. */
async function answers(api: Api, id: string, word: string): Promise<Record<string, string>> {
  const own = `/api/v1/conversations/${id}`;
  const files = FORMATS.map((format) => `${own}/export?format=${format}`);
  const lists = ['recent', 'mine', 'shared'].map((of) => `/api/v1/conversations?of=${of}`);
  const paths = [own, `${own}/people`, `${own}/rights`, `${own}/tags`, ...files, ...lists, `/api/v1/search?q=${word}`, '/api/v1/notices'];
  const all: Record<string, string> = {};
  for (const path of paths) {
    const answer = await api.get(path);
    expect(answer.status(), path).toBe(200);
    all[path] = await answer.text();
  }
  return all;
}

/** Frames that the sockets of a page received, from now on. */
function framesOf(page: Page): Buffer[] {
  const frames: Buffer[] = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(Buffer.from(payload))));
  return frames;
}

/** Whether bytes tell who somebody is: their id, as text or as it is, their name or their address. */
function tells(bytes: Buffer, { id, name, email }: { id: string; name: string; email: string }): boolean {
  const raw = Buffer.from(id.replaceAll('-', ''), 'hex');
  return [id, name, email, raw].some((trace) => bytes.includes(trace));
}

test('who wrote stands in no answer of the API, no file and no byte of the document, but for staff in words', async ({
  signIn,
  ownServer: server,
}) => {
  test.slow();
  const [ann, ben, olga] = await Promise.all([
    signIn('student-1', { server }),
    signIn('student-2', { server }),
    signIn('instructor', { server }),
  ]);
  const id = await ann.api.newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', anonymous: true });
  const frames = [ann, ben, olga].map(({ page }) => framesOf(page));
  const [a, b, o] = await Promise.all([ann, ben, olga].map((visitor) => visitor.open(id)));
  const pseudonyms = await Promise.all([a, b].map(async (desk) => (await desk!.page.locator('.panel-note b').textContent()) ?? ''));
  // A word of its own, so that only this is found.
  const word = `zymurgy${Date.now()}`;
  await a!.comment(await a!.highlight(lighthouse.bell), `Who wound it? ${word}`);
  await (await a!.openNotes()).fill('Notes of one of us.');
  await b!.takeInHand(b!.card(lighthouse.bell));
  await b!.comment(b!.card(lighthouse.bell), 'The keeper did.');
  await a!.synced('saved');
  await b!.synced('saved');
  await expect(o!.cards.getByText('The keeper did.')).toHaveCount(1);

  const found = async ({ api }: Visitor) => (await (await api.get(`/api/v1/search?q=${word}`)).text()).includes(id);
  for (const visitor of [ann, ben, olga]) await expect.poll(() => found(visitor), 'the search follows').toBe(true);
  const [first, second] = await Promise.all([ann, ben].map(({ api }) => api.me()));
  const of = async (visitor: Visitor) => Object.entries(await answers(visitor.api, id, word));
  for (const [path, body] of await of(ben)) {
    expect(tells(Buffer.from(body), first!), `${path} as a peer has it`).toBe(false);
    if (/export|people/.test(path)) expect(body, path).toContain(pseudonyms[0]);
  }
  // One sees oneself, and nobody else.
  for (const [path, body] of await of(ann)) {
    expect(tells(Buffer.from(body), second!), `${path} as a student has it`).toBe(false);
    if (/export|people/.test(path)) expect(body, path).toContain(pseudonyms[1]);
  }
  for (const [path, body] of await of(olga)) {
    if (!/export|people/.test(path)) continue;
    for (const { name } of [first!, second!]) expect(body, `${path} as staff have it`).toContain(name);
  }

  // The document is the same for all: neither what came nor what is kept says more.
  for (const [at, { page, api }] of [ann, ben, olga].entries()) {
    const { id: user } = await api.me();
    await expectDocumentKept(page, user, id);
    await expect.poll(async () => (await documentKept(page, user, id)).includes('The keeper did.')).toBe(true);
    const [came, kept] = [Buffer.concat(frames[at]!), await documentKept(page, user, id)];
    // What one wrote oneself does not come.
    expect([word, 'The keeper did.'].some((words) => came.includes(words))).toBe(true);
    for (const bytes of [came, kept]) for (const person of [first!, second!]) expect(tells(bytes, person)).toBe(false);
  }
  await b!.reload();
  await expectKept(ben.page, `/c/${id}`);
  const pages = await keptPages(ben.page);
  expect(pages).toContain(pseudonyms[0]);
  expect(tells(Buffer.from(pages), first!), 'pages kept for times without a network').toBe(false);
});

test('an owner makes a conversation anonymous, and the page that is open goes on under the pseudonym', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'student-1' });
  const [ann, ben] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const b = await ben.open(id);
  await ann.page.goto(`/c/${id}/share`);
  const form = ann.page.getByRole('form', { name: 'Names', exact: true });
  const loaded = b.page.waitForEvent('load');
  await form.getByLabel('Anonymous: people see pseudonyms').check();
  const loadedHere = ann.page.waitForEvent('load');
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await loadedHere;
  await expect(form.getByLabel('Anonymous: people see pseudonyms')).toBeChecked();
  await expectAccessible(ann.page, 'settings of a conversation');
  await loaded;
  await b.ready();
  await expect(b.page.getByText(note)).toBeVisible();
  await b.highlight(lighthouse.bell);
  await b.synced('saved');
  await form.getByLabel('Anonymous: people see pseudonyms').uncheck();
});

test('a protected text is not copied, printed or exported by a reader, and is marked as ever', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'student-1' });
  const [ann, ben] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const b = await ben.open(id);
  await ann.page.goto(`/c/${id}/share`);
  const form = ann.page.getByRole('form', { name: 'Copying', exact: true });
  await form.getByLabel('Protect the text against copying').check();
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  // At once, on the page that is open.
  await expect(b.page.locator('main[data-protected]')).toBeAttached();
  const said = b.page.getByRole('status', { name: 'Messages' });
  const dismiss = async () => {
    await expect(said).toContainText('This text is protected');
    await said.getByRole('button', { name: 'Dismiss', exact: true }).click();
  };
  const refused = (way: string) =>
    b.page.evaluate((type) => {
      const text = document.querySelector('[data-canonical] p') ?? document.body;
      return !text.dispatchEvent(new Event(type, { bubbles: true, cancelable: true }));
    }, way);
  for (const way of ['copy', 'cut', 'dragstart', 'contextmenu']) {
    expect(await refused(way), way).toBe(true);
    await dismiss();
  }
  await b.page.getByRole('button', { name: 'Export', exact: true }).click();
  await dismiss();
  await b.page.emulateMedia({ media: 'print' });
  await expect(b.messages.first()).toBeHidden();
  await b.page.emulateMedia({ media: 'screen' });
  await b.highlight(lighthouse.bell);
  // What one writes oneself is one's own.
  const notes = await b.openNotes();
  expect(await notes.evaluate((box) => box.dispatchEvent(new Event('copy', { bubbles: true, cancelable: true })))).toBe(true);
  await expectAccessible(b.page, 'a protected text');

  const a = await ann.open(id);
  await expect(a.page.locator('main[data-protected]')).toHaveCount(0);
});

test('a class reads an anonymous task together: pseudonyms among students, names for staff and in the overview', async ({ signIn, ownServer }) => {
  test.slow();
  const [teacher, ann, ben] = await Promise.all(
    (['instructor', 'student-1', 'student-2'] as const).map((person) => signIn(person, { server: ownServer })),
  );
  const { page } = teacher!;
  await teacher!.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  await page.getByRole('navigation', { name: 'This class' }).getByRole('link', { name: 'Activities' }).click();
  await page.getByRole('link', { name: 'New activity' }).click();
  const form = page.getByRole('form', { name: 'New activity' });
  await form.getByLabel('Title').fill('Blind reading');
  await form.getByLabel('Template').selectOption({ label: `${lighthouse.title} (Demo Instructor)` });
  await form.getByLabel('Who works together').selectOption('together');
  await form.getByLabel(/^Anonymous/).check();
  await form.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/activities\/[-0-9a-f]+$/);
  const task = page.url();
  await expect(page.getByText('students see one another under pseudonyms')).toBeVisible();

  await ann!.page.goto(task);
  await expect(ann!.page.getByText('the others see a pseudonym of two words in your place')).toBeVisible();
  await expectAccessible(ann!.page, 'an anonymous task');
  await ann!.page.getByRole('button', { name: 'Start' }).click();
  await expect(ann!.page).toHaveURL(/\/c\//);
  const id = ann!.page.url().split('/c/')[1]!;
  const [a, b] = [await ann!.open(id), await ben!.open(id)];
  const pseudonym = (await a.page.locator('.panel-note b').textContent()) ?? '';
  await a.comment(await a.highlight(lighthouse.bell), 'Who wound it?');
  await a.synced('saved');
  await expect(b.card(lighthouse.bell).locator('.card-author')).toHaveText(pseudonym);
  expect(await b.page.content()).not.toContain('Demo Student 1');

  await page.goto(`${task}/overview`);
  const row = page.getByRole('row').filter({ hasText: 'Demo Student 1' });
  await expect(row.getByRole('cell').nth(3), 'one highlight').toHaveText('1');
  await page.goto(`${task}/settings`);
  await expect(page.getByText('Anonymous. This does not change any more: somebody has started.')).toBeVisible();
  const settings = page.getByRole('form', { name: 'Settings' });
  await settings.getByLabel('Title').fill('Blind reading, longer');
  await settings.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Blind reading, longer' })).toBeVisible();
});
