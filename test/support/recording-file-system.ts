/** The real file system with every call passing by a function, which may watch it, fail it, or act before it. */
import { nodeFileSystem, type FileSystem } from '../../src/disk/file-system.js';

export interface FileCall {
  /** Counts from 0 through the life of the wrapper. */
  readonly index: number;
  readonly name: keyof FileSystem;
  /** What the call is about: of a descriptor, the path that it was opened by. Of a rename, where from. */
  readonly path: string;
  /** Of a rename or link: where to. */
  readonly to?: string;
  readonly args: readonly unknown[];
}

const BY_DESCRIPTOR: readonly (keyof FileSystem)[] = ['close', 'fstat', 'read', 'write', 'fsync'];

/**
 * @param around called for each call; what it returns is the call's result. `perform` does what was asked for.
 */
export function interceptFileSystem(
  around: (call: FileCall, perform: () => unknown) => unknown,
  files: FileSystem = nodeFileSystem,
): FileSystem {
  const opened = new Map<number, string>();
  let index = 0;
  const wrap = (name: keyof FileSystem) => {
    return (...args: unknown[]): unknown => {
      const [first, second] = args;
      const path = BY_DESCRIPTOR.includes(name) ? (opened.get(first as number) ?? '') : (first as string);
      const to = name === 'rename' || name === 'link' ? (second as string) : undefined;
      const call: FileCall = { index: index++, name, path, args, ...(to !== undefined && { to }) };
      return around(call, () => {
        const result = (files[name] as (...args: unknown[]) => unknown)(...args);
        if (name === 'open') opened.set(result as number, path);
        if (name === 'close') opened.delete(first as number);
        return result;
      });
    };
  };
  const names = Object.keys(nodeFileSystem) as (keyof FileSystem)[];
  return Object.fromEntries(names.map((name) => [name, wrap(name)])) as unknown as FileSystem;
}

/** A file system that remembers what it was asked for. */
export interface RecordingFileSystem extends FileSystem {
  readonly calls: FileCall[];
  /** The calls made while `act` ran. */
  during(act: () => unknown): Promise<FileCall[]>;
}

export function recordingFileSystem(files: FileSystem = nodeFileSystem): RecordingFileSystem {
  const calls: FileCall[] = [];
  const recording = interceptFileSystem((call, perform) => {
    calls.push(call);
    return perform();
  }, files);
  const during = async (act: () => unknown) => {
    const start = calls.length;
    await act();
    return calls.slice(start);
  };
  return { ...recording, calls, during };
}
