import { ok, parseIsoTime, TickwellError, err } from '@tickwell/domain';
import type { FeedItem } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { FakeClock, items, refusals } from './fixtures/network.ts';
import { openYahooStatements, openYahooSummary, type YahooFundamentalsOptions } from './fundamentals.ts';

const DAY_NS = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;

function entry(asOfDate: string, raw: unknown, currencyCode = 'USD'): unknown {
  return { asOfDate, currencyCode, reportedValue: { raw, fmt: 'x' } };
}

function series(name: string, entries: readonly unknown[]): unknown {
  return { meta: { symbol: ['X'], type: [name] }, timestamp: [1], [name]: entries };
}

function options(client: Partial<YahooFundamentalsOptions['client']>): YahooFundamentalsOptions {
  const nothing = (): Promise<ReturnType<typeof ok>> => Promise.resolve(ok({}));
  const clock = new FakeClock();
  clock.ms += 3_600_000;
  return {
    client: { statements: nothing, summary: nothing, ...client },
    clock,
    instrument: { symbol: 'X', ticker: 'X' },
    span: { startNs: 0n, endNs: clock.nowNs() },
  };
}

function fundamentals(all: readonly FeedItem[]): unknown[][] {
  return all.flatMap((item) =>
    item.kind === 'fundamentals'
      ? item.items.map(({ item: name, periodType, periodEndNs, value, currency }) => [
          name,
          periodType,
          periodEndNs,
          value,
          currency,
        ])
      : [],
  );
}

function ns(day: string): bigint {
  const parsed = parseIsoTime(day);
  return parsed.ok ? parsed.value : 0n;
}

describe('openYahooStatements', () => {
  const statements: YahooFundamentalsOptions['client']['statements'] = (_ticker, type) =>
    Promise.resolve(
      type === 'trailing'
        ? err(new TickwellError('yahoo-no-data', 'none'))
        : ok({
            timeseries: {
              result: [
                series(`${type}TotalRevenue`, [null, entry('2025-09-30', 5), entry('2024-09-30', 0, 'EUR')]),
                series(`${type}EBITDA`, type === 'annual' ? [entry('2025-09-30', 'many')] : []),
              ],
            },
          }),
    );

  it('reads periods with their currency, zeros included, and refuses what is no number', async () => {
    const all = await items(await openYahooStatements(options({ statements })));
    expect(fundamentals(all)).toEqual([
      ['totalRevenue', 'annual', ns('2024-09-30'), 0, 'EUR'],
      ['totalRevenue', 'annual', ns('2025-09-30'), 5, 'USD'],
      ['totalRevenue', 'quarterly', ns('2024-09-30'), 0, 'EUR'],
      ['totalRevenue', 'quarterly', ns('2025-09-30'), 5, 'USD'],
    ]);
    expect(refusals(all)).toMatchObject([
      { rule: 'bad-fundamental', reason: expect.stringContaining('annualEBITDA') as string, position: 5n },
    ]);
  });

  it('is the same stream while nothing changes', async () => {
    const id = async (of: typeof statements): Promise<string> =>
      (await openYahooStatements(options({ statements: of }))).streamId;
    expect(await id(statements)).toBe(await id(statements));
    expect(await id(() => Promise.resolve(ok({})))).not.toBe(await id(statements));
  });

  it('refuses an instrument without statements once, and fails with what Yahoo says', async () => {
    const none = await items(await openYahooStatements(options({})));
    expect(refusals(none)).toMatchObject([{ rule: 'no-fundamental' }]);
    const down = new TickwellError('yahoo-unreachable', 'gone', { retryable: true });
    const failing = await openYahooStatements(options({ statements: () => Promise.resolve(err(down)) }));
    await expect(items(failing)).rejects.toBe(down);
  });
});

describe('openYahooSummary', () => {
  it('files numbers under their own period, else under the day', async () => {
    const modules = {
      summaryDetail: { maxAge: 1, currency: 'USD', marketCap: 7, trailingPE: 'Infinity', beta: { raw: 2 } },
      earningsHistory: {
        history: [{ quarter: { raw: 1_719_705_600 }, epsActual: { raw: 1.4 }, currency: 'USD' }],
      },
      recommendationTrend: { trend: [{ period: '0m', buy: 3 }] },
      assetProfile: { city: 'Cupertino' },
    };
    const summary = (): Promise<ReturnType<typeof ok>> =>
      Promise.resolve(ok({ quoteSummary: { result: [modules] } }));
    const source = await openYahooSummary(options({ summary }));
    const all = await items(source);
    expect(fundamentals(all)).toEqual([
      ['summaryDetail.marketCap', 'instant', DAY_NS, 7, 'USD'],
      ['summaryDetail.beta', 'instant', DAY_NS, 2, ''],
      ['earningsHistory.epsActual', 'quarterly', ns('2024-06-30'), 1.4, 'USD'],
      ['recommendationTrend.0m.buy', 'instant', DAY_NS, 3, ''],
    ]);
    expect(refusals(all).map(({ rule, reason }) => [rule, reason])).toEqual([
      [
        'bad-fundamental',
        'Yahoo X summary of 2026-01-01: summaryDetail.trailingPE is "Infinity", not a number',
      ],
      ['no-fundamental', 'Yahoo X summary of 2026-01-01: nothing in assetProfile is a number of the company'],
    ]);
    expect(source.streamId).toMatch(/^yahoo:X:X:summary:2026-01-01:[0-9a-f]{16}$/);
  });
});
