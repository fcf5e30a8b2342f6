import { InstrumentMap } from '@tickwell/instruments';
import { SILENT, type LiveReport } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { chunks, fileOf, runJob, testHost, type Outcome } from './fixtures/testing.ts';
import { readProviderJob } from './jobs.ts';

/** FB was one company's ticker until 2003 and another's from 2012 on, which is called META since 2022. */
const DOCUMENTS = {
  'FB-1999': [{ source: 'mine', symbol: 'FB', to: '2003-03-28' }],
  META: [
    { source: 'mine', symbol: 'FB', from: '2012-05-18', to: '2022-06-09' },
    { source: 'mine', symbol: 'META', from: '2022-06-09' },
  ],
  'EUR-OLD': [{ source: 'mine', symbol: 'EUR', to: '2002-01-01' }],
  EUR: [{ source: 'other', symbol: 'EUR' }],
  BTCUSD: [{ source: 'mine', symbol: 'btc' }],
};

function map(): InstrumentMap {
  const made = new InstrumentMap();
  for (const [position, [id, vendors]] of Object.entries(DOCUMENTS).entries())
    made.apply({
      id,
      payloadJson: JSON.stringify({ type: 'stock', vendors }),
      deleted: false,
      position: BigInt(position),
    });
  return made;
}

/** One row of each start of a year that is asked for, whose open is how many years there were. */
const MODULE = `export default {
  name: 'mine', kinds: ['bars'], intervals: ['1d'], priceBasis: 'raw',
  async *history({ symbol, from, to }) {
    for (let year = 1999; year < 2026; year++) {
      const time = new Date(Date.UTC(year, 0, 2));
      if (time >= from && time < to) yield { symbol, time, open: year, high: year, low: year, close: year };
    }
  },
  async *live({ symbols }) {
    for (const symbol of symbols)
      yield { symbol, time: new Date('2026-01-01'), open: 1, high: 1, low: 1, close: 1 };
    await new Promise(() => {});
  },
};`;

/** Id, first and last year of each stream, or its error. */
function told({ items, source, error }: Outcome): string {
  if (error !== undefined) return `${error.code}: ${error.message}`;
  const years = chunks({ items, source, error }).flatMap((chunk) =>
    chunk.kind === 'bars' ? chunk.bars.open : [],
  );
  const [symbol] = chunks({ items, source, error }).map((chunk) => chunk.symbol);
  return `${symbol} ${years.at(0)}-${years.at(-1)}`;
}

async function history(...symbols: readonly unknown[]): Promise<readonly string[]> {
  const { host } = testHost({ names: map() });
  const job = { module: fileOf('mine.mjs', MODULE), symbols, from: '1999-01-01', to: '2025-12-31' };
  return (await runJob(host, job)).map(told);
}

describe('history of a provider', () => {
  it('of an id is asked for under every name that the provider had for it', async () => {
    expect(await history('META')).toEqual(['META 2013-2022', 'META 2023-2025']);
  });

  it('of a ticker is that of the instruments whose it was, when it was', async () => {
    expect(await history('FB')).toEqual(['FB-1999 1999-2003', 'META 2013-2022']);
  });

  it('of what the map does not know, and of what the job says both of, is as it is said', async () => {
    expect(await history('AAPL', { symbol: 'MINE', vendor: 'FB' })).toEqual([
      'AAPL 1999-2025',
      'MINE 1999-2025',
    ]);
  });

  it('of an id whose name is another’s there is not filed under either', async () => {
    expect(await history('EUR', 'AAPL')).toEqual([
      'instrument-ambiguous: the instrument EUR has no name at mine, and "EUR" is EUR-OLD there: say which id is meant, or what the source calls EUR',
      'AAPL 1999-2025',
    ]);
  });
});

describe('a live session of a provider', () => {
  const open = async (...symbols: readonly unknown[]) => {
    const reports: LiveReport[] = [];
    const { host } = testHost({ names: map(), onReport: (_source, report) => reports.push(report) });
    const job = { type: 'provider', module: fileOf('mine.mjs', MODULE), live: true, symbols };
    const read = readProviderJob(job, 'job', host);
    if (!read.ok) throw new Error(read.error.join());
    return { opened: await read.value[0]?.open(SILENT), reports };
  };

  it('asks by the names of now, files under ids, and goes on without what is nobody’s now', async () => {
    const { opened, reports } = await open('META', 'FB', 'AAPL');
    expect(reports.map((report) => (report.kind === 'refused' ? report.reason : report.kind))).toEqual([
      '"FB" at mine is no instrument\'s at 2026-01-01T00:00:00Z, though it is at other times',
    ]);
    if (opened?.ok !== true) throw new Error('not opened');
    const symbols: string[] = [];
    const stop = new AbortController();
    for await (const item of opened.value.read({ afterPosition: 0n, signal: stop.signal })) {
      if (item.kind === 'bars') symbols.push(item.symbol);
      if (symbols.length === 2) stop.abort();
    }
    expect(symbols).toEqual(['META', 'AAPL']);
    await opened.value.close();
  });

  it('has nothing to follow where no name is left, and mixes no two instruments', async () => {
    expect((await open('FB')).opened).toMatchObject({ ok: false, error: { code: 'instrument-not-listed' } });
    const { opened, reports } = await open('BTCUSD', 'btc', { symbol: 'OTHER', vendor: 'btc2' });
    expect(opened).toMatchObject({ ok: true, value: { description: 'mine live BTCUSD, OTHER' } });
    expect(reports).toEqual([]);
    const mixed = await open('BTCUSD', { symbol: 'OTHER', vendor: 'btc' });
    expect(mixed.opened).toMatchObject({ ok: true, value: { description: 'mine live BTCUSD' } });
    expect(mixed.reports).toMatchObject([
      {
        kind: 'refused',
        symbol: 'OTHER',
        reason: 'OTHER as btc at mine: in this session btc is BTCUSD already; name each instrument once',
      },
    ]);
  });
});
