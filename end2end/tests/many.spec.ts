import { randomUUID } from 'node:crypto';
import * as Y from 'yjs';
import { expect, test } from '../fixtures.ts';
import { joinWithYjs } from '../stock.ts';

const MESSAGES = 150;
const text = Array.from({ length: MESSAGES }, (_, index) => `Assistant: Marked passage ${index}, ${'and so on, '.repeat(40)}.\n`).join('\nUser: And?\n\n');

test('among many cards those far out of sight are their quotes alone, until they are come to', async ({
  signIn,
  newConversation,
  server,
}) => {
  const { id, messages } = await newConversation({ title: 'Many', text, share: 'class' });
  const author = await signIn('student-1');
  const provider = joinWithYjs(server, id, await author.api.token('many'));
  try {
    await expect.poll(() => provider.synced).toBe(true);
    const { doc } = provider;
    const tag = [...doc.getMap('tags').keys()][0] ?? '';
    const { author_id: by } = await author.api.conversation(id);
    doc.transact(() => {
      for (const [index, { id: message, text }] of messages.filter(({ role }) => role === 'assistant').entries()) {
        const exact = `Marked passage ${index}`;
        const highlight = new Y.Map<unknown>(Object.entries({ author: by, created_at: 1_700_000_000_000 + index, resolved: null, deleted: null }));
        highlight.set('targets', [{ message, start: 0, end: exact.length, exact, prefix: '', suffix: text.slice(exact.length, exact.length + 32) }]);
        highlight.set('tags', new Y.Map([[tag, index]]));
        highlight.set('comments', new Y.Map());
        doc.getMap('highlights').set(randomUUID().replace(/^(.{14})4/, '$17'), highlight);
      }
    });

    const a = await author.open(id);
    const all = a.page.locator('#margin > .card');
    await expect(all).toHaveCount(MESSAGES);
    expect((await a.cards.count()), 'in the page’s layout').toBeLessThan(MESSAGES / 2);
    const [first, last] = [a.card('Marked passage 0'), a.card(`Marked passage ${MESSAGES - 1}`)];
    await expect(a.commentBox(first.first())).toBeVisible();
    await expect(a.commentBox(last), 'not made yet').toHaveCount(0);
    const made = await a.cards.getByRole('button', { name: 'More', exact: true }).count();
    expect(made, 'far fewer than all').toBeLessThan(MESSAGES / 2);

    // Past all of them and back, faster than anybody reads: what stands there is not made, which would hold the scroll up.
    const flown = await a.page.evaluate(async () => {
      const filled = new Set<Node>();
      const observer = new MutationObserver((changes) => changes.forEach(({ target, addedNodes }) => addedNodes.length && filled.add(target)));
      document.querySelectorAll('#margin > .card').forEach((card) => observer.observe(card, { childList: true }));
      // A frame that the machine is late with is not the end of the flight.
      const timer = window.setTimeout.bind(window);
      Object.assign(window, { setTimeout: (act: () => void, delay = 0) => timer(act, delay + 2_000) });
      const end = document.documentElement.scrollHeight - innerHeight;
      const stops = Array.from({ length: Math.ceil(end / 900) }, (_, index) => index * 900);
      for (const top of [...stops, ...stops.reverse()]) {
        scrollTo({ top, behavior: 'instant' });
        await new Promise(requestAnimationFrame);
      }
      observer.disconnect();
      Object.assign(window, { setTimeout: timer });
      return filled.size;
    });
    expect(flown, 'cards made in a flight over all of them').toBeLessThan(MESSAGES / 3);

    // A draft in the first, and away: it is not taken away with its card.
    await a.takeInHand(first.first());
    await a.commentBox(first.first()).fill('Half a thought');
    await a.messages.last().scrollIntoViewIfNeeded();
    await expect(a.commentBox(last)).toBeVisible();
    // Those above it are made meanwhile, a few in each frame.
    const off = async () => {
      const [text, card] = await Promise.all([a.messages.last().locator('[data-canonical]').boundingBox(), last.boundingBox()]);
      return Math.abs((text?.y ?? 0) - (card?.y ?? 1_000));
    };
    await expect.poll(off, 'it stands at its text').toBeLessThan(80);
    await a.takeInHand(last);
    await a.comment(last, 'The last word');
    await a.messages.first().scrollIntoViewIfNeeded();
    await expect(a.commentBox(first.first())).toHaveValue('Half a thought');

    // A link leads to one that was not made.
    const far = await all.filter({ hasText: `Marked passage ${MESSAGES / 2}` }).getAttribute('data-highlight-id');
    await a.page.evaluate((hash) => (location.hash = hash), `h=${far}`);
    await expect(a.page.locator(`[data-highlight-id="${far}"]`)).toHaveAttribute('data-active', '');
    await expect(a.commentBox(a.page.locator(`[data-highlight-id="${far}"]`))).toBeVisible();

    // All of them go to the printer, whole.
    await a.page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await expect(a.cards).toHaveCount(MESSAGES);
    await expect(a.cards.getByRole('button', { name: 'More', exact: true })).toHaveCount(MESSAGES);
    await a.page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await expect.poll(() => a.cards.count()).toBeLessThan(MESSAGES / 2);
  } finally {
    provider.destroy();
  }
});
