import type { TestInfo } from '@playwright/test';

import type { Api } from '../api.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { lighthouse } from '../texts.ts';

const said = 'Who says so?';

/** Looked at by people, and never wider than the window. */
async function pictures({ page }: Visitor, info: TestInfo, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name}, ${width}`).toBeLessThanOrEqual(0);
      await page.screenshot({ path: info.outputPath(`${name}-${colorScheme}-${width}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** An activity of the demo class on a text of the instructor's. */
async function newActivity(api: Api, settings: Record<string, unknown>): Promise<string> {
  const { classes } = await (await api.get('/api/v1/classes')).json();
  const template = await api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const answer = await api.post(`/api/v1/classes/${classes[0].id}/activities`, { template, mode: 'individual', ...settings });
  expect(answer.status(), await answer.text()).toBe(201);
  return `/activities/${(await answer.json()).id}`;
}

/** Starts an activity from its page, and answers with the id of the copy. */
async function start({ page }: Visitor, activity: string): Promise<string> {
  await page.goto(activity);
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page).toHaveURL(/\/c\//);
  return page.url().split('/c/')[1] ?? '';
}

test('a moment has a name, is gone back to by keys, compared with now, and what was deleted since comes back', async ({
  signIn,
  newConversation,
}, info) => {
  test.slow();
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, by: 'instructor' });
  const author = await signIn('instructor');
  const { page } = author;
  await page.goto(`/c/${id}/history`);
  await expect(page.getByText('Nothing has happened here yet.')).toBeVisible();
  await expectAccessible(page, 'a history in which nothing has happened');
  const workspace = await author.open(id);
  await workspace.comment(await workspace.highlight(lighthouse.keeper), said);
  await (await workspace.openNotes()).fill('The weight was wound by hand.');
  await workspace.synced('saved');

  await page.getByRole('link', { name: 'History', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'History' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Name of this moment' }).fill('First reading');
  await page.getByRole('button', { name: 'Give it a name' }).click();
  const steps = page.getByRole('navigation', { name: 'Steps' }).getByRole('link');
  await expect(steps.first()).toContainText('First reading');
  await expect(steps.first()).toHaveAttribute('aria-current', 'step');

  const again = await author.open(id);
  await again.deleteCard(again.card(lighthouse.keeper));
  await again.highlight(lighthouse.mercury);
  await (await again.openNotes()).fill('The weight was wound by two people.');
  await again.synced('saved');
  await page.goto(`/c/${id}/history`);
  await expect(page.getByText(lighthouse.mercury)).toBeVisible();
  await expect(page.getByText(said)).toHaveCount(0);
  await pictures(author, info, 'now');

  // Back by a key; the slider keeps the focus, so that one goes on from there.
  const slider = page.getByRole('slider', { name: 'Point in time' });
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(slider).toHaveAttribute('aria-valuetext', /First reading/);
  await expect(page.getByText(said)).toBeVisible();
  await expect(page.getByText(lighthouse.mercury)).toHaveCount(0);
  await expect(slider).toBeFocused();
  await expect(steps.nth(1)).toHaveAttribute('aria-current', 'step');
  await expectAccessible(page, 'a moment of a history');
  await pictures(author, info, 'moment');

  await page.getByRole('link', { name: 'Compare with now' }).click();
  await expect(page.getByRole('heading', { name: /^What is different now/ })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Deleted since' })).toContainText(said);
  await expect(page.getByRole('listitem').filter({ hasText: 'New' })).toContainText(lighthouse.mercury);
  await expect(page.locator('del')).toContainText(['hand']);
  await expectAccessible(page, 'a moment beside the present');
  await pictures(author, info, 'compared');

  await page.getByRole('button', { name: 'Bring back what was deleted since' }).click();
  await page.getByRole('dialog', { name: 'Bring back what was deleted since?' }).getByRole('button', { name: 'Bring back' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Brought back: highlights 1, comments 0' })).toBeVisible();
  const whole = await author.open(id);
  await expect(whole.card(lighthouse.keeper)).toContainText(said);
  await expect(whole.card(lighthouse.mercury)).toHaveCount(1);
  await page.goto(`/c/${id}/history`);
  await expect(steps.filter({ hasText: 'Before restoring' })).toHaveCount(1);
});

test('staff see how a copy came to be where its student lets them or the activity says so, and the student takes a file of it away', async ({
  signIn,
  guard,
}, info) => {
  test.slow();
  const [teacher, student] = [await signIn('instructor'), await signIn('student-1')];
  const copy = await start(student, await newActivity(teacher.api, { title: 'Close reading' }));
  const workspace = await student.open(copy);
  await workspace.comment(await workspace.highlight(lighthouse.keeper), said);
  await workspace.synced('saved');
  const history = `/c/${copy}/history`;
  guard.allow(/status of 403/);
  const answer = await teacher.page.goto(history);
  expect(answer?.status(), 'how it came to be is the student’s own').toBe(403);
  await teacher.open(copy);
  await expect(teacher.page.getByRole('link', { name: 'History', exact: true })).toHaveCount(0);

  const { page } = student;
  await page.goto(history);
  const who = page.getByRole('group', { name: 'Who sees this history' });
  await expect(who).toContainText('Nobody but you sees this history.');
  await expectAccessible(page, 'the history of a copy');
  await who.getByRole('button', { name: 'Let the staff see it' }).click();
  await expect(who).toContainText('because you let them');
  await pictures(student, info, 'let');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'To read (HTML)' }).click()]);
  expect(file.suggestedFilename()).toMatch(/-history\.html$/);
  await teacher.page.goto(history);
  await expect(teacher.page.getByText(said)).toBeVisible();
  await expectAccessible(teacher.page, 'the history of a student’s copy');
  await who.getByRole('button', { name: 'Stop showing it to staff' }).click();
  await expect(who).toContainText('Nobody but you');
  expect((await teacher.page.goto(history))?.status()).toBe(403);

  // An activity that says so from the start, with a box of its own.
  const told = await newActivity(teacher.api, { title: 'Watched reading' });
  await teacher.page.goto(`${told}/settings`);
  await teacher.page.getByLabel('Staff see the history of the copies').check();
  await teacher.page.getByRole('button', { name: 'Save' }).click();
  await expect(teacher.page.getByText('You and the other staff see the history of the copies')).toBeVisible();
  await page.goto(told);
  await expect(page.getByText('The staff of the class see the history of your work here')).toBeVisible();
  await expectAccessible(page, 'an activity of which staff see the history');
  const watched = await start(student, told);
  await expect(page.getByText('The staff of the class see the history of this')).toBeVisible();
  await page.goto(`/c/${watched}/history`);
  await expect(who).toContainText('the activity says so');
  await expect(who.getByRole('button')).toHaveCount(0);
  expect((await teacher.page.goto(`/c/${watched}/history`))?.status()).toBe(200);
  await teacher.page.goto(`${told}/settings`);
  await pictures(teacher, info, 'settings');
});

test('days are those of whoever looks, and a step is found among others than the newest', async ({ signIn, newConversation }) => {
  const { id } = await newConversation({ title: lighthouse.title, text: lighthouse.text, by: 'instructor' });
  const author = await signIn('instructor');
  const workspace = await author.open(id);
  await workspace.highlight(lighthouse.keeper);
  await workspace.synced('saved');
  for (const timezoneId of ['Pacific/Honolulu', 'Pacific/Kiritimati']) {
    const { page } = await signIn('instructor', { timezoneId });
    await page.goto(`/c/${id}/history`);
    const section = page.getByRole('navigation', { name: 'Steps' }).locator('section');
    await expect(section).toHaveCount(1);
    const at = await section.locator('li time').first().getAttribute('datetime');
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: timezoneId }).format(new Date(at ?? ''));
    await expect(section.getByRole('heading')).toHaveText(day);
    await expect(section.getByRole('link')).toHaveCount(2);
  }
  const { page } = author;
  await page.goto(`/c/${id}/history?before=2`);
  await expect(page.getByRole('navigation', { name: 'Steps' }).getByRole('link')).toHaveAttribute('href', /at=1&before=2/);
  await page.getByRole('link', { name: 'Newest steps' }).click();
  await expect(page.getByRole('navigation', { name: 'Steps' }).getByRole('link')).toHaveCount(2);
  // Where nothing is older, the newest are shown.
  await page.goto(`/c/${id}/history?before=1`);
  await expect(page.getByRole('navigation', { name: 'Steps' }).getByRole('link')).toHaveCount(2);
});
