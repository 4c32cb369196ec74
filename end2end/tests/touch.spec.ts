import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;
const telephone = { viewport: { width: 390, height: 740 }, hasTouch: true, isMobile: true } as const;

test('a finger marks, comments and resolves on a telephone', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [visitor, other] = [await signIn('student-1', telephone), await (await signIn('student-2')).open(id)];
  const a = await visitor.open(id);
  const { page } = a;
  // What a finger has selected: no mouse goes down or up, the page hears of it by the selection alone.
  await page.evaluate((passage) => window.canonical.select(passage, passage), lighthouse.keeper);
  await expect(a.toolbar).toBeVisible();
  await expect(a.toolbar).toBeInViewport({ ratio: 1 });
  const { bottom, top, heights } = await page.evaluate(() => {
    const bar = document.querySelector('[role=toolbar][aria-label="Annotate selection"]');
    return {
      bottom: getSelection()?.getRangeAt(0).getBoundingClientRect().bottom ?? Number.NaN,
      top: bar?.getBoundingClientRect().top ?? Number.NaN,
      heights: [...(bar?.querySelectorAll('button') ?? [])].map((button) => button.getBoundingClientRect().height),
    };
  });
  expect(top, 'below the selection, and its handles').toBeGreaterThanOrEqual(bottom + 10);
  expect(Math.min(...heights), 'large enough for a finger').toBeGreaterThanOrEqual(44);
  await expectAccessible(page, 'a selection on a telephone');

  // A tap on a button takes the selection away on telephones before the click comes.
  await page.evaluate(() => {
    const bar = document.querySelector('[role=toolbar][aria-label="Annotate selection"]');
    bar?.addEventListener('touchend', () => getSelection()?.removeAllRanges(), { capture: true, once: true });
  });
  await a.tagButton(2).tap();
  await expect(a.card(lighthouse.keeper)).toHaveCount(1);
  await a.expectPainted(lighthouse.keeper);
  await other.expectPainted(lighthouse.keeper);

  // The card, in the sheet at the foot of the page.
  const card = a.card(lighthouse.keeper);
  const sheet = page.locator('.panel[data-sheet]');
  if ((await sheet.getAttribute('data-sheet')) !== 'open') await page.getByRole('tab', { name: 'Annotations', exact: true }).tap();
  await expect(card).toBeInViewport();
  await a.commentBox(card).tap();
  await page.keyboard.type('By finger');
  await card.getByRole('button', { name: 'Post', exact: true }).tap();
  await expect(other.card(lighthouse.keeper).getByText('By finger', { exact: true })).toBeAttached();
  await card.getByRole('button', { name: 'More', exact: true }).tap();
  await page.getByRole('menuitem', { name: 'Resolve', exact: true }).tap();
  await expect(card.getByText('Resolved', { exact: true })).toBeVisible();
  await expectAccessible(page, 'a card on a telephone');
});
