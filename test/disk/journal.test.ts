import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Journal } from '../../src/disk/journal.js';
import { encodeLine, isEvent, type EntryRow, type JournalRecord } from '../../src/disk/journal-record.js';
import { Layout } from '../../src/disk/layout.js';
import { checkKey, digestOf } from '../../src/ref/key.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { interceptFileSystem, recordingFileSystem } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const put = (key: string, bytes = 10): JournalRecord => {
  return { op: 'put', at: 1, pid: 1, digest: digestOf(checkKey(key)), key, kind: 'value', bytes };
};
const evicted = (key: string): JournalRecord => {
  return { op: 'evicted', at: 1, pid: 1, digest: digestOf(checkKey(key)), key, bytes: 10 };
};
const row = (key: string): EntryRow => [digestOf(checkKey(key)), key, 'value', 10, 1, null, null];

let layout: Layout;
beforeEach(() => {
  layout = new Layout(temporaryDirectory());
});

function open(files = nodeFileSystem): Journal {
  return new Journal(files, layout);
}

/** What a journal has to say that is new, in short. */
function news(journal: Journal): string[] {
  const seen: string[] = [];
  journal.readNew((record) => {
    if (record.op === 'listed') return;
    seen.push(record.op === 'entries' ? `entries ${record.rows.length}` : `${record.op} ${record.key}`);
  });
  return seen;
}

describe('a journal', () => {
  it('tells each process what is new to it', () => {
    const [writer, reader] = [open(), open()];
    writer.append([put('a')]);
    expect(news(reader)).toEqual(['put a']);
    writer.append([put('b'), evicted('a')]);
    expect(news(reader)).toEqual(['put b', 'evicted a']);
    expect(news(reader)).toEqual([]);
  });

  it('passes over a line that a killed writer has left half-written', () => {
    const journal = open();
    journal.append([put('a')]);
    const half = encodeLine(put('b'));
    appendFileSync(layout.journal, half.subarray(0, half.length >> 1));
    journal.append([put('c')]);
    expect(news(open())).toEqual(['put a', 'put c']);
  });

  it('passes over every line in which one bit is wrong', () => {
    const line = encodeLine(put('a'));
    for (let bit = 0; bit < line.length * 8; bit++) {
      const damaged = Buffer.from(line);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(layout.journal, Buffer.concat([damaged, encodeLine(put('b'))]));
      const seen = news(open());
      expect(seen.at(-1)).toBe('put b');
      // What is damaged is passed over, or the damage is in the newlines around it or the case of its check.
      if (seen.length > 1) expect(seen).toEqual(['put a', 'put b']);
    }
  });

  it.each([
    'null',
    '[]',
    '7',
    '{}',
    '{"op":"put","at":1,"pid":1}',
    '{"op":"put","at":1,"pid":1,"digest":"x","key":"k","kind":"value","bytes":1}',
    '{"op":"entries","at":1,"pid":1,"rows":[null]}',
    '{"op":"entries","at":1,"pid":1}',
    `{"op":"evicted","at":1,"pid":1,"digest":"${'0'.repeat(64)}","key":7,"bytes":1}`,
    `{"op":"evicted","at":1,"pid":1,"digest":"${'0'.repeat(64)}","key":"k","bytes":-1}`,
    `{"op":"__proto__","at":1,"pid":1,"digest":"${'0'.repeat(64)}","key":"k","bytes":1}`,
  ])('passes over a line that has the right check and is no record: %s', (json) => {
    const check = crc32(json).toString(16).padStart(8, '0');
    writeFileSync(layout.journal, `\n${check} ${json}\n${encodeLine(put('a')).toString()}`);
    expect(news(open())).toEqual(['put a']);
  });

  it('is read from the start where another one has come in its place, with the same inode too', () => {
    const reader = open();
    open().append([put('a')]);
    expect(news(reader)).toEqual(['put a']);
    // Written in place, so that it is another journal of the same inode, and longer.
    const { ino } = statSync(layout.journal);
    writeFileSync(layout.journal, Buffer.concat([put('b'), put('c'), put('d')].map(encodeLine)));
    expect(statSync(layout.journal).ino).toBe(ino);
    expect(news(reader)).toEqual(['put b', 'put c', 'put d']);
  });

  it('is tried again with the next records where it could not be written', () => {
    let isFull = true;
    const files = faultyFileSystem(({ name }) => (name === 'write' && isFull ? 'ENOSPC' : undefined));
    const writer = open(files);
    writer.exchange([put('a')], () => undefined);
    writer.append([evicted('a')]);
    isFull = false;
    writer.append([put('b')]);
    expect(news(open())).toEqual(['put a', 'evicted a', 'put b']);
  });

  it('tells who writes to it all that is new, the own records read or not', () => {
    let isFull = false;
    const files = recordingFileSystem(
      faultyFileSystem(({ name }) => (name === 'write' && isFull ? 'ENOSPC' : undefined)),
    );
    const writer = open(files);
    const told: string[] = [];
    const exchange = (key: string) =>
      writer.exchange([put(key)], (record) => {
        if (isEvent(record)) told.push(record.key);
      });
    exchange('a');
    exchange('b');
    open().append([put('other')]);
    exchange('c');
    isFull = true;
    exchange('late');
    isFull = false;
    exchange('d');
    expect(told).toEqual(['a', 'b', 'other', 'c', 'late', 'd']);
    // Where nobody else has written, nothing is read but the start by which the journal is known.
    const before = files.calls.length;
    writer.append([evicted('a')]);
    exchange('e');
    expect(files.calls.slice(before).filter(({ name }) => name === 'read')).toHaveLength(1);
    expect(told.at(-1)).toBe('e');
  });
});

describe('a rewritten journal', () => {
  it('is none of a process that has not been able to read the old one', () => {
    open().append([put('a'), evicted('a')]);
    open().rewrite({ entries: [row('b')], changedAt: [] }, [], 2);
    expect(news(open())).toEqual(['put a', 'evicted a']);
  });

  it('holds the removals and the entries, and says so to who read the old one', () => {
    const [writer, reader] = [open(), open()];
    writer.exchange([put('a'), put('b'), evicted('a')], () => undefined);
    expect(news(reader)).toHaveLength(3);
    writer.rewrite({ entries: [row('b')], changedAt: [] }, [], 2);
    expect(news(reader)).toEqual(['evicted a', 'entries 1']);
  });

  it('carries over what others append while it is written', () => {
    const other = open();
    let isTurn = false;
    const files = interceptFileSystem((call, perform) => {
      if (isTurn && call.name === 'rename') {
        isTurn = false;
        other.append([put('late')]);
      }
      return perform();
    });
    const writer = open(files);
    writer.exchange([put('a')], () => undefined);
    isTurn = true;
    writer.rewrite({ entries: [], changedAt: [] }, [], 2);
    expect(news(open())).toEqual(['put late']);
    expect(news(writer)).toEqual(['put late']);
  });

  it('is not rewritten from the view of who has not read the present one', () => {
    const [first, second] = [open(), open()];
    first.exchange([put('a')], () => undefined);
    second.exchange([put('b')], () => undefined);
    const old = `${layout.journal}.old`;
    renameSync(layout.journal, old);
    second.append([put('c')]);
    const before = readFileSync(layout.journal);
    first.rewrite({ entries: [], changedAt: [] }, [], 2);
    expect(readFileSync(layout.journal).subarray(0, before.length)).toEqual(before);
    rmSync(old);
  });

  it('does not count what it has of the past towards the next rewrite', () => {
    const writer = open();
    writer.exchange(
      Array.from({ length: 100 }, (_, i) => evicted(`k${i}`)),
      () => undefined,
    );
    expect(writer.recordsSinceRewrite).toBe(100);
    writer.rewrite({ entries: [], changedAt: [] }, [], 2);
    expect(writer.recordsSinceRewrite).toBe(0);
    const reader = open();
    expect(news(reader)).toHaveLength(100);
    expect(reader.recordsSinceRewrite).toBe(0);
  });

  it('comes to be where there was none', () => {
    const journal = open();
    news(journal);
    journal.rewrite({ entries: [row('a')], changedAt: [] }, [], 2);
    expect(news(open())).toEqual(['entries 1']);
    expect(statSync(join(layout.dir, 'journal')).size).toBeGreaterThan(1);
  });
});
