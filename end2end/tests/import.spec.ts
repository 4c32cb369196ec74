import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import type { Api, Role } from '../api.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { ImportPage } from '../import_page.ts';
import { bread, lighthouse } from '../texts.ts';
import { Workspace } from '../workspace.ts';
import { zipOf } from '../zip.ts';

/** Chromium reports each answer of 400 and more as a console error; here they are asked for. */
const REFUSED = /status of 4\d\d/;
const MIB = 1024 * 1024;

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/import/${name}`, import.meta.url));
const read = (name: string) => readFileSync(fixture(name), 'utf8');

/** All letters and digits: what Markdown, line ends and white space leave alone. */
const letters = (text: string) => text.replace(/[^\p{Letter}\p{Number}]/gu, '');

/** What a turn must say and must not say; an export's tool calls and hidden parts leave no trace. */
interface Turn {
  role: Role;
  holds: string[];
  lacks?: string[];
}

/** The conversation as its fixture tells it. One speaker's answer may be kept in one message or in several in a row. */
async function expectTurns(api: Api, id: string, expected: Turn[]): Promise<void> {
  const turns: { role: Role; markdown: string }[] = [];
  for (const { role, markdown } of (await api.conversation(id)).messages) {
    const last = turns.at(-1);
    if (last?.role === role) last.markdown += `\n\n${markdown}`;
    else turns.push({ role, markdown });
  }
  expect(turns.map(({ role }) => role)).toEqual(expected.map(({ role }) => role));
  for (const [index, { holds, lacks = [] }] of expected.entries()) {
    for (const words of holds) expect(turns[index]?.markdown, `turn ${index + 1}`).toContain(words);
    for (const words of lacks) expect(turns[index]?.markdown, `turn ${index + 1}`).not.toContain(words);
  }
}

const LABELLED: Turn[] = [
  { role: 'source', holds: ['# Was the bridge safe?', 'Saved for the seminar of week 3.'] },
  { role: 'user', holds: ['why did the Tacoma Narrows Bridge fall?'], lacks: ['User:'] },
  {
    role: 'assistant',
    holds: ['Wind made the deck twist', '2. here the twisting deck', 'User: this line is inside a code block', 'Assistant: and so is'],
    lacks: ['So is my textbook wrong?'],
  },
  { role: 'user', holds: ['So is my textbook wrong?', 'It says "forced resonance".', '**A table I made:**', '| flutter | the motion itself |'] },
  { role: 'assistant', holds: ['Simplified rather than wrong.', '風から', '🌉'], lacks: ['Claude:'] },
];

/** Labels are taken out and nothing else. */
async function expectNothingLost(api: Api, id: string): Promise<void> {
  const { messages } = await api.conversation(id);
  const labels = /^(User|Assistant|Claude): (?!this line|and so)/gm;
  expect(letters(messages.map(({ markdown }) => markdown).join('\n'))).toBe(letters(read('labelled.md').replace(labels, '')));
}

const RIVER: Turn[] = [
  { role: 'user', holds: ['Why do so many English rivers share a name with another river?'], lacks: ['I teach geography'] },
  {
    role: 'assistant',
    holds: ['Let me check a gazetteer first.', 'Because the old word simply *meant* river'],
    lacks: ['which was regenerated', 'turn0search', '\ue200', 'Avon means river.'],
  },
  { role: 'user', holds: ['Is this one of them? Please count them in Python as well.'] },
  { role: 'assistant', holds: ['print(len({"Avon", "Exe", "Esk"}))'] },
];

const SONNET: Turn[] = [
  { role: 'user', holds: ['Where should I pause in this sonnet?'] },
  {
    role: 'assistant',
    holds: ['After *road*, both times.', 'The bar marks a breath.'],
    lacks: ['An abandoned first answer', 'not supported on your current device', 'Count the feet'],
  },
  { role: 'user', holds: ['Thank you! 谢谢'] },
];

/** The conversations that the home page lists, as their addresses. */
async function listed(page: Page): Promise<string[]> {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const links = await page.locator('a[href*="/c/"]').evaluateAll((found) => found.map((link) => link.getAttribute('href')));
  return [...new Set(links.map((href) => href ?? ''))].sort();
}

test('a pasted plain text is one source message with its title', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.text.fill(read('plain.txt'));
  await form.title.fill('A plain text of ours');
  await form.submit.click();

  const id = await form.imported();
  await expect(page.getByRole('heading', { level: 1, name: 'A plain text of ours' })).toBeVisible();
  expect((await api.conversation(id)).title).toBe('A plain text of ours');
  const { messages } = await api.conversation(id);
  expect(messages.map(({ role }) => role)).toEqual(['source']);
  expect(letters(messages[0]?.text ?? '')).toBe(letters(read('plain.txt')));
  expect(await listed(page), 'the home page lists it').toContain(`/c/${id}`);
});

test('a pasted conversation with labels becomes its turns', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.text.fill(read('labelled.md'));
  await form.title.fill('With labels');
  await form.submit.click();
  const id = await form.imported();
  await expectTurns(api, id, LABELLED);
  await expectNothingLost(api, id);
});

test('a labelled file becomes the same turns as its pasted text', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.title.fill('From a file');
  await form.file.setInputFiles(fixture('labelled.md'));
  await form.submit.click();
  const id = await form.imported();
  expect((await api.conversation(id)).title).toBe('From a file');
  await expectTurns(api, id, LABELLED);
  await expectNothingLost(api, id);
});

for (const name of ['chatgpt-conversations.json', 'chatgpt.zip']) {
  test(`${name} offers its conversations and imports the branch last shown`, async ({ signIn }) => {
    const { page, api } = await signIn('student-1');
    const before = await listed(page);
    const form = await ImportPage.open(page);
    await form.file.setInputFiles(fixture(name));
    await form.submit.click();
    await expect(form.choice(/Naming a river/)).toBeVisible();
    await expect(form.choice(/Wer wagt, gewinnt|Untitled/)).toBeVisible();
    const elsewhere = await page.context().newPage();
    expect(await listed(elsewhere), 'nothing is stored before the choice').toEqual(before);
    await form.choose(/Naming a river/);

    const id = await form.imported();
    expect((await api.conversation(id)).title).toBe('Naming a river');
    await expectTurns(api, id, RIVER);
    // The list is of the newest: it may have let another go.
    const added = (await listed(elsewhere)).filter((path) => !before.includes(path));
    expect(added, 'the chosen one and no other').toEqual([`/c/${id}`]);
  });
}

test('what was last shown is imported, also where another branch is newer', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const [river] = JSON.parse(read('chatgpt-conversations.json'));
  const form = await ImportPage.open(page);
  // Its author went back to the first answer, and so left what came after the second.
  const buffer = Buffer.from(JSON.stringify([{ ...river, current_node: 'n3' }]));
  await form.file.setInputFiles({ name: 'conversations.json', mimeType: 'application/json', buffer });
  await form.submit.click();
  const id = await form.imported();
  await expectTurns(api, id, [
    { role: 'user', holds: ['Why do so many English rivers'] },
    { role: 'assistant', holds: ['This is the first answer, which was regenerated.'], lacks: ['Because the old word'] },
  ]);
  // What was left is behind the arrows at the message; what is marked there belongs there.
  await page.goto(`/c/${id}`);
  const workspace = Workspace.on(page);
  await workspace.highlight('first answer');
  await workspace.synced('saved');
  const versions = page.getByRole('navigation', { name: 'Versions of message 2' });
  await expect(versions).toContainText('1 of 2');
  await versions.getByRole('link', { name: 'Next version' }).click();
  await expect(versions).toContainText('2 of 2');
  await expect(page.locator('[data-message-id]')).toHaveCount(4);
  await expect(page.getByText('Because the old word simply')).toBeVisible();
  await expect(workspace.cards).toHaveCount(0);
  await expect(page.getByText('Lost highlights')).toBeHidden();
  await versions.getByRole('link', { name: 'Version before' }).click();
  await workspace.expectPainted('first answer');
});

test('a conversation with neither title nor current node is read along its newest branch', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.file.setInputFiles(fixture('chatgpt-conversations.json'));
  await form.submit.click();
  await form.choose(/Wer wagt, gewinnt|Untitled/);
  await expectTurns(api, await form.imported(), [
    { role: 'user', holds: ['Übersetze bitte: „Wer wagt, gewinnt.“'] },
    { role: 'assistant', holds: ['*Who dares, wins.* 谁敢，谁赢。'], lacks: ['Older answer.'] },
  ]);
});

test('a Claude export offers its conversations and imports the one chosen', async ({ signIn }) => {
  const { page, api } = await signIn('student-2');
  const form = await ImportPage.open(page);
  await form.file.setInputFiles(fixture('claude-conversations.json'));
  await form.submit.click();
  await form.choose(/Reading a sonnet aloud/);

  const id = await form.imported();
  expect((await api.conversation(id)).title).toBe('Reading a sonnet aloud');
  await expectTurns(api, id, SONNET);
});

test('what is shared with the class is there for classmates, and nothing else is', async ({ signIn, guard }) => {
  guard.allow(REFUSED);
  const [owner, classmate] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const bring = async (title: string, text: string, share: boolean) => {
    const form = await ImportPage.open(owner.page);
    await form.text.fill(text);
    await form.title.fill(title);
    await form.share.setChecked(share);
    await form.submit.click();
    return form.imported();
  };
  const shared = await bring('For all of us', lighthouse.text, true);
  const kept = await bring('For me alone', bread.text, false);

  const links = await listed(classmate.page);
  expect(links).toContain(`/c/${shared}`);
  expect(links).not.toContain(`/c/${kept}`);
  expect((await classmate.page.goto(`/c/${shared}`))?.status()).toBe(200);
  await expect(classmate.page.getByText(lighthouse.weight)).toBeVisible();
  expect((await classmate.page.goto(`/c/${kept}`))?.status()).toBe(404);
});

const read_as = (page: Page, kind: string) => page.getByText(`Read as ${kind}.`);

/** Puts a page on the clipboard as a browser does that copies it, and pastes it. */
async function paste(page: Page, html: string, plain: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(async ([html, plain]) => {
    const blob = (text: string, type: string) => new Blob([text], { type });
    await navigator.clipboard.write([new ClipboardItem({ 'text/html': blob(html, 'text/html'), 'text/plain': blob(plain, 'text/plain') })]);
  }, [html, plain] as const);
  await page.getByRole('textbox', { name: 'Paste a conversation or text', exact: true }).focus();
  await page.keyboard.press('ControlOrMeta+v');
}

/** As a browser puts it on the clipboard: without what it cleans away. */
const FERRY = `<div data-message-author-role="user"><div class="whitespace-pre-wrap">Name a ferry
in one word.</div></div><div data-message-author-role="assistant"><div class="markdown"><p>How about <strong>Ōtafair</strong>, of
<span class="katex"><span class="katex-mathml"><math><semantics><annotation encoding="application/x-tex">n^2</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">n2</span></span> boats?</p>
<ol start="3"><li>third</li></ol><button>Copy</button></div></div>`;

test('a pasted page of a chat is shown as its turns, and stored as shown', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const before = await listed(page);
  const form = await ImportPage.open(page);
  await paste(page, FERRY, 'Name a ferry How about Ōtafair');
  await expect(page.getByText('Pasted with its formatting')).toBeVisible();
  await form.submit.click();
  await expect(read_as(page, 'a page of ChatGPT')).toBeVisible();
  await expect(page.getByText('The turns of a page of ChatGPT were taken, and nothing of what stands around them.')).toBeVisible();
  const shown = page.getByRole('list', { name: 'How its messages begin' }).getByRole('listitem');
  await expect(shown).toHaveText([/^User\s*Name a ferry\s+in one word\.$/, /^ChatGPT\s*How about Ōtafair, of \\\(n\^2\\\) boats\?\s+third$/]);
  const elsewhere = await page.context().newPage();
  expect(await listed(elsewhere), 'nothing is stored before it was looked at').toEqual(before);
  await elsewhere.close();
  await form.choose(/2 messages/);
  await expectTurns(api, await form.imported(), [
    { role: 'user', holds: ['Name a ferry\\\nin one word.'] },
    { role: 'assistant', holds: ['**Ōtafair**', '\\(n^2\\)', '3. third'], lacks: ['Copy', 'n2'] },
  ]);
});

test('of what was pasted with its formatting the plain text can be taken instead', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await paste(page, FERRY, 'The plain words.');
  await form.submit.click();
  await expect(read_as(page, 'a page of ChatGPT')).toBeVisible();
  await page.getByRole('button', { name: 'Use the plain text' }).click();
  await expect(read_as(page, 'a page of ChatGPT')).toHaveCount(0);
  await form.submit.click();
  await expectTurns(api, await form.imported(), [{ role: 'source', holds: ['The plain words.'] }]);
});

test('what is changed after it was pasted with its formatting is plain text', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await paste(page, FERRY, 'The plain words.');
  await expect(page.getByText('Pasted with its formatting')).toBeVisible();
  await page.keyboard.type(' And mine.');
  await expect(page.getByText('Pasted with its formatting')).toHaveCount(0);
  await form.submit.click();
  await expectTurns(api, await form.imported(), [{ role: 'source', holds: ['The plain words. And mine.'] }]);
});

const FILES: [string, string, RegExp, Turn[]][] = [
  ['pages/claude.html', 'a page of Claude', /Naming a ferry/, [
    { role: 'user', holds: ['Suggest a name for a ferry'], lacks: ['Edit'] },
    { role: 'assistant', holds: ['*Ōtafair*', '```css', '渡し船'], lacks: ['The user wants something short', 'Claude can make mistakes'] },
  ]],
  ['pages/article.html', 'a web page', /Ferries of the lake/, [{ role: 'source', holds: ['## Fares', '| A cow | 4 (6 in winter) |'], lacks: ['Advertisement', 'tracker'] }]],
  ['ferries.docx', 'a Word document', /The ferries of the lake/, [{ role: 'source', holds: ['**1871**', '3. Row', 'Says the *ledger*.'], lacks: ['HIDDEN', 'Taken back', 'Really?'] }]],
  ['pdf/ferries.pdf', 'a PDF document', /The ferries of the lake/, [{ role: 'source', holds: ['# The ferries of the lake', 'unforgettable crossing', '渡し船'], lacks: ['unforget-'] }]],
];

for (const [name, kind, title, turns] of FILES) {
  test(`${name} is shown before it is stored, and becomes what was shown`, async ({ signIn }, info) => {
    const { page, api } = await signIn('student-1');
    const form = await ImportPage.open(page);
    await form.file.setInputFiles(fixture(name));
    await form.submit.click();
    await expect(read_as(page, kind)).toBeVisible();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: info.outputPath(`preview-${colorScheme}.png`), fullPage: true });
    }
    await form.choose(title);
    await expectTurns(api, await form.imported(), turns);
  });
}

test('a PDF of pictures alone says so', async ({ signIn, guard }) => {
  guard.allow(REFUSED);
  const { page } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.file.setInputFiles(fixture('pdf/picture.pdf'));
  await form.submit.click();
  await expect(form.alert).toContainText('picture.pdf holds pictures of pages, and no text');
});

test('what was filled in before the tools came is kept, and where one was typing', async ({ signIn }) => {
  const { page } = await signIn('student-1');
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => { release = resolve; });
  await page.route('**/app_bg.wasm', async (route) => { await held; await route.continue(); });
  await page.goto('/import', { waitUntil: 'commit' });
  const field = (name: string) => page.getByRole('textbox', { name, exact: true });
  await field('Title').fill('Typed early');
  await page.getByLabel('Choose a file', { exact: true }).setInputFiles(fixture('plain.txt'));
  await page.getByRole('checkbox', { name: 'Share with the class' }).check();
  await field('Paste a conversation or text').fill('A text of ours');
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByRole('button', { name: 'Import', exact: true })).toBeDisabled();
  release();

  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await expect(page.locator('form.import-form')).toHaveCount(1);
  await page.keyboard.type('!');
  await expect(field('Paste a conversation or text')).toHaveValue('A text of our!s');
  await expect(field('Title')).toHaveValue('Typed early');
  await expect(page.getByRole('checkbox', { name: 'Share with the class' })).toBeChecked();
  const chosen = page.getByLabel('Choose a file', { exact: true });
  expect(await chosen.evaluate((input: HTMLInputElement) => input.files?.[0]?.name)).toBe('plain.txt');
});

test('a title that is too long is refused with a word why, and not cut', async ({ signIn, guard }) => {
  guard.allow(REFUSED);
  const { page } = await signIn('student-1');
  const before = await listed(page);
  const form = await ImportPage.open(page);
  await form.title.fill('x'.repeat(201));
  await form.text.fill('A text of ours');
  await form.submit.click();

  await expect(form.alert).toContainText('The title is too long: it has 201 characters, and at most 200 fit.');
  await expect(form.title).toHaveValue('x'.repeat(201));
  await expect(form.text).toHaveValue('A text of ours');
  expect(await listed(page)).toEqual(before);
});

for (const name of ['broken.json', 'bomb.zip', 'not-a-zip.zip']) {
  test(`${name} gets a message and nothing is stored`, async ({ signIn, guard }) => {
    guard.allow(REFUSED);
    const { page } = await signIn('student-1');
    const before = await listed(page);
    const form = await ImportPage.open(page);
    await form.title.fill('A title already typed');
    await form.file.setInputFiles(fixture(name));
    await form.submit.click();

    await expect(form.alert).toBeVisible();
    await expect(page).toHaveURL(/\/import/);
    await expect(form.title).toHaveValue('A title already typed');
    expect(await listed(page)).toEqual(before);
  });
}

/** An export that would be brought in, but for its size. */
function padded(bytes: number): string {
  const [river] = JSON.parse(read('chatgpt-conversations.json'));
  return JSON.stringify([river]).padEnd(bytes);
}

for (const [what, names, bytes, why] of [
  // Each grows within its own limit; together they do not.
  ['more than a server holds', Array.from({ length: 23 }, (_, part) => `conversations-${`${part}`.padStart(3, '0')}.json`), 9.5 * MIB, /unpacks to more than 200 MiB/],
  // Far below what all may come to.
  ['a thousand times its size', ['conversations.json'], 32 * MIB, /grows more than 250 times/],
] as const) {
  test(`a zip that unpacks to ${what} is refused for that, though it holds conversations`, async ({ signIn, guard }) => {
    guard.allow(REFUSED);
    const { page } = await signIn('student-1');
    const before = await listed(page);
    const form = await ImportPage.open(page);
    await form.file.setInputFiles({ name: 'export.zip', mimeType: 'application/zip', buffer: zipOf([...names], padded(bytes)) });
    await form.submit.click();
    await expect(form.alert).toContainText(why);
    expect(await listed(page)).toEqual(before);
  });
}

for (const [name, text] of [
  ['an empty paste', ''],
  ['a paste of white space', ' \n\t\n '],
  ['a paste of 2 MiB', 'twelve bytes'.repeat((2 * MIB) / 12)],
] as const) {
  test(`${name} gets a message, stores nothing and stays`, async ({ signIn, guard }) => {
    guard.allow(REFUSED);
    const { page } = await signIn('student-1');
    const before = await listed(page);
    const form = await ImportPage.open(page);
    await form.text.fill(text);
    await form.title.fill('A title already typed');
    await form.submit.click();

    await expect(form.alert).toBeVisible();
    await expect(page).toHaveURL(/\/import/);
    // Compared by length first: two megabytes make no readable message.
    const kept = await form.text.inputValue();
    expect(kept.length).toBe(text.length);
    expect(kept === text).toBe(true);
    await expect(form.title).toHaveValue('A title already typed');
    expect(await listed(page)).toEqual(before);
  });
}

test('after a message the corrected text is imported', async ({ signIn, guard }) => {
  guard.allow(REFUSED);
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.title.fill('At the second try');
  await form.submit.click();
  await expect(form.alert).toBeVisible();
  await form.text.fill(bread.text);
  await form.submit.click();
  const id = await form.imported();
  expect((await api.conversation(id)).title).toBe('At the second try');
  expect((await api.conversation(id)).messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
});

test('what was filled in survives a reload and a closed tab, and goes when it is imported', async ({ signIn }) => {
  const { page, context } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.title.fill('Begun in a train');
  await form.text.fill('User: is this kept?');
  const kept = (at: Page) => at.evaluate(() => Object.entries(localStorage).find(([key]) => /^draft\/[^/]+\/import$/.test(key))?.[1] ?? '');
  await expect.poll(() => kept(page)).toContain('is this kept?');
  await page.reload();
  await expect(form.text).toHaveValue('User: is this kept?');
  await page.close();
  const again = await ImportPage.open(await context.newPage());
  await expect(again.title).toHaveValue('Begun in a train');
  await expect(again.text).toHaveValue('User: is this kept?');
  await again.submit.click();
  await again.imported();
  expect(await kept(again.page)).toBe('');
  const empty = await ImportPage.open(again.page);
  await expect(empty.title).toHaveValue('');
  await expect(empty.text).toHaveValue('');
});

test('a text that was kept is there though a title was typed before the tools came', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const { id: user } = await api.me();
  const name = `draft/${user}/import`;
  await page.addInitScript((name) => {
    if (!localStorage.getItem(name)) localStorage.setItem(name, JSON.stringify({ title: '', text: 'User: is this kept?' }));
  }, name);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => { release = resolve; });
  await page.route('**/app_bg.wasm', async (route) => { await held; await route.continue(); });
  await page.goto('/import', { waitUntil: 'commit' });
  const field = (name: string) => page.getByRole('textbox', { name, exact: true });
  await field('Title').fill('Typed early');
  release();
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await expect(field('Paste a conversation or text')).toHaveValue('User: is this kept?');
  await expect(field('Title')).toHaveValue('Typed early');
  const kept = () => page.evaluate((name) => localStorage.getItem(name), name);
  await expect.poll(kept).toContain('Typed early');
  expect(await kept()).toContain('is this kept?');
});

test('a text that is too large for the browser’s storage is not kept, and the form says so', async ({ signIn }) => {
  const { page } = await signIn('student-1');
  const form = await ImportPage.open(page);
  const said = page.getByText('This is too large to be kept on this device');
  await form.title.fill('Large');
  await expect(said).toHaveCount(0);
  await form.text.evaluate((area: HTMLTextAreaElement) => {
    area.value = 'many words '.repeat(200_000);
    area.dispatchEvent(new InputEvent('input', { bubbles: true }));
  });
  await expect(said).toBeVisible();
  await page.reload();
  await expect(form.title).toHaveValue('Large');
  await expect(form.text).toHaveValue('');
});

test('signing out asks about what was begun here, and takes it away', async ({ signIn }) => {
  const { page } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.text.fill('User: mine alone.');
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).some((key) => key.endsWith('/import')))).toBe(true);
  await page.locator('.account > summary').click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign out and lose work?' });
  await expect(dialog.getByRole('listitem')).toHaveText(['1 change not sent yet']);
  await dialog.getByRole('button', { name: 'Sign out and discard them' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('draft/')))).toEqual([]);
});

test('several conversations of an export are brought in together, and none twice', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.file.setInputFiles(fixture('chatgpt.zip'));
  await form.submit.click();
  const choices = page.getByRole('group', { name: /^This file holds \d+ conversations/ });
  const all = choices.getByRole('checkbox', { name: 'All', exact: true });
  const together = choices.getByRole('button', { name: /^Import \d+ conversations?$/ });
  await expect(together).toBeDisabled();
  await expectAccessible(page, 'what an export holds');
  await all.check();
  const boxes = choices.getByRole('checkbox', { name: /^Choose / });
  const good = boxes.and(page.locator(':enabled'));
  const count = await good.count();
  expect(count).toBeGreaterThan(1);
  for (const one of await good.all()) await expect(one).toBeChecked();
  await good.last().uncheck();
  await expect(all).not.toBeChecked();
  await together.click();
  const links = choices.getByRole('link', { name: /Brought in\./ });
  await expect(links).toHaveCount(count - 1);
  await expect(choices.getByRole('status')).toHaveText(`${count - 1} brought in.`);
  await expect(page).toHaveURL(/\/import$/);
  await expectAccessible(page, 'what was brought in');
  // What is there is not brought in twice; the rest is.
  await all.check();
  await choices.getByRole('button', { name: 'Import 1 conversation', exact: true }).click();
  await expect(links).toHaveCount(count);
  await expect(choices.getByRole('status')).toHaveText('1 brought in.');
  await expect(all).not.toBeChecked();
  const river = links.filter({ hasText: 'Naming a river' });
  const id = (await river.getAttribute('href'))!.slice('/c/'.length);
  await expectTurns(api, id, RIVER);
});

test('an import that takes long says how far it is, and can be stopped', async ({ signIn, ownServer, guard }) => {
  guard.allow(/Failed to load resource|net::ERR/);
  const { page } = await signIn('student-1', { server: ownServer });
  // As on a server that has much to do.
  await ownServer.sql("create function slowly() returns trigger language plpgsql as 'begin perform pg_sleep(0.1); return new; end'");
  await ownServer.sql('create trigger slowly before insert on conversations for each row execute function slowly()');
  const form = await ImportPage.open(page);
  const one = (JSON.parse(read('chatgpt-conversations.json')) as object[])[0];
  const many = Array.from({ length: 300 }, (_, number) => ({ ...one, title: `Talk ${number}` }));
  await form.file.setInputFiles({ name: 'conversations.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(many)) });
  await form.submit.click();
  const choices = page.getByRole('group', { name: /^This file holds 300 conversations/ });
  await choices.getByRole('checkbox', { name: 'All', exact: true }).check();
  await choices.getByRole('button', { name: 'Import 300 conversations', exact: true }).click();
  const bar = page.getByRole('progressbar', { name: 'Import', exact: true });
  await expect(page.getByText(/^Importing: [1-9]\d* of 300$/)).toBeVisible();
  await expect.poll(async () => Number(await bar.getAttribute('value'))).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(form.alert).toHaveText(/^Stopped\. What had been brought in by then stays/);
  await expect(bar).toBeHidden();
  const links = choices.getByRole('link', { name: /Brought in\./ });
  const brought = await links.count();
  expect(brought).toBeGreaterThan(0);
  expect(brought).toBeLessThan(300);
  await expect(choices.getByRole('status')).toHaveText(`${brought} brought in, ${300 - brought} not begun.`);
  await expect(choices.getByRole('button', { name: `Import ${300 - brought} conversations`, exact: true }), 'the rest is chosen still').toBeEnabled();
  await links.first().click();
  await expect(page).toHaveURL(/\/c\//);
});
