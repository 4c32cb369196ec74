import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { shownOnce } from '../reply.ts';
import { lighthouse } from '../texts.ts';

/** Chromium reports each answer of 400 and more as a console error; here they are asked for. */
const REFUSED = /status of 4\d\d/;

const WRONG = 'Name;E-mail;Role;Group\nAda King;ada@uni.example;student;Lab 1\nBen;ben at uni;boss;\n;cleo@uni.example;;\n';
const RIGHT = 'Name;E-mail;Role;Group\nAda King;ada@uni.example;student;Lab 1\n"Lee, Ben";ben@uni.example;tutor;\nCleo;cleo@uni.example;;lab 1\n';

async function sendRoster({ page }: Visitor, name: string, text: string): Promise<void> {
  await page.getByLabel('Choose a roster').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Check the roster' }).click();
}

async function newClass({ page }: Visitor, name: string): Promise<string> {
  await page.goto('/');
  const place = page.getByRole('link', { name: 'Classes', exact: true });
  // On a narrow page the places are in the account's menu.
  if (!(await place.isVisible())) await page.locator('.account > summary').click();
  await place.click();
  await page.getByRole('form', { name: 'New class' }).getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/manage$/);
  return page.url().replace(/\/manage$/, '');
}

/** Nothing is wider than the window. */
async function expectNoSideways({ page }: Visitor): Promise<void> {
  // A page that has just begun has no style yet.
  await page.waitForLoadState();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

test('an instructor makes a class and imports a roster, which is first wrong and then right', async ({ signIn, guard, ownServer }) => {
  guard.allow(REFUSED);
  const teacher = await signIn('instructor', { server: ownServer });
  const { page } = teacher;
  const address = await newClass(teacher, 'Rhetoric 101');
  await expectAccessible(page, 'managing a new class');

  await sendRoster(teacher, 'wrong.csv', WRONG);
  const faults = page.getByRole('alert').getByRole('listitem');
  await expect(faults).toHaveText([/^Line 3: .*ben at uni/, /^Line 3: .*boss/, /^Line 4: There is no name/]);
  await expectAccessible(page, 'a roster that is wrong');
  await page.getByRole('link', { name: 'Choose another file' }).click();

  await sendRoster(teacher, 'right.csv', RIGHT);
  await expect(page.getByRole('heading', { name: 'What this roster does' })).toBeVisible();
  await expect(page.getByRole('row')).toHaveText([/Line/, /2Ada King.*Lab 1Is added$/, /3Lee, Ben.*Tutor/, /4Cleo.*Lab 1/]);
  await expectAccessible(page, 'what a roster does');
  await page.getByRole('button', { name: 'Import 3 people' }).click();
  await expect(page.getByRole('heading', { name: 'The roster is imported' })).toBeVisible();
  await page.getByRole('link', { name: 'To the class' }).click();
  await expect(page).toHaveURL(address);
  const people = page.getByRole('list').filter({ hasText: 'Ada King' }).getByRole('listitem');
  await expect(people).toHaveText([/Ada King.*Not signed in yet.*Student.*Lab 1/, /Cleo/, /Demo Instructor.*You/, /Lee, Ben.*Tutor/]);
  await expectAccessible(page, 'the people of a class');

  await page.goto(`${address}/manage`);
  await sendRoster(teacher, 'again.csv', RIGHT);
  await expect(page.getByText('Everybody is in the class already')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Import/ })).toHaveCount(0);
});

test('students join by a link and by a code', async ({ signIn, visit, guard, ownServer }) => {
  guard.allow(REFUSED);
  const teacher = await signIn('instructor', { server: ownServer });
  const address = await newClass(teacher, 'Rhetoric 101');
  await teacher.page.getByRole('form', { name: 'New link' }).getByLabel('How many may join').fill('1');
  await teacher.page.getByRole('button', { name: 'New link' }).click();
  const link = await shownOnce(teacher.page, 'link');
  await teacher.page.getByRole('button', { name: 'Switch on' }).click();
  const code = await teacher.page.locator('.class-code').textContent();

  const student = await visit({ server: ownServer });
  await student.page.goto(link);
  expect(await student.page.content(), 'who is signed out learns nothing').not.toContain('Rhetoric');
  await student.page.getByRole('button', { name: 'Continue as Demo Student 1' }).click();
  await expect(student.page.getByRole('heading', { name: 'Rhetoric 101' })).toBeVisible();
  await expectAccessible(student.page, 'an invitation');
  await student.page.getByRole('button', { name: 'Join' }).click();
  await expect(student.page).toHaveURL(address);
  await expect(student.page.getByText('You see the staff and your own group')).toBeVisible();
  expect(await student.page.content(), 'addresses are for staff').not.toContain('instructor@demo.invalid');

  const other = await signIn('student-2', { server: ownServer });
  const { page } = other;
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'This link is not good any more' })).toBeVisible();
  await page.goto('/classes');
  await expectAccessible(page, 'classes');
  const field = page.getByRole('form', { name: 'Join a class' }).getByLabel('Code');
  await field.fill('BBBB-BBBB');
  await field.press('Enter');
  await expect(page.getByRole('alert')).toContainText('no class is joined by this code');
  await field.fill(code!.toLowerCase().replace('-', ' '));
  await field.press('Enter');
  await expect(page).toHaveURL(address);
});

test('a role is changed and taken away while somebody is working', async ({ signIn, guard, ownServer }) => {
  guard.allow(REFUSED);
  const [teacher, student] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
  ]);
  const { page } = teacher;
  const id = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const tab = await student.open(id);
  await tab.highlight(lighthouse.keeper);
  await tab.synced('saved');

  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  await page.getByRole('link', { name: 'Change Demo Student 1' }).click();
  await expectAccessible(page, 'one person of a class');
  await page.getByRole('form', { name: 'Role' }).getByLabel('Role').selectOption('Tutor');
  await page.getByRole('button', { name: 'Change role' }).click();
  await expect(page.getByText('The role is changed')).toBeVisible();
  await expect.poll(async () => (await student.api.get(`/api/v1/conversations/${id}/rights`)).json()).toMatchObject({ moderates: true });
  const elsewhere = await student.context.newPage();
  await elsewhere.goto(page.url().replace(/\/people\/.*/, ''));
  await expect(elsewhere.getByRole('link', { name: 'Invite and manage' })).toBeVisible();
  await expect(elsewhere.getByRole('link', { name: /^Change/ })).toHaveCount(0);

  await page.getByRole('button', { name: 'Remove from the class' }).click();
  await page.getByRole('dialog', { name: 'Remove Demo Student 1?' }).getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('link', { name: 'Change Demo Student 2' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Change Demo Student 1' })).toHaveCount(0);
  await tab.synced('error');
  await expect(tab.page.getByText(lighthouse.weight)).toHaveCount(0);
  expect((await elsewhere.reload())?.status()).toBe(404);
});

test('the last instructor stays, a class is archived and taken back', async ({ signIn, guard, ownServer }) => {
  guard.allow(REFUSED);
  const teacher = await signIn('instructor', { server: ownServer, viewport: { width: 320, height: 640 } });
  const { page } = teacher;
  const address = await newClass(teacher, 'A class with quite a long name, as universities have them');
  await expectNoSideways(teacher);
  await page.goto(address);
  await expectNoSideways(teacher);
  await page.getByRole('button', { name: 'Leave the class' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('at least one instructor');

  await page.getByRole('link', { name: 'Invite and manage' }).click();
  await page.getByRole('form', { name: 'New group' }).getByRole('textbox').fill('Lab 1');
  await page.getByRole('button', { name: 'New group' }).click();
  await expect(page.getByRole('textbox', { name: 'Name of Lab 1' })).toBeVisible();
  await page.getByRole('button', { name: 'Archive the class' }).click();
  await page.getByRole('dialog', { name: 'Archive this class?' }).getByRole('button', { name: 'Archive' }).click();
  await expect(page.getByText('This class is archived')).toBeVisible();
  await expect(page.getByRole('button', { name: 'New group' })).toHaveCount(0);
  await expectAccessible(page, 'an archived class');
  await expectNoSideways(teacher);
  await page.getByRole('button', { name: 'Take the class back' }).click();
  await expect(page.getByRole('button', { name: 'New group' })).toBeVisible();
});
