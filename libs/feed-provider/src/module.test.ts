import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatNs } from '@tickwell/domain';
import { SILENT } from '@tickwell/ports';
import {
  chunks,
  events,
  fileOf,
  ns,
  readAll,
  refusals,
  runJob,
  testHost,
  textOf,
  type Outcome,
} from './fixtures/testing.ts';

const BASE = `name: 'mine', kinds: ['bars'], intervals: ['1d', '1h', '1w'], priceBasis: 'raw'`;
const BAR = `open: 1, high: 2, low: 1, close: 2`;

/** A module whose history has this body. */
function module(body: string, base = BASE): string {
  return fileOf('mine.ts', `export default { ${base}, async *history(request, context) { ${body} } };`);
}

async function run(path: string, job: Readonly<Record<string, unknown>> = {}) {
  const test = testHost();
  const all = { module: path, symbols: ['A', 'B'], from: '2024-01-01', to: '2024-01-10', ...job };
  return { ...test, outcomes: await runJob(test.host, all) };
}

describe('a module', () => {
  it('delivers rows with natural times', async () => {
    const path = module(`
      yield { time: '2024-01-02', ${BAR}, volume: 5 };
      yield { time: new Date('2024-01-03'), ${BAR}, volume: 6 };
      yield { time: BigInt(Date.parse('2024-01-04')) * 1000000n, ${BAR}, volume: 7 };`);
    const { outcomes } = await run(path);
    expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(chunks(outcomes[0])).toMatchObject([
      {
        symbol: 'A',
        bars: { sessionDate: [20240102, 20240103, 20240104], volume: [5, 6, 7] },
      },
    ]);
    expect(outcomes[1]?.source).toMatchObject({
      source: 'mine',
      description: expect.stringContaining('mine B bars 1d') as string,
    });
  });

  it('may answer a list, or a promise of one', async () => {
    const path = fileOf(
      'mine.mjs',
      `export default { ${BASE}, history: async () => [{ time: '2024-01-02', ${BAR} }] };`,
    );
    expect(events((await run(path)).outcomes[0])).toBe(1);
  });

  it('names the same events on every run, and goes on after the last call that was finished', async () => {
    const path = module(
      `for (let ms = request.from.getTime(); ms < request.to.getTime(); ms += 86400000) yield { time: new Date(ms), ${BAR} };`,
      `${BASE}, limits: { daysPerRequest: 3 }`,
    );
    const [whole] = (await run(path)).outcomes;
    const positions = chunks(whole).flatMap((chunk) => chunk.positions);
    const places = whole?.items.flatMap((item) => (item.kind === 'progress' ? [item.position] : [])) ?? [];
    expect([positions.length, places.length]).toEqual([9, 3]);
    const [again] = (await run(path)).outcomes;
    expect(again?.source?.streamId).toBe(whole?.source?.streamId);
    for (const place of places) {
      const { host } = testHost();
      const job = { module: path, symbols: ['A'], from: '2024-01-01', to: '2024-01-10' };
      const [rest] = await runJob(host, job, place);
      expect(chunks(rest).flatMap((chunk) => chunk.positions)).toEqual(
        positions.filter((position) => position > place),
      );
    }
  });

  /** Rows that change between runs, as a vendor's do; the module stays the same. */
  function vendor(): {
    readonly job: Readonly<Record<string, unknown>>;
    readonly has: (...rows: string[]) => void;
  } {
    const rows = fileOf('rows.js', '');
    const path = fileOf(
      'mine.ts',
      `import { readFileSync, writeFileSync } from 'node:fs';
       export default { ${BASE}, limits: { daysPerRequest: 30 }, async *history({ from, to }, context) {
         for (const row of eval(readFileSync(${JSON.stringify(rows)}, 'utf8')))
           if (Date.parse(row.time) >= from.getTime() && Date.parse(row.time) < to.getTime()) yield row; } };`,
    );
    const job = { module: path, symbols: ['A'], from: '2025-11-01' };
    return {
      job,
      has: (...all) => {
        writeFileSync(rows, `[${all.map((row) => `{ ${row} }`).join(', ')}]`);
      },
    };
  }

  /** Closes of the bars of a run by their days. */
  function closes(outcome: Outcome | undefined): readonly (readonly [string, number | undefined])[] {
    return chunks(outcome).flatMap((chunk) =>
      chunk.kind === 'bars'
        ? chunk.bars.startNs.map(
            (start, index) => [formatNs(start).slice(5, 10), chunk.bars.close[index]] as const,
          )
        : [],
    );
  }

  function lastPlace(outcome: Outcome | undefined): bigint {
    const last = outcome?.items.at(-1);
    return last?.kind === 'progress' ? last.position : -1n;
  }

  const bar = (day: string, close = 2): string =>
    `time: '2025-${day}', open: 1, high: 9, low: 1, close: ${close}`;

  it('without an end goes on after its last row, and brings the last bars again with a new one', async () => {
    const { job, has } = vendor();
    const days = ['12-22', '12-23', '12-24', '12-25', '12-26', '12-27', '12-28'];
    has(...days.map((day) => bar(day)), `time: '2025-12-29', open: null`);
    const { host } = testHost();
    const [first] = await runJob(host, job);
    expect(first?.source).toMatchObject({
      continues: true,
      description: 'mine A bars 1d from 2025-11-01T00:00:00Z',
    });
    expect(closes(first)).toHaveLength(7);
    const place = lastPlace(first);
    // Nothing new: nothing is said again, not even that a row has no prices.
    const [again] = await runJob(host, job, place);
    expect(again?.source?.streamId).toBe(first?.source?.streamId);
    expect([events(again), refusals(again).length, lastPlace(again)]).toEqual([0, 0, place]);
    has(...days.map((day) => bar(day, day === '12-27' ? 3 : 2)), bar('12-30', 4), bar('12-31', 5));
    const [more] = await runJob(host, job, place);
    expect(closes(more)).toEqual([
      ['12-24', 2],
      ['12-25', 2],
      ['12-26', 2],
      ['12-27', 3],
      ['12-28', 2],
      ['12-30', 4],
      ['12-31', 5],
    ]);
    const positions = chunks(more).flatMap((chunk) => chunk.positions);
    expect(positions.every((position, index) => position > (positions[index - 1] ?? place))).toBe(true);
  });

  it('without an end passes over nothing that is published late', async () => {
    const { job, has } = vendor();
    // Now is the first of January: the vendor is days behind.
    has(bar('12-02'));
    const { host } = testHost();
    const [first] = await runJob(host, job);
    has(bar('12-02'), bar('12-26'), bar('12-30'));
    const [more] = await runJob(host, job, lastPlace(first));
    expect(closes(more).slice(-2)).toEqual([
      ['12-26', 2],
      ['12-30', 2],
    ]);
  });

  it('asks for actions and fundamentals as a whole again: they are dated before they are published', async () => {
    const base = `name: 'mine', kinds: ['actions'], priceBasis: 'raw'`;
    const path = module(`yield { time: '2025-12-02', dividend: { amount: 1 } };`, base);
    const job = { module: path, symbols: ['A'], kinds: ['actions'], from: '2025-11-01' };
    const [outcome] = await runJob(testHost().host, job);
    expect(outcome?.source?.continues).toBe(false);
  });

  it('is another stream once its text has changed', async () => {
    const [one] = (await run(module(`yield { time: '2024-01-02', ${BAR} };`))).outcomes;
    const [other] = (await run(module(`yield { time: '2024-01-02', ${BAR}, volume: 1 };`))).outcomes;
    expect(one?.source?.streamId).not.toBe(other?.source?.streamId);
  });

  it('leaves out bars that have not ended, and rows outside of the span', async () => {
    const path = module(`
      yield { time: '2023-12-31', ${BAR} };
      yield { time: '2025-12-31', ${BAR} };
      yield { time: '2026-01-01', ${BAR} };`);
    const [outcome] = (await run(path, { from: '2024-01-01', to: '2027-01-01' })).outcomes;
    expect(events(outcome)).toBe(1);
  });

  it('files weekly bars under their Monday', async () => {
    const [outcome] = (await run(module(`yield { time: '2024-01-05', ${BAR} };`), { interval: '1w' }))
      .outcomes;
    const [chunk] = chunks(outcome);
    expect(chunk?.kind === 'bars' ? chunk.bars.startNs : []).toEqual([ns('2024-01-01')]);
  });
});

describe('rows that are no events', () => {
  it.each([
    [`time: '2024-01-02T10:00:00', ${BAR}`, '1h', /has no zone: add Z for UTC/],
    [`time: 1704189600000, ${BAR}`, '1h', /is a number without a unit: write new Date/],
    [`time: '2024-01-02', ${BAR}`, '1h', /is a day without a time: give the time with its zone/],
    [
      `time: '2024-01-02T05:00:00Z', ${BAR}`,
      '1d',
      /is not the beginning of a day: give the day at the exchange, as "2024-01-02"/,
    ],
    [`time: '2024-02-30', ${BAR}`, '1d', /is not a date that exists/],
    [BAR, '1d', /time is missing/],
    [`time: '2024-01-02', open: 1, high: 2, low: 1, close: null`, '1d', /close is null, not a number/],
    [
      `time: '2024-01-02', open: '1.5', high: 2, low: 1, close: 2`,
      '1d',
      /open is "1.5", not a number: write Number\(open\)/,
    ],
    [`time: '2024-01-02', ${BAR}, symbol: 'OTHER'`, '1d', /it is of "OTHER"; asked for: A/],
    [`time: '2024-01-02', kind: 'trades', price: 1`, '1d', /its kind is "trades"; asked for: bars/],
    [`refused: 'the vendor says suspended'`, '1d', /row 1: the vendor says suspended/],
  ])('{ %s } of %s', async (row, interval, reason) => {
    const path = module(`yield { ${row} }; yield { time: new Date('2024-01-03'), ${BAR} };`);
    const [outcome] = (await run(path, { interval })).outcomes;
    expect(outcome?.error).toBeUndefined();
    expect(refusals(outcome)).toHaveLength(1);
    expect(refusals(outcome)[0]?.reason).toMatch(reason);
    expect(refusals(outcome)[0]?.reason).toMatch(/^mine A bars 1[dh]: row 1/);
    expect(events(outcome)).toBe(1);
  });

  it('keeps what the vendor sent', async () => {
    const path = module(`yield { time: 'soon', ${BAR}, raw: { t: 'soon', c: 12n } }; yield 5;`);
    const [outcome] = (await run(path)).outcomes;
    expect(refusals(outcome).map(textOf)).toEqual(['{"t":"soon","c":"12"}', '5']);
  });

  it('refuses rows out of order, and gives up where nothing else comes', async () => {
    const path = module(`
      yield { time: '2024-01-03', ${BAR} };
      yield { time: '2024-01-02', ${BAR} };
      yield { time: '2024-01-04', ${BAR} };`);
    const [outcome] = (await run(path)).outcomes;
    expect(events(outcome)).toBe(2);
    expect(refusals(outcome)[0]?.reason).toContain('sort rows by time, oldest first');
    const [flood] = (await run(module(`for (;;) yield { time: 'x' };`))).outcomes;
    expect(flood?.error).toMatchObject({ code: 'provider-all-refused' });
    expect(refusals(flood)).toHaveLength(1000);
  });
});

describe('mistakes of a module', () => {
  it('says where it threw, and other instruments go on', async () => {
    const path = module(
      `if (request.symbol === 'A') { yield { time: '2024-01-02', ${BAR} };\nundefined.price; }\nyield { time: '2024-01-02', ${BAR} };`,
    );
    const { outcomes } = await run(path);
    expect(outcomes[0]?.error?.code).toBe('provider-failed');
    expect(outcomes[0]?.error?.message).toMatch(
      /^mine A bars 1d: history \(after 1 rows\) threw TypeError: .*; fix it in .*mine\.ts:2$/,
    );
    expect([events(outcomes[0]), events(outcomes[1])]).toEqual([1, 1]);
  });

  it('gives up one that never answers', async () => {
    const path = module(`await new Promise(() => {});`, `${BASE}, limits: { timeoutSeconds: 5 }`);
    const [outcome] = (await run(path, { symbols: ['A'] })).outcomes;
    expect(outcome?.error).toMatchObject({ code: 'provider-unavailable', retryable: true });
    expect(outcome?.error?.message).toContain('it answered nothing for 5 s (limits.timeoutSeconds)');
  });

  it('asks no more after three instruments without an answer', async () => {
    const path = module(`await new Promise(() => {});`, `${BASE}, limits: { timeoutSeconds: 5 }`);
    const { outcomes, clock } = await run(path, { symbols: ['A', 'B', 'C', 'D', 'E'] });
    expect(outcomes.every(({ error }) => error?.code === 'provider-unavailable')).toBe(true);
    expect(clock.waitsMs.filter((ms) => ms === 5000)).toHaveLength(3);
  });

  it.each([
    ['return 5', /history gives no rows: it answered a number/],
    ['return undefined', /history gives no rows: it answered nothing.*async \*/],
  ])('%s: no rows', async (body, message) => {
    const path = fileOf('mine.mjs', `export default { ${BASE}, history() { ${body} } };`);
    expect((await run(path)).outcomes[0]?.error?.message).toMatch(message);
  });

  it.each([
    [`export const provider = {};`, /mine\.ts: it has no default export/],
    [`export default 5;`, /default must be an object/],
    [`export default { name: 'mine' };`, /needs a method/],
    [
      `export default { name: 'Mine!', kinds: ['barz'], priceBasis: 'none', limits: { requestsPerSecond: 0, per: 1 }, history() {} };`,
      /kinds may hold.*name "Mine!" must be.*priceBasis must be one of.*limits\.requestsPerSecond must be.*limits\.per is not known/,
    ],
    [
      `export default { name: 'ib', kinds: ['bars'], history() {} };`,
      /source of Tickwell's own.*intervals is required.*priceBasis is required/,
    ],
    [`import './nowhere.ts';`, /something that it imports is not there/],
    [`throw new Error('boom');`, /it cannot be imported: Error: boom/],
  ])('%s', async (text, message) => {
    const { outcomes } = await run(fileOf('mine.ts', text));
    expect(outcomes[0]?.error?.message).toMatch(message);
  });

  it('does not wait for one that never loads', async () => {
    const { host } = testHost({ importTimeoutMs: 500 });
    const path = fileOf('mine.ts', `await new Promise(() => {});`);
    const [outcome] = await runJob(host, { module: path, symbols: ['A'], from: '2024-01-01' });
    expect(outcome?.error?.message).toMatch(/still not loaded after 0\.5 s/);
  });

  it('says that a file is not there, and which intervals there are', async () => {
    expect((await run('/nowhere/mine.ts')).outcomes[0]?.error).toMatchObject({ code: 'provider-not-found' });
    const path = module(`yield { time: '2024-01-02', ${BAR} };`);
    const [outcome] = (await run(path, { interval: '5m' })).outcomes;
    expect(outcome?.error?.message).toBe('mine A: it has no bars of 5m, only of 1d, 1h, 1w');
  });

  it('tells nobody its keys', async () => {
    const path = module(
      `const key = context.secret('MY_KEY'); yield { time: key, ${BAR} }; throw new Error('bad ' + key);`,
    );
    const { host } = testHost({ env: { MY_KEY: 'very-secret' } });
    const [outcome] = await runJob(host, {
      module: path,
      symbols: ['A'],
      from: '2024-01-01',
      to: '2024-01-10',
    });
    const said = JSON.stringify([outcome?.error, refusals(outcome).map((one) => [one.reason, textOf(one)])]);
    expect(said).toContain('***');
    expect(said).not.toContain('very-secret');
  });

  it('reads a key from a file', async () => {
    const key = fileOf('key', 'from-file\n');
    const path = module(
      `yield { time: '2024-01-02', ${BAR}, volume: context.secret('MY_KEY').length + context.secret('file:${key}').length };`,
    );
    const { host } = testHost({ env: { MY_KEY_FILE: key } });
    const [outcome] = await runJob(host, {
      module: path,
      symbols: ['A'],
      from: '2024-01-01',
      to: '2024-01-10',
    });
    expect(readFileSync(key, 'utf8')).toBe('from-file\n');
    expect(chunks(outcome)).toMatchObject([{ bars: { volume: [18] } }]);
  });
});

describe('stopping', () => {
  it('ends a module that goes on for ever', async () => {
    const path = module(
      `for (let ms = 0; ; ms++) { yield { time: new Date(Date.UTC(2024, 0, 1) + ms), price: 1 }; await null; }`,
      `name: 'mine', kinds: ['trades'], priceBasis: 'raw'`,
    );
    const { host } = testHost();
    const loaded = await host.load(path);
    expect(loaded.ok).toBe(true);
    const { readProviderJob } = await import('./jobs.ts');
    const jobs = readProviderJob(
      {
        type: 'provider',
        module: path,
        symbols: ['A'],
        kinds: ['trades'],
        from: '2024-01-01',
        to: '2024-01-10',
      },
      'job',
      host,
    );
    if (!jobs.ok) throw new Error(jobs.error.join());
    const opened = await jobs.value[0]?.open(SILENT);
    if (opened?.ok !== true) throw new Error('not opened');
    const stop = new AbortController();
    const seen = readAll(opened.value, 0n, stop.signal);
    setTimeout(() => {
      stop.abort();
    }, 20);
    expect((await seen).error).toBeUndefined();
  });
});

describe('a job', () => {
  it('says every problem', () => {
    const { host } = testHost();
    return expect(
      runJob(host, {
        module: 'mine.py',
        definition: 'x',
        symbols: ['A', { symbol: 'B', vendor: 'A' }, {}],
        kinds: ['x'],
        interval: '7q',
        to: 'then',
        foo: 1,
      }),
    ).rejects.toThrow(
      /job\.module or definition is required[\s\S]*job\.kinds may hold[\s\S]*job\.interval[\s\S]*symbols\[2\]\.symbol is required[\s\S]*job\.to[\s\S]*job\.from is required[\s\S]*job\.foo is not known/,
    );
  });
});
