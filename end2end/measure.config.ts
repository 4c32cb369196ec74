import journeys from './playwright.config.ts';

/** `cargo xtask bench offline`: figures, not checks. One at a time, so that nothing competes. */
export default { ...journeys, testDir: '.', testMatch: 'measure.ts', workers: 1, fullyParallel: false, reporter: 'line', timeout: 300_000 };
