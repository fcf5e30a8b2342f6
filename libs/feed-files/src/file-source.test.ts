import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chunksOf,
  DAILY,
  eventsOf,
  failure,
  file,
  items,
  refusalsOf,
  source,
  TRADES,
} from './fixtures/files.ts';

const S = 1_000_000_000n;

describe('trades from CSV', () => {
  it('counts equal times per symbol, keeps identical prints, and names physical lines', async () => {
    const path = file('time,symbol,price,size\n100,A,1,2\n100,A,1,2\n\n100,B,3,4\n101,A,5,6');
    const all = await items(await source({ ...TRADES, path }));
    expect(eventsOf(all)).toEqual([
      `2 A ${100n * S} 0 1 2`,
      `3 A ${100n * S} 1 1 2`,
      `5 B ${100n * S} 0 3 4`,
      `6 A ${101n * S} 0 5 6`,
    ]);
    expect(all.at(-1)).toEqual({ kind: 'progress', position: 6n });
  });

  it('gives a row out of order a number of its own, so that it is no duplicate of an earlier one', async () => {
    const path = file('time,price\n100,1\n101,2\n100,3\n100,4\n101,5\n');
    const [chunk] = chunksOf(await items(await source({ ...TRADES, symbol: 'A', path })));
    const identities =
      chunk?.kind === 'trades' ? chunk.trades.timeNs.map((time, i) => `${time}/${chunk.trades.seq[i]}`) : [];
    expect(new Set(identities).size).toBe(5);
    expect(identities[4]).toBe(`${101n * S}/1`);
  });

  it('refuses what is no event by line, rule and original bytes, and reads the rest', async () => {
    const lines = [
      'time,symbol,price,size',
      '100,A,1,2',
      '100,A,1',
      '100,A,one,2',
      'soon,A,1,2',
      '100,,1,2',
      '100,A B,1,2',
      '100,A,1,2,3',
      '100,A,-1,NaN',
      '100,A,0x10,1',
      '100,A,,1',
      '101,A,7,8',
    ];
    const path = file(lines.join('\r\n'));
    const all = await items(await source({ ...TRADES, path }));
    const refused = refusalsOf(all).map(({ position, rule }) => `${position} ${rule}`);
    expect(refused).toEqual([
      '3 column-count',
      '4 bad-number',
      '5 bad-time',
      '6 missing-symbol',
      '7 bad-symbol',
      '8 column-count',
      '10 bad-number',
      '11 bad-number',
    ]);
    expect(eventsOf(all)).toEqual([
      `2 A ${100n * S} 0 1 2`,
      `9 A ${100n * S} 1 -1 NaN`,
      `12 A ${101n * S} 0 7 8`,
    ]);
    const [, bad] = refusalsOf(all);
    const original = Buffer.from('100,A,one,2');
    expect(bad).toMatchObject({
      symbol: 'A',
      reason: `${path}:4: price "one" is not a number`,
      originalSize: original.length,
      originalSha256: createHash('sha256').update(original).digest('hex'),
    });
    expect(Buffer.from(bad?.original ?? []).toString()).toBe('100,A,one,2');
  });

  it('lets one line of 50 MB cost one line', async () => {
    const path = file(`time,price,size\n1,2,3\n${'9'.repeat(50 * 1024 * 1024)}\n2,3,4\n`);
    const all = await items(await source({ ...TRADES, symbol: 'A', path }));
    expect(refusalsOf(all)).toMatchObject([
      { rule: 'line-too-long', position: 3n, originalSize: 50 * 1024 * 1024 },
    ]);
    expect(refusalsOf(all)[0]?.original.length).toBe(64 * 1024);
    expect(eventsOf(all)).toHaveLength(2);
  });

  it('reads quoted fields, also with line feeds, and lets a stray quote cost one line', async () => {
    const path = file(
      'time,price,size,conditions\n1,2,3,"a ""b"", c"\n"2",2,3,"two\nlines"\n3,"2,3,x\n4,2,3,y\n5,2,3,"z"\n6,2",3,q\n',
    );
    const all = await items(await source({ ...TRADES, symbol: 'A', path }));
    expect(refusalsOf(all).map(({ position, rule }) => `${position} ${rule}`)).toEqual([
      '5 bad-quote',
      '8 bad-quote',
    ]);
    expect(eventsOf(all).map((event) => event.split(' ')[0])).toEqual(['2', '3', '6', '7']);
    const [chunk] = chunksOf(all);
    expect(chunk?.kind === 'trades' && chunk.trades.conditions).toEqual(['a "b", c', 'two\nlines', 'y', 'z']);
  });

  it('takes 10,000 instruments', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `${index},S${index % 10_000},1,1`);
    const all = await items(
      await source({ ...TRADES, path: file(`time,symbol,price,size\n${rows.join('\n')}`) }),
    );
    expect(new Set(chunksOf(all).map((chunk) => chunk.symbol)).size).toBe(10_000);
    expect(eventsOf(all)).toHaveLength(20_000);
  });

  it('finds out delimiter and missing header, skips leading lines and a byte order mark', async () => {
    const semicolons = file('20110103 090100;126.35;10\n20110103 090200;126.45;20\n');
    const headless = await source({
      ...TRADES,
      symbol: 'SPY',
      path: semicolons,
      mapping: { time: 0, price: 1, size: 2 },
    });
    expect(eventsOf(await items(headless))).toHaveLength(2);
    const preamble = file('\ufeffmade by hand\ntime\tprice\n1\t2\n');
    const skipped = await source({ ...TRADES, symbol: 'A', path: preamble, skipLines: 1 });
    expect(eventsOf(await items(skipped))).toEqual([`3 A ${S} 0 2 0`]);
    const marked = await source({ ...TRADES, symbol: 'A', path: file('\ufefftime,price\n1,2\n') });
    expect(eventsOf(await items(marked))).toHaveLength(1);
  });

  it('uses the source’s own sequence numbers, venues and price scale', async () => {
    const path = file('ts,seq,price,qty,exchange\n1,7001,1815200,283,Zürich\n');
    const all = await items(await source({ ...TRADES, symbol: 'IBM', path, priceDivisor: 10_000 }));
    expect(eventsOf(all)).toEqual([`2 IBM ${S} 7001 181.52 283 Zürich`]);
  });
});

describe('quotes from CSV', () => {
  it('says NaN for a side without a quote', async () => {
    const path = file('time,bid,bidsize,ask,asksize\n1,10,5,,\n2,,,11,6\n');
    const all = await items(await source({ ...TRADES, kind: 'quotes', symbol: 'A', path }));
    expect(eventsOf(all)).toEqual([`2 A ${S} 0 10 5 NaN NaN`, `3 A ${2n * S} 0 NaN NaN 11 6`]);
  });
});

describe('bars from CSV', () => {
  it('starts a daily bar at midnight UTC of its session date, whatever the zone', async () => {
    const path = file('Date,Open,High,Low,Close,Volume\n2022-01-03 00:00:00+08:00,1,2,0.5,1.5,10\n');
    const [chunk] = chunksOf(await items(await source({ ...DAILY, path })));
    expect(chunk?.kind === 'bars' && [chunk.bars.startNs, chunk.bars.sessionDate]).toEqual([
      [1_641_168_000n * S],
      [20_220_103],
    ]);
  });

  it.each([
    ['2021-01-04 09:35:00', 'end', '2021-01-04T09:30:00'],
    ['2021-01-04 09:34:59.999', 'end', '2021-01-04T09:30:00'],
    ['2021-01-04 09:35:00', 'start', '2021-01-04T09:35:00'],
  ] as const)('a five-minute bar stamped %s at its %s starts at %s', async (stamp, barTime, start) => {
    const path = file(`time,open,high,low,close\n${stamp},1,2,0.5,1.5\n`);
    const [chunk] = chunksOf(await items(await source({ ...DAILY, interval: '5m', barTime, path })));
    expect(chunk?.kind === 'bars' && chunk.bars.startNs).toEqual([
      BigInt(Date.parse(`${start}Z`)) * 1_000_000n,
    ]);
  });

  it('reads a newest-first file backwards, with positions that grow', async () => {
    const path = file(
      'Date,Open,High,Low,Close\n2023-05-18,3,3,3,3\n2023-05-17,x,2,2,2\n2023-05-16,1,1,1,1\n',
    );
    const all = await items(await source({ ...DAILY, path }));
    expect(
      chunksOf(all).map((chunk) => chunk.kind === 'bars' && [chunk.bars.close, chunk.positions]),
    ).toEqual([
      [
        [1, 3],
        [1n, 3n],
      ],
    ]);
    expect(refusalsOf(all)).toMatchObject([
      { position: 2n, reason: `${path}: line 2 from the end: open "x" is not a number` },
    ]);
    const asIs = await items(await source({ ...DAILY, path, order: 'ascending' }));
    expect(chunksOf(asIs).map((chunk) => chunk.kind === 'bars' && chunk.bars.close)).toEqual([[3, 1]]);
  });
});

describe('JSON', () => {
  it('reads lines of objects, nested keys, long integers, and refuses broken lines', async () => {
    const path = file(
      '{"data":{"p":1.5,"q":"2"},"T":1385337600123456789}\n{"data":{"p":2}\n\n[1]\n{"T":1385337600123456790,"data":{"p":3,"q":null}}\n',
    );
    const all = await items(
      await source({ ...TRADES, symbol: 'A', path, mapping: { time: 'T', price: 'data.p', size: 'data.q' } }),
    );
    expect(eventsOf(all)).toEqual(['1 A 1385337600123456789 0 1.5 2', '5 A 1385337600123456790 0 3 NaN']);
    expect(refusalsOf(all).map(({ position, rule }) => `${position} ${rule}`)).toEqual([
      '2 bad-json',
      '4 bad-json',
    ]);
  });

  it('reads a document of arrays, or the only array in it', async () => {
    const arrays = file('[[1509836520000,1,2,0.5,1.5,10],[1509836580000,1,2,0.5,1.6,11],"x"]');
    const options = {
      ...DAILY,
      interval: '1m',
      mapping: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5 },
    };
    const all = await items(await source({ ...options, path: arrays }));
    expect(eventsOf(all)).toEqual([
      '1 AAPL 1509836520000000000 1 2 0.5 1.5 10',
      '2 AAPL 1509836580000000000 1 2 0.5 1.6 11',
    ]);
    expect(refusalsOf(all)).toMatchObject([{ rule: 'bad-json', position: 3n }]);
    const inside = file('{"name":"é","bars":[{"t":1509836520,"o":1,"h":2,"l":0.5,"c":1.5}]}');
    expect(eventsOf(await items(await source({ ...DAILY, interval: '1m', path: inside })))).toHaveLength(1);
  });
});

describe('files that are broken as a whole', () => {
  const bars = 'Date,Open,High,Low,Close\n';
  it.each([
    ['', 'file-empty', 'the file is empty'],
    ['\n\n\n', 'file-no-rows', 'there are only empty lines'],
    [bars, 'file-no-rows', 'no row that can be read after the header'],
    [`${bars}2023-02-30,1,2,3,4\n`, 'file-time', 'is in no format known'],
    ['a,b\n1,2\n', 'file-mapping', 'no column for time, open, high, low, close'],
    ['{"a":[', 'bad-json', 'not a JSON document, or cut off'],
    ['PAR1 and then nothing', 'file-corrupt', 'the footer of the Parquet file is missing'],
    ['ARROW1\0\0 and then nothing', 'file-corrupt', 'the footer of the Arrow file is missing'],
    [Buffer.from('\ufeffDate,Open\n', 'utf16le'), 'file-encoding', 'UTF-16'],
    ['PK\u0003\u0004 cut', 'file-corrupt', 'the archive cannot be read'],
  ])('%j is %s', async (content, code, message) => {
    const failed = await failure({ ...DAILY, path: file(content) });
    expect(failed.code).toBe(code);
    expect(failed.message).toContain(message);
  });

  it('names a file that is not there, and options that contradict each other, all at once', async () => {
    expect(await failure({ ...DAILY, path: '/nowhere/x.csv' })).toMatchObject({ code: 'file-unreadable' });
    const failed = await failure({
      ...TRADES,
      path: file('x'),
      dataset: 'a b',
      interval: '7m',
      symbol: '#',
      priceDivisor: 0,
    });
    expect(failed.code).toBe('file-options');
    for (const what of ['dataset "a b"', 'symbol "#"', 'an interval belongs to bars', 'priceDivisor 0']) {
      expect(failed.message).toContain(what);
    }
  });

  it('reads a gzip file that is cut in half up to the cut, and says so once', async () => {
    const rows = Array.from(
      { length: 16_000 },
      (_, index) => `${1_385_337_600 + index},${800 + ((index * 7919) % 1000) / 100},1`,
    );
    const whole = gzipSync(`time,price,size\n${rows.join('\n')}\n`);
    const complete = eventsOf(await items(await source({ ...TRADES, symbol: 'A', path: file(whole) })));
    expect(complete).toHaveLength(16_000);
    const cut = await source({ ...TRADES, symbol: 'A', path: file(whole.subarray(0, whole.length / 2)) });
    const all = await items(cut);
    const read = eventsOf(all);
    expect(read.length).toBeGreaterThan(4000);
    expect(read).toEqual(complete.slice(0, read.length));
    expect(refusalsOf(all)).toMatchObject([{ rule: 'file-truncated', position: BigInt(read.length + 2) }]);
    expect(eventsOf(await items(cut))).toEqual(read);
  });

  it('refuses gzip whose bytes are wrong', async () => {
    const whole = gzipSync(`time,price\n${'1,2\n'.repeat(1000)}`);
    whole.fill(0xff, 30, 40);
    expect(await failure({ ...TRADES, symbol: 'A', path: file(whole) })).toMatchObject({
      code: 'file-corrupt',
    });
  });
});

describe('identity and resume', () => {
  it('is the content and what it is taken for, not where it lies', async () => {
    const content = 'time,price\n1,2\n';
    const options = { ...TRADES, symbol: 'A' };
    const first = await source({ ...options, path: file(content) });
    const again = await source({ ...options, path: file(content) });
    const zipped = await source({ ...options, path: file(gzipSync(content)) });
    const other = await source({ ...options, path: file(content), priceDivisor: 10 });
    expect(first.streamId).toMatch(/^file:[0-9a-f]{16}:test:[0-9a-f]{8}$/);
    expect([again.streamId, zipped.streamId]).toEqual([first.streamId, first.streamId]);
    expect(other.streamId).not.toBe(first.streamId);
    expect(first.source).toBe('file:test');
  });

  it('leaves out exactly what is not above the position, and numbers the rest the same', async () => {
    const line = fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('A', 'B'))
        .map(([time, symbol]) => `${time},${symbol},1,2`),
      fc.constantFrom('x,A,1,2', '1,A', '', '1,A,"1","2"', '"1,A,1,2'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), fc.nat({ max: 32 }), async (lines, after) => {
        const feed = await source({
          ...TRADES,
          path: file(`time,symbol,price,size\n1,A,1,2\n${lines.join('\n')}`),
        });
        const whole = await items(feed);
        const rest = await items(feed, BigInt(after));
        const above = (text: string): boolean => Number(text.split(' ')[0]) > after;
        expect(eventsOf(rest)).toEqual(eventsOf(whole).filter(above));
        const refused = (all: typeof whole): string[] =>
          refusalsOf(all).map(({ position, rule }) => `${position} ${rule}`);
        expect(refused(rest)).toEqual(refused(whole).filter(above));
      }),
      { numRuns: 40 },
    );
  });

  it('puts every item between the safe places it belongs to', async () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, index) => `${index},S${index % 7},${index % 501 === 0 ? 'x' : 1},1`,
    );
    const all = await items(
      await source({ ...TRADES, path: file(`time,symbol,price,size\n${rows.join('\n')}\n`) }),
    );
    let safe = 0n;
    let pending: bigint[] = [];
    let places = 0;
    for (const item of all) {
      if (item.kind === 'progress') {
        for (const position of pending) expect(position > safe && position <= item.position).toBe(true);
        safe = item.position;
        pending = [];
        places++;
      } else {
        pending.push(...(item.kind === 'refused' ? [item.position] : item.positions));
        if (item.kind !== 'refused') expect(item.positions.length).toBeLessThanOrEqual(1000);
      }
    }
    expect(pending).toEqual([]);
    expect(safe).toBe(20_001n);
    expect(places).toBeGreaterThan(1);
  });
});

describe('a name that promises another content', () => {
  const csv = 'time,price\n100,1\n';
  it.each([
    ['x.parquet', 'garbage that is no Parquet', 'not a Parquet file'],
    ['x.parquet', '\u0000\u0001', 'not a Parquet file, though its name says so (it begins with bytes 0001)'],
    ['x.csv.gz', csv, 'not gzip, though its name says so (it begins with "time,price\\n1"'],
    ['x.zip', 'garbage', 'not a zip archive'],
    ['x.arrow', csv, 'not an Arrow file'],
    ['x.parquet', gzipSync('garbage'), 'not a Parquet file'],
  ])('%s', async (name, content, message) => {
    const path = file(content, name);
    const failed = await failure({ ...TRADES, symbol: 'A', path });
    expect(failed.code).toBe('file-format');
    expect(failed.message).toContain(path);
    expect(failed.message).toContain(message);
  });

  it('does not count where the format is said', async () => {
    const path = file(csv, 'really-text.csv.gz');
    const all = await items(await source({ ...TRADES, symbol: 'A', path, format: 'csv' }));
    expect(eventsOf(all)).toHaveLength(1);
  });

  it('a format that is said and not there is named as such', async () => {
    const failed = await failure({ ...TRADES, symbol: 'A', path: file(csv), format: 'parquet' });
    expect(failed).toMatchObject({ code: 'file-format' });
    expect(failed.message).toContain('not a Parquet file (it begins with "time,price\\n1"');
  });
});

it.each([
  ['a header', 'time,price\n100,1\n101,2\n', {}],
  ['skipped lines and a header', '# made by\n\ntime,price\n100,1\n101,2', { skipLines: 1 }],
  ['no header', '100,1\n101,2\n', { mapping: { time: 0, price: 1 } }],
  ['JSON lines', '{"time":100,"price":1}\n{"time":101,"price":2}\n', {}],
])('lines before the first row are no part of the total: %s', async (_what, content, options) => {
  const opened = await source({ ...TRADES, symbol: 'A', path: file(content), ...options });
  expect(opened.totalPositions).toBe(2);
});

it('counts columns in good English', async () => {
  const path = file('time,price\n100\n100,1,2\n101,1\n');
  const reasons = refusalsOf(await items(await source({ ...TRADES, symbol: 'A', path })));
  expect(reasons.map(({ reason }) => reason)).toEqual([
    `${path}:2: 1 column instead of 2`,
    `${path}:3: 3 columns instead of 2`,
  ]);
});
