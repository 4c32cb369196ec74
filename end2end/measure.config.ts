import journeys from './playwright.config.ts';

/** `cargo xtask bench offline`, `bench page` and `bench chat`: figures, not checks. One at a time, so that nothing competes. */
export default { ...journeys, testDir: '.', testMatch: /measure(_page|_chat)?\.ts$/, workers: 1, fullyParallel: false, reporter: 'line', timeout: 300_000, use: { ...journeys.use, trace: 'off' as const } };
