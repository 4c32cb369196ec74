import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, type Page, type Request, test } from '@playwright/test';

const script = (name: string) => readFileSync(fileURLToPath(new URL(`../../crates/app/src/${name}`, import.meta.url)), 'utf8');
const ORIGIN = 'http://forms.test';

/** What `ApiForm` puts around the fields, on a page of its own; the API answers what a test says. */
async function open(page: Page, attributes: string, fields: string, beside = ''): Promise<void> {
  const form = `<form method="post" ${attributes}>${fields}<button id="send">Send</button>
    <div role="alert" tabindex="-1" hidden></div><p role="status"></p></form>`;
  const html = `<!DOCTYPE html><head><script>${script('forms.js')}</script></head><body>${form}${beside}<script>${script('local_times.js')}</script></body>`;
  await page.route(`${ORIGIN}/**`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(`${ORIGIN}/page`);
}

/** Answers the API's requests one after the other, and collects them. */
async function answer(page: Page, ...answers: { status: number; body?: object | string }[]): Promise<Request[]> {
  const seen: Request[] = [];
  await page.route(`${ORIGIN}/api/**`, async (route) => {
    seen.push(route.request());
    const { status, body = '' } = answers[Math.min(seen.length, answers.length) - 1]!;
    await route.fulfill({ status, body: typeof body === 'string' ? body : JSON.stringify(body) });
  });
  return seen;
}

const send = (page: Page) => page.getByRole('button', { name: 'Send' }).click();

test.use({ timezoneId: 'Australia/Sydney' });

test('fields become JSON by their types', async ({ page }) => {
  const fields = `
    <input name="name" value=" two  spaces "><input name="limit" data-type="number" value="12"><input name="none" data-type="number">
    <input name="code" data-type="optional"><input name="opens" type="datetime-local" data-type="time" value="2026-03-01T09:00">
    <input name="closes" type="datetime-local" data-type="time"><input name="blind" type="checkbox" checked><input name="copy" type="checkbox">
    <input name="tags" type="checkbox" value="a" checked><input name="tags" type="checkbox" value="b"><input name="tags" type="checkbox" value="c" checked>
    <input name="one" data-type="list" value="x"><input name="only" type="checkbox" value="z" data-type="list">
    <input name="mode" type="radio" value="groups"><input name="mode" type="radio" value="together" checked>
    <select name="open"><option value="true" selected>Yes</option></select><select name="groups" multiple><option selected>1</option><option selected>2</option></select>
    <input name="left" value="out" disabled><button name="act" value="publish" id="other">Publish</button>`;
  await open(page, 'data-api="PUT /api/v1/things" data-then="say" data-say="Done."', fields);
  await page.locator('[name=open]').evaluate((select: HTMLSelectElement) => (select.dataset.type = 'boolean'));
  const seen = await answer(page, { status: 200, body: {} });
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByRole('status')).toHaveText('Done.');
  expect(seen[0]?.method()).toBe('PUT');
  expect(seen[0]?.headers()['content-type']).toBe('application/json');
  expect(seen[0]?.postDataJSON()).toEqual({
    name: ' two  spaces ', limit: 12, none: null, code: null, opens: '2026-02-28T22:00:00.000Z', closes: null,
    blind: true, copy: false, tags: ['a', 'c'], one: ['x'], only: [], mode: 'together', open: true, groups: ['1', '2'], act: 'publish',
  });
});

test('a box that disables others takes them out of what is sent', async ({ page }) => {
  const fields = `<label><input type="checkbox" data-disables="some" checked> All</label>
    <fieldset id="some" disabled><label><input type="checkbox" name="models" data-type="list" value="a" checked> a</label>
    <label><input type="checkbox" name="models" data-type="list" value="b"> b</label></fieldset><input name="period" value="day">`;
  await open(page, 'data-api="PUT /api/v1/things" data-then="say" data-say="Done."', fields);
  const seen = await answer(page, { status: 200, body: {} });
  await send(page);
  await expect(page.getByRole('status')).toHaveText('Done.');
  await page.getByLabel('All').uncheck();
  await page.getByLabel('b').check();
  await send(page);
  await expect.poll(() => seen.length).toBe(2);
  expect(seen.map((request) => request.postDataJSON() as object)).toEqual([{ period: 'day' }, { models: ['a', 'b'], period: 'day' }]);
});

test('the path takes its fields, and a reply leads on', async ({ page }) => {
  await open(page, 'data-api="POST /api/v1/classes/{id}/people" data-then="/classes/{class.id}/p/{id}"', '<input name="id" value="a/b?"><input name="email" value="x@y">');
  const seen = await answer(page, { status: 201, body: { id: '../7', class: { id: 3 } } });
  await send(page);
  await page.waitForURL(`${ORIGIN}/classes/3/p/..%2F7`);
  expect(new URL(seen[0]!.url()).pathname).toBe('/api/v1/classes/a%2Fb%3F/people');
  expect(seen[0]?.postDataJSON()).toEqual({ email: 'x@y' });
});

test('a file goes as multipart', async ({ page }) => {
  await open(page, 'data-api="POST /api/v1/classes/{id}/roster" data-then="reload"', '<input type="hidden" name="id" value="7"><input type="file" name="file"><input name="dry" value="1">');
  const seen = await answer(page, { status: 200, body: {} });
  await page.locator('[type=file]').setInputFiles({ name: 'roster.csv', mimeType: 'text/csv', buffer: Buffer.from('name\nAnn') });
  const loaded = page.waitForEvent('load');
  await send(page);
  await loaded;
  expect(seen[0]?.headers()['content-type']).toMatch(/^multipart\/form-data/);
  const body = seen[0]?.postData() ?? '';
  expect(body).toContain('filename="roster.csv"');
  expect(body).toContain('name="dry"');
  expect(body).not.toContain('name="id"');
});

test('a problem is said and has the focus, what was typed stays, and the next try clears it', async ({ page }) => {
  await open(page, 'data-api="POST /api/v1/things" data-then="say" data-say="Kept as {name}."', '<input name="name" value="typed">');
  await answer(page, { status: 400, body: { detail: 'Two lines are wrong.', errors: [{ detail: 'line 2: <b>' }, 'line 3'] } }, { status: 200, body: { name: 'N' } });
  await send(page);
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('Two lines are wrong.');
  await expect(alert.getByRole('listitem')).toHaveText(['line 2: <b>', 'line 3']);
  await expect(alert).toBeFocused();
  await expect(page.locator('[name=name]')).toHaveValue('typed');
  await expect(page.locator('#send')).toBeEnabled();
  await send(page);
  await expect(page.getByRole('status')).toHaveText('Kept as N.');
  await expect(alert).toBeHidden();
  await expect(page.locator('#send')).toBeFocused();
});

test('a server that cannot be reached, or that answers nonsense, has words of its own', async ({ page }) => {
  await open(page, 'data-api="POST /api/v1/things" data-then="reload"', '<input name="name" value="typed">');
  await page.route(`${ORIGIN}/api/**`, (route) => route.abort());
  await send(page);
  await expect(page.getByRole('alert')).toContainText('cannot be reached');
  await page.unroute(`${ORIGIN}/api/**`);
  await answer(page, { status: 502, body: '<h1>Bad gateway</h1>' });
  await send(page);
  await expect(page.getByRole('alert')).toContainText('did not answer as it should');
  await expect(page.locator('[name=name]')).toHaveValue('typed');
});

test('two presses are one request, and the button says that it is under way', async ({ page }) => {
  await open(page, 'data-api="POST /api/v1/things" data-then="/there"', '<input name="name">');
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let requests = 0;
  await page.route(`${ORIGIN}/api/**`, async (route) => {
    requests += 1;
    await held;
    await route.fulfill({ status: 201, body: '{}' });
  });
  await page.locator('form').evaluate((form: HTMLFormElement) => { form.requestSubmit(); form.requestSubmit(); });
  await expect(page.locator('#send')).toHaveAttribute('aria-busy', 'true');
  await expect(page.locator('#send')).toBeDisabled();
  release();
  await page.waitForURL(`${ORIGIN}/there`);
  expect(requests).toBe(1);
});

test('a dialog asks first, and only its yes sends; a deletion has no body', async ({ page }) => {
  const dialog = `<dialog id="sure"><form method="dialog"><button value="confirm">Yes</button><button value="">No</button></form></dialog>`;
  await open(page, 'data-api="DELETE /api/v1/things/7" data-then="say" data-say="Gone." data-confirm="sure"', '', dialog);
  const seen = await answer(page, { status: 204 });
  await send(page);
  await page.getByRole('button', { name: 'No' }).click();
  await send(page);
  await page.keyboard.press('Escape');
  await send(page);
  expect(seen).toHaveLength(0);
  await page.getByRole('button', { name: 'Yes' }).click();
  await expect(page.getByRole('status')).toHaveText('Gone.');
  expect(seen.map((request) => [request.method(), request.postData()])).toEqual([['DELETE', null]]);
});

test('what the reply holds is shown in its place, and the fields are as they were', async ({ page }) => {
  await open(page, 'data-api="POST /api/v1/tokens" data-then="say" data-say="Made." data-reset', '<input name="name"><p data-replied hidden>Copy <output data-reply="token"></output></p>');
  await answer(page, { status: 201, body: { token: 'pg_<1>' } });
  await page.locator('[name=name]').fill('notebook');
  await send(page);
  await expect(page.locator('output')).toHaveText('pg_<1>');
  await expect(page.locator('output')).toBeVisible();
  await expect(page.locator('[name=name]')).toHaveValue('');
});
