import { timed } from '../measure.mjs';
import { withVersion } from './version.mjs';

/** npm's cache: content by its SHA-512, an index beside it. A get checks the content. */
export async function openCacache(dir, payload) {
  const { default: cacache } = await import('cacache');
  return {
    name: withVersion('cacache'),
    // Same bytes are stored once, so each put gets bytes of its own.
    puts: timed(
      (key, own) => cacache.put(dir, key, own),
      (key) => Buffer.concat([payload, Buffer.from(key + Math.random())]),
    ),
    gets: timed((key) => cacache.get(dir, key)),
    lists: async () => timed(() => cacache.ls(dir))([0]),
    close: async () => undefined,
  };
}
