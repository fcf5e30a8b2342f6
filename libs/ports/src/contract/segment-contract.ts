import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_SEGMENT_BYTES, segmentHash, type SegmentInfo, type SegmentStore } from '../segments.ts';

export interface SegmentStoreUnderTest {
  /** Empty. */
  readonly store: SegmentStore;
  /** Another one over the same place, as another process has it. */
  readonly again: () => SegmentStore;
  /** Changes what is kept under a name to these bytes. */
  readonly damage: (sha256: string, bytes: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
}

const HOUR_NS = 3_600_000_000_000n;

/** A segment that differs by `seed`. */
function segment(seed: number, length = 1_000): { readonly sha256: string; readonly bytes: Uint8Array } {
  const bytes = Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 7 + (at >> 8)) % 256);
  new DataView(bytes.buffer).setUint32(0, seed);
  return { sha256: segmentHash(bytes), bytes };
}

/** Array of numbers: a Buffer and a Uint8Array with the same bytes are the same here. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

async function listAll(store: SegmentStore, limit: number): Promise<readonly SegmentInfo[]> {
  const all: SegmentInfo[] = [];
  for (;;) {
    const page = await store.list({ after: all.at(-1)?.sha256 ?? '', limit });
    all.push(...page);
    if (page.length < limit) return all;
  }
}

/** Every store of segments keeps this. */
export function segmentStoreContract(name: string, open: () => Promise<SegmentStoreUnderTest>): void {
  describe(`segment store contract: ${name}`, () => {
    let opened: SegmentStoreUnderTest | undefined;
    const under = (): SegmentStoreUnderTest => {
      if (opened === undefined) throw new Error('the store is not open');
      return opened;
    };
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened?.close();
    });
    keeping(under);
    listing(under);
    refusing(under);
  });
}

function keeping(under: () => SegmentStoreUnderTest): void {
  it('is empty before anything was put', async () => {
    const { store } = under();
    expect(await store.list({ after: '', limit: 10 })).toEqual([]);
    expect(await store.has(segment(1).sha256)).toBe(false);
    await store.delete(segment(1).sha256);
  });

  it('gives what was put, byte for byte, also to others and after a restart', async () => {
    const { store, again } = under();
    const put = segment(1);
    await store.put(put.sha256, put.bytes);
    const other = again();
    expect(plain(await other.get(put.sha256))).toEqual(put.bytes);
    expect(await other.has(put.sha256)).toBe(true);
    expect(await other.has(segment(2).sha256)).toBe(false);
    await other.close();
    expect(plain(await store.get(put.sha256))).toEqual(put.bytes);
  });

  it('keeps a part of a larger buffer as that part, and none', async () => {
    const { store } = under();
    const part = segment(3).bytes.subarray(100, 200);
    await store.put(segmentHash(part), part);
    expect(plain(await store.get(segmentHash(part)))).toEqual(plain(part));
    const none = new Uint8Array();
    await store.put(segmentHash(none), none);
    expect((await store.get(segmentHash(none))).byteLength).toBe(0);
  });

  it('keeps the largest that there may be', async () => {
    const { store } = under();
    const { sha256, bytes } = segment(4, MAX_SEGMENT_BYTES);
    await store.put(sha256, bytes);
    expect(segmentHash(await store.get(sha256))).toBe(sha256);
  });

  it('keeps one that is put again, by many at once, once', async () => {
    const { store, again } = under();
    const { sha256, bytes } = segment(5, 200_000);
    const other = again();
    await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? store : other).put(sha256, bytes)));
    await other.close();
    expect((await store.list({ after: '', limit: 10 })).map((one) => one.sha256)).toEqual([sha256]);
    expect(plain(await store.get(sha256))).toEqual(bytes);
  });

  it('deletes one, as often as it is told, and takes it again', async () => {
    const { store } = under();
    const [gone, stays] = [segment(6), segment(7)];
    for (const one of [gone, stays]) await store.put(one.sha256, one.bytes);
    await store.delete(gone.sha256);
    await store.delete(gone.sha256);
    expect(await store.has(gone.sha256)).toBe(false);
    await expect(store.get(gone.sha256)).rejects.toMatchObject({ code: 'segment-missing' });
    expect(await store.has(stays.sha256)).toBe(true);
    await store.put(gone.sha256, gone.bytes);
    expect(plain(await store.get(gone.sha256))).toEqual(gone.bytes);
  });
}

function listing(under: () => SegmentStoreUnderTest): void {
  it('lists by name in pages, with sizes and times', async () => {
    const { store } = under();
    const put = Array.from({ length: 23 }, (_, n) => segment(n, 100 + n));
    const beforeNs = BigInt(Date.now()) * 1_000_000n;
    await Promise.all(put.map(({ sha256, bytes }) => store.put(sha256, bytes)));
    const expected = put
      .map(({ sha256, bytes }) => ({ sha256, bytes: bytes.byteLength }))
      .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    for (const limit of [1, 5, 23, 1_000]) {
      const listed = await listAll(store, limit);
      expect(listed.map(({ sha256, bytes }) => ({ sha256, bytes }))).toEqual(expected);
      for (const { storedAtNs } of listed) {
        expect(storedAtNs).toBeGreaterThan(beforeNs - HOUR_NS);
        expect(storedAtNs).toBeLessThan(beforeNs + HOUR_NS);
      }
    }
  });

  it('lists from between two names, also when the one before is gone', async () => {
    const { store } = under();
    const put = Array.from({ length: 6 }, (_, n) => segment(n)).sort((a, b) =>
      a.sha256 < b.sha256 ? -1 : 1,
    );
    for (const { sha256, bytes } of put) await store.put(sha256, bytes);
    const names = put.map(({ sha256 }) => sha256);
    await store.delete(names[2] ?? '');
    const listed = await store.list({ after: names[2] ?? '', limit: 2 });
    expect(listed.map(({ sha256 }) => sha256)).toEqual(names.slice(3, 5));
    expect(await store.list({ after: 'f'.repeat(64), limit: 2 })).toEqual([]);
  });
}

function refusing(under: () => SegmentStoreUnderTest): void {
  it('says which one is missing', async () => {
    const { sha256 } = segment(1);
    const error = under().store.get(sha256);
    await expect(error).rejects.toMatchObject({
      name: 'TickwellError',
      code: 'segment-missing',
      retryable: false,
    });
    await expect(error).rejects.toThrow(sha256);
  });

  it('gives no damaged bytes: one flipped bit, cut off, emptied, longer; a put mends them', async () => {
    const { store, damage } = under();
    const { sha256, bytes } = segment(8);
    await store.put(sha256, bytes);
    const flipped = bytes.with(500, (bytes[500] ?? 0) ^ 1);
    for (const bad of [
      flipped,
      bytes.slice(0, 999),
      new Uint8Array(),
      Buffer.concat([bytes, Buffer.alloc(1)]),
    ]) {
      await damage(sha256, bad);
      const error = store.get(sha256);
      await expect(error).rejects.toMatchObject({ code: 'segment-corrupt', retryable: false });
      await expect(error).rejects.toThrow(sha256);
    }
    await store.put(sha256, bytes);
    expect(plain(await store.get(sha256))).toEqual(bytes);
  });

  it('reads nothing larger than a segment can be', async () => {
    const { store, damage } = under();
    const { sha256, bytes } = segment(9);
    await store.put(sha256, bytes);
    await damage(sha256, new Uint8Array(MAX_SEGMENT_BYTES + 1));
    await expect(store.get(sha256)).rejects.toMatchObject({ code: 'segment-corrupt' });
  });

  it('keeps nothing under a name that is not that of the bytes, and nothing too large', async () => {
    const { store } = under();
    const large = new Uint8Array(MAX_SEGMENT_BYTES + 1);
    const puts = [
      store.put(segment(1).sha256, segment(2).bytes),
      store.put(segmentHash(large), large),
      store.put('', segment(1).bytes),
    ];
    for (const put of puts)
      await expect(put).rejects.toMatchObject({ code: 'segment-invalid', retryable: false });
    expect(await store.list({ after: '', limit: 10 })).toEqual([]);
  });

  it('knows no other names: no paths, no capitals', async () => {
    const { store } = under();
    const { sha256 } = segment(1);
    const invalid = { code: 'segment-invalid' };
    for (const bad of [
      '',
      '../../etc/passwd',
      sha256.toUpperCase(),
      `${sha256}/`,
      sha256.slice(1),
      `${sha256}\n`,
    ]) {
      await expect(store.get(bad)).rejects.toMatchObject(invalid);
      await expect(store.has(bad)).rejects.toMatchObject(invalid);
      await expect(store.delete(bad)).rejects.toMatchObject(invalid);
    }
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN])
      await expect(store.list({ after: '', limit })).rejects.toMatchObject(invalid);
  });
}
