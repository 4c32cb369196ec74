import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('what is said goes by itself, with a way back later, and not while it is looked at', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const visitor = await signIn('student-1');
  await visitor.page.clock.install();
  const a = await visitor.open(id);
  const { page } = a;
  const toast = page.locator('.toast');
  const card = await a.highlight(lighthouse.weight);

  // A link that leads nowhere any more.
  const missing = '#h=01890a5d-ac96-774b-bcce-b302099a8057';
  const say = () => page.evaluate((hash) => {
    location.hash = '';
    location.hash = hash;
  }, missing);
  await say();
  await expect(page.getByRole('status', { name: 'Messages' })).toContainText('is not here any more');
  await page.mouse.move(5, 300);
  await page.clock.runFor(20_000);
  await expect(toast).toHaveCount(0);

  await say();
  await toast.hover();
  await page.clock.runFor(20_000);
  await expect(toast, 'while it is pointed at').toBeVisible();
  await page.mouse.move(5, 300);
  await page.clock.runFor(20_000);
  await expect(toast).toHaveCount(0);

  await a.deleteCard(card);
  const undo = toast.getByRole('button', { name: 'Undo', exact: true });
  await expect(undo).toBeFocused();
  await page.clock.runFor(25_000);
  await expect(undo, 'while it has the focus').toBeVisible();
  await undo.evaluate((button) => button.blur());
  await page.mouse.move(5, 300);
  await page.clock.runFor(25_000);
  await expect(toast).toHaveCount(0);
});
