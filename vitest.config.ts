import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The counts that .ci/run prints last are read from this report.
    reporters: ['default', ['json', { outputFile: '.vitest/results.json' }]],
  },
});
