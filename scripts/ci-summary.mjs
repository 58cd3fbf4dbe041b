// Prints the closing line of a CI run: node scripts/ci-summary.mjs TESTS LINT TYPES, the exit codes of the three.
// The counts are those of vitest's report; lint and types count as one check each.
import { existsSync, readFileSync } from 'node:fs';

const [tests, lint, types] = process.argv.slice(2).map(Number);
const path = '.vitest/results.json';
const report = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };

const checks = [lint, types];
const passed = report.numPassedTests + checks.filter((code) => code === 0).length;
let failed = report.numFailedTests + checks.filter((code) => code !== 0).length;
// A suite that could not be loaded fails without a test that failed.
if (tests !== 0 && report.numFailedTests === 0) failed += 1;
// A run in which nothing was tested is no success.
if (report.numPassedTests === 0) failed += 1;

console.log(`${passed} passed, ${failed} failed, ${report.numPendingTests} skipped`);
process.exit(failed === 0 ? 0 : 1);
