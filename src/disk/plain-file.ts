/** Opens what is a file, and nothing that stands in the place of one: links aren't followed, pipes don't block. */
import {
  O_PLAIN,
  identityOf,
  isNotThere,
  systemCode,
  type FileIdentity,
  type FileSystem,
} from './file-system.js';

/** Something that is no file stands where one should: a symbolic link, a directory, a socket. */
export class Obstacle {
  /** @param identity where it could be opened: of a link or a socket, there is none */
  constructor(
    readonly found: string,
    readonly identity?: FileIdentity,
  ) {}
}

const OBSTACLES: Readonly<Record<string, string>> = {
  ELOOP: 'a symbolic link',
  EMLINK: 'a symbolic link',
  ENXIO: 'a socket or a pipe',
  ESPIPE: 'a pipe',
  EISDIR: 'a directory',
};

/** A network file system may lose a file that was replaced while it was open; the new one is there at once. */
const STALE_RETRIES = 3;

/**
 * Opens a file, uses it, closes it.
 *
 * @returns what `use` returns; an Obstacle where something else stands there; undefined where nothing does
 * @throws the system's error, where it is any other
 */
export function withPlainFile<T>(
  files: FileSystem,
  path: string,
  flags: number,
  use: (fd: number, identity: FileIdentity) => T,
): T | Obstacle | undefined {
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = files.open(path, flags | O_PLAIN);
      try {
        const stats = files.fstat(fd);
        const identity = identityOf(stats);
        return stats.isFile() ? use(fd, identity) : new Obstacle('no regular file', identity);
      } finally {
        files.close(fd);
      }
    } catch (error) {
      if (isNotThere(error)) return undefined;
      const obstacle = obstacleOf(error);
      if (obstacle !== undefined) return obstacle;
      if (systemCode(error) !== 'ESTALE' || attempt >= STALE_RETRIES) throw error;
    }
  }
}

/** What an error says of what stands in the place of a file, or undefined where it says something else. */
export function obstacleOf(error: unknown): Obstacle | undefined {
  const found = OBSTACLES[systemCode(error) ?? ''];
  return found === undefined ? undefined : new Obstacle(found);
}
