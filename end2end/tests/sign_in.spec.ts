import { expect, test } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

/** Chromium reports each answer of 400 and more as a console error; these journeys ask for them. */
const NOT_SIGNED_IN = /status of 401/;
const NOT_FOUND = /status of 404/;

const people = ['Demo Instructor', 'Demo Student 1', 'Demo Student 2'];

for (const name of people) {
  test(`${name} signs in with one button`, async ({ visit }) => {
    const { page, api } = await visit();
    await page.goto('/sign-in');
    await page.getByRole('button', { name: `Continue as ${name}`, exact: true }).click();
    await expect(page).not.toHaveURL(/\/sign-in/);
    expect((await api.me()).name).toBe(name);
  });
}

test('the three people are three people', async ({ signIn }) => {
  const visitors = await Promise.all([signIn('instructor'), signIn('student-1'), signIn('student-2')]);
  const found = await Promise.all(visitors.map(({ api }) => api.me()));
  expect(found.map(({ name }) => name)).toEqual(people);
  expect(new Set(found.map(({ id }) => id)).size).toBe(3);
});

test('signing out ends the session', async ({ signIn, guard }) => {
  guard.allow(NOT_SIGNED_IN);
  const { page, api } = await signIn('student-1');
  await page.goto('/');
  await page.locator('summary').click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect((await api.get('/api/v1/me')).status()).toBe(401);
  await page.goto('/import');
  await expect(page).toHaveURL(/\/sign-in/);
});

test('signing out leaves no text in the other tabs, of this browser alone', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const [student, sameElsewhere] = [await signIn('student-1'), await signIn('student-1')];
  const [tab, elsewhere] = [await student.openInNewTab(id), await sameElsewhere.open(id)];
  await student.page.goto('/');
  await student.page.locator('summary').click();
  await student.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(tab.page).toHaveURL(new RegExp(`/sign-in\\?next=%2Fc%2F${id}$`));
  await expect(tab.page.getByText(lighthouse.weight)).toHaveCount(0);
  await elsewhere.highlight(lighthouse.keeper);
  await elsewhere.synced('saved');
});

test('a visitor who is not signed in is led to sign in and back', async ({ visit, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, share: 'class' });
  const { page } = await visit();
  await page.goto(`/c/${id}`);
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByText(lighthouse.weight)).toHaveCount(0);
  await page.getByRole('button', { name: 'Continue as Demo Student 2', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/c/${id}$`));
  await expect(page.getByRole('heading', { level: 1, name: lighthouse.title })).toBeVisible();
});

test('signing in leads to no other site', async ({ visit }) => {
  const { page } = await visit();
  // Whatever the parameter is called, a page elsewhere is not a place to come back to.
  const elsewhere = encodeURIComponent('//elsewhere.example/trap');
  await page.goto(`/sign-in?next=${elsewhere}&return_to=${elsewhere}&return=${elsewhere}&to=${elsewhere}`);
  const { origin } = new URL(page.url());
  await page.getByRole('button', { name: 'Continue as Demo Student 1', exact: true }).click();
  await expect(page).not.toHaveURL(/\/sign-in/);
  expect(new URL(page.url()).origin).toBe(origin);
});

test('a stranger gets a page that says not found, and no word of the text', async ({
  signIn,
  newConversation,
  guard,
}) => {
  guard.allow(NOT_FOUND);
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, by: 'student-1' });
  const { page } = await signIn('student-2');
  const answer = await page.goto(`/c/${id}`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await page.content()).not.toContain(lighthouse.weight);
  expect(await page.content()).not.toContain(lighthouse.title);
  await expect(page.getByRole('link').first(), 'a way on').toBeVisible();

  const owner = await signIn('student-1');
  expect((await owner.page.goto(`/c/${id}`))?.status()).toBe(200);
});
