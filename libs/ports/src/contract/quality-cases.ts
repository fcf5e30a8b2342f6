import { expect, it } from 'vitest';
import type { FindingFilter, QualityReader, StoredFinding, StoredSourceState } from '../quality.ts';
import type { RowColumn, TableRows } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { SECOND, T0, barRows, flowColumns, tradeRows, type Flow } from './store-fixtures.ts';

const DAY = 86_400n * SECOND;

function qualityRow(
  flow: Flow & { readonly rule: string; readonly severity?: string; readonly kind?: string },
  columns: readonly RowColumn[],
): TableRows {
  return {
    table: 'quality',
    timestampNs: [flow.knownAtNs ?? T0],
    columns: [
      ...flowColumns(flow),
      { type: 'symbol', name: 'kind', values: flow.kind ?? 'bars' },
      { type: 'symbol', name: 'rule', values: flow.rule },
      { type: 'symbol', name: 'severity', values: flow.severity ?? 'warning' },
      { type: 'long', name: 'seq', values: 0n },
      ...columns,
    ],
  };
}

function findingRow(flow: Parameters<typeof qualityRow>[0]): TableRows {
  return qualityRow(flow, [
    { type: 'varchar', name: 'message', values: `odd: "${flow.rule}"` },
    { type: 'timestamp', name: 'start_ts', values: T0 - 2n },
    { type: 'timestamp', name: 'end_ts', values: T0 - 1n },
  ]);
}

function countRow(flow: Flow & { readonly kind?: string }, counts: readonly bigint[]): TableRows {
  const [received = 0n, accepted = 0n, deadLettered = 0n, duplicates = 0n] = counts;
  return qualityRow({ ...flow, rule: 'counts', severity: 'info' }, [
    { type: 'long', name: 'received', values: received },
    { type: 'long', name: 'accepted', values: accepted },
    { type: 'long', name: 'dead_lettered', values: deadLettered },
    { type: 'long', name: 'duplicates', values: duplicates },
  ]);
}

function statusRow(
  source: string,
  stream: string,
  of: { readonly state: StoredSourceState; readonly atNs: bigint; readonly offset: bigint },
): TableRows {
  return {
    table: 'source_status',
    timestampNs: [of.atNs],
    columns: [
      { type: 'symbol', name: 'source', values: source },
      { type: 'symbol', name: 'epoch', values: 'e1' },
      { type: 'long', name: 'record_offset', values: of.offset },
      { type: 'symbol', name: 'stream', values: stream },
      { type: 'symbol', name: 'state', values: of.state },
      { type: 'varchar', name: 'reason', values: `why ${of.state}` },
      { type: 'long', name: 'events', values: 7n },
      { type: 'long', name: 'refused', values: 1n },
    ],
  };
}

async function rulesOf(reader: QualityReader, filter: FindingFilter): Promise<readonly string[]> {
  return (await reader.findings(filter, { limit: 100 })).map(({ rule }) => rule);
}

export function qualityCases(cases: Cases): void {
  findingCases(cases);
  findingPageCases(cases);
  countCases(cases);
  statusCases(cases);
  newestCases(cases);
  barCountCases(cases);
}

function findingCases({ store, fresh }: Cases): void {
  it('answers findings, the newest first, by symbol, source, rule, kind, severity and time', async () => {
    const { writer, reader } = store();
    const [symbol, source] = [fresh(), `file:${fresh()}`];
    await writer.write([
      findingRow({ symbol, source, rule: 'price-jump', offset: 1n }),
      findingRow({ symbol, source, rule: 'unit-error', severity: 'error', knownAtNs: T0 + 1n, offset: 2n }),
      findingRow({
        symbol: `${symbol}B`,
        source,
        rule: 'quote-locked',
        kind: 'quotes',
        knownAtNs: T0 + 2n,
        offset: 3n,
      }),
      countRow({ symbol, source, knownAtNs: T0 + 3n, offset: 4n }, [9n, 9n]),
    ]);
    const { quality } = reader;
    expect(await rulesOf(quality, { source })).toEqual(['quote-locked', 'unit-error', 'price-jump']);
    expect(await rulesOf(quality, { symbol })).toEqual(['unit-error', 'price-jump']);
    expect(await rulesOf(quality, { source, rule: 'price-jump' })).toEqual(['price-jump']);
    expect(await rulesOf(quality, { source, kind: 'quotes' })).toEqual(['quote-locked']);
    expect(await rulesOf(quality, { source, severities: ['error', 'info'] })).toEqual(['unit-error']);
    expect(await rulesOf(quality, { source, startNs: T0 + 1n, endNs: T0 + 2n })).toEqual(['unit-error']);
    expect(await rulesOf(quality, { source: `${source}x` })).toEqual([]);
    const [finding] = await quality.findings({ symbol, rule: 'unit-error' }, { limit: 1 });
    expect(finding).toMatchObject({
      symbol,
      source,
      kind: 'bars',
      severity: 'error',
      message: 'odd: "unit-error"',
      knownAtNs: T0 + 1n,
      startNs: T0 - 2n,
      endNs: T0 - 1n,
    });
  });
}

function findingPageCases({ store, fresh }: Cases): void {
  it('answers findings page by page, also where many became known at one time, and counts them', async () => {
    const { writer, reader } = store();
    const source = `file:${fresh()}`;
    const symbols = [fresh(), fresh()];
    await writer.write(
      symbols.flatMap((symbol) =>
        Array.from({ length: 7 }, (_, at) =>
          findingRow({ symbol, source, rule: at < 5 ? 'a' : 'b', offset: BigInt(at) }),
        ),
      ),
    );
    const seen: string[] = [];
    let after: StoredFinding | undefined;
    for (;;) {
      const page = await reader.quality.findings(
        { source },
        { limit: 4, ...(after === undefined ? {} : { after }) },
      );
      seen.push(...page.map(({ name }) => name));
      after = page.at(-1);
      if (page.length < 4) break;
    }
    expect(seen).toHaveLength(14);
    expect(new Set(seen).size).toBe(14);
    const group = { source, kind: 'bars', severity: 'warning', firstNs: T0, lastNs: T0 };
    expect(await reader.quality.findingGroups({ source }, 10)).toEqual([
      { ...group, rule: 'a', findings: 10, example: 'odd: "a"' },
      { ...group, rule: 'b', findings: 4, example: 'odd: "b"' },
    ]);
    expect(await reader.quality.findingGroups({ source }, 1)).toHaveLength(1);
  });
}

function countCases({ store, fresh }: Cases): void {
  it('answers what was counted between two times, summed over the symbols of a source', async () => {
    const { writer, reader } = store();
    const [a, b, source] = [fresh(), fresh(), `file:${fresh()}`];
    await writer.write([
      countRow({ symbol: a, source, knownAtNs: T0, offset: 1n }, [10n, 8n, 1n, 1n]),
      countRow({ symbol: a, source, knownAtNs: T0 + SECOND, offset: 2n }, [15n, 12n, 2n, 1n]),
      countRow({ symbol: a, source, knownAtNs: T0 + 2n * SECOND, offset: 3n }, [30n, 20n, 9n, 1n]),
      countRow({ symbol: b, source, knownAtNs: T0 + SECOND, offset: 1n }, [3n, 3n]),
      countRow({ symbol: b, source, kind: 'quotes', knownAtNs: T0 + SECOND, offset: 2n }, [4n, 0n, 4n]),
      countRow({ symbol: `${b}X`, source, knownAtNs: T0, offset: 1n }, [99n, 99n]),
    ]);
    const between = await reader.quality.counts({
      source,
      startNs: T0 + SECOND,
      endNs: T0 + 2n * SECOND,
    });
    expect(between).toEqual([
      { source, kind: 'bars', received: 8n, accepted: 7n, deadLettered: 1n, duplicates: 0n },
      { source, kind: 'quotes', received: 4n, accepted: 0n, deadLettered: 4n, duplicates: 0n },
    ]);
    expect(await reader.quality.counts({ source, startNs: T0 + DAY, endNs: T0 + 2n * DAY })).toEqual([]);
  });
}

function statusCases({ store, fresh }: Cases): void {
  it('answers what sources said in a span, and ahead of it what running streams said last', async () => {
    const { writer, reader } = store();
    const source = `src:${fresh()}`;
    await writer.write([
      statusRow(source, 'one', { state: 'up', atNs: T0, offset: 1n }),
      statusRow(source, 'one', { state: 'down', atNs: T0 + 1n, offset: 2n }),
      statusRow(source, 'over', { state: 'finished', atNs: T0 + 2n, offset: 3n }),
      statusRow(source, 'two', { state: 'up', atNs: T0 + 3n, offset: 4n }),
      statusRow(source, 'one', { state: 'up', atNs: T0 + SECOND, offset: 5n }),
      statusRow(source, 'two', { state: 'stopped', atNs: T0 + 2n * SECOND, offset: 6n }),
    ]);
    const of = { source, startNs: T0 + SECOND, endNs: T0 + 2n * SECOND, limit: 10 };
    const said = await reader.quality.statuses(of);
    expect(said.map(({ stream, state }) => `${stream} ${state}`)).toEqual(['one down', 'two up', 'one up']);
    expect(said[0]).toEqual({
      source,
      stream: 'one',
      state: 'down',
      reason: 'why down',
      timeNs: T0 + 1n,
      events: 7n,
      refused: 1n,
    });
    expect(await reader.quality.statuses({ ...of, limit: 2 })).toHaveLength(2);
    const newest = await reader.quality.newestStatuses({ source, limit: 10 });
    expect(newest.map(({ stream, state }) => `${stream} ${state}`)).toEqual([
      'two stopped',
      'one up',
      'over finished',
    ]);
  });
}

function newestCases({ store, fresh }: Cases): void {
  it('answers the newest event of every series, with the record that brought it', async () => {
    const { writer, reader } = store();
    const symbol = fresh();
    const flow = { symbol, source: 'b', knownAtNs: T0 + DAY };
    await writer.write([
      tradeRows({ ...flow, offset: 4n }, [{ timeNs: T0 }, { timeNs: T0 + SECOND, seq: 1n }]),
      barRows({ ...flow, offset: 5n }, [{ startNs: T0, close: 1 }]),
      barRows({ ...flow, offset: 6n }, [{ startNs: T0 + SECOND, close: 1 }], '5m'),
      barRows({ ...flow, source: 'a', offset: 7n }, [{ startNs: T0 + 2n * SECOND, close: 1 }]),
    ]);
    const own = (await reader.quality.newestEvents(100_000)).filter((one) => one.symbol === symbol);
    const common = { symbol, priceType: 'trade', knownAtNs: T0 + DAY, epoch: 'e1' };
    expect(own.sort((x, y) => Number(x.recordOffset - y.recordOffset))).toEqual([
      { ...common, kind: 'trades', source: 'b', interval: '', eventNs: T0 + SECOND, recordOffset: 4n },
      { ...common, kind: 'bars', source: 'b', interval: '1m', eventNs: T0, recordOffset: 5n },
      { ...common, kind: 'bars', source: 'b', interval: '5m', eventNs: T0 + SECOND, recordOffset: 6n },
      { ...common, kind: 'bars', source: 'a', interval: '1m', eventNs: T0 + 2n * SECOND, recordOffset: 7n },
    ]);
  });
}

function barCountCases({ store, fresh }: Cases): void {
  it('counts the bars within spans, each start once whatever versions it has', async () => {
    const { writer, reader } = store();
    const [symbol, source] = [fresh(), `file:${fresh()}`];
    const bar = (at: bigint, knownAtNs = T0): TableRows =>
      barRows({ symbol, source, knownAtNs }, [{ startNs: T0 + at * SECOND, close: 1 }]);
    await writer.write([bar(0n), bar(1n), bar(2n), bar(5n), bar(6n)]);
    await writer.write([bar(1n, T0 + 9n)]);
    const spans = [
      { startNs: T0, endNs: T0 + 2n * SECOND },
      { startNs: T0 + 5n * SECOND, endNs: T0 + 6n * SECOND },
    ];
    const of = { interval: '1m', priceType: 'trade' as const, source };
    expect(await reader.quality.barCounts({ ...of, spans })).toEqual([{ symbol, source, bars: 3 }]);
    expect(await reader.quality.barCounts({ ...of, interval: '2m', spans })).toEqual([]);
    expect(await reader.quality.barCounts({ ...of, spans: [] })).toEqual([]);
  });
}
