import type { Page } from '@playwright/test';
import * as Y from 'yjs';
import { expect, test, type Visitor } from '../fixtures.ts';
import { Outside } from '../outside.ts';
import type { Server } from '../server.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

const bell = (page: Page) => page.getByRole('link', { name: /^Inbox/ });
const notices = (page: Page) => page.locator('.notice');

/** Mentions somebody `times` times, as another program of `by` does, in a highlight of theirs. */
async function mention(server: Server, id: string, by: Visitor, whom: Visitor, times: number, words: string): Promise<void> {
  const workspace = await by.open(id);
  await workspace.highlight(lighthouse.keeper);
  await workspace.synced('saved');
  const highlight = (await workspace.card(lighthouse.keeper).getAttribute('data-highlight-id')) ?? '';
  const author = (await by.api.conversation(id)).author_id;
  const { id: called } = await whom.api.me();
  const before = await unread(whom);
  const outside = await Outside.join(server, by, id);
  const thread = () => (outside.doc.getMap('highlights').get(highlight) as Y.Map<unknown> | undefined)?.get('comments') as Y.Map<unknown> | undefined;
  await expect.poll(() => thread() !== undefined).toBe(true);
  for (let number = 0; number < times; number++) {
    const body = `${words} ${number}, [@X](mention:${called})`;
    // Ids rise with time, as those of version 7 do: what is told at once is listed in their order.
    const comment = `0190c1a2-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
    thread()?.set(comment, new Y.Map(Object.entries({ author, created_at: Date.now(), body })));
  }
  await expect.poll(() => unread(whom)).toBe(before + times);
  outside.leave();
}

const unread = async (of: Visitor) => (await (await of.api.get('/api/v1/notices?limit=1')).json()).unread as number;

test('many notices stand on pages, and what is opened in another tab is read', async ({ signIn, newConversation, server }) => {
  const { id } = await newConversation(shared);
  const [ann, ben] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  await mention(server, id, ben, ann, 52, 'number');
  const { page } = ann;
  await page.goto('/inbox');
  await expect(notices(page)).toHaveCount(50);
  await expect(notices(page).first()).toContainText('number 51');
  // As the device tells times.
  await expect(notices(page).first().locator('time')).not.toContainText('UTC');
  await page.getByRole('link', { name: 'Older', exact: true }).click();
  await expect(notices(page).first()).toContainText('number 1,');
  await page.getByRole('link', { name: 'Newest', exact: true }).click();
  await expect(notices(page).first()).toContainText('number 51');

  const before = await unread(ann);
  const [other] = await Promise.all([page.context().waitForEvent('page'), notices(page).first().click({ button: 'middle' })]);
  await expect(notices(page).first()).not.toContainText('New');
  await expect(bell(page)).toHaveAccessibleName(`Inbox, ${before - 1} unread`);
  await expect(other).toHaveURL(/\/c\/[^#]+#h=[^&]+&c=.+$/);
  await other.close();
  await page.getByRole('button', { name: 'Mark all as read', exact: true }).click();
  await expect(bell(page)).toHaveAccessibleName('Inbox');
  expect(await unread(ann), 'those of the other pages too').toBe(0);
});

test('a page that is looked at again tells what came meanwhile', async ({ signIn, newConversation, server }) => {
  const { id } = await newConversation(shared);
  const [ann, ben] = await Promise.all([signIn('instructor'), signIn('student-2')]);
  await ann.page.goto('/');
  const before = await bell(ann.page).getAttribute('aria-label');
  await mention(server, id, ben, ann, 1, 'meanwhile');
  await expect(bell(ann.page), 'no socket tells this page').toHaveAccessibleName(before ?? '');
  await ann.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(bell(ann.page)).toHaveAccessibleName(`Inbox, ${await unread(ann)} unread`);
  await expect(bell(ann.page)).not.toHaveAccessibleName(before ?? '');
});
