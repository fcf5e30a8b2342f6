import { expect, it } from 'vitest';
import { seriesName, type ReconciliationFilter } from '../reconciliations.ts';
import type { TableRows } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { SECOND, T0, flowColumns } from './store-fixtures.ts';

interface Row {
  readonly at: number;
  readonly known: number;
  readonly class: string;
  readonly interval?: string;
  readonly sources?: string;
}

function rowsOf(symbol: string, rows: readonly Row[]): readonly TableRows[] {
  return rows.map(({ at, known, class: of, interval = '1m', sources = '|a|b|' }) => ({
    table: 'reconciliations',
    timestampNs: [T0 + BigInt(at) * SECOND],
    columns: [
      ...flowColumns({ symbol, source: 'reconciled', knownAtNs: T0 + BigInt(known) * SECOND }),
      { type: 'symbol', name: 'interval', values: interval },
      { type: 'symbol', name: 'price_type', values: 'trade' },
      { type: 'symbol', name: 'policy', values: 'p' },
      { type: 'symbol', name: 'class', values: of },
      { type: 'symbol', name: 'winner', values: 'a' },
      { type: 'varchar', name: 'reason', values: 'why' },
      { type: 'boolean', name: 'published', values: true },
      { type: 'varchar', name: 'sources', values: sources },
      { type: 'varchar', name: 'detail', values: `{"n":"${at} ${known} ${of}"}` },
    ],
  }));
}

/** Decisions on bars whose sources differ. */
export function reconciliationCases({ store, fresh }: Cases): void {
  const read = async (filter: Partial<ReconciliationFilter>, limit = 100): Promise<string[]> => {
    const { reconciliations } = store().reader;
    const found = await reconciliations.list({ history: false, ...filter }, { limit });
    return found.map(({ detail }) => detail.slice(6, -2));
  };

  it('lists decisions of bars, the newest bars first, each in the newest decision or in all of them', async () => {
    const symbol = fresh();
    await store().writer.write(
      rowsOf(symbol, [
        { at: 1, known: 1, class: 'missing' },
        { at: 1, known: 5, class: 'equal' },
        { at: 2, known: 2, class: 'bad-print', sources: '|a|b|c|' },
        { at: 2, known: 2, class: 'session', interval: '1d' },
        { at: 3, known: 3, class: 'missing' },
      ]),
    );
    expect(await read({ symbol, interval: '1m' })).toEqual(['3 3 missing', '2 2 bad-print', '1 5 equal']);
    expect(await read({ symbol, interval: '1m', history: true })).toEqual([
      '3 3 missing',
      '2 2 bad-print',
      '1 5 equal',
      '1 1 missing',
    ]);
    expect(await read({ symbol })).toEqual(['3 3 missing', '2 2 session', '2 2 bad-print', '1 5 equal']);
    // Of a bar that all agree on by now the decision before is no answer.
    expect(await read({ symbol, classes: ['missing', 'session'] })).toEqual(['3 3 missing', '2 2 session']);
    expect(await read({ symbol, source: 'c' })).toEqual(['2 2 bad-print']);
    expect(await read({ symbol, source: "c' or 1=1" })).toEqual([]);
    const span = { startNs: T0 + 2n * SECOND, endNs: T0 + 3n * SECOND };
    expect(await read({ symbol, ...span })).toEqual(['2 2 session', '2 2 bad-print']);
    expect(await read({ symbol }, 1)).toEqual(['3 3 missing']);
  });

  it('lists decisions page by page, none left out and none twice', async () => {
    const symbol = fresh();
    const rows = Array.from({ length: 60 }, (_, at) => ({
      at: at >> 2,
      known: at,
      class: 'rounding',
      interval: at % 2 === 0 ? '1m' : '5m',
    }));
    await store().writer.write(rowsOf(symbol, rows));
    for (const history of [true, false]) {
      const filter = { symbol, history };
      const { reconciliations } = store().reader;
      const whole = await reconciliations.list(filter, { limit: 1_000 });
      expect(whole).toHaveLength(history ? 60 : 30);
      const paged: string[] = [];
      let page = await reconciliations.list(filter, { limit: 7 });
      for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
        paged.push(...page.map(({ detail }) => detail));
        const { startNs, knownAtNs } = last;
        const after = { startNs, knownAtNs, series: seriesName(last) };
        page = await reconciliations.list(filter, { limit: 7, after });
      }
      expect(paged).toEqual(whole.map(({ detail }) => detail));
    }
  });
}
