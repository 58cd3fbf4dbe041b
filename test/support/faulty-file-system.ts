/** File systems that fail, or end the process as it were, at a chosen call. */
import { constants } from 'node:os';
import { nodeFileSystem, type FileSystem } from '../../src/disk/file-system.js';
import { interceptFileSystem, type FileCall } from './recording-file-system.js';

/** An error as the system gives it. */
export function systemError(code: string, call: Pick<FileCall, 'name' | 'path'>): NodeJS.ErrnoException {
  const errno = (constants.errno as Readonly<Record<string, number>>)[code];
  const error: NodeJS.ErrnoException = new Error(`${code}: ${call.name} '${call.path}' (injected)`);
  return Object.assign(error, { code, errno: -errno, syscall: call.name, path: call.path });
}

/**
 * Fails the calls for which `decide` gives a system error code.
 *
 * @param decide asked before each call, which is not made where a code comes back
 */
export function faultyFileSystem(
  decide: (call: FileCall) => string | undefined,
  files: FileSystem = nodeFileSystem,
): FileSystem {
  return interceptFileSystem((call, perform) => {
    const code = decide(call);
    if (code !== undefined) throw systemError(code, call);
    return perform();
  }, files);
}

/** What a call throws when the process has been killed: no system error, so nobody handles it. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export interface Mortal extends FileSystem {
  /** Whether the end has come. */
  isDead(): boolean;
}

/**
 * A process that is killed before its call number `index`: this call and all that come after are not made, so
 * no clean-up of the dead reaches the disk. With `tear`, a write at that place is half done first.
 */
export function mortalFileSystem(
  index: number,
  { tear = false, files = nodeFileSystem }: { tear?: boolean; files?: FileSystem } = {},
): Mortal {
  let dead = false;
  const mortal = interceptFileSystem((call, perform) => {
    if (call.index === index && tear && call.name === 'write') {
      const [fd, bytes, offset, length, position] = call.args as Parameters<FileSystem['write']>;
      files.write(fd, bytes, offset, length >> 1, position);
    }
    if (call.index >= index) dead = true;
    if (!dead) return perform();
    // What the kernel does for the dead: no descriptor stays open.
    if (call.name === 'close') perform();
    throw new Killed(`killed at call ${index}`);
  }, files);
  return { ...mortal, isDead: () => dead };
}
