import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const shared = { title: lighthouse.title, text: lighthouse.text, share: 'class' } as const;

test('everybody’s response can be read by the others, live, and changed by nobody else', async ({ signIn, newConversation }) => {
  const { id } = await newConversation(shared);
  const [a, b] = await Promise.all([
    signIn('student-1').then((visitor) => visitor.open(id)),
    signIn('student-2').then((visitor) => visitor.open(id)),
  ]);
  const mine = a.page.getByRole('textbox', { name: 'My response', exact: true });
  await Promise.all([a.showTab('Response'), b.showTab('Response')]);
  const others = b.page.getByRole('region', { name: 'Responses of others' });
  await expect(others).toContainText('Nobody else has written one yet.');
  await expect(b.page.getByText('Everybody in this conversation can read it.')).toBeVisible();

  await mine.fill('It was a **clock**.');
  const entry = others.getByRole('listitem').filter({ hasText: 'Demo Student 1' });
  await expect(entry).toContainText('4 words');
  await expect(entry).toContainText('writing now');
  await entry.locator('summary').click();
  await expect(entry.locator('strong')).toHaveText('clock');
  await expect(others.getByRole('textbox')).toHaveCount(0);
  await expect(others.locator('[contenteditable]')).toHaveCount(0);
  await expectAccessible(b.page, 'a response of somebody else');

  // Open, it follows what is written.
  await mine.press('End');
  await mine.pressSequentially(' <b> Really');
  await expect(entry).toContainText('6 words');
  await expect(entry.locator('.preview')).toHaveText('It was a clock. <b> Really');
  await mine.blur();
  await expect(entry).not.toContainText('writing now');
  await b.showTab('People');
  const row = b.page.getByRole('tabpanel', { name: 'People' }).getByRole('listitem').filter({ hasText: 'Demo Student 1' });
  await expect(row).toContainText('reads message');
  await mine.focus();
  await expect(row).toContainText('writing a response');
  await b.showTab('Response');
  const own = a.page.getByRole('region', { name: 'Responses of others' });
  await expect(own, 'one’s own is not among them').toContainText('Nobody else has written one yet.');

  // What was there before somebody came.
  await b.synced('saved');
  await b.reload();
  await b.showTab('Response');
  await expect(entry).toContainText('6 words');
  await mine.fill('');
  await expect(entry).toHaveCount(0);
});
