import { admin } from '../admin.ts';
import { expect, test, type Visitor } from '../fixtures.ts';
import type { Server } from '../server.ts';
import { Workspace } from '../workspace.ts';

const PEOPLE = 20;
const ROUNDS = 2;

/** Somebody with a browser of their own, and a conversation in which their name is. */
interface Person {
  visitor: Visitor;
  id: string;
  name: string;
  own: string;
}

/** What one page or answer was for somebody. */
interface Seen {
  path: string;
  status: number;
  user: string | null;
  text: string;
}

/** Asks for pages and answers from within a page, all of them at once, each browser in an order of its own. */
async function ask({ visitor: { page } }: Person, paths: string[]): Promise<Seen[]> {
  return page.evaluate(
    (paths) =>
      Promise.all(
        paths.map(async (path) => {
          const answer = await fetch(path);
          return { path, status: answer.status, user: answer.headers.get('x-promptgrimoire-user'), text: await answer.text() };
        }),
      ),
    paths,
  );
}

async function comeIn(visit: () => Promise<Visitor>, server: Server, name: string): Promise<Person> {
  const email = `${name.toLowerCase()}@example.org`;
  await admin(server, 'add-user', email, `--name=${name}`);
  const { link } = await admin(server, 'sign-in-link', email);
  const visitor = await visit();
  await visitor.page.goto(String(link));
  await visitor.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(visitor.page).toHaveURL(`${server.origin}/`);
  const { id } = await visitor.api.me();
  const own = await visitor.api.newConversation({ title: `Work of ${name}`, text: `Words of ${name}.` });
  return { visitor, id, name, own };
}

test('twenty browsers at once are each their own person’s, in every page, answer and socket', async ({ visit, ownServer: server }) => {
  test.slow();
  const names = Array.from({ length: PEOPLE }, (_, number) => `Numbat${`${number}`.padStart(2, '0')}`);
  const people: Person[] = [];
  // The program at the command line is started anew for each.
  for (let from = 0; from < PEOPLE; from += 4) {
    people.push(...(await Promise.all(names.slice(from, from + 4).map((name) => comeIn(() => visit({ server }), server, name)))));
  }
  let requests = 0;
  await Promise.all(
    people.map(async (person, number) => {
      const { visitor, id, name, own } = person;
      const others = names.filter((other) => other !== name);
      const expectTheirs = (text: string, where: string) => {
        expect(text, `${where} of ${name}`).toContain(name);
        expect(others.filter((other) => text.includes(other)), `${where} of ${name}`).toEqual([]);
      };
      // Through the service worker, with the tools and their socket.
      const desk = await visitor.open(own);
      await expect(desk.peopleHere).toHaveText([new RegExp(name)]);
      expectTheirs(await visitor.page.content(), 'the conversation');
      const paths = ['/', '/?list=mine', '/?list=recent', '/account', '/classes', '/inbox', `/c/${own}`, `/c/${own}/share`, '/api/v1/me', '/api/v1/conversations'];
      for (let round = 0; round < ROUNDS; round++) {
        const turned = [...paths.slice((number + round) % paths.length), ...paths.slice(0, (number + round) % paths.length)];
        for (const { path, status, user, text } of await ask(person, turned)) {
          expect(status, `${path} of ${name}`).toBe(200);
          if (user !== null) expect(user, `${path} of ${name}`).toBe(id);
          expectTheirs(text, path);
          requests += 1;
        }
      }
      // Another page of the same browser, when it has been left and come back to.
      await visitor.page.goto('/');
      await visitor.page.goBack();
      await Workspace.on(visitor.page).ready();
      expectTheirs(await visitor.page.content(), 'the conversation once more');
      const stranger = people[(number + 1) % PEOPLE]!;
      expect((await visitor.api.get(`/api/v1/conversations/${stranger.own}`)).status()).toBe(404);
    }),
  );
  expect(requests).toBe(PEOPLE * ROUNDS * 10);
});
