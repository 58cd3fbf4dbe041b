/** Many processes and threads in one directory: the short form of `npm run torture -- --only company`. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { company } from '../../torture/company.mjs';
import { compiledSources } from '../support/source-files.js';
import { report } from '../support/torture.js';

it('shares one directory between processes and threads without a wrong value or a miss in between', async () => {
  const module = join(compiledSources(), 'src', 'index.js');
  const { violations, ...figures } = await company({
    seconds: 2,
    seed: 7,
    processes: 4,
    threads: 2,
    rounds: 10,
    module,
  });
  report('company', figures as Record<string, number>);
  expect(violations).toEqual([]);
  expect(figures['reads of steady keys']).toBeGreaterThan(5);
});
