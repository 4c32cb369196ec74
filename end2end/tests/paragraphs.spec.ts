import type { Page } from '@playwright/test';
import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

/** The numbers that stand beside paragraphs, as they are spoken. They are a style's: no element has them. */
async function numbers(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const said = nodes.filter(({ ignored, role }) => !ignored && role?.value === 'StaticText').map(({ name }) => String(name?.value));
  // The brackets are words of their own.
  return said.join('').match(/\[\d+\]/g) ?? [];
}

test('paragraphs are numbered for whoever wants it, and cards say in which of them they are', async ({ signIn, newConversation }, info) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1');
  const desk = await visitor.open(id);
  const { page } = desk;
  const button = page.getByRole('button', { name: 'Paragraph numbers' });
  await desk.highlight(lighthouse.bell);
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  expect(await numbers(page)).toEqual([]);
  const paragraph = (words: string) => desk.card(words).locator('.card-paragraph');
  await expect(paragraph(lighthouse.bell)).toHaveCount(0);

  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  // No item of the list has one.
  const all = ['[1]', '[2]', '[3]', '[4]'];
  // The card's own is the one more.
  await expect.poll(() => numbers(page)).toEqual([...all, '[3]']);
  await expect(paragraph(lighthouse.bell)).toHaveText('[3]');
  // What is marked from then on says so as well, also where it is in none and over several.
  await desk.highlight(lighthouse.mercury);
  await expect(desk.card(lighthouse.mercury)).toBeVisible();
  await expect(paragraph(lighthouse.mercury)).toHaveCount(0);
  await desk.highlight(lighthouse.question);
  await expect(paragraph(lighthouse.question)).toHaveText('[1]');
  await expectAccessible(page, 'numbered paragraphs');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: info.outputPath(`paragraphs-${colorScheme}-${width}.png`) });
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });

  // The text is what it was: what is marked beside a number is the words.
  await desk.highlight(lighthouse.clockwork);
  await expect(paragraph(lighthouse.clockwork)).toHaveText('[2]');
  await desk.synced('saved');
  await page.reload();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await expect(paragraph(lighthouse.clockwork)).toHaveText('[2]');
  await button.click();
  await expect(paragraph(lighthouse.clockwork)).toHaveCount(0);
  expect(await numbers(page)).toEqual([]);
});

test('a highlight over several paragraphs names the first and the last', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-2');
  await visitor.context.addInitScript(() => localStorage.setItem('paragraph-numbers', 'yes'));
  const desk = await visitor.open(id);
  const { page } = desk;
  await desk.synced('saved');
  for (const [from, to] of [[lighthouse.weight, lighthouse.keeper], [lighthouse.log, 'In short, the light was']] as const) {
    await desk.selectText(from, to);
    await desk.applyTag(1);
  }
  await expect(page.locator('.card-paragraph')).toHaveText(['[2]-[3]', '[4]']);
});
