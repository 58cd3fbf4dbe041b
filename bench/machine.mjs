// What the figures were measured on.
import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import os from 'node:os';

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS = {
  0xef53: 'ext2/3/4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlay',
  0x6969: 'nfs',
};

/** @returns {[string, string][]} names and values, for a header */
export function describeMachine(root) {
  const cpus = os.cpus();
  const { type } = statfsSync(os.tmpdir());
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['commit', commitOf(root)],
    ['Node', process.version],
    ['processor', `${cpus[0]?.model.trim() ?? 'unknown'}, ${cpus.length} cores`],
    ['memory', `${Math.round(os.totalmem() / 2 ** 30)} GiB`],
    ['system', `${os.type()} ${os.release()}`],
    ['temporary files', `${FILE_SYSTEMS[type] ?? `file system 0x${type.toString(16)}`}`],
    ['load before', os.loadavg()[0].toFixed(2)],
  ];
}

function commitOf(root) {
  try {
    const git = (...args) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes in src/' : '');
  } catch (error) {
    return `unknown (${error.code ?? error.message})`;
  }
}
