import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import type { Api } from '../api.ts';
import { branchedChatGpt, firstClaude, type Turn } from '../exports.ts';
import { expect, test } from '../fixtures.ts';
import { ImportPage } from '../import_page.ts';
import { bread, lighthouse } from '../texts.ts';

/** Chromium reports each answer of 400 and more as a console error; here they are asked for. */
const REFUSED = /status of 4\d\d/;
const MIB = 1024 * 1024;

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/import/${name}`, import.meta.url));
const read = (name: string) => readFileSync(fixture(name), 'utf8');

/** All letters and digits: what Markdown, line ends and white space leave alone. */
const letters = (text: string) => text.replace(/[^\p{Letter}\p{Number}]/gu, '');

async function expectTurns(api: Api, id: string, turns: Turn[]): Promise<void> {
  const { messages } = await api.conversation(id);
  expect(messages.map(({ role }) => role)).toEqual(turns.map(({ role }) => role));
  for (const [index, { text }] of turns.entries()) {
    expect(letters(messages[index]?.markdown ?? ''), `turn ${index + 1}`).toBe(letters(text));
  }
}

/** The conversations that the home page lists, as their addresses. */
async function listed(page: Page): Promise<string[]> {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const links = await page.locator('a[href*="/c/"]').evaluateAll((found) => found.map((link) => link.getAttribute('href')));
  return [...new Set(links.map((href) => href ?? ''))].sort();
}

/** The turns of a labelled text whose labels stand at the beginning of a line. */
function labelledTurns(text: string): Turn[] {
  const parts = text.split(/^\W*(User|Human|You|Assistant|ChatGPT|Claude|AI):\W*?(?=\s|\w)/gim);
  const turns: Turn[] = [];
  for (let at = 1; at < parts.length; at += 2) {
    const role = /^(user|human|you)$/i.test(parts[at] ?? '') ? 'user' : 'assistant';
    turns.push({ role, text: parts[at + 1] ?? '' });
  }
  return turns;
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
  await expectTurns(api, id, [{ role: 'source', text: read('plain.txt') }]);
  expect(await listed(page), 'the home page lists it').toContain(`/c/${id}`);
});

test('a pasted conversation with labels becomes its turns', async ({ signIn }) => {
  const turns = labelledTurns(read('labelled.md'));
  expect(turns.length, 'turns in the fixture').toBeGreaterThan(1);
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.text.fill(read('labelled.md'));
  await form.title.fill('With labels');
  await form.submit.click();
  await expectTurns(api, await form.imported(), turns);
});

test('a labelled file becomes the same turns as its pasted text', async ({ signIn }) => {
  const { page, api } = await signIn('student-1');
  const form = await ImportPage.open(page);
  await form.title.fill('From a file');
  await form.file.setInputFiles(fixture('labelled.md'));
  await form.submit.click();
  await expectTurns(api, await form.imported(), labelledTurns(read('labelled.md')));
});

for (const name of ['chatgpt-conversations.json', 'chatgpt.zip']) {
  test(`${name} offers its conversations and imports the branch last shown`, async ({ signIn }) => {
    const { title, turns, titles } = branchedChatGpt(read('chatgpt-conversations.json'));
    expect(titles.length, 'conversations to choose from').toBeGreaterThan(1);
    const { page, api } = await signIn('student-1');
    const form = await ImportPage.open(page);
    await form.file.setInputFiles(fixture(name));
    await form.submit.click();
    for (const other of titles) await expect(form.choice(other)).toBeVisible();
    await form.choose(title);

    const id = await form.imported();
    expect((await api.conversation(id)).title).toBe(title);
    await expectTurns(api, id, turns);
  });
}

test('a Claude export becomes its turns', async ({ signIn }) => {
  const { title, turns, count } = firstClaude(read('claude-conversations.json'));
  const { page, api } = await signIn('student-2');
  const form = await ImportPage.open(page);
  await form.file.setInputFiles(fixture('claude-conversations.json'));
  await form.submit.click();
  if (count > 1) await form.choose(title);

  const id = await form.imported();
  expect((await api.conversation(id)).title).toBe(title);
  await expectTurns(api, id, turns);
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
