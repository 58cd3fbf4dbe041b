// Temporary directories: made under the system's own, and gone at the end, however it ends.
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

export class Workspace {
  constructor() {
    this.dir = mkdtempSync(join(os.tmpdir(), 'tess-cache-bench-'));
    process.on('exit', () => this.remove());
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  }

  /** A new directory of its own. */
  make(name) {
    return mkdtempSync(join(this.dir, `${name}-`));
  }

  /** @throws Error where the disk has less room than that */
  require(bytes, purpose) {
    const { bavail, bsize } = statfsSync(this.dir);
    if (bavail * bsize > bytes) return;
    const free = Math.floor((bavail * bsize) / 2 ** 20);
    throw new Error(
      `${purpose} needs ${Math.ceil(bytes / 2 ** 20)} MiB under ${os.tmpdir()}, ${free} are free`,
    );
  }

  discard(dir) {
    rmSync(dir, { recursive: true, force: true });
  }

  remove() {
    this.discard(this.dir);
  }
}
