/** Processes that are killed while they write: the short form of `npm run torture -- --only kills`. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kills } from '../../torture/kills.mjs';
import { compiledSources } from '../support/source-files.js';
import { report } from '../support/torture.js';

it('gives no wrong value and loses no acknowledged put, wherever a process is killed', async () => {
  const module = join(compiledSources(), 'src', 'index.js');
  const { violations, ...figures } = await kills({ seconds: 8, seed: 7, writers: 4, maxKills: 40, module });
  report('kills', figures as Record<string, number>);
  expect(violations).toEqual([]);
  expect(figures.kills).toBeGreaterThan(5);
  expect(figures['puts acknowledged']).toBeGreaterThan(5);
});
