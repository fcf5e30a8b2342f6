import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chunks, events, fileOf, ns, refusals, runJob, testHost, textOf } from './fixtures/testing.ts';
import {
  json,
  startVendorServer,
  type Answer,
  type Asked,
  type VendorServer,
} from './fixtures/vendor-server.ts';

let server: VendorServer;
let answer: (asked: Asked) => Answer = () => json([]);
beforeAll(async () => {
  server = await startVendorServer((asked) => answer(asked));
});
afterAll(() => server.close());

const COLUMNS = { time: 't', open: 'o', high: 'h', low: 'l', close: 'c' };
const DEFINITION = {
  type: 'http',
  name: 'vendor',
  priceBasis: 'raw',
  limits: { requestsPerSecond: 1000, timeoutSeconds: 0.3 },
  intervals: { '1d': 'daily', '1h': '60' },
};
const BARS = {
  url: 'https://vendor.test/{symbol}?from={from}&to={to}&i={interval}',
  format: 'json',
  columns: COLUMNS,
};
const bar = (t: unknown, more: object = {}): object => ({ t, o: 1, h: 2, l: 1, c: 2, ...more });

async function run(
  bars: object,
  of: {
    readonly answer: (asked: Asked) => Answer;
    readonly more?: object;
    readonly job?: object;
    readonly env?: Record<string, string>;
  },
) {
  answer = of.answer;
  server.asked.length = 0;
  const path = fileOf(
    'vendor.json',
    JSON.stringify({ ...DEFINITION, bars: { ...BARS, ...bars }, ...of.more }),
  );
  const test = testHost({ network: server.network, env: of.env ?? {} });
  const job = { definition: path, symbols: ['A'], from: '2024-01-01', to: '2024-01-10', ...of.job };
  const outcomes = await runJob(test.host, job);
  return { ...test, outcomes, outcome: outcomes[0] };
}

describe('answers', () => {
  const days = ['2024-01-02', '2024-01-03', '2024-01-04'];
  it.each([
    ['objects at a path', { rows: 'data.bars' }, json({ data: { bars: days.map((day) => bar(day)) } })],
    [
      'lists',
      { layout: 'arrays', columns: { time: 0, open: 1, high: 2, low: 3, close: 4 } },
      json(days.map((day) => [day, 1, 2, 1, 2])),
    ],
    [
      'columns',
      { layout: 'columns', rows: 'q' },
      json({ q: { t: days, o: [1, 1, 1], h: [2, 2, 2], l: [1, 1, 1], c: [2, 2, 2] } }),
    ],
    [
      'nested columns',
      { columns: { ...COLUMNS, close: 'p.c' } },
      json(days.map((day) => bar(day, { p: { c: 2 } }))),
    ],
    ['newest first', { order: 'descending' }, json([...days].reverse().map((day) => bar(day)))],
    [
      'CSV',
      { format: 'csv' },
      { body: ['t,o,h,l,c', ...days.map((day) => `${day},1,2,1,2`), ''].join('\n') },
    ],
    [
      'CSV with a mark, comments, semicolons and quotes',
      { format: 'csv', delimiter: ';', comment: '#', skipLines: 1 },
      {
        body: ['\ufeffreport', 't;o;h;l;c', '# a note', ...days.map((day) => `"${day}";1;2;1;2`)].join(
          '\r\n',
        ),
      },
    ],
    [
      'CSV without a header, date and time apart',
      {
        format: 'csv',
        header: false,
        time: { format: 'D.M.YYYY HH:mm' },
        columns: { time: [0, 1], open: 2, high: 2, low: 2, close: 2 },
      },
      { body: '2.1.2024,00:00,5\n3.1.2024,00:00,5\n4.1.2024,00:00,5' },
    ],
    ['epoch seconds', { time: { format: 'epoch-s' } }, json(days.map((day) => bar(Date.parse(day) / 1000)))],
    ['text numbers', {}, json(days.map((day) => bar(day, { c: '2.0' })))],
  ])('%s', async (_name, bars, body) => {
    const { outcome } = await run(bars, { answer: () => body });
    expect(outcome?.error).toBeUndefined();
    expect(refusals(outcome)).toEqual([]);
    const [chunk] = chunks(outcome);
    expect(chunk?.kind === 'bars' ? chunk.bars.startNs : []).toEqual(days.map(ns));
  });

  it('reads times of the exchange, stamped with the end of the bar', async () => {
    const { outcome } = await run(
      { time: { format: 'iso', zone: 'America/New_York', stamp: 'end' } },
      { answer: () => json([bar('2024-01-02 10:30:00')]), job: { interval: '1h' } },
    );
    expect(chunks(outcome)).toMatchObject([{ bars: { startNs: [ns('2024-01-02T14:30:00Z')] } }]);
  });

  it('takes markers of nothing for nothing', async () => {
    const { outcome } = await run(
      { nulls: ['N/D'], columns: { ...COLUMNS, volume: 'v' } },
      {
        answer: () =>
          json([
            bar('2024-01-02', { v: 'N/D' }),
            bar('2024-01-03', { v: 7 }),
            bar('2024-01-04', { c: 'N/D' }),
          ]),
      },
    );
    expect(events(outcome)).toBe(2);
    expect(refusals(outcome).map(({ reason }) => reason)).toEqual([
      'vendor A bars 1d: row 3 at 2024-01-04T00:00:00Z: close is empty, not a number',
    ]);
  });
});

describe('bad answers', () => {
  it('refuses null prices and changed types with what the vendor sent', async () => {
    const rows = [
      bar('2024-01-02', { c: null }),
      bar('2024-01-03', { o: { value: 1 } }),
      bar(17),
      bar('2024-01-04'),
      'end',
    ];
    const { outcome } = await run({}, { answer: () => json(rows) });
    expect(outcome?.error).toBeUndefined();
    expect(events(outcome)).toBe(1);
    expect(refusals(outcome).map(({ rule }) => rule)).toEqual(Array(4).fill('row-refused'));
    expect(refusals(outcome).map((one) => textOf(one))).toEqual(
      [0, 1, 2].map((at) => JSON.stringify(rows[at])).concat('end'),
    );
    expect(refusals(outcome)[2]?.reason).toContain('time "17" is not as the definition says (iso)');
  });

  it.each([
    [
      'HTML instead of JSON',
      { body: '<!doctype html><title>Just a moment...</title>', type: 'text/html' },
      /vendor\.test answers HTML \(Just a moment\.\.\.\) instead of JSON/,
    ],
    ['a body cut off', { body: '[{"t":"2024-01-02","o":1' }, /answers no JSON, or JSON that is cut off/],
    ['nothing', { body: '' }, /answers no JSON.*nothing/],
    [
      'an error object with 200',
      json({ error: 'maintenance' }),
      /its answer is no list of rows: {"error":"maintenance"}/,
    ],
    ['400', json({ message: 'bad interval' }, 400), /answers 400: {"message":"bad interval"}/],
  ])('%s', async (_name, body, message) => {
    const { outcome } = await run({}, { answer: () => body });
    expect(outcome?.error).toMatchObject({ code: 'provider-bad-answer', retryable: false });
    expect(outcome?.error?.message).toMatch(message);
    expect(outcome?.error?.message).toMatch(/^vendor A bars 1d: /);
  });

  it('says which column a CSV does not have, and refuses a line that is cut off', async () => {
    const { outcome } = await run({ format: 'csv' }, { answer: () => ({ body: 'time,o,h,l,c\n' }) });
    expect(outcome?.error?.message).toContain('no column "t"; it answers: time,o,h,l,c');
    const answering = (body: string) => run({ format: 'csv' }, { answer: () => ({ body }) });
    const short = await answering('t,o,h,l,c\n2024-01-02,1,2,1,2\n2024-01-03,1,\n2024-01-04,1,2,1,2\n');
    expect(events(short.outcome)).toBe(2);
    expect(refusals(short.outcome)[0]?.reason).toContain('it has 3 columns instead of 5: is it cut off?');
  });

  it.each(['2024-01-03,1,', '2024-01-03,1,2,1,"2'])(
    'does not take a CSV that ends with %s for whole: what follows is missing, too',
    async (end) => {
      const cut = await run(
        { format: 'csv' },
        { answer: () => ({ body: `t,o,h,l,c\n2024-01-02,1,2,1,2\n${end}` }) },
      );
      expect(cut.outcome?.error).toMatchObject({
        code: 'provider-bad-answer',
        message: expect.stringContaining(`answers CSV that is cut off: it ends with "${end}"`) as string,
      });
      expect(cut.outcome?.items.filter(({ kind }) => kind === 'progress')).toEqual([]);
    },
  );

  it('asks again where the connection is cut, and says so in the end', async () => {
    const { outcome } = await run({}, { answer: () => ({ cutAfter: '[{"t"', length: 5000 }) });
    expect(outcome?.error).toMatchObject({ code: 'provider-unavailable', retryable: true });
    expect(server.asked).toHaveLength(4);
  });

  it('gives up a server that never answers', async () => {
    const { outcome } = await run({}, { answer: () => 'never' });
    expect(outcome?.error?.message).toContain('vendor.test cannot be reached: no answer within 0.3 s');
  });

  it('takes an error text with status 200 for what the definition says it is', async () => {
    const errors = [{ pattern: 'unknown ticker', code: 'unknown-symbol', remedy: 'see the list of tickers' }];
    const { outcome } = await run({}, { answer: () => json({ note: 'unknown ticker A' }), more: { errors } });
    expect(outcome?.error).toMatchObject({ code: 'provider-unknown-symbol' });
    expect(outcome?.error?.message).toContain('(see the list of tickers)');
  });
});

describe('storms', () => {
  const symbols = Array.from({ length: 50 }, (_, index) => `S${index}`);

  it('asks three times for a key that is refused, and tells all', async () => {
    const { outcomes } = await run({}, { answer: () => json({}, 401), job: { symbols } });
    expect(outcomes.every(({ error }) => error?.code === 'provider-unauthorized')).toBe(true);
    expect(outcomes[49]?.error?.message).toMatch(/^vendor S49 bars 1d: /);
    expect(server.asked).toHaveLength(3);
  });

  it('keeps to the pause that a 429 asks for, then goes on', async () => {
    let left = 2;
    const { outcome, clock } = await run(
      {},
      {
        answer: () => (left-- > 0 ? json({}, 429, { 'retry-after': '3' }) : json([bar('2024-01-02')])),
      },
    );
    expect(events(outcome)).toBe(1);
    expect(clock.waitsMs.filter((ms) => ms === 3000)).toHaveLength(2);
  });

  it('ends with 429 only, without asking for each instrument', async () => {
    const { outcomes } = await run(
      {},
      { answer: () => json({ message: 'slow down' }, 429), job: { symbols } },
    );
    expect(outcomes.every(({ error }) => error?.code === 'provider-rate-limited' && error.retryable)).toBe(
      true,
    );
    expect(server.asked).toHaveLength(12);
  });

  it('knows a quota that comes as 429', async () => {
    const errors = [{ pattern: 'hourly allocation', code: 'quota' }];
    const { outcomes } = await run(
      {},
      { answer: () => json({ detail: 'hourly allocation' }, 429), more: { errors }, job: { symbols } },
    );
    expect(outcomes.every(({ error }) => error?.code === 'provider-quota')).toBe(true);
    expect(server.asked).toHaveLength(4);
  });

  it('keeps to its limits', async () => {
    const limits = { requestsPerSecond: 2 };
    const { outcomes, clock } = await run(
      {},
      { answer: () => json([bar('2024-01-02')]), more: { limits }, job: { symbols: symbols.slice(0, 4) } },
    );
    expect(outcomes.map(events)).toEqual([1, 1, 1, 1]);
    expect(clock.waitsMs.filter((ms) => ms > 500 && ms < 2000)).toHaveLength(1);
  });
});

describe('paging', () => {
  const pageOf = (number: number): object[] =>
    number <= 3 ? [bar(`2024-01-0${number * 2}`), bar(`2024-01-0${number * 2 + 1}`)] : [];
  const url = 'https://vendor.test/{symbol}';

  it.each([
    [
      'page until an empty one',
      { url: `${url}?p={page}`, paging: { type: 'page' } },
      4,
      (asked: Asked) => json(pageOf(Number(asked.query.get('p')))),
    ],
    [
      'page until a short one',
      { url: `${url}?p={page}&n={limit}`, paging: { type: 'page', size: 4 } },
      1,
      (asked: Asked) => json(pageOf(Number(asked.query.get('p')))),
    ],
    [
      'offset',
      { url: `${url}?o={offset}`, paging: { type: 'offset', size: 2 } },
      4,
      (asked: Asked) => json(pageOf(Number(asked.query.get('o')) / 2 + 1)),
    ],
    [
      'cursor',
      { url: `${url}?c={cursor}`, rows: 'rows', paging: { type: 'cursor', path: 'meta.next' } },
      3,
      (asked: Asked) => {
        const number = Number(asked.query.get('c') ?? '') || 1;
        return json({ rows: pageOf(number), meta: { next: number < 3 ? number + 1 : null } });
      },
    ],
    [
      'next',
      { url, rows: 'rows', paging: { type: 'next', path: 'next' } },
      3,
      (asked: Asked) => {
        const number = Number(asked.query.get('x') ?? '1');
        return json({
          rows: pageOf(number),
          ...(number < 3 ? { next: `https://vendor.test/A?x=${number + 1}` } : {}),
        });
      },
    ],
  ])('%s', async (_name, bars, requests, answers) => {
    const { outcome } = await run(bars, { answer: answers });
    expect(outcome?.error).toBeUndefined();
    expect([events(outcome), server.asked.length]).toEqual([requests === 1 ? 2 : 6, requests]);
  });

  it('follows no page to another host', async () => {
    const bars = { url, rows: 'rows', paging: { type: 'next', path: 'next' } };
    const { outcome } = await run(bars, { answer: () => json({ rows: [], next: 'https://evil.test/' }) });
    expect(outcome?.error?.message).toContain(
      'the next page is of another host (evil.test), which is not followed',
    );
  });
});

describe('a request', () => {
  it('lets no symbol become another address', async () => {
    await run({}, { answer: () => json([]), job: { symbols: [{ symbol: 'A', vendor: '../../admin?x=' }] } });
    expect(server.asked[0]?.path).toBe('/..%2F..%2Fadmin%3Fx%3D');
  });

  it.each([
    [{ format: 'epoch-s', to: 'excluded' }, '1704067200', '1704844800'],
    [{ format: 'epoch-ms' }, '1704067200000', '1704844799999'],
    [{ format: 'YYYYMMDD' }, '20240101', '20240109'],
    [{ format: 'YYYY-MM-DD', to: 'excluded' }, '2024-01-01', '2024-01-10'],
    [{ format: 'YYYY-MM-DD HH:mm', zone: 'America/New_York' }, '2023-12-31 19:00', '2024-01-09 18:59'],
    [{ format: 'iso' }, '2024-01-01T00:00:00Z', '2024-01-09T23:59:59Z'],
  ])('writes its dates as %o', async (dates, from, to) => {
    await run({ dates }, { answer: () => json([]) });
    const query = server.asked[0]?.query;
    expect([query?.get('from'), query?.get('to'), query?.get('i')]).toEqual([from, to, 'daily']);
  });

  it('carries its key in a header, and shows it to nobody', async () => {
    const more = { key: 'VENDOR_KEY', headers: { 'X-Key': '{key}' } };
    const { outcome } = await run(
      {},
      {
        answer: ({ headers }) => json({ you: headers['x-key'] }, 400),
        more,
        env: { VENDOR_KEY: 'very-secret' },
      },
    );
    expect(server.asked[0]?.headers['x-key']).toBe('very-secret');
    expect(outcome?.error?.message).toContain('***');
    expect(outcome?.error?.message).not.toContain('very-secret');
  });
});

describe('a definition with mistakes', () => {
  it('says every one with its path', async () => {
    const definition = {
      type: 'http',
      name: 'Vendor',
      priceBasis: 'none',
      limit: {},
      limits: { requestsPerSecond: -1 },
      headers: { A: '{token}' },
      errors: [{ pattern: '(', code: 'odd' }, { code: 'quota' }],
      intervals: { '7x': 'q', '1d': 1 },
      symbols: '[',
      bars: {
        url: 'http://vendor.test/{key}',
        format: 'xml',
        dates: { format: 'DD', zone: 'Mars' },
        time: { format: 'HH' },
        columns: { time: 't', open: 1, high: 'h', low: 'l', colse: 'c' },
        paging: { type: 'offset' },
      },
    };
    const { host } = testHost();
    const loaded = await host.load(fileOf('vendor.json', JSON.stringify(definition)));
    const message = loaded.ok ? '' : loaded.error.message;
    for (const problem of [
      'vendor.limit is not known',
      'vendor.limits.requestsPerSecond must be a number above 0',
      'vendor.headers.A has {token}, which is not known here',
      'vendor.errors[0].pattern is no regular expression',
      'vendor.errors[0].code must be one of',
      'vendor.errors[1].status or pattern is required',
      'vendor.intervals: "7x" is not an interval',
      'vendor.intervals.1d must be a text',
      'vendor.symbols is no regular expression',
      'vendor.bars.url has {key}, so key is required',
      'vendor.bars.url must begin with https://',
      'vendor.bars.url needs {symbol}',
      'vendor.bars.format must be one of json, csv',
      'vendor.bars.dates.format "DD" must be',
      'vendor.bars.dates.zone',
      'vendor.bars.time.format',
      'vendor.bars.columns.close is required',
      'vendor.bars.columns.colse is not known',
    ])
      expect(message).toContain(problem);
    expect(message).not.toContain('\n');
  });

  it.each([
    ['{', /vendor\.json: it is no JSON/],
    ['[]', /type must be one of http/],
    ['{"type":"ftp"}', /type must be one of http/],
    ['{"type":"http","name":"x"}', /vendor needs at least one of bars, trades/],
  ])('%s', async (text, message) => {
    const loaded = await testHost().host.load(fileOf('vendor.json', text));
    expect(loaded.ok ? '' : loaded.error.message).toMatch(message);
  });
});
