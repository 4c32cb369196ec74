import type { Locator } from '@playwright/test';
import { expect, test as base, type Visitor } from './fixtures.ts';
import type { Server } from './server.ts';
import { StandIns } from './stand_ins.ts';

interface Fixtures {
  standIns: StandIns;
  /** What a server is told of the model. */
  model: Record<string, string>;
  /** A server with a model. */
  chatServer: Server;
}

export const test = base.extend<Fixtures>({
  standIns: async ({}, use) => {
    const standIns = await StandIns.start();
    await use(standIns);
    standIns.stop();
  },
  model: async ({ standIns }, use) => {
    const names = ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_MODEL'];
    await use(Object.fromEntries(names.map((name) => [name, standIns.settings[name] ?? ''])));
  },
  // A stop and a start are no part of a journey's time.
  chatServer: [
    async ({ ownServer, model }, use) => {
      await ownServer.stop();
      await ownServer.start(model);
      await use(ownServer);
    },
    { timeout: 120_000 },
  ],
});

/** Lets a reply go on that waits in its midst. */
export const release = (standIns: StandIns): Promise<Response> =>
  fetch(new URL('/stand-in/release', standIns.settings.OPENAI_BASE_URL), { method: 'POST' });

/** Begins a chat in a new project, and returns its path. */
export async function newChat({ page }: Visitor): Promise<string> {
  await page.goto('/projects');
  await page.getByRole('form', { name: 'New project' }).getByLabel('Name').fill('Bees');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.waitForURL(/\/c\//);
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  return new URL(page.url()).pathname;
}

/** The box that one writes in. */
export const box = ({ page }: Visitor) => page.getByRole('textbox', { name: 'Message', exact: true });
export const replies = ({ page }: Visitor) => page.locator('#text > article[data-role=assistant]');

/**
 * Nothing is being sent: what was sent is on the page, and the focus has gone where it belongs then. The room may show a
 * message before its own sender has the answer; until then Enter sends nothing, and the focus is still to move.
 */
export async function sent({ page }: Visitor): Promise<void> {
  await expect(page.locator('form[data-chat] [type=submit]')).toBeEnabled();
}

export async function say(visitor: Visitor, words: string): Promise<void> {
  await box(visitor).fill(words);
  await sent(visitor);
  await box(visitor).press('Enter');
  await sent(visitor);
}

/** What people said, in the branch that is shown. */
export const said = ({ page }: Visitor): Locator => page.locator('#text > article[data-role=user]');
