import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { LruStore } from '../../src/session/lru-store.js';

describe('LruStore', () => {
  it('clears and lists a session without looking at the others', () => {
    const store = new LruStore({ now: 0 });
    for (const sessionId of ['a', 'b', 'c']) {
      for (const ref of ['1', '2']) store.put(sessionId, ref, sessionId + ref, 8);
    }
    const untouchable = (): never => {
      throw new Error("another session's entries were looked at");
    };
    for (const sessionId of ['a', 'c']) {
      const slots = store.slotsOf(sessionId);
      for (const method of ['get', 'has', 'keys', 'values', 'entries', 'forEach', 'delete', 'clear']) {
        Object.assign(slots as object, { [method]: untouchable });
      }
      Object.assign(slots as object, { [Symbol.iterator]: untouchable });
    }
    expect(store.refsOf('b')).toEqual(['1', '2']);
    store.clear('b');
    expect(store.refsOf('b')).toEqual([]);
    expect([store.size, store.bytes]).toEqual([4, 32]);
    expect([...store.sessionIds()]).toEqual(['a', 'c']);
  });

  it('clears 200,000 sessions of a million entries one by one', () => {
    // With a scan of the other sessions' entries this would take 10^11 steps.
    const store = new LruStore({ now: 0 });
    const sessions = Array.from({ length: 200_000 }, (_, i) => `session ${i}`);
    for (const ref of ['1', '2', '3', '4', '5']) for (const id of sessions) store.put(id, ref, ref, 1);
    expect([store.size, store.bytes]).toEqual([1_000_000, 1_000_000]);
    let listed = 0;
    for (const id of sessions.slice(1)) {
      listed += store.refsOf(id).length;
      store.clear(id);
    }
    expect(listed).toBe(999_995);
    expect([store.size, store.bytes]).toEqual([5, 5]);
    expect(store.refsOf(sessions[0])).toEqual(['1', '2', '3', '4', '5']);
  });

  it('holds on to no value that left', async () => {
    const store = new LruStore({ now: 0 });
    const witnesses = fillAndEmpty(store);
    // A WeakRef keeps its target to the end of the job that made it.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const alive = witnesses.filter((witness) => witness.deref() !== undefined);
    expect(store.size).toBe(1);
    // The last few may still be on the stack.
    expect(alive.length).toBeLessThan(10);
  });
});

function fillAndEmpty(store: LruStore): WeakRef<object>[] {
  const witnesses: WeakRef<object>[] = [];
  for (const sessionId of ['evicted', 'cleared', 'replaced']) {
    for (let i = 0; i < 100; i++) {
      const value = { sessionId, i };
      witnesses.push(new WeakRef(value));
      store.put(sessionId, sessionId === 'replaced' ? 'one' : `${i}`, value, 0);
    }
  }
  for (let i = 0; i < 100; i++) store.evictOldest();
  store.clear('cleared');
  store.put('replaced', 'one', 'a string', 0);
  return witnesses;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
