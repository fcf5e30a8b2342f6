import { defineConfig } from 'vitest/config';

/**
 * `unit` touches neither network nor disk outside the temporary folder and runs in parallel;
 * `sim` talks to a simulated Gateway whose clock runs fast, one file at a time, so that nothing else makes its clients late;
 * `real` talks to a Kafka and a QuestDB of its own, one file at a time.
 */
export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line-reporter.mjs'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{libs,services,tools,examples}/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.real.test.ts', '**/*.sim.test.ts', '**/node_modules/**'],
          // What hangs must end; what is slow because the machine is busy must not fail.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'sim',
          include: ['{libs,services,tools}/*/src/**/*.sim.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'real',
          include: ['{libs,services,tools}/*/src/**/*.real.test.ts', 'test/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
