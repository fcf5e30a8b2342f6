import { expect, it } from 'vitest';
import { letterName, type DeadLetterReader, type LetterFilter } from '../dead-letters.ts';
import type { RowColumn, TableRows } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { SECOND, T0, flowColumns } from './store-fixtures.ts';

interface Letter {
  readonly offset: bigint;
  readonly index?: bigint;
  readonly rule?: string;
  /** Left out: a letter of before there was any. */
  readonly severity?: 'reject' | 'quarantine';
  readonly knownAtNs?: bigint;
  readonly epoch?: string;
}

interface Resolution extends Letter {
  readonly action: 'replayed' | 'purged';
  readonly atNs: bigint;
}

const TOPIC = 'md.raw.bars';

function placeColumns({ offset, index = 0n }: Letter): RowColumn[] {
  return [
    { type: 'symbol', name: 'topic', values: TOPIC },
    { type: 'long', name: 'topic_partition', values: 2n },
    { type: 'long', name: 'topic_offset', values: offset },
    { type: 'long', name: 'event_index', values: index },
  ];
}

function letterRow(source: string, letter: Letter): TableRows {
  const { knownAtNs = T0, epoch = 'e1', rule = 'bar-range', severity } = letter;
  return {
    table: 'dead_letters',
    timestampNs: [knownAtNs],
    columns: [
      ...flowColumns({ symbol: 'AAPL', source, offset: 77n, knownAtNs, epoch }),
      ...placeColumns(letter),
      { type: 'symbol', name: 'rule', values: rule },
      { type: 'varchar', name: 'reason', values: `why "${letter.offset}"` },
      { type: 'varchar', name: 'stream', values: 'file:abc#AAPL' },
      { type: 'long', name: 'stream_position', values: 5n },
      { type: 'symbol', name: 'content_type', values: 'tickwell.events.v1.BarBatch' },
      { type: 'varchar', name: 'original_base64', values: Buffer.from([0, 255, 7]).toString('base64') },
      { type: 'boolean', name: 'truncated', values: letter.index === -1n },
      { type: 'long', name: 'original_size', values: 3n },
      { type: 'varchar', name: 'original_sha256', values: 'ab' },
      { type: 'varchar', name: 'replay_of', values: '' },
      ...(severity === undefined ? [] : [{ type: 'symbol' as const, name: 'severity', values: severity }]),
    ],
  };
}

function resolutionRow(source: string, resolution: Resolution): TableRows {
  return {
    table: 'dead_letter_resolutions',
    timestampNs: [resolution.atNs],
    columns: [
      ...flowColumns({ symbol: 'AAPL', source, knownAtNs: resolution.atNs }),
      { type: 'symbol', name: 'letter_epoch', values: resolution.epoch ?? 'e1' },
      ...placeColumns(resolution),
      { type: 'symbol', name: 'action', values: resolution.action },
      { type: 'varchar', name: 'author', values: 'ann' },
      { type: 'varchar', name: 'note', values: "it's fine" },
    ],
  };
}

async function offsetsOf(reader: DeadLetterReader, filter: LetterFilter): Promise<readonly bigint[]> {
  return (await reader.letters(filter, { limit: 100 })).map(({ offset }) => offset);
}

/** Offsets that no other case uses: places of letters are not told apart by source. */
function freshOffsets(): bigint {
  return BigInt(Date.now()) * 1_000n + BigInt(Math.floor(Math.random() * 1_000));
}

export function deadLetterCases(cases: Cases): void {
  findCases(cases);
  listCases(cases);
  stateCases(cases);
}

function findCases({ store, fresh }: Cases): void {
  it('answers a dead letter as it was filed, with its bytes', async () => {
    const source = `file:${fresh()}`;
    const base = freshOffsets();
    const { writer, reader } = store();
    await writer.write([
      letterRow(source, { offset: base }),
      letterRow(source, { offset: base + 1n, index: -1n, severity: 'quarantine' }),
    ]);
    const place = { topic: TOPIC, partition: 2, offset: base, index: 0 };
    const whole = { ...place, offset: base + 1n, index: undefined };
    const found = await reader.deadLetters.find([place, whole, { ...place, offset: base + 9n }]);
    const [first, second] = [...found].sort((a, b) => Number(a.letter.offset - b.letter.offset));
    expect(found).toHaveLength(2);
    expect(first?.letter).toEqual({
      ...place,
      rule: 'bar-range',
      severity: 'reject',
      reason: `why "${base}"`,
      source,
      symbol: 'AAPL',
      knownAtNs: T0,
      stream: 'file:abc#AAPL',
      position: 5n,
      contentType: 'tickwell.events.v1.BarBatch',
      originalSize: 3n,
      originalSha256: 'ab',
      truncated: false,
      replayOf: '',
      epoch: 'e1',
      recordOffset: 77n,
      state: 'open',
      resolvedBy: '',
      resolvedAtNs: 0n,
      note: '',
    });
    expect([...(first?.original ?? [])]).toEqual([0, 255, 7]);
    expect(second?.letter).toMatchObject({ index: undefined, truncated: true, severity: 'quarantine' });
    expect(await reader.deadLetters.find([])).toEqual([]);
  });
}

function listCases({ store, fresh }: Cases): void {
  it('lists dead letters newest first, page by page, by source, rule, symbol and time', async () => {
    const source = `file:${fresh()}`;
    const base = freshOffsets();
    const { writer, reader } = store();
    const offsets = [0n, 1n, 2n, 3n, 4n].map((at) => base + at);
    await writer.write(
      offsets.map((offset, at) =>
        letterRow(source, {
          offset,
          knownAtNs: T0 + (at < 3 ? 0n : SECOND),
          rule: at === 4 ? "it's" : 'bar-range',
          ...(at === 0 ? {} : { severity: at === 2 ? 'quarantine' : 'reject' }),
        }),
      ),
    );
    const letters = reader.deadLetters;
    const order = [3, 4, 0, 1, 2].map((at) => offsets[at]);
    expect(await offsetsOf(letters, { source })).toEqual(order);
    const paged: bigint[] = [];
    for (let page = await letters.letters({ source }, { limit: 2 }); page.length > 0;) {
      paged.push(...page.map(({ offset }) => offset));
      const last = page.at(-1);
      if (last === undefined) break;
      const after = { knownAtNs: last.knownAtNs, name: letterName(last) };
      page = await letters.letters({ source }, { limit: 2, after });
    }
    expect(paged).toEqual(order);
    expect(await offsetsOf(letters, { source, rule: "it's" })).toEqual([offsets[4]]);
    expect(await offsetsOf(letters, { source, severity: 'quarantine' })).toEqual([offsets[2]]);
    expect(await offsetsOf(letters, { source, severity: 'reject', rule: 'bar-range' })).toEqual(
      [3, 0, 1].map((at) => offsets[at]),
    );
    expect(await letters.groups({ source }, 9)).toMatchObject(
      [
        { severity: 'reject', rule: 'bar-range', letters: 3 },
        { severity: 'reject', rule: "it's", letters: 1 },
        { severity: 'quarantine', rule: 'bar-range', letters: 1 },
      ].sort((a, b) => b.letters - a.letters || (a.rule < b.rule ? -1 : 1)),
    );
    expect(await offsetsOf(letters, { source, symbol: 'MSFT' })).toEqual([]);
    expect(await offsetsOf(letters, { source, topic: 'md.raw.ticks' })).toEqual([]);
    expect(await offsetsOf(letters, { source, startNs: T0 + 1n })).toEqual(order.slice(0, 2));
    expect(await offsetsOf(letters, { source, endNs: T0 + 1n })).toEqual(order.slice(2));
  });
}

function stateCases({ store, fresh }: Cases): void {
  it('a dead letter has the state that was given to it last, in its generation of the topic', async () => {
    const source = `file:${fresh()}`;
    const offset = freshOffsets();
    const { writer, reader } = store();
    await writer.write([
      letterRow(source, { offset, epoch: 'e1' }),
      letterRow(source, { offset, epoch: 'e2', knownAtNs: T0 + SECOND }),
      letterRow(source, { offset: offset + 1n }),
      resolutionRow(source, { offset, action: 'replayed', atNs: T0 + SECOND }),
      resolutionRow(source, { offset, action: 'purged', atNs: T0 + 2n * SECOND }),
    ]);
    const listed = await reader.deadLetters.letters({ source, states: ['purged', 'replayed'] }, { limit: 9 });
    expect(listed).toMatchObject([
      { epoch: 'e1', state: 'purged', resolvedBy: 'ann', note: "it's fine", resolvedAtNs: T0 + 2n * SECOND },
    ]);
    const [found] = await reader.deadLetters.find([{ topic: TOPIC, partition: 2, offset, index: 0 }]);
    expect(found?.letter).toMatchObject({ epoch: 'e2', state: 'open' });
    const group = { source, rule: 'bar-range' };
    expect(await reader.deadLetters.groups({ source }, 10)).toMatchObject([
      { ...group, state: 'open', letters: 2, firstNs: T0, lastNs: T0 + SECOND },
      { ...group, state: 'purged', letters: 1 },
    ]);
    expect(await reader.deadLetters.groups({ source }, 1)).toHaveLength(1);
  });
}
