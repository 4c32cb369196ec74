import { report } from '../absence.ts';
import type { Api } from '../api.ts';
import { expectAccessible } from '../axe.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import { NO_NETWORK } from '../kept.ts';
import { lighthouse } from '../texts.ts';

/** Nothing is wider than the window. */
async function expectNoSideways({ page }: Visitor): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

async function demoClass(api: Api): Promise<string> {
  const { classes } = await (await api.get('/api/v1/classes')).json();
  return classes[0].id;
}

interface Settings {
  title: string;
  template: string;
  mode: string;
  instructions?: string;
  copy_protected?: boolean;
  opens_at?: string;
  closes_at?: string;
}

async function newActivity(api: Api, settings: Settings): Promise<string> {
  const answer = await api.post(`/api/v1/classes/${await demoClass(api)}/activities`, settings);
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).id;
}

async function change(api: Api, activity: string, settings: Settings): Promise<void> {
  const answer = await api.request.put(`${api.origin}/api/v1/activities/${activity}`, {
    data: settings,
    headers: { Origin: api.origin },
  });
  expect(answer.status(), await answer.text()).toBe(204);
}

test('staff give a class a task, students start it once each, and the overview shows who did what', async ({ signIn, ownServer }) => {
  test.slow();
  const teacher = await signIn('instructor', { server: ownServer });
  const { page } = teacher;
  await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  await page.goto('/classes');
  await page.getByRole('link', { name: /Demo class/ }).click();
  await page.getByRole('navigation', { name: 'This class' }).getByRole('link', { name: 'Activities' }).click();
  await expect(page.getByText('There is nothing to do yet.')).toBeVisible();
  await page.getByRole('link', { name: 'New activity' }).click();
  await expectAccessible(page, 'a new activity');
  const form = page.getByRole('form', { name: 'New activity' });
  await form.getByLabel('Title').fill('Close reading');
  await form.getByLabel('Instructions').fill('Read **all** of it & mark <what> you doubt.');
  await form.getByLabel('Template').selectOption({ label: `${lighthouse.title} (Demo Instructor)` });
  await form.getByLabel('Closes').fill('2100-03-02T18:30');
  await form.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/activities\/[-0-9a-f]+$/);
  const address = page.url();
  await expect(page.getByText('Read all of it & mark <what> you doubt.')).toBeVisible();
  await expectAccessible(page, 'an activity');
  await page.getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByLabel('Closes'), 'a time is the reader’s own').toHaveValue('2100-03-02T18:30');
  await expect(page.getByLabel('Instructions')).toHaveValue('Read **all** of it & mark <what> you doubt.');

  const student = await signIn('student-1', { server: ownServer });
  await student.page.goto('/classes');
  await student.page.getByRole('link', { name: /Demo class/ }).click();
  await student.page.getByRole('navigation', { name: 'This class' }).getByRole('link', { name: 'Activities' }).click();
  await expectAccessible(student.page, 'the activities of a class');
  const tab = await student.context.newPage();
  await tab.goto(address);
  await student.page.getByRole('link', { name: /Close reading/ }).click();
  await student.page.getByRole('button', { name: 'Start' }).dblclick();
  await expect(student.page).toHaveURL(/\/c\//);
  const copy = student.page.url();
  await tab.getByRole('button', { name: 'Start' }).click();
  await expect(tab, 'a second tab finds the same').toHaveURL(copy);
  await tab.close();
  const a = await student.open(copy.split('/c/')[1]!);
  await a.comment(await a.highlight(lighthouse.keeper), 'Who says so?');
  await a.synced('saved');
  await expectAccessible(student.page, 'a copy of an activity');

  await page.goto(`${address}/overview`);
  await expect(page.getByRole('list', { name: 'Not started' }).getByRole('listitem')).toHaveText(['Demo Student 2']);
  const row = page.getByRole('row').filter({ hasText: 'Demo Student 1' });
  await expect(row.getByRole('cell')).toHaveText(['Open', /2\d\d\d|\d/, '1', '1', '0', '1 / 1', ...Array(5).fill('0 / 0')]);
  await expectAccessible(page, 'the overview of an activity');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  expect((await download).suggestedFilename()).toBe('Close-reading.csv');
  const [zip] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Word, with comments' }).click()]);
  expect(zip.suggestedFilename()).toMatch(/\.zip$/);
  await row.getByRole('link', { name: 'Open the conversation of Demo Student 1' }).click();
  await expect(page.getByText('Who says so?').first()).toBeVisible();

  await student.page.goto(address);
  await student.page.getByRole('link', { name: 'Continue' }).click();
  await expect(student.page).toHaveURL(copy);
  for (const visitor of [teacher, student]) await visitor.page.setViewportSize({ width: 320, height: 640 });
  for (const path of ['', '/overview', '/settings']) {
    await page.goto(`${address}${path}`);
    await expectNoSideways(teacher);
  }
});

test('an activity closes while somebody is working and another is without a network, whose work staff take in', async ({
  signIn,
  guard,
  ownServer,
}) => {
  test.slow();
  guard.allow(...NO_NETWORK);
  const [teacher, present, absent] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
    signIn('student-2', { server: ownServer }),
  ]);
  const template = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const settings = { title: 'Close reading', template, mode: 'together' };
  const activity = await newActivity(teacher.api, settings);
  const { id } = await (await present.api.post(`/api/v1/activities/${activity}/start`, {})).json();
  const [a, b] = [await present.open(id), await absent.open(id)];
  await absent.context.setOffline(true);
  await b.synced('offline');
  await b.comment(await b.highlight(lighthouse.keeper), 'Written in a train.');
  await (await b.openNotes()).fill('Notes of the train.');
  await b.showTab('Annotations');
  await b.commentBox(b.card(lighthouse.keeper)).fill('Only begun');

  await change(teacher.api, activity, { ...settings, closes_at: new Date(Date.now() + 1_500).toISOString() });
  await a.synced('read-only');
  await expect(present.page.getByText('This activity has closed: you can read it')).toBeVisible();
  await absent.context.setOffline(false);
  await b.synced('read-only');
  await expect(report(absent.page)).toContainText('The activity has closed.');
  await expect(report(absent.page)).toContainText('Written in a train.');
  await expect(report(absent.page)).toContainText('3 changes were not taken. They are kept on this device.');
  await expect(report(absent.page)).toContainText('What it belongs to is not there any more.');
  await expect(a.cards).toHaveCount(0);

  // The server says that it is late, and keeps it then.
  const kept = async () => {
    const { people } = await (await teacher.api.get(`/api/v1/activities/${activity}/overview`)).json();
    return people.flatMap(({ late }: { late: { changes: number }[] }) => late.map(({ changes }) => changes));
  };
  await expect.poll(kept).toEqual([3]);
  const { page } = teacher;
  await page.goto(`/activities/${activity}/overview`);
  const late = page.getByRole('listitem').filter({ hasText: 'Demo Student 2' }).filter({ hasText: '3 changes' });
  await expectAccessible(page, 'an overview with late work');
  await expect(late, 'what it is, before it is taken in').toContainText('Would add 1 highlight, 1 comment, 19 characters in the notes');
  await late.getByRole('button', { name: 'Take in the late work of Demo Student 2' }).click();
  await expect(late.getByRole('status')).toContainText('Taken in: 3.');
  await a.expectPainted(lighthouse.keeper);
  await expect(a.cards.getByText('Written in a train.')).toBeVisible();

  // Its author is told once, and has nothing more aside but what was only begun.
  const told = 'changes that had not been taken are in the conversation now: the staff took them in.';
  await expect(report(absent.page)).toContainText(`3 ${told}`);
  const begun = report(absent.page).getByRole('list', { name: 'Kept on this device' }).getByRole('listitem');
  await expect(begun).toHaveCount(1);
  await expect(begun).toContainText('nothing can be written here any more');
  await b.expectPainted(lighthouse.keeper);
  await b.page.reload();
  await b.synced('read-only');
  await expect(absent.page.getByRole('button', { name: 'Kept here: 1', exact: true })).toBeVisible();
  await expect(report(absent.page)).toHaveCount(0);
  // And has it in its box again when there is one.
  await change(teacher.api, activity, settings);
  await b.synced('saved');
  await b.reload();
  await expect(b.commentBox(b.card(lighthouse.keeper))).toHaveValue('Only begun');
  await expect(absent.page.getByRole('button', { name: /^(Not taken|Kept here)/ })).toBeHidden();
  await change(teacher.api, activity, { ...settings, closes_at: new Date(Date.now() + 1_500).toISOString() });
  await b.synced('read-only');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Late work' })).toHaveCount(0);
  await present.page.goto(`/activities/${activity}`);
  await expect(present.page.getByText('What was made in it can be read.')).toBeVisible();
});

test('what two students did alone is revealed, and they see it together', async ({ signIn, ownServer }) => {
  test.slow();
  const [teacher, ann, ben] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
    signIn('student-2', { server: ownServer }),
  ]);
  const template = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const activity = await newActivity(teacher.api, { title: 'Close reading', template, mode: 'individual' });
  for (const [student, passage] of [[ann, lighthouse.keeper], [ben, lighthouse.bell]] as const) {
    const { id } = await (await student.api.post(`/api/v1/activities/${activity}/start`, {})).json();
    const desk = await student.open(id);
    await desk.highlight(passage);
    await expect(desk.cards).toHaveCount(1);
    await desk.synced('saved');
  }
  const { page } = teacher;
  await page.goto(`/activities/${activity}/overview`);
  const form = page.getByRole('form', { name: 'Reveal some' });
  await form.getByText('Choose by hand').click();
  await form.getByRole('button', { name: 'Reveal the chosen' }).click();
  await expect(form.getByRole('alert')).toContainText('Nothing is ticked. Tick the copies');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  for (const name of ['Demo Student 1', 'Demo Student 2']) await form.getByRole('checkbox', { name }).check();
  await expectAccessible(page, 'copies to be revealed');
  await form.getByRole('button', { name: 'Reveal the chosen' }).click();
  const question = page.getByRole('dialog', { name: 'Reveal to the class?' });
  await expect(question).toContainText('Copies: 2. The whole class can read it from then on. The activity is still open');
  await expect(question).toContainText('Everybody’s name is shown');
  await expectAccessible(page, 'the question before copies are revealed');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(/\/overview$/);
  expect((await (await ann.api.get(`/api/v1/activities/${activity}`)).json()).revealed, 'nothing is revealed').toEqual([]);
  await form.getByRole('button', { name: 'Reveal the chosen' }).click();
  await question.getByRole('button', { name: 'Reveal' }).click();
  await expect(page).toHaveURL(/\/c\//);
  await expect(page.getByRole('article').filter({ has: page.locator('blockquote') })).toHaveCount(2);

  await ann.page.goto(`/activities/${activity}`);
  await expectAccessible(ann.page, 'an activity that was revealed');
  await ann.page.getByRole('link', { name: 'Revealed: Close reading · 2 copies' }).click();
  const together = await ann.open(page.url().split('/c/')[1]!);
  await expect(together.card(lighthouse.keeper)).toContainText('Demo Student 1');
  await expect(together.card(lighthouse.bell)).toContainText('Demo Student 2');
});

test('whoever waits for an activity to open is shown the way in when it does', async ({ signIn, ownServer }) => {
  const [teacher, student] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
  ]);
  const template = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const settings = { title: 'Close reading', template, mode: 'individual', instructions: 'Read all of it.' };
  const opens_at = new Date(Date.now() + 4_000).toISOString();
  const activity = await newActivity(teacher.api, { ...settings, opens_at });
  const { page } = student;
  await page.goto(`/activities/${activity}`);
  await expect(page.getByText('Read all of it.')).toBeVisible();
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page).toHaveURL(/\/c\//);
});

test('the staff of a class protect the text of an activity that is under way, and open pages follow', async ({ signIn, ownServer }) => {
  const [teacher, student] = await Promise.all([
    signIn('instructor', { server: ownServer }),
    signIn('student-1', { server: ownServer }),
  ]);
  const template = await teacher.api.newConversation({ title: lighthouse.title, text: lighthouse.text });
  const activity = await newActivity(teacher.api, { title: 'Close reading', template, mode: 'individual' });
  const { id } = await (await student.api.post(`/api/v1/activities/${activity}/start`, {})).json();
  await student.open(id);
  const workspace = student.page.locator('main.workspace');
  await expect(workspace).not.toHaveAttribute('data-protected');
  const { page } = teacher;
  const protect = async (whether: boolean) => {
    await page.goto(`/activities/${activity}/settings`);
    const box = page.getByRole('checkbox', { name: 'Protect the text against copying' });
    await expect(box).toBeChecked({ checked: !whether });
    await box.setChecked(whether);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page).toHaveURL(new RegExp(`/activities/${activity}$`));
  };
  await protect(true);
  await expect(workspace).toHaveAttribute('data-protected');
  await protect(false);
  await expect(workspace).not.toHaveAttribute('data-protected');
});
