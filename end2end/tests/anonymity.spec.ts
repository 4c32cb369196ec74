import { expectAccessible } from '../axe.ts';
import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const note = 'Anonymous: others see you as ';

test('three people of an anonymous conversation: oneself, a peer under a pseudonym, and staff who see names', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', anonymous: true, by: 'student-1' });
  const [ann, ben, olga] = await Promise.all([signIn('student-1'), signIn('student-2'), signIn('instructor')]);
  const a = await ann.open(id);
  const pseudonym = (await a.page.locator('.panel-note b').textContent()) ?? '';
  expect(pseudonym).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  await expect(a.page.getByText(note)).toContainText('The class’s staff see your name.');
  const [b, o] = await Promise.all([ben.open(id), olga.open(id)]);

  const card = await a.highlight(lighthouse.bell);
  await a.comment(card, 'Who wound it?');
  await expect(card.locator('.card-author')).toContainText('Demo Student 1');

  // The peer: live, in the card, the thread, the people, and after loading anew.
  const peer = b.card(lighthouse.bell);
  await expect(peer.locator('.card-author')).toHaveText(pseudonym);
  await b.takeInHand(peer);
  await expect(peer.locator('.comment-author')).toHaveText(pseudonym);
  await expect(b.peopleHere.filter({ hasText: pseudonym })).toHaveCount(1);
  await b.reload();
  await expect(b.card(lighthouse.bell).locator('.card-author')).toHaveText(pseudonym);
  expect(await b.page.content()).not.toContain('Demo Student 1');

  // Staff came before she wrote anything: the name is asked for.
  const staff = o.card(lighthouse.bell);
  await o.takeInHand(staff);
  await expect(staff.locator('.comment-author')).toContainText('Demo Student 1');
  await expect(staff.locator('.comment-author .seen-as')).toContainText(pseudonym);
  await expect(o.peopleHere.filter({ hasText: 'Demo Student 1' })).toHaveCount(1);
  await expect(o.page.locator('.panel-note')).toContainText('The class’s staff see theirs.');
  await expectAccessible(o.page, 'an anonymous conversation as staff see it');

  // What staff write is read by all: whom they mention is called as everybody calls them.
  const box = await o.openCard(staff);
  await box.fill(`See @${pseudonym}, please`);
  await staff.getByRole('button', { name: 'Post', exact: true }).click();
  await expect(staff.locator('.mention')).toHaveText(`@${pseudonym}`);
  await b.takeInHand(b.card(lighthouse.bell));
  await expect(b.card(lighthouse.bell).locator('.comment').filter({ hasText: 'please' }).locator('.comment-author')).toHaveText(
    'Demo Instructor',
  );
  expect(await b.page.content()).not.toContain('Demo Student 1');
});

test('an owner makes a conversation anonymous, and the page that is open goes on under the pseudonym', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'student-1' });
  const [ann, ben] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const b = await ben.open(id);
  await ann.page.goto(`/c/${id}/share`);
  const form = ann.page.getByRole('form', { name: 'Names', exact: true });
  const loaded = b.page.waitForEvent('load');
  await form.getByLabel('Anonymous: people see pseudonyms').check();
  const loadedHere = ann.page.waitForEvent('load');
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await loadedHere;
  await expect(form.getByLabel('Anonymous: people see pseudonyms')).toBeChecked();
  await expectAccessible(ann.page, 'settings of a conversation');
  await loaded;
  await b.ready();
  await expect(b.page.getByText(note)).toBeVisible();
  await b.highlight(lighthouse.bell);
  await b.synced('saved');
  await form.getByLabel('Anonymous: people see pseudonyms').uncheck();
});

test('a protected text is not copied, printed or exported by a reader, and is marked as ever', async ({
  signIn,
  newConversation,
}) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class', by: 'student-1' });
  const [ann, ben] = await Promise.all([signIn('student-1'), signIn('student-2')]);
  const b = await ben.open(id);
  await ann.page.goto(`/c/${id}/share`);
  const form = ann.page.getByRole('form', { name: 'Copying', exact: true });
  await form.getByLabel('Protect the text against copying').check();
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  // At once, on the page that is open.
  await expect(b.page.locator('main[data-protected]')).toBeAttached();
  const said = b.page.getByRole('status', { name: 'Messages' });
  const dismiss = async () => {
    await expect(said).toContainText('This text is protected');
    await said.getByRole('button', { name: 'Dismiss', exact: true }).click();
  };
  const refused = (way: string) =>
    b.page.evaluate((type) => {
      const text = document.querySelector('[data-canonical] p') ?? document.body;
      return !text.dispatchEvent(new Event(type, { bubbles: true, cancelable: true }));
    }, way);
  for (const way of ['copy', 'cut', 'dragstart', 'contextmenu']) {
    expect(await refused(way), way).toBe(true);
    await dismiss();
  }
  await b.page.getByRole('button', { name: 'Export', exact: true }).click();
  await dismiss();
  await b.page.emulateMedia({ media: 'print' });
  await expect(b.messages.first()).toBeHidden();
  await b.page.emulateMedia({ media: 'screen' });
  await b.highlight(lighthouse.bell);
  // What one writes oneself is one's own.
  const notes = await b.openNotes();
  expect(await notes.evaluate((box) => box.dispatchEvent(new Event('copy', { bubbles: true, cancelable: true })))).toBe(true);
  await expectAccessible(b.page, 'a protected text');

  const a = await ann.open(id);
  await expect(a.page.locator('main[data-protected]')).toHaveCount(0);
});

test('a class reads an anonymous task together: pseudonyms among students, names for staff and in the overview', async ({ signIn, ownServer }) => {
  test.slow();
  const [teacher, ann, ben] = await Promise.all(
    (['instructor', 'student-1', 'student-2'] as const).map((person) => signIn(person, { server: ownServer })),
  );
  const { page } = teacher!;
  await teacher!.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  await page.getByRole('navigation', { name: 'This class' }).getByRole('link', { name: 'Activities' }).click();
  await page.getByRole('link', { name: 'New activity' }).click();
  const form = page.getByRole('form', { name: 'New activity' });
  await form.getByLabel('Title').fill('Blind reading');
  await form.getByLabel('Template').selectOption({ label: `${lighthouse.title} (Demo Instructor)` });
  await form.getByLabel('Who works together').selectOption('together');
  await form.getByLabel(/^Anonymous/).check();
  await form.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/activities\/[-0-9a-f]+$/);
  const task = page.url();
  await expect(page.getByText('students see one another under pseudonyms')).toBeVisible();

  await ann!.page.goto(task);
  await expect(ann!.page.getByText('the others see a pseudonym of two words in your place')).toBeVisible();
  await expectAccessible(ann!.page, 'an anonymous task');
  await ann!.page.getByRole('button', { name: 'Start' }).click();
  await expect(ann!.page).toHaveURL(/\/c\//);
  const id = ann!.page.url().split('/c/')[1]!;
  const [a, b] = [await ann!.open(id), await ben!.open(id)];
  const pseudonym = (await a.page.locator('.panel-note b').textContent()) ?? '';
  await a.comment(await a.highlight(lighthouse.bell), 'Who wound it?');
  await a.synced('saved');
  await expect(b.card(lighthouse.bell).locator('.card-author')).toHaveText(pseudonym);
  expect(await b.page.content()).not.toContain('Demo Student 1');

  await page.goto(`${task}/overview`);
  const row = page.getByRole('row').filter({ hasText: 'Demo Student 1' });
  await expect(row.getByRole('cell').nth(3), 'one highlight').toHaveText('1');
  await page.goto(`${task}/settings`);
  await expect(page.getByText('Anonymous. This does not change any more: somebody has started.')).toBeVisible();
  const settings = page.getByRole('form', { name: 'Settings' });
  await settings.getByLabel('Title').fill('Blind reading, longer');
  await settings.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Blind reading, longer' })).toBeVisible();
});
