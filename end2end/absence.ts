import { setTimeout as pause } from 'node:timers/promises';
import { type BrowserContext, expect, type Locator, type Page } from '@playwright/test';

export interface Sockets {
  /** Connections come about from now on, if they did not. */
  connect: () => void;
  /** How many changes went out, each sent by itself. */
  sent: () => number;
}

/** The first bytes of a frame that brings one change: a sync message (0) of the kind update (2). */
const isChange = (frame: string | Buffer) => typeof frame !== 'string' && frame[0] === 0 && frame[1] === 2;

/** Counts what the pages of a browser send; `cut`, pages load and no socket opens: what a train's network often is. */
export async function watchSockets(context: BrowserContext, { cut = false } = {}): Promise<Sockets> {
  let isCut = cut;
  let sent = 0;
  await context.routeWebSocket(/\/sync\//, (socket) => {
    if (isCut) return void socket.close({ code: 1013 });
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      if (isChange(frame)) sent += 1;
      server.send(frame);
    });
  });
  return {
    connect: () => {
      isCut = false;
    },
    sent: () => sent,
  };
}

/** "While you were away". */
export const report = (page: Page): Locator => page.getByRole('region', { name: 'While you were away', exact: true });

/** What happened then, a line each. */
export const told = (page: Page): Locator => report(page).getByRole('list', { name: 'What happened meanwhile', exact: true }).getByRole('listitem');

/** What stands in the place of the text when access has ended. */
export const ended = (page: Page): Locator => page.getByRole('region', { name: 'Your access has ended', exact: true });

/** Shorter ones are not worth a report. */
export const absence = (): Promise<void> => pause(2_500);

/** Whether the page would ask before it is left. */
export function asksBeforeLeaving(page: Page): Promise<boolean> {
  return page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
}

/** The browser says that the network is back. */
export const wake = (page: Page): Promise<boolean> => page.evaluate(() => window.dispatchEvent(new Event('online')));

/** This device's own answer to how many changes are unsent. */
export async function expectUnsent(status: Locator, count: number): Promise<void> {
  const changes = count === 1 ? '1 unsent change' : `${count} unsent changes`;
  await expect(status).toHaveText(count === 0 ? 'Offline' : `Offline · ${changes}`);
}
