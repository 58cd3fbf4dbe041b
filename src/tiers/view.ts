/** What a session sees under a key: memory before disk, as long as what is in memory is still right. */
import { originsOf, type LineageInput } from '../codec/lineage.js';
import type { PersistentCache } from '../disk/persistent-cache.js';
import type { Miss } from '../disk/reader.js';
import type { Tier } from '../events.js';
import { Found, factsOnDisk, type Origins, type ValueFacts } from './found.js';
import type { MemoryTier } from './memory.js';

export interface Sight {
  readonly hit: true;
  readonly tier: Tier;
  readonly found: Found;
}

export class View {
  readonly #memory: MemoryTier;
  readonly #persistent: PersistentCache;

  constructor(memory: MemoryTier, persistent: PersistentCache) {
    this.#memory = memory;
    this.#persistent = persistent;
  }

  /** From memory or disk; what it finds on disk is in memory from then on. */
  async see(key: string): Promise<Sight | Miss> {
    const held = this.#memory.get(key);
    if (held !== undefined) {
      if (await this.#isCurrent(held.facts)) return { hit: true, tier: 'memory', found: held };
      this.#memory.drop(held.facts);
    }
    return this.seeOnDisk(key, true);
  }

  /** @param isAccess whether it counts as one */
  async seeOnDisk(key: string, isAccess: boolean): Promise<Sight | Miss> {
    const read = await (isAccess ? this.#persistent.lookup(key) : this.#persistent.peek(key));
    if (!read.hit) return read;
    const facts = factsOnDisk(read.metadata);
    // The disk has been held against itself. Memory may have newer inputs, which could not be stored.
    const changed = await this.#changed(this.#memory.others(facts.origins));
    if (changed !== undefined) return stale(key, changed);
    const found = Found.fresh(read.value, facts);
    this.#memory.put(found);
    return { hit: true, tier: 'disk', found };
  }

  /** For a cache that is disabled. */
  seeInMemory(key: string): Sight | Miss {
    const found = this.#memory.get(key);
    if (found === undefined) return { hit: false, key, reason: 'absent' };
    const [changed] = this.#memory.others(found.facts.origins);
    return changed === undefined ? { hit: true, tier: 'memory', found } : stale(key, changed.key);
  }

  /** The first of what a product was computed from that has another value now; what is gone says nothing. */
  async changedInput(origins: Origins | undefined): Promise<string | undefined> {
    return origins === undefined ? undefined : this.#changed(originsOf(origins));
  }

  /** SHA-256 of the blob that the disk has under a key, where that is sound. */
  async sha256OnDisk(key: string): Promise<string | undefined> {
    return (await this.#persistent.metadata(key))?.sha256;
  }

  /** Whether the disk still has what it had when the value was taken in, or has lost it to an eviction. */
  async stands(facts: ValueFacts): Promise<boolean> {
    const onDisk = await this.sha256OnDisk(facts.key);
    if (onDisk === facts.onDisk || onDisk === facts.sha256) return true;
    if (onDisk !== undefined) return false;
    const [last] = await this.#persistent.history({ key: facts.key, limit: 1 });
    // Deleted, invalidated or cleared: somebody wanted it away. Where the journal was lost, that may be so.
    if (last?.event !== 'evicted') return false;
    facts.onDisk = undefined;
    return true;
  }

  async #isCurrent(facts: ValueFacts): Promise<boolean> {
    return (await this.stands(facts)) && (await this.changedInput(facts.origins)) === undefined;
  }

  async #changed(origins: readonly LineageInput[]): Promise<string | undefined> {
    for (const { key, sha256 } of origins) {
      const current = await this.#currentSha256(key);
      if (current !== undefined && current !== sha256) return key;
    }
    return undefined;
  }

  async #currentSha256(key: string): Promise<string | undefined> {
    const onDisk = await this.sha256OnDisk(key);
    const held = this.#memory.get(key)?.facts;
    const isHeld = held !== undefined && (onDisk === undefined || onDisk === held.onDisk);
    return isHeld ? held.sha256 : onDisk;
  }
}

function stale(key: string, changed: string): Miss {
  return { hit: false, key, reason: 'stale', detail: `its input ${changed} has changed` };
}
