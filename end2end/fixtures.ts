import { type Browser, type BrowserContext, type BrowserContextOptions, test as base, type Page } from '@playwright/test';
import { Api, type Conversation, type NewConversation, type Person } from './api.ts';
import { Guard } from './guard.ts';
import { installCanonical } from './canonical.ts';
import { Server } from './server.ts';
import { Workspace } from './workspace.ts';

export { expect } from '@playwright/test';

/** Somebody with a browser: cookies, pages and API calls belong together. */
export class Visitor {
  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly api: Api,
  ) {}

  /** Opens a conversation in this visitor's page, ready to work in. */
  async open(conversation: string): Promise<Workspace> {
    return Workspace.open(this.page, conversation);
  }

  /** Opens a conversation in one more tab of the same browser. */
  async openInNewTab(conversation: string): Promise<Workspace> {
    return Workspace.open(await this.context.newPage(), conversation);
  }
}

export interface VisitOptions extends BrowserContextOptions {
  /** Another server than the worker's. */
  server?: Server;
}

interface TestFixtures {
  guard: Guard;
  /** A browser with nobody signed in. */
  visit: (options?: VisitOptions) => Promise<Visitor>;
  /** A browser with this person signed in. */
  signIn: (person: Person, options?: VisitOptions) => Promise<Visitor>;
  /** A conversation made through the API, by the instructor unless somebody else is named. */
  newConversation: (conversation: NewConversation & { by?: Person }) => Promise<Conversation>;
  /** A server for one test alone, to be stopped and killed. */
  ownServer: Server;
  serverLog: void;
}

export const test = base.extend<TestFixtures, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.create();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  serverLog: [
    async ({ server }, use, testInfo) => {
      const from = server.logLength;
      await use();
      if (testInfo.status === testInfo.expectedStatus) return;
      const log = server.log(from);
      console.log(`--- the server's log during "${testInfo.title}"\n${log}\n---`);
      await testInfo.attach('server.log', { body: log, contentType: 'text/plain' });
    },
    { auto: true },
  ],

  guard: async ({}, use) => {
    await use(new Guard());
  },

  visit: async ({ browser, guard, server }, use) => {
    const visitors: Visitor[] = [];
    await use(async ({ server: other, ...options } = {}) => {
      const visitor = await newVisitor(browser, guard, other ?? server, options);
      visitors.push(visitor);
      return visitor;
    });
    try {
      guard.end();
    } finally {
      await Promise.all(visitors.map(({ context }) => context.close()));
    }
  },

  signIn: async ({ visit }, use) => {
    await use(async (person, options) => {
      const visitor = await visit(options);
      await visitor.api.signIn(person);
      return visitor;
    });
  },

  newConversation: async ({ playwright, server }, use) => {
    const contexts = new Map<Person, Api>();
    await use(async ({ by = 'instructor', ...conversation }) => {
      let api = contexts.get(by);
      if (!api) {
        api = new Api(await playwright.request.newContext(), server.origin);
        await api.signIn(by);
        contexts.set(by, api);
      }
      return api.conversation(await api.newConversation(conversation));
    });
    await Promise.all([...contexts.values()].map((api) => api.request.dispose()));
  },

  ownServer: [
    async ({ guard }, use, testInfo) => {
      const server = await Server.create();
      await use(server);
      // It may stop before the browsers close.
      try {
        guard.end();
      } finally {
        await server.dispose();
      }
      if (testInfo.status !== testInfo.expectedStatus) console.log(`--- the server's log\n${server.log()}\n---`);
    },
    { timeout: 120_000 },
  ],
});

async function newVisitor(
  browser: Browser,
  guard: Guard,
  server: Server,
  options: BrowserContextOptions,
): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: server.origin, ...options });
  guard.watch(context);
  await context.addInitScript(installCanonical);
  return new Visitor(context, await context.newPage(), new Api(context.request, server.origin));
}
