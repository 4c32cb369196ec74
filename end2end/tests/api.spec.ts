import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';

test('the API is read by whoever looks: found from the account, opened by keys, led on by links', async ({ signIn }) => {
  const { page } = await signIn('student-1');
  await page.goto('/account');
  await page.getByRole('link', { name: 'What the API does' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'API' })).toBeVisible();
  await page.getByRole('navigation', { name: 'Parts of the API' }).getByRole('link', { name: 'Conversations' }).click();
  await expect(page).toHaveURL(/#conversations$/);
  const operation = page.locator('#getConversation');
  const answers = operation.getByRole('heading', { name: 'Answers' });
  await expect(answers).toBeHidden();
  await operation.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(answers).toBeVisible();
  await expect(operation.getByText('branch', { exact: true })).toBeVisible();
  await expectAccessible(page, 'the API, with one operation open');
  // A link leads into what is closed, and the browser opens it.
  await operation.getByRole('link', { name: 'Conversation', exact: true }).click();
  await expect(page.locator('#schema-Conversation').getByText('messages', { exact: true })).toBeVisible();
});

test('the page of the API is for narrow windows and for those who are signed out', async ({ visit, server }) => {
  const { page } = await visit({ server, viewport: { width: 390, height: 800 } });
  await page.goto('/api');
  const operations = page.locator('.api-operation');
  await expect(operations.first()).toBeVisible();
  const open = (most: number) =>
    operations.evaluateAll((all, most) => all.forEach((one, at) => one.toggleAttribute('open', at < most)), most);
  await open(Infinity);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  // All of it takes axe a minute; one is made like the other.
  await open(12);
  await expectAccessible(page, 'all of the API, narrow');
});
