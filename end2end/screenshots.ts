import { mkdir } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test, type Visitor } from './fixtures.ts';

const FOLDER = new URL('../docs/screenshots/', import.meta.url);

async function picture(page: Page, name: string): Promise<void> {
  // Until the fonts are there the page is drawn in others.
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: new URL(`${name}.png`, FOLDER).pathname, animations: 'disabled', caret: 'hide' });
}

/** The conversation that the development seed shares with the class. */
async function demoConversation({ page, api }: Visitor): Promise<{ id: string; sentences: string[] }> {
  await page.goto('/');
  const href = await page.locator('main a[href*="/c/"]').first().getAttribute('href');
  const id = href?.split('/c/')[1] ?? '';
  const { messages } = await api.conversation(id);
  // Plain sentences of answers, neither headings nor code: a line of the text that lies in one text node.
  const open = messages.filter(({ role }) => role === 'assistant').flatMap(({ text }) => text.split('\n'));
  const sentences = open.flatMap((line) => line.match(/[A-Z][^.!?:`\t]{40,110}[.!?]/g) ?? []);
  return { id, sentences };
}

test('pictures for the documents', async ({ visit, signIn }) => {
  await mkdir(FOLDER, { recursive: true });
  const viewport = { width: 1280, height: 860 };
  const stranger = await visit({ viewport, deviceScaleFactor: 2 });
  await stranger.page.goto('/sign-in');
  await picture(stranger.page, 'sign-in');

  const [teacher, student] = await Promise.all([
    signIn('instructor', { viewport, deviceScaleFactor: 2 }),
    signIn('student-1', { viewport }),
  ]);
  const { id, sentences } = await demoConversation(teacher);
  await picture(teacher.page, 'home');
  await teacher.page.goto('/import');
  await picture(teacher.page, 'import');

  const [a, b] = await Promise.all([teacher.open(id), student.open(id)]);
  const remarks = ['Where could we look this up?', 'I read the opposite in the second source.', ''];
  for (const [index, remark] of remarks.entries()) {
    const sentence = sentences[index];
    if (!sentence) break;
    const card = await (index % 2 ? a : b).highlight(sentence, index + 1);
    if (remark) await (index % 2 ? a : b).comment(card, remark);
    await expect(a.card(sentence)).toHaveCount(1);
  }
  await a.clearSelection();
  await a.page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
  await picture(a.page, 'conversation-light');
  await a.page.emulateMedia({ colorScheme: 'dark' });
  await picture(a.page, 'conversation-dark');

  await a.page.emulateMedia({ colorScheme: 'light' });
  const [sentence = ''] = sentences;
  const card = await a.takeInHand(a.card(sentence));
  await card.getByRole('button', { name: /^Reply to/ }).click();
  await card.getByRole('textbox', { name: /^Reply to/ }).fill('In *Weinberger*, p. 12: the order is **reversed** there.');
  await card.getByRole('button', { name: 'Reply', exact: true }).click();
  await expect(card.locator('.comment')).toHaveCount(2);
  await picture(a.page, 'thread');
  await a.showTab('Board');
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
  await picture(a.page, 'conversation-narrow');
});
