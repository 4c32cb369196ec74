import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { admin } from './admin.ts';
import { expect, test, type Visitor } from './fixtures.ts';
import { startModel } from './pictured_model.ts';
import { Workspace } from './workspace.ts';

const run = promisify(execFile);
const FOLDER = new URL('../docs/screenshots/', import.meta.url);
const VIEWPORT = { width: 1280, height: 860 };
const FINE = { viewport: VIEWPORT, deviceScaleFactor: 2 };

/** Passages of the demo conversation, each within one text node; the number of the tag; what is said of it. */
const PASSAGES: [string, number, string][] = [
  ['say where you are unsure, instead of sounding sure everywhere?', 6, 'Asking for doubt worked: it gave a section of its own.'],
  ['four lines of five characters, twenty-four characters in all.', 4, 'Four times five is twenty. Nobody counted.'],
  ['An English translator has to choose:', 1, ''],
  ['Every classical reader would have felt the coolness of the colour before its hue.', 2, 'How could anybody know that?'],
  ['I am less confident about 景 in line 3:', 3, ''],
];

/** Takes a picture of what is in the window, or of the whole page. */
async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  // Until the fonts are there the page is drawn in others.
  await page.evaluate(() => document.fonts.ready);
  // What the mouse happens to rest on would look pressed.
  await page.mouse.move(0, 0);
  if (fullPage) await toTop({ page });
  const file = new URL(`${name}.png`, FOLDER).pathname;
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide', fullPage });
  // A third of the size. Without the program the picture is as good, and heavy.
  await run('pngquant', ['--force', '--skip-if-larger', '--strip', '--quality=70-95', '--output', file, file]).catch(() => undefined);
}

async function toTop({ page }: { page: Page }): Promise<void> {
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
}

async function expectTaken(answer: { status(): number; text(): Promise<string> }): Promise<void> {
  expect(answer.status(), await answer.text()).toBeLessThan(300);
}

const rename = async ({ api }: Visitor, name: string) => expectTaken(await api.post('/api/v1/me', { name }));

async function demoClass({ api }: Visitor, name: string): Promise<string> {
  const { classes } = (await (await api.get('/api/v1/classes')).json()) as { classes: { id: string }[] };
  const id = classes[0]?.id ?? '';
  const options = { data: { name }, headers: { Origin: api.origin } };
  await expectTaken(await api.request.patch(`${api.origin}/api/v1/classes/${id}`, options));
  return id;
}

/** The conversation that the development seed shares with the class. */
async function demoConversation({ page }: Visitor): Promise<string> {
  await page.goto('/');
  const href = await page.locator('main a[href*="/c/"]').first().getAttribute('href');
  return href?.split('/c/')[1] ?? '';
}

test('pictures for the documents', async ({ visit, signIn, ownServer }) => {
  test.setTimeout(600_000);
  await mkdir(FOLDER, { recursive: true });
  const model = await startModel();
  await ownServer.stop();
  await ownServer.start(model.settings);
  const server = ownServer;

  const stranger = await visit({ ...FINE, server });
  await stranger.page.goto('/sign-in');
  await picture(stranger.page, 'sign-in');

  const [teacher, student, peer] = await Promise.all([
    signIn('instructor', { ...FINE, server }),
    signIn('student-1', { ...FINE, server }),
    signIn('student-2', { viewport: VIEWPORT, server }),
  ]);
  await Promise.all([rename(teacher, 'Ines Moreau'), rename(student, 'Maya Okafor'), rename(peer, 'Jonas Lindqvist')]);
  const course = 'Poetry in translation';
  const classId = await demoClass(teacher, course);
  const conversation = await demoConversation(teacher);

  await test.step('a class and what it has to do', async () => {
    const settings = { title: 'Close reading: Deer Park', template: conversation, mode: 'individual' };
    const closes_at = new Date(Date.now() + 6 * 86_400_000).toISOString();
    const instructions = 'Mark **three** claims of the model that you can check, and check them.\n\n1. Tag what lacks a source.\n2. Say in a comment where you looked.\n3. Write in your response what you would still cite.';
    const made = await teacher.api.post(`/api/v1/classes/${classId}/activities`, { ...settings, instructions, closes_at });
    await expectTaken(made);
    const activity = ((await made.json()) as { id: string }).id;
    const together = { title: 'Who says “I” in a poem without a subject?', template: conversation, mode: 'together', anonymous: true };
    await expectTaken(await teacher.api.post(`/api/v1/classes/${classId}/activities`, together));

    const guests: Visitor[] = [];
    for (const name of ['Amira Haddad', 'Tomás Rivera', 'Wei-Lin Chen', 'Oskar Brandt']) {
      const email = `${name.split(' ')[0]?.normalize('NFD').replace(/[^A-Za-z]/g, '').toLowerCase()}@uni.example`;
      await admin(server, 'add-user', email, '--name', name);
      await admin(server, 'role', course, email, name.startsWith('Oskar') ? 'tutor' : 'student');
      const { link } = await admin(server, 'sign-in-link', email);
      const guest = await visit({ viewport: VIEWPORT, server });
      await guest.page.goto(String(link));
      await guest.page.getByRole('button', { name: 'Sign in' }).click();
      await expect(guest.page.getByRole('heading', { level: 1, name: 'Conversations' })).toBeVisible();
      guests.push(guest);
    }
    const [amira, tomas] = guests;
    for (const [visitor, count] of [[peer, 4], [amira, 5], [tomas, 2]] as const) {
      const answer = await visitor!.api.post(`/api/v1/activities/${activity}/start`, {});
      await expectTaken(answer);
      const desk = await visitor!.open(((await answer.json()) as { id: string }).id);
      for (const [passage, tag, remark] of PASSAGES.slice(0, count)) {
        const card = await desk.highlight(passage, tag);
        if (remark && visitor !== tomas) await desk.comment(card, remark);
      }
      await desk.synced('saved');
    }
    await student.page.goto(`/activities/${activity}`);
    await picture(student.page, 'activity');
    await teacher.page.goto(`/classes/${classId}`);
    await picture(teacher.page, 'class', true);
    await teacher.page.goto(`/activities/${activity}/overview`);
    await picture(teacher.page, 'activity-overview', true);
    await teacher.page.goto('/import');
    await expect(teacher.page.locator('html[data-hydrated]')).toBeAttached();
    const pasted = 'User: Why do so many English rivers share a name with another river?\n\nAssistant: Because the old word simply meant *river*: “Avon” is Welsh *afon*.\n\nUser: Which of these can I look up?';
    await teacher.page.getByLabel('Title').fill('Rivers called river');
    await teacher.page.getByLabel('Paste a conversation or text').fill(pasted);
    await picture(teacher.page, 'import', true);
  });

  await test.step('a conversation that several people annotate', async () => {
    const [a, b] = await Promise.all([student.open(conversation), peer.open(conversation)]);
    for (const [index, [passage, tag, remark]] of PASSAGES.entries()) {
      const desk = index % 2 ? a : b;
      const card = await desk.highlight(passage, tag);
      if (remark) await desk.comment(card, remark);
      await expect(a.card(passage)).toHaveCount(1);
    }
    await a.clearSelection();
    const [claim = ''] = PASSAGES[3] ?? [];
    const theirs = await b.takeInHand(b.card(claim));
    await theirs.getByRole('button', { name: /^Reply to/ }).click();
    const answer = theirs.getByRole('textbox', { name: /^Reply to/ });
    await answer.fill('I looked in *Weinberger*, p. 12: nothing of the kind. Let us **not** quote it.');
    await theirs.getByRole('button', { name: 'Reply', exact: true }).click();
    const card = await a.takeInHand(a.card(claim));
    await expect(card.locator('.comment')).toHaveCount(2);
    await a.page.getByRole('heading', { name: 'What you cannot see in English' }).evaluate((heading) => {
      scrollTo({ top: heading.getBoundingClientRect().top + scrollY - 84, behavior: 'instant' });
    });
    await picture(a.page, 'conversation-light');
    await a.page.emulateMedia({ colorScheme: 'dark' });
    await picture(a.page, 'conversation-dark');
    await a.page.emulateMedia({ colorScheme: 'light' });
    await a.selectText('Short poems are cheap to translate');
    await expect(a.toolbar).toBeVisible();
    await picture(a.page, 'selection');
    await a.clearSelection();

    await Promise.all([a.openNotes(), b.openNotes()]);
    await a.notes.fill('## What we could check\n\n- twenty characters, not twenty-four: counted\n- 青: the dictionary gives green, blue and black\n\n## What we could not\n\n- the lantern sentence is not in the book\n- ');
    await b.notes.press('Control+End');
    await b.notes.pressSequentially('an exact year');
    await expect(a.notes).toHaveValue(/an exact year/);
    await toTop(a);
    await picture(a.page, 'notes');
    await a.showTab('Board');
    await toTop(a);
    await picture(a.page, 'board');
    await a.manageTags();
    await picture(a.page, 'tags');
    await a.page.keyboard.press('Escape');
    await a.page.keyboard.press('?');
    await expect(a.page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
    await picture(a.page, 'shortcuts');
    await a.page.keyboard.press('Escape');
    await a.showTab('Annotations');
    await a.page.setViewportSize({ width: 390, height: 844 });
    await a.reload();
    await picture(a.page, 'conversation-narrow');
    await a.page.setViewportSize(VIEWPORT);
    await a.synced('saved');
  });

  await test.step('a chat with a model', async () => {
    const { page } = student;
    await page.goto('/projects');
    await page.getByRole('form', { name: 'New project' }).getByLabel('Name').fill('Essay on Deer Park');
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByLabel('Name of the prompt').fill('Reading partner');
    await page.getByLabel('Instructions').fill('Be a reading partner, not an authority. Say what is certain, and end with one question.');
    await page.getByRole('button', { name: 'New prompt' }).click();
    await expect(page.getByText('Reading partner, version')).toBeVisible();
    await page.getByRole('region', { name: 'Prompts' }).getByRole('listitem').first().getByRole('button', { name: 'Activate' }).click();
    await expect(page.getByText('Reading partner, version 2')).toBeVisible();
    const project = page.url();
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.waitForURL(/\/c\//);
    await expect(page.locator('html')).toHaveAttribute('data-hydrated', '');
    const chat = Workspace.on(page);
    const box = page.getByRole('textbox', { name: 'Message', exact: true });
    const reply = page.locator('#text > article[data-role=assistant]').first();
    await box.fill('Does 返景 in line 3 mean evening light?');
    await box.press('Enter');
    await expect(reply.locator('[data-canonical]')).toContainText('Which of these');
    await expect(reply).not.toHaveAttribute('aria-busy');
    await expect(box).toHaveValue('');
    await chat.highlight('It is often read so.', 2);
    const card = await chat.highlight('But nothing in the line names an hour.', 3);
    await chat.comment(card, 'This I can point at.');
    await chat.highlight('返景 in line 3', 5);
    await chat.synced('saved');
    await chat.clearSelection();
    await toTop(chat);
    await picture(page, 'chat');
    await page.getByRole('button', { name: 'Edit message 1' }).click();
    await page.getByRole('textbox', { name: 'Edited message' }).fill('How have translators rendered 返景 in line 3?');
    await page.getByRole('button', { name: 'Send again' }).click();
    await expect(reply.locator('[data-canonical]')).toContainText('three renderings');
    await expect(reply).not.toHaveAttribute('aria-busy');
    await page.getByRole('link', { name: 'Compare versions of message 1' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Side by side' })).toBeVisible();
    await picture(page, 'compare');
    await page.goto(project);
    await picture(page, 'project');
  });

  await test.step('finding and sharing', async () => {
    await expect(async () => {
      await student.page.goto('/search?q=light');
      await expect(student.page.locator('mark').nth(3)).toBeVisible({ timeout: 500 });
    }).toPass();
    await picture(student.page, 'search');
    const { page } = teacher;
    await page.goto(`/c/${conversation}/share`);
    const form = page.getByRole('form', { name: 'Share with somebody' });
    await form.getByLabel('E-mail address').fill('reader@library.example');
    await form.getByLabel('What they may do').selectOption('can read');
    await form.getByRole('button', { name: 'Share' }).click();
    await expect(page.getByRole('button', { name: 'Stop sharing with reader@library.example' })).toBeVisible();
    await page.getByRole('form', { name: 'New link' }).getByLabel('What they may do').selectOption('can annotate');
    await page.getByRole('button', { name: 'New link' }).click();
    await expect(page.locator('[data-reply=link]')).toHaveText(/\S/);
    await page.reload();
    await picture(page, 'share', true);
    await student.page.goto('/inbox');
    await picture(student.page, 'inbox');
    await student.page.goto('/');
    await picture(student.page, 'home');
  });
  model.stop();
});
