import { type APIRequestContext, type APIResponse, expect } from '@playwright/test';

/** The three people of the development seed, as `POST /api/v1/dev/sign-in` names them. */
export type Person = 'instructor' | 'student-1' | 'student-2';

export type Role = 'system' | 'user' | 'assistant' | 'source';

export interface Message {
  id: string;
  role: Role;
  title?: string | null;
  markdown: string;
  /** The canonical text, in which all offsets count. */
  text: string;
}

export interface Conversation {
  id: string;
  title: string;
  access: string;
  author_id: string;
  messages: Message[];
}

export interface NewConversation {
  title: string;
  text: string;
  share?: 'none' | 'class';
  anonymous?: boolean;
}

/** The public API in the name of whoever's cookies the request context holds. */
export class Api {
  constructor(
    readonly request: APIRequestContext,
    readonly origin: string,
  ) {}

  get(path: string): Promise<APIResponse> {
    return this.request.get(`${this.origin}${path}`);
  }

  /** A mutation must say where it comes from, as a browser's would. */
  post(path: string, data: object, origin = this.origin): Promise<APIResponse> {
    return this.request.post(`${this.origin}${path}`, { data, headers: { Origin: origin } });
  }

  async signIn(person: Person): Promise<APIResponse> {
    const answer = await this.post('/api/v1/dev/sign-in', { person });
    expect(answer.status(), `sign-in of ${person}: ${await answer.text()}`).toBe(200);
    return answer;
  }

  async me(): Promise<{ id: string; name: string; email: string }> {
    const answer = await this.get('/api/v1/me');
    expect(answer.status()).toBe(200);
    return answer.json();
  }

  async newConversation(conversation: NewConversation): Promise<string> {
    const answer = await this.post('/api/v1/conversations', { share: 'none', ...conversation });
    expect(answer.status(), `new conversation: ${await answer.text()}`).toBe(201);
    return (await answer.json()).id;
  }

  async conversation(id: string): Promise<Conversation> {
    const answer = await this.get(`/api/v1/conversations/${id}`);
    expect(answer.status(), `conversation ${id}: ${await answer.text()}`).toBe(200);
    return answer.json();
  }

  async token(name: string): Promise<string> {
    const answer = await this.post('/api/v1/tokens', { name });
    expect(answer.status()).toBe(201);
    return (await answer.json()).token;
  }
}
