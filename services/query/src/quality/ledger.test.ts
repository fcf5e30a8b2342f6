import { TABLES } from '@tickwell/contracts';
import { connect, type BarsCoverage } from '@tickwell/client';
import { ALL_TOPICS } from '@tickwell/contracts';
import { GrpcServer, bindMarketData, bindQuality } from '@tickwell/grpc';
import type { RowColumn } from '@tickwell/ports';
import { MemoryLog, MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { World, startService } from '../fixtures/world.ts';

const HOUR = 3_600_000_000_000n;
/** A Thursday, 00:00 UTC. */
const DAY = 1_719_964_800_000_000_000n;
const NOW = DAY + 10n * HOUR;
const SERIES = { symbol: 'BTC', source: 'desk', interval: '1h', startNs: DAY, calendar: '24-7' };

async function served() {
  const log = new MemoryLog({ topics: ALL_TOPICS });
  const store = new MemoryStore();
  const query = new World().service({ log: log.openProcess(), reader: store, nowNs: () => NOW });
  const methods = [...bindQuality(query.qualityCalls), ...bindMarketData(query.calls)];
  const server = new GrpcServer({ host: '127.0.0.1', port: 0, methods });
  const running = await startService(query, server);
  const client = connect({ address: `127.0.0.1:${server.port}`, retry: { maxAttempts: 1 } });
  return {
    client,
    bars: (...hours: readonly number[]) => store.write([barRows(hours)]),
    hole: (from: number, to: number, of: HoleFields = {}) => store.write([holeRow(from, to, of)]),
    async [Symbol.asyncDispose]() {
      client.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

const text = (name: string, values: string): RowColumn => ({ type: 'symbol', name, values });
const time = (name: string, values: bigint): RowColumn => ({ type: 'timestamp', name, values });
const FLOW = [text('symbol', 'BTC'), text('epoch', 'e'), time('known_at', 1n)];

function barRows(hours: readonly number[]) {
  return {
    table: TABLES.bars.name,
    timestampNs: hours.map((hour) => DAY + BigInt(hour) * HOUR),
    columns: [
      ...FLOW,
      text('source', 'desk'),
      text('interval', '1h'),
      text('price_type', 'trade'),
      text('price_basis', 'raw'),
      ...['open', 'high', 'low', 'close'].map((name) => ({ type: 'double' as const, name, values: 1 })),
    ],
  };
}

interface HoleFields {
  readonly source?: string;
  readonly state?: string;
  readonly step?: bigint;
  readonly priceType?: string;
  readonly reason?: string;
}

function holeRow(from: number, to: number, of: HoleFields) {
  const { source = 'desk', state = 'missing', step = 1n, priceType = 'trade', reason = 'why' } = of;
  return {
    table: TABLES.coverage.name,
    timestampNs: [DAY + BigInt(from) * HOUR],
    columns: [
      ...FLOW,
      ...[text('source', source), text('kind', 'bars'), text('interval', '1h')],
      ...[text('price_type', priceType), text('state', state)],
      time('end_ts', DAY + BigInt(to) * HOUR),
      time('since', DAY + BigInt(to) * HOUR),
      ...(state === 'present' ? [time('repaired_at', DAY + BigInt(to + 1) * HOUR)] : []),
      { type: 'long', name: 'step', values: step } satisfies RowColumn,
      { type: 'varchar', name: 'reason', values: reason } satisfies RowColumn,
    ],
  };
}

describe('the ledger of holes', () => {
  it('tells of a gap the hole that covers most of it, of the same series, and which were repaired', async () => {
    await using service = await served();
    await service.bars(0, 1, 5, 8, 9);
    await service.hole(2, 3, { reason: 'a part of it' });
    await service.hole(3, 5, { reason: 'most of it' });
    await service.hole(2, 5, { reason: 'all, and repaired', state: 'present' });
    await service.hole(6, 8, { reason: 'of others', source: 'ib' });
    await service.hole(6, 8, { reason: 'of midpoints', priceType: 'mid' });
    const [coverage] = await service.client.coverage({ ...SERIES, symbols: ['BTC'] });
    expect(coverage?.gaps).toMatchObject([
      { missing: 3, hole: { reason: 'most of it', state: 'missing', sinceNs: DAY + 5n * HOUR } },
      { missing: 2, hole: undefined },
    ]);
    expect(coverage?.repaired).toMatchObject([
      { reason: 'all, and repaired', state: 'repaired', repairedAtNs: DAY + 6n * HOUR },
    ]);
    const missing = await service.client.coverage({ ...SERIES, symbols: ['ETH'], source: '' });
    expect(missing).toMatchObject([{ source: '', gaps: [{ missing: 10 }], repaired: [] }]);
  });

  it('is listed by series, span and state', async () => {
    await using service = await served();
    await service.hole(2, 3, { state: 'given-up', step: 7n });
    await service.hole(4, 5, { source: 'best' });
    const list = async (options: Parameters<typeof service.client.holes>[0]): Promise<readonly string[]> => {
      const { holes } = await service.client.holes(options);
      return holes.map(({ source, state }) => `${source} ${state}`);
    };
    expect(await list({})).toEqual(['best missing', 'desk given-up']);
    expect(await list({ symbols: ['BTC'], kind: 'bars', interval: '1h', states: ['given-up'] })).toEqual([
      'desk given-up',
    ]);
    expect(await list({ source: 'best', endNs: DAY + 4n * HOUR })).toEqual([]);
    expect(await service.client.holes({ limit: 1 })).toMatchObject({ truncated: true });
    await expect(service.client.holes({ interval: 'often' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  it('comes with bars where it is asked for: what they lack, and why', async () => {
    await using service = await served();
    await service.bars(0, 1, 5, 6, 7, 8, 9);
    await service.hole(2, 5, { reason: 'nobody has it', state: 'given-up' });
    const told: BarsCoverage[] = [];
    const onCoverage = (coverage: BarsCoverage): void => {
      told.push(coverage);
    };
    const rows = await service.client.bars({ ...SERIES, onCoverage }).toArray();
    expect(rows).toHaveLength(7);
    expect(told).toMatchObject([
      {
        calendar: '24-7',
        expected: 10,
        arrived: 7,
        gapCount: 1,
        gaps: [{ missing: 3, hole: { state: 'given-up', reason: 'nobody has it' } }],
      },
    ]);
    await service.client.bars({ ...SERIES, calendar: 'NOWHERE', onCoverage }).toArray();
    expect(told[1]?.problem).toContain('NOWHERE');
    const limited = service.client.bars({ ...SERIES, limit: 3, onCoverage }).toArray();
    await expect(limited).rejects.toMatchObject({
      message: expect.stringContaining('with_coverage') as string,
    });
  });
});
