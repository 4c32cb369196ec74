import type { Role } from './api.ts';

export interface Turn {
  role: Role;
  text: string;
}

interface ChatGptNode {
  message?: {
    author?: { role?: string };
    content?: { content_type?: string; parts?: unknown[] };
    metadata?: { is_visually_hidden_from_conversation?: boolean };
  } | null;
  parent?: string | null;
  children?: string[];
}

interface ChatGptConversation {
  title?: string | null;
  current_node?: string;
  mapping?: Record<string, ChatGptNode>;
}

interface ClaudeConversation {
  name?: string;
  chat_messages?: { sender?: string; text?: string }[];
}

/** The branch that was shown last: from the current node up to the root. */
function chatGptTurns({ mapping = {}, current_node }: ChatGptConversation): Turn[] {
  const turns: Turn[] = [];
  for (let id: string | null | undefined = current_node; id; id = mapping[id]?.parent) {
    const message = mapping[id]?.message;
    const role = message?.author?.role;
    const text = (message?.content?.parts ?? []).filter((part) => typeof part === 'string').join('\n').trim();
    const hidden = message?.metadata?.is_visually_hidden_from_conversation;
    if ((role === 'user' || role === 'assistant') && text && !hidden) turns.unshift({ role, text });
  }
  return turns;
}

/** A conversation of a ChatGPT export in which somebody took another way, so that choosing the branch matters. */
export function branchedChatGpt(json: string): { title: string; turns: Turn[]; titles: string[] } {
  const conversations = JSON.parse(json) as ChatGptConversation[];
  const branched = conversations.find(
    ({ title, current_node, mapping = {} }) =>
      title && current_node && mapping[current_node] && Object.values(mapping).some(({ children = [] }) => children.length > 1),
  );
  if (!branched?.title) throw new Error('the fixture has no titled conversation with branches');
  const titles = conversations.map(({ title }) => title).filter((title) => typeof title === 'string' && title !== '');
  return { title: branched.title, turns: chatGptTurns(branched), titles: titles as string[] };
}

/** The first conversation of a Claude export that has a name and messages. */
export function firstClaude(json: string): { title: string; turns: Turn[]; count: number } {
  const conversations = JSON.parse(json) as ClaudeConversation[];
  const first = conversations.find(({ name, chat_messages }) => name && chat_messages?.length);
  if (!first?.name) throw new Error('the fixture has no named conversation');
  const turns = (first.chat_messages ?? [])
    .filter(({ text }) => text?.trim())
    .map(({ sender, text = '' }): Turn => ({ role: sender === 'human' ? 'user' : 'assistant', text: text.trim() }));
  return { title: first.name, turns, count: conversations.length };
}
