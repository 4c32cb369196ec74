import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const SYSTEM_CHROMIUM = '/usr/bin/chromium';

/** The browser named by the environment, else the system's, else (undefined) the one that Playwright installs. */
const executablePath = process.env.CHROMIUM_PATH || (existsSync(SYSTEM_CHROMIUM) ? SYSTEM_CHROMIUM : undefined);

/** A browser that calls home would fail journeys on machines without a way out. */
const args = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];
// Chromium refuses to sandbox root.
if (process.getuid?.() === 0) args.push('--no-sandbox');

export default defineConfig({
  testDir: './tests',
  // Each worker has a server of its own and each test a conversation of its own, so that order never matters.
  fullyParallel: true,
  workers: 2,
  // A journey that passes at the second try hides a race.
  retries: 0,
  forbidOnly: !!process.env.CI,
  // Against what hangs, not against what is slow: a journey of 16 s takes 45 on a machine that is busy with something else.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [
    ['list'],
    ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE || 'test-results/report.json' }],
  ],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath, args },
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    colorScheme: 'light',
    actionTimeout: 20_000,
    navigationTimeout: 40_000,
    // The DOM of every step tells enough; a film of every page costs a core.
    trace: { mode: 'retain-on-failure', screenshots: false },
  },
});
