import { create } from '@bufbuild/protobuf';
import {
  ALL_TOPICS,
  TOPICS,
  decodeBarBatch,
  encodeBarBatch,
  events,
  parseMessage,
  queryV1,
} from '@tickwell/contracts';
import { emptyBars } from '@tickwell/domain';
import type { RowColumn } from '@tickwell/ports';
import { MemoryLog, MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { DeadLetterCalls } from './dead-letter-calls.ts';

const T = 1_704_153_600_000_000_000n;
const NOW = T + 500n;
const CALL = { signal: new AbortController().signal };

interface Filed {
  readonly offset: bigint;
  readonly high?: number;
  readonly startNs?: bigint;
  readonly original?: Uint8Array;
  readonly contentType?: string;
  readonly truncated?: boolean;
  readonly severity?: 'quarantine';
}

function barBytes({ high = 1, startNs = T }: Filed): Uint8Array {
  const header = {
    source: 'file:a',
    symbol: 'AAPL',
    cause: { origin: 'file:x#AAPL', n: 7n, k: 0 },
    knownAtNs: T + 1n,
    watermarkNs: startNs,
    replayOf: '',
    priceBasis: 'raw' as const,
  };
  const bars = { ...emptyBars(), startNs: [startNs], open: [2], high: [high], low: [2], close: [2] };
  return encodeBarBatch({ header, interval: '1d', priceType: 'trade', bars, positions: [7n] });
}

/** The calls over a log and a store in memory, and letters as storage files them. */
class Bench {
  readonly log = new MemoryLog({ topics: ALL_TOPICS });
  readonly store = new MemoryStore();
  readonly calls = new DeadLetterCalls({
    log: this.log,
    reader: this.store.deadLetters,
    nowNs: () => NOW,
    storedWithinMs: 0,
  });

  async file(letter: Filed): Promise<string> {
    const original = letter.original ?? barBytes(letter);
    const texts = { rule: 'bar-range', topic: 'md.raw.bars', symbol: 'AAPL', source: 'file:a', epoch: 'E' };
    const type = letter.contentType ?? TOPICS.rawBars.type;
    const columns: RowColumn[] = [
      ...Object.entries({ ...texts, content_type: type }).map(
        ([name, values]) => ({ type: 'symbol', name, values }) as const,
      ),
      { type: 'long', name: 'topic_partition', values: 1n },
      { type: 'long', name: 'topic_offset', values: letter.offset },
      { type: 'long', name: 'event_index', values: 0n },
      { type: 'long', name: 'original_size', values: 500n },
      { type: 'varchar', name: 'original_base64', values: Buffer.from(original).toString('base64') },
      { type: 'boolean', name: 'truncated', values: letter.truncated === true },
      { type: 'symbol', name: 'severity', values: letter.severity ?? 'reject' },
    ];
    await this.store.write([{ table: 'dead_letters', timestampNs: [T + 1n], columns }]);
    return `md.raw.bars/1/${letter.offset}/0`;
  }

  /** As storage does with the newest resolution. */
  async storeResolutions(): Promise<void> {
    for (const { letter, action, author } of this.resolutions()) {
      await this.store.write([
        {
          table: 'dead_letter_resolutions',
          timestampNs: [NOW],
          columns: [
            { type: 'symbol', name: 'letter_epoch', values: 'E' },
            { type: 'symbol', name: 'topic', values: letter?.topic ?? '' },
            { type: 'long', name: 'topic_partition', values: BigInt(letter?.partition ?? 0) },
            { type: 'long', name: 'topic_offset', values: letter?.offset ?? 0n },
            { type: 'long', name: 'event_index', values: BigInt(letter?.index ?? 0) },
            {
              type: 'symbol',
              name: 'action',
              values: action === events.DeadLetterAction.PURGED ? 'purged' : 'replayed',
            },
            { type: 'varchar', name: 'author', values: author },
          ],
        },
      ]);
    }
  }

  resolutions(): readonly events.DeadLetterResolution[] {
    return this.log.records(TOPICS.deadLetterResolutions.name).flatMap(({ value }) => {
      const parsed = parseMessage(events.DeadLetterResolutionSchema, value ?? new Uint8Array(0));
      return parsed.ok ? [parsed.value] : [];
    });
  }

  /** What was sent, by the time of the first bar, then by the letter. */
  sent() {
    const sent = this.log.records(TOPICS.rawBars.name).map(({ value, headers, key }) => {
      const decoded = decodeBarBatch(value ?? new Uint8Array(0), true);
      if (!decoded.ok) throw new Error(decoded.error.reason);
      return { key, headers, batch: decoded.value };
    });
    const orderOf = ({ batch }: (typeof sent)[number]): string =>
      `${batch.bars.startNs[0] ?? ''} ${batch.header.replayOf}`;
    return sent.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  }

  replay(fields: Partial<Omit<queryV1.DeadLetterServiceReplayRequest, '$typeName'>>) {
    return this.calls.replay(create(queryV1.DeadLetterServiceReplayRequestSchema, fields), CALL);
  }

  list(fields: Partial<Omit<queryV1.DeadLetterServiceListRequest, '$typeName'>> = {}) {
    return this.calls.list(create(queryV1.DeadLetterServiceListRequestSchema, fields));
  }
}

describe('dead letters', () => {
  it('are sent again in event order, as one stream of the request, each naming the letter it replays', async () => {
    const bench = new Bench();
    const later = await bench.file({ offset: 4n, startNs: T + 86_400_000_000_000n });
    const earlier = await bench.file({ offset: 5n, startNs: T });
    expect(await bench.replay({ ids: [later, earlier], author: 'ann', note: 'fine' })).toMatchObject({
      letters: 2,
      stored: false,
    });
    const [first, second] = bench.sent();
    expect(first).toMatchObject({
      key: 'AAPL',
      headers: { source: 'file:a', 'stream-name': `replay of ${earlier}` },
      batch: {
        interval: '1d',
        positions: [1n],
        bars: { startNs: [T], high: [1] },
        header: { source: 'file:a', replayOf: earlier, knownAtNs: NOW, watermarkNs: 0n, priceBasis: 'raw' },
      },
    });
    expect(second?.batch).toMatchObject({ positions: [2n], header: { replayOf: later } });
    expect(second?.batch.header.cause).toEqual({ ...first?.batch.header.cause, n: 2n });
    expect(bench.resolutions()).toMatchObject([
      { author: 'ann', note: 'fine', letterEpoch: 'E', letter: { offset: 5n }, action: 1 },
      { letter: { offset: 4n, original: new Uint8Array(0) }, action: 1 },
    ]);
    const causes = bench.resolutions().map(({ header }) => header?.cause?.n);
    expect(causes).toEqual([1n, 2n]);
  });

  it('are sent mended: other values, another instrument, an event where the original was none', async () => {
    const bench = new Bench();
    const id = await bench.file({ offset: 1n });
    const { fixJson, problem } = await bench.calls.get(
      create(queryV1.DeadLetterServiceGetRequestSchema, { id }),
    );
    expect(problem).toBe('');
    expect(JSON.parse(fixJson)).toEqual({
      type: TOPICS.rawBars.type,
      source: 'file:a',
      symbol: 'AAPL',
      priceBasis: 'raw',
      event: {
        interval: '1d',
        priceType: 'PRICE_TYPE_TRADE',
        bars: { startNs: [T.toString()], open: [2], high: [1], low: [2], close: [2] },
      },
    });
    await bench.replay({
      ids: [id],
      fixJson: fixJson.replace('"high":[1]', '"high":[3]').replace('AAPL', 'MSFT'),
    });
    const text = await bench.file({ offset: 2n, contentType: '', original: Buffer.from('2024-01-02,x') });
    const content = await bench.calls.get(create(queryV1.DeadLetterServiceGetRequestSchema, { id: text }));
    expect(content).toMatchObject({ text: '2024-01-02,x', fixJson: '' });
    await expect(bench.replay({ ids: [text] })).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringMatching(/is no message but text.*give a fix with type/) as string,
    });
    await bench.replay({ ids: [text], fixJson });
    expect(bench.sent()).toMatchObject([
      { key: 'MSFT', batch: { header: { symbol: 'MSFT' }, bars: { high: [3] } } },
      { key: 'AAPL', batch: { header: { symbol: 'AAPL', replayOf: text }, bars: { high: [1] } } },
    ]);
  });

  it.each([
    ['fix_json is no JSON', '{', /fix_json is no JSON/],
    ['an unknown property', '{"evnt":{}}', /fix\.evnt is not known/],
    ['a type that is none', '{"type":"x"}', /fix\.type must be one of/],
    ['an id that is none', '{"symbol":"a b"}', /fix\.symbol/],
    ['an event of another shape', '{"event":{"bars":{"high":["x"]}}}', /fix\.event is no tickwell.*high/],
    ['no event in it', '{"event":{"interval":"1d"}}', /there is no event in it/],
  ])('a fix with %s is refused in one line, and nothing is sent', async (_, fixJson, message) => {
    const bench = new Bench();
    const id = await bench.file({ offset: 1n });
    await expect(bench.replay({ ids: [id], fixJson })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    });
    expect([...bench.sent(), ...bench.resolutions()]).toEqual([]);
  });

  it('go all or not at all: one that cannot go keeps the others back', async () => {
    const bench = new Bench();
    const good = await bench.file({ offset: 1n });
    const cut = await bench.file({ offset: 2n, truncated: true });
    await expect(bench.replay({ ids: [good, cut] })).rejects.toThrow(
      `${cut}: of its 500 bytes only the first ${barBytes({ offset: 2n }).length} are kept: send the input again`,
    );
    await expect(bench.replay({ ids: [good, 'md.raw.bars/1/99/0'] })).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(bench.replay({ ids: [good, 'nonsense'] })).rejects.toThrow(/"nonsense" is no id/);
    await expect(bench.replay({ ids: [] })).rejects.toThrow(/ids is empty/);
    await expect(bench.replay({ ids: [good, cut], fixJson: '{}' })).rejects.toThrow(/mends one letter/);
    expect([...bench.sent(), ...bench.resolutions()]).toEqual([]);
  });

  it('are not sent twice by mistake, and never once they are purged', async () => {
    const bench = new Bench();
    const id = await bench.file({ offset: 1n });
    await bench.replay({ ids: [id], author: 'ann' });
    await bench.storeResolutions();
    expect((await bench.list()).entries).toEqual([]);
    await expect(bench.replay({ ids: [id] })).rejects.toThrow(/was replayed by ann already: say "again"/);
    expect(await bench.replay({ ids: [id], again: true })).toMatchObject({ letters: 1, stored: true });
    const purge = create(queryV1.DeadLetterServicePurgeRequestSchema, { ids: [id], author: 'bob' });
    await bench.calls.purge(purge, CALL);
    expect(bench.resolutions().at(-1)).toMatchObject({ action: 2, author: 'bob' });
    await bench.storeResolutions();
    await expect(bench.replay({ ids: [id], again: true })).rejects.toThrow(/was purged by bob already/);
    await expect(bench.calls.purge(purge, CALL)).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  it('are listed page by page, and counted', async () => {
    const bench = new Bench();
    for (let offset = 1n; offset <= 5n; offset += 1n) await bench.file({ offset });
    const ids: string[] = [];
    for (let after = ''; ;) {
      const page = await bench.list({ limit: 2, after });
      ids.push(...page.entries.map(({ id }) => id));
      after = page.next;
      if (after === '') break;
    }
    expect(ids).toEqual([1, 2, 3, 4, 5].map((offset) => `md.raw.bars/1/${offset}/0`));
    const request = create(queryV1.DeadLetterServiceSummarizeRequestSchema, { filter: { source: 'file:a' } });
    expect((await bench.calls.summarize(request)).groups).toMatchObject([
      { source: 'file:a', rule: 'bar-range', letters: 5n },
    ]);
    await bench.file({ offset: 6n, severity: 'quarantine' });
    const bySeverity = (
      severity: events.DeadLetterSeverity,
    ): Promise<queryV1.DeadLetterServiceListResponse> =>
      bench.list({ filter: create(queryV1.DeadLetterFilterSchema, { severity }) });
    const held = await bySeverity(events.DeadLetterSeverity.QUARANTINE);
    expect(held.entries).toMatchObject([
      { id: 'md.raw.bars/1/6/0', severity: events.DeadLetterSeverity.QUARANTINE },
    ]);

    await expect(bench.list({ after: 'x' })).rejects.toThrow(/is not what a page ended with/);
    await expect(bench.list({ limit: 5_000 })).rejects.toThrow(/more than 1000/);
  });
});
