import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the model of the pictures answers to a message that holds a word; the first that fits. */
const ANSWERS: [RegExp, string][] = [
  [
    /evening/,
    `It is often read so. 返景 (*fǎn jǐng*) is light that comes **back**: late sun that slants in below the branches.

But nothing in the line names an hour. What is certain is a direction, since 入 (*enter*) brings the light into the wood. "Evening" is what commentators add, and most translators with them.

Which of these would your sentence need: the direction, or the hour?`,
  ],
  [
    /.*/s,
    `返景 (*fǎn jǐng*) is light that comes **back**, and three renderings make three things of it:

| they write | and so decide for |
|---|---|
| *returning light* | the direction |
| *sunset* | the hour |
| *reflected light* | a source that one cannot see |

But nothing in the line names an hour. "Evening" is what commentators add.

Which of these would your sentence need: the direction, or the hour?`,
  ],
];

async function answer(question: string, response: ServerResponse): Promise<void> {
  const text = ANSWERS.find(([about]) => about.test(question))?.[1] ?? '';
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const event = (delta: object, finish: string | null) =>
    response.write(`data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
  event({ role: 'assistant', content: text }, null);
  event({}, 'stop');
  response.end('data: [DONE]\n\n');
}

/** A model that has something to say for pictures; returns what the product has to be told of it. */
export async function startModel(): Promise<{ settings: Record<string, string>; stop: () => void }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
      void answer(messages.findLast(({ role }) => role === 'user')?.content ?? '', response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const settings = { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_MODEL: 'reading-partner', LLM_API: 'chat' };
  return { settings, stop: () => server.close() };
}
