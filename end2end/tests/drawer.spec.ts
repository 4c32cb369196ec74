import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { Outside } from '../outside.ts';
import { lighthouse } from '../texts.ts';
import type { Workspace } from '../workspace.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;
const whales = 'a paragraph about whales';
const tides = 'another one about tides';

const drawer = ({ page }: Workspace) => page.locator('details', { hasText: 'Lost highlights' });

async function expectCount(workspace: Workspace, count: number): Promise<void> {
  await expect(drawer(workspace).locator('summary')).toHaveText(`Lost highlights ${count}`);
}

/** Cards that stand beside the text. */
const beside = ({ page }: Workspace) => page.locator('#margin > [data-highlight-id]');

test('lost highlights stand in a drawer of their own, their threads go on, and they are attached from there', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id, messages } = await newConversation(shared);
  const [author, reader] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const [a, b] = await Promise.all([author.open(id), reader.open(id)]);
  await expect(drawer(a)).toBeHidden();
  const outside = await Outside.join(server, author, id);
  try {
    for (const words of [whales, tides]) outside.mark(messages[1]?.id ?? '', words);
    await a.highlight(lighthouse.weight);
    for (const workspace of [a, b]) {
      await expectCount(workspace, 2);
      await expect(beside(workspace)).toHaveCount(1);
      await expect(beside(workspace).locator('[data-quote]')).toHaveText(lighthouse.weight);
      await expect(drawer(workspace).getByRole('article').and(workspace.page.locator('[data-anchor=lost]'))).toHaveCount(2);
    }
    await b.comment(b.card(whales), 'Where has it gone?');
    await a.takeInHand(a.card(whales));
    await expect(a.card(whales).getByText('Where has it gone?')).toBeVisible();
    await expectAccessible(a.page, 'a drawer with lost highlights');

    // What somebody writes there outlives that somebody else attaches it.
    await b.takeInHand(b.card(whales));
    await b.commentBox(b.card(whales)).fill('Half an answer');
    await a.takeInHand(a.card(whales));
    await a.selectText(lighthouse.log);
    await a.card(whales).getByRole('button', { name: 'Attach to selection', exact: true }).click();
    for (const workspace of [a, b]) {
      await expect(beside(workspace)).toHaveCount(2);
      await expectCount(workspace, 1);
      await workspace.expectPainted(lighthouse.log);
    }
    await expect(a.card(lighthouse.log)).toBeFocused();
    await expect(b.commentBox(b.card(lighthouse.log))).toHaveValue('Half an answer');
    await a.deleteCard(a.card(tides));
    for (const workspace of [a, b]) await expect(drawer(workspace)).toBeHidden();
  } finally {
    outside.leave();
  }
});

test('the filter, the keys and links know of lost highlights', async ({ signIn, newConversation, server }) => {
  const { id, messages } = await newConversation(shared);
  const author = await signIn('student-1');
  const a = await author.open(id);
  const outside = await Outside.join(server, author, id);
  try {
    const lost = outside.mark(messages[1]?.id ?? '', whales);
    outside.mark(messages[1]?.id ?? '', tides);
    await a.highlight(lighthouse.weight);
    await expectCount(a, 2);

    const words = a.page.getByRole('searchbox', { name: 'Search quotes and comments' });
    await words.fill('whales');
    await expectCount(a, 1);
    await expect(beside(a)).toHaveCount(0);
    await words.fill('tower');
    await expect(drawer(a)).toBeHidden();
    await a.page.getByRole('button', { name: 'Clear the filter' }).first().click();
    await words.blur();

    await drawer(a).locator('summary').click();
    await expect(a.card(whales)).toBeHidden();
    await a.page.keyboard.press('j');
    await expect(beside(a)).toHaveAttribute('data-active', '');
    await a.page.keyboard.press('j');
    await expect(a.page.getByRole('log', { name: 'Announcements' })).toHaveText(/^2 of 3/);
    await expect(drawer(a).locator('[data-active]')).toBeInViewport();

    await drawer(a).locator('summary').click();
    await expect(a.card(whales)).toBeHidden();
    await a.page.evaluate((hash) => (location.hash = hash), `h=${lost}`);
    await expect(a.card(whales)).toHaveAttribute('data-active', '');
    await expect(a.card(whales)).toBeInViewport();
  } finally {
    outside.leave();
  }
});

test('a drawer of many holds all of them, and makes those that are seen', async ({ signIn, newConversation, server }) => {
  const { id, messages } = await newConversation(shared);
  const author = await signIn('student-1');
  const a = await author.open(id);
  const outside = await Outside.join(server, author, id);
  try {
    for (let number = 1; number <= 120; number += 1) outside.mark(messages[1]?.id ?? '', `lost words, the ${number}th`);
    await expectCount(a, 120);
    const cards = drawer(a).locator('[data-highlight-id]');
    await expect(cards).toHaveCount(120);
    const whole = drawer(a).locator('[data-highlight-id]:not([data-far])');
    await expect(whole.first()).toBeVisible();
    await expect.poll(() => whole.count(), 'those far down are their quotes alone').toBeLessThan(60);
    // The last is made when it comes into sight, and is as good as the first.
    await cards.last().scrollIntoViewIfNeeded();
    await expect(cards.last()).not.toHaveAttribute('data-far');
    await a.comment(cards.last(), 'Said of the last one');
    await expect(cards.last().locator('.comment-body')).toHaveText('Said of the last one');
    await expectAccessible(a.page, 'a drawer of many');
  } finally {
    outside.leave();
  }
});
