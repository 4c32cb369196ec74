import { expect, test } from '../fixtures.ts';
import { NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('without a network the page says so, takes edits, and sends them when it is back', async ({ signIn, newConversation, guard }) => {
  guard.allow(...NO_NETWORK);
  const { id } = await newConversation(shared);
  const writer = await signIn('student-1');
  const a = await writer.open(id);
  const b = await (await signIn('student-2')).open(id);

  await writer.context.setOffline(true);
  await a.synced('offline');
  await a.highlight(lighthouse.keeper);
  await a.expectPainted(lighthouse.keeper);
  await expect(b.cards).toHaveCount(0);

  await writer.context.setOffline(false);
  await a.synced('saved');
  await b.expectPainted(lighthouse.keeper);
});
