import { expect, it } from 'vitest';
import type { TableRows } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { SECOND, T0, actionRows, barRows } from './store-fixtures.ts';

const DAY = 86_400n * SECOND;

export function actionCases({ store, fresh }: Cases): void {
  it('answers dividends and splits by ex date, each in the version known last', async () => {
    const symbol = fresh();
    const { writer, reader } = store();
    expect(await reader.actions({ symbol })).toEqual([]);
    await writer.write([
      actionRows({ symbol, source: 'b' }, [{ exDateNs: T0 + DAY, kind: 'split', numerator: 4 }]),
      actionRows({ symbol, source: 'a', knownAtNs: T0 }, [
        { exDateNs: T0 + DAY, kind: 'dividend', amount: 0.5 },
        { exDateNs: T0, kind: 'dividend', amount: 0.25, basis: null },
      ]),
      actionRows({ symbol, source: 'a', knownAtNs: T0 + SECOND, offset: 5n }, [
        { exDateNs: T0 + DAY, kind: 'dividend', amount: 0.75, basis: 'split-adjusted' },
      ]),
      actionRows({ symbol: `${symbol}X`, source: 'a' }, [{ exDateNs: T0, kind: 'dividend', amount: 9 }]),
    ]);
    const money = { currency: 'USD', splitNumerator: 0, splitDenominator: 0 };
    expect(await reader.actions({ symbol })).toEqual([
      {
        ...money,
        source: 'a',
        kind: 'dividend',
        exDateNs: T0,
        amount: 0.25,
        priceBasis: 'unspecified',
        knownAtNs: T0,
      },
      {
        ...money,
        source: 'a',
        kind: 'dividend',
        exDateNs: T0 + DAY,
        amount: 0.75,
        priceBasis: 'split-adjusted',
        knownAtNs: T0 + SECOND,
      },
      {
        source: 'b',
        kind: 'split',
        exDateNs: T0 + DAY,
        amount: 0,
        currency: 'USD',
        splitNumerator: 4,
        splitDenominator: 1,
        priceBasis: 'raw',
        knownAtNs: T0,
      },
    ]);
  });

  it('says when each bar became known', async () => {
    const symbol = fresh();
    const { writer, reader } = store();
    const bar = (at: bigint, knownAtNs: bigint): TableRows =>
      barRows({ symbol, knownAtNs }, [{ startNs: T0 + at * SECOND, close: 1 }]);
    await writer.write([bar(0n, T0), bar(1n, T0 + 5n)]);
    await writer.write([bar(0n, T0 + 9n)]);
    const known: bigint[] = [];
    for await (const { knownNs } of reader.bars({ symbol, interval: '1m', priceType: 'trade' }))
      known.push(...knownNs);
    expect(known).toEqual([T0 + 9n, T0 + 5n]);
  });
}
