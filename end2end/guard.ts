import { type BrowserContext, expect, type Page } from '@playwright/test';

/** Watches pages for what nobody should ever see: console errors, exceptions, answers of 500 and more, loads that failed. */
export class Guard {
  #troubles: string[] = [];
  #expected: RegExp[] = [];
  #isOver = false;

  /** Declares a trouble that the journey itself brings about, such as a refused connection while the server restarts. */
  allow(...expected: RegExp[]): void {
    this.#expected.push(...expected);
  }

  watch(context: BrowserContext): void {
    context.on('page', (page) => this.#watchPage(page));
  }

  /** Fails with everything that was not expected. */
  check(): void {
    const unexpected = this.#troubles.filter((trouble) => !this.#expected.some((pattern) => pattern.test(trouble)));
    expect(unexpected, 'console errors and failed requests').toEqual([]);
  }

  /** Judges what has been, and listens no more: what breaks off after a journey is nobody's fault. */
  end(): void {
    this.#isOver = true;
    this.check();
  }

  #watchPage(page: Page): void {
    const note = (trouble: string): void => {
      if (!this.#isOver) this.#troubles.push(`${trouble} [on ${page.url()}]`);
    };
    page.on('console', (message) => {
      if (message.type() === 'error') note(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => note(`exception: ${error.stack ?? error.message}`));
    page.on('crash', () => note('the page crashed'));
    page.on('response', (response) => {
      if (response.status() >= 500) note(`answer ${response.status()}: ${response.request().method()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? 'no reason given';
      // A request that the page gave up itself, by leaving or closing, did not fail.
      if (why !== 'net::ERR_ABORTED') note(`failed load: ${request.method()} ${request.url()}: ${why}`);
    });
  }
}
