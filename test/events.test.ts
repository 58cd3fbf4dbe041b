import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EventHub, type CacheEventName, type Listener } from '../src/events.js';
import { errorOf } from './support/errors.js';

const PUT = { key: 'k', bytes: 1 };

/** The next warning of the process. */
async function nextWarning(): Promise<Error & { code?: string }> {
  return ((await once(process, 'warning')) as [Error])[0];
}

describe('EventHub', () => {
  it('tells each listener, in order, until it ends', () => {
    const hub = new EventHub();
    const told: string[] = [];
    expect(hub.isHeard('put')).toBe(false);
    const end = hub.on('put', ({ key }) => told.push(`first ${key}`));
    hub.on('put', ({ key }) => told.push(`second ${key}`));
    expect(hub.isHeard('put')).toBe(true);
    hub.emit('put', PUT);
    end();
    end();
    hub.emit('put', PUT);
    hub.emit('hit', { key: 'k', tier: 'disk' });
    expect(told).toEqual(['first k', 'second k', 'second k']);
  });

  it('is not disturbed by listeners that come and go while it tells', () => {
    const hub = new EventHub();
    const told: string[] = [];
    const add = () => {
      hub.on('put', add);
      told.push('added');
    };
    hub.on('put', add);
    const end = hub.on('put', () => {
      end();
      told.push('once');
    });
    hub.emit('put', PUT);
    expect(told).toEqual(['added', 'once']);
  });

  it.each<[string, Listener<'put'>]>([
    [
      'throws',
      () => {
        throw new Error('my fault');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('my fault'))],
    [
      'throws what is no error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw 'my fault';
      },
    ],
  ])('goes on where a listener %s, and shows it as a warning', async (_, listener) => {
    const hub = new EventHub();
    let told = 0;
    const warning = nextWarning();
    hub.on('put', listener);
    hub.on('put', () => told++);
    hub.emit('put', PUT);
    expect(told).toBe(1);
    expect(await warning).toMatchObject({ code: 'TESS_CACHE_LISTENER' });
    expect((await warning).message).toContain('my fault');
  });

  it('refuses what it can never tell', async () => {
    const hub = new EventHub();
    const listen = (name: unknown, listener: unknown) => () =>
      hub.on(name as CacheEventName, listener as Listener<CacheEventName>);
    expect(await errorOf(listen('hits', () => 1))).toMatchObject({ code: 'BAD_ARGUMENT', field: 'event' });
    expect(await errorOf(listen('hit', undefined))).toMatchObject({
      code: 'BAD_ARGUMENT',
      field: 'listener',
    });
  });
});
