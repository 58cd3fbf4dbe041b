import { join } from 'node:path';
import { timed } from '../measure.mjs';
import { withVersion } from './version.mjs';

/**
 * One interface to many stores; here SQLite in a file. Buffers are stored as base64 in JSON. Each commit makes
 * and removes a journal file, which slows what others make (see GROUPS in run.mjs): so it takes part less often.
 */
export async function openKeyv(dir, payload) {
  const [{ default: Keyv }, { default: KeyvSqlite }] = await Promise.all([
    import('keyv'),
    import('@keyv/sqlite'),
  ]);
  const keyv = new Keyv({ store: new KeyvSqlite(`sqlite://${join(dir, 'keyv.sqlite')}`) });
  const failure = new Promise((_, reject) => keyv.on('error', reject));
  failure.catch(() => undefined);
  await Promise.race([keyv.set('first', payload), failure]);
  return {
    name: `${withVersion('keyv')} + ${withVersion('@keyv/sqlite')}`,
    every: 5,
    puts: timed((key) => keyv.set(key, payload)),
    gets: timed((key) => keyv.get(key)),
    close: () => keyv.disconnect(),
  };
}
