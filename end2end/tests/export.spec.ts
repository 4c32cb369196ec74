import { readFile } from 'node:fs/promises';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

test('the conversation is taken away with what was marked and said', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const workspace = await (await signIn('student-1')).open(id);
  await workspace.highlight(lighthouse.keeper);
  await workspace.comment(workspace.card(lighthouse.keeper), 'Says who?');
  const [download] = await Promise.all([
    workspace.page.waitForEvent('download'),
    workspace.page.getByRole('button', { name: 'Export', exact: true }).click(),
  ]);
  const text = await readFile(await download.path(), 'utf8');
  expect(text).toContain(`# ${lighthouse.title}`);
  expect(text).toContain(`> ${lighthouse.keeper}`);
  expect(text).toContain('- Demo Student 1: Says who?');
});
