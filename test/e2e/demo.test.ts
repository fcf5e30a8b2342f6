import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grpcReflectionV1 } from '@tickwell/contracts';
import { Channel } from '@tickwell/grpc';
import { CliHome, type CliResult } from '../support/cli.ts';
import { ROOT } from '../support/ingest.ts';
import { countRows } from '../support/store.ts';
import { until } from '../support/wait.ts';

const INSTANCE = ['--instance', 'e2e'] as const;
const TABLES = ['trades', 'bars', 'indicators', 'dead_letters'] as const;
const DEMO_MS = 300_000;

interface Up {
  readonly outcome: string;
  readonly grpcAddress: string;
  readonly kafkaBrokers: readonly string[];
  readonly questdbHttpUrl: string;
}

/** Line of the demo's table for a symbol: ingested, refused, stored, read back. */
function tableRow(output: string, symbol: string, data: string): readonly string[] | undefined {
  const line = output.split('\n').find((each) => each.startsWith(`${symbol} `) && each.includes(` ${data} `));
  return line?.trim().split(/ {2,}/).slice(2, 6);
}

/** As a new user meets it: the demonstration, then the commands against the platform it filled. Steps build on each other. */
describe('the command line, from the first start to the end', () => {
  let home: CliHome;
  let first: CliResult;
  let ups: readonly CliResult[];
  let up: Up;

  beforeAll(async () => {
    home = await CliHome.create();
    first = await home.run('demo', '--once', ...INSTANCE);
    // Two at once: both end with the one platform.
    ups = await Promise.all([1, 2].map(() => home.run('up', '--json', ...INSTANCE)));
    const failed = ups.find(({ code }) => code !== 0);
    if (failed !== undefined) throw new Error(`${first.stderr}\n${failed.stderr}`);
    const results = ups.map(({ stdout }) => JSON.parse(stdout) as Up);
    up = results.find(({ outcome }) => outcome === 'started') ?? (results[0] as Up);
  }, DEMO_MS);

  afterAll(async () => {
    await home.run('down', '--force', ...INSTANCE);
    home.remove();
  }, DEMO_MS);

  const counts = (): Promise<number[]> => Promise.all(TABLES.map((table) => countRows(up, table)));

  it('demo --once imports the sample, every stage agrees, and it ends by itself with 0', () => {
    expect(first.stderr).not.toContain('tickwell: ');
    expect(first.code).toBe(0);
    expect(tableRow(first.stdout, 'BTCUSD', 'trades')).toEqual(['100,000', '0', '100,000', '100,000']);
    expect(tableRow(first.stdout, 'AAPL', 'bars 1d')).toEqual(['252', '0', '252', '252']);
    const [ingested, refused, stored, back] = tableRow(first.stdout, 'ETHUSD', 'bars 5m') ?? [];
    expect([refused, stored, back]).toEqual(['0', ingested, ingested]);
    expect(first.stdout).toContain('live from here');
  });

  it('what it stored survives its end', async () => {
    expect(up.outcome).toBe('started');
    expect(await countRows(up, "trades where source = 'file:sample-bitstamp'")).toBe(100_000);
  });

  it(
    'a second demo --once uses the running platform, stores nothing twice and says so',
    async () => {
      const before = await counts();
      const second = await home.run('demo', '--once', ...INSTANCE);
      expect(second).toMatchObject({ code: 0 });
      expect(second.stdout).toContain('Already imported: nothing was stored again');
      expect(tableRow(second.stdout, 'BTCUSD', 'trades')).toEqual(['100,000', '0', '100,000', '100,000']);
      expect(await counts()).toEqual(before);
    },
    DEMO_MS,
  );

  it('two up at once start one platform, and both tell its steps', () => {
    const results = ups.map(({ stdout }) => JSON.parse(stdout) as Up);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['already', 'started']);
    expect(new Set(results.map(({ grpcAddress }) => grpcAddress)).size).toBe(1);
    for (const { stderr } of ups) {
      const steps = stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { part: string; seconds: number });
      expect(steps.map(({ part }) => part)).toEqual(
        expect.arrayContaining([
          'kafka',
          'questdb',
          'schema',
          'storage-1',
          'validator-1',
          'indicators-1',
          'query-1',
        ]),
      );
    }
  });

  it('a second up finds it running', async () => {
    const again = await home.run('up', '--json', ...INSTANCE);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'already', grpcAddress: up.grpcAddress });
  });

  it('status and doctor find everything well', async () => {
    const status = await home.run('status', '--json', ...INSTANCE);
    const { ok, parts } = JSON.parse(status.stdout) as {
      ok: boolean;
      parts: { part: string; state: string; reason: string }[];
    };
    expect(parts.map(({ part, state, reason }) => [part, state, reason])).toEqual(
      ['kafka', 'questdb', 'storage-1', 'validator-1', 'indicators-1', 'query-1', 'monitor-1'].map((part) => [
        part,
        'ready',
        '',
      ]),
    );
    expect([status.code, ok]).toEqual([0, true]);
    const doctor = await home.run('doctor', '--json', ...INSTANCE);
    const { findings } = JSON.parse(doctor.stdout) as { findings: { check: string; level: string }[] };
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(doctor.code).toBe(0);
    expect(findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['topics', 'tables', 'grpc']));
  });

  it('get writes the same rows as CSV, JSON lines and into a file', async () => {
    const query = ['get', 'bars', 'AAPL', '--source', 'file:sample-apple', ...INSTANCE];
    const csv = await home.run(...query, '--csv');
    const lines = csv.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(253);
    expect(lines[0]).toBe('time,open,high,low,close,volume,vwap,trade_count,session_date,source');
    const json = await home.run(...query, '--json', '--columns', 'close', '--limit', '1', '--newest');
    expect(JSON.parse(json.stdout)).toEqual({
      time: '2013-12-31T00:00:00Z',
      close: Number(lines.at(-1)?.split(',')[4]),
      source: 'file:sample-apple',
    });
    const file = join(home.dir, 'aapl.csv');
    expect(await home.run(...query, '--out', file)).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe(csv.stdout);
  });

  it('get indicators without a specification says which there are', async () => {
    const listed = await home.run('get', 'indicators', 'ETHUSD', ...INSTANCE);
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(/^ETHUSD +indicators +5m .*sma\(20,close\)/m);
    const asked = await home.run('get', 'indicators', 'ETHUSD', '--csv', ...INSTANCE);
    expect(asked).toMatchObject({ code: 1, stdout: '' });
    expect(asked.stderr).toContain('--spec: of ETHUSD there are atr(14), ');
  });

  it('a reader that stops early, as head does, ends get silently', async () => {
    const run = home.start('get', 'trades', 'BTCUSD', '--csv', ...INSTANCE);
    const { stdout } = run.child;
    if (stdout === null) throw new Error('no output to close');
    await once(stdout, 'data');
    stdout.destroy();
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('bad input: what is broken is named and refused, the rest goes through', async () => {
    const file = join(home.dir, 'bad.csv');
    writeFileSync(
      file,
      'time,price,size\n2024-01-02T00:00:00Z,10,1\n2024-01-02T00:00:01Z,-5,1\nrubbish\n2024-01-02T00:00:02Z,11,1\n',
    );
    const args = [
      'ingest',
      'files',
      'bad.csv',
      '--kind',
      'trades',
      '--symbol',
      'BAD',
      '--wait',
      '--wait-deadline',
      '60',
      ...INSTANCE,
    ];
    const done = await home.run(...args);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^BAD +trades +3 +2 +1 +0 +file:bad$/m);
    expect(done.stderr).toMatch(/refused: .*bad\.csv:4: /);
    expect(done.stderr).toMatch(/refused: .*price -5 .*\(price-positive\)/);
    const rows = await home.run('get', 'trades', 'BAD', '--csv', '--columns', 'price', ...INSTANCE);
    expect(rows.stdout).toBe(
      'time,price,source\n2024-01-02T00:00:00Z,10,file:bad\n2024-01-02T00:00:02Z,11,file:bad\n',
    );
    const letters = await home.run(
      'tail',
      'md.dead-letters',
      '--from',
      'earliest',
      '--no-follow',
      ...INSTANCE,
    );
    expect(letters.stdout.match(/ file:bad refused by /g)).toHaveLength(2);
  });

  it('a file of which every row is refused is a failure in one line, whoever refuses them', async () => {
    writeFileSync(
      join(home.dir, 'unreadable.csv'),
      'time,price\n2024-01-02T00:00:00Z,x\n2024-01-02T00:00:01Z,y\n',
    );
    writeFileSync(join(home.dir, 'negative.csv'), 'time,price\n2024-01-02T00:00:00Z,-1\n');
    const args = ['--kind', 'trades', '--symbol', 'BAD', ...INSTANCE];
    const unreadable = await home.run('ingest', 'files', 'unreadable.csv', ...args);
    expect(unreadable.code).toBe(1);
    expect(unreadable.stderr).toMatch(/^tickwell: unreadable\.csv as unreadable: all 2 rows were refused; /m);
    const negative = await home.run('ingest', 'files', 'negative.csv', '--wait', ...args);
    expect(negative.code).toBe(1);
    expect(negative.stderr).toMatch(/^tickwell: file:negative: its only row was refused; /m);
  });

  it('a changed file says what is new and what was stored before', async () => {
    const row = (second: number, price: number): string => `2024-01-02T00:00:0${second}Z,${price}\n`;
    const args = [
      'ingest',
      'files',
      'grows.csv',
      '--kind',
      'trades',
      '--symbol',
      'GROWS',
      '--wait',
      ...INSTANCE,
    ];
    writeFileSync(join(home.dir, 'grows.csv'), `time,price\n${row(1, 10)}${row(2, 11)}`);
    expect((await home.run(...args)).stdout).toMatch(/^2 events new in the store$/m);
    writeFileSync(join(home.dir, 'grows.csv'), `time,price\n${row(1, 10)}${row(2, 12)}${row(3, 13)}`);
    const changed = await home.run(...args);
    expect(changed.stdout).toMatch(/^GROWS +trades +3 +3 +0 +0 +file:grows$/m);
    expect(changed.stdout).toMatch(/^1 event new in the store, 2 stored before: /m);
    expect((await home.run(...args)).stdout).toMatch(/^nothing was sent again/m);
  });

  it('tail decodes, filters and counts', async () => {
    const one = await home.run(
      'tail',
      'md.bars',
      '--symbol',
      'AAPL',
      '--from',
      'earliest',
      '--count',
      '1',
      '--json',
      ...INSTANCE,
    );
    expect(one.code).toBe(0);
    expect(JSON.parse(one.stdout)).toMatchObject({
      topic: 'md.bars',
      key: 'AAPL',
      value: { header: { symbol: 'AAPL', source: 'file:sample-apple' }, interval: '1d' },
    });
  });

  it('failures are one line and not 0', async () => {
    const failures = [
      ['get', 'bars', 'AAPL', '--newest', ...INSTANCE],
      ['get', 'bars', 'AAPL', '--address', '127.0.0.1:1'],
      ['tail', 'md.nothing', ...INSTANCE],
      ['ingest', 'files', 'nowhere.csv', '--kind', 'trades', ...INSTANCE],
      ['status', '--instance', 'nobody'],
      ['get', 'bars', 'AAPL', '--lmit', '3', ...INSTANCE],
    ];
    for (const args of failures) {
      const { code, stdout, stderr } = await home.run(...args);
      expect([args.join(' '), code === 0, stdout]).toEqual([args.join(' '), false, '']);
      expect(stderr).toMatch(/^tickwell: [^\n]+\n$/);
    }
  });

  it('reflection lists the services', async () => {
    const channel = new Channel({ address: up.grpcAddress });
    try {
      const request = create(grpcReflectionV1.ServerReflectionRequestSchema, {
        messageRequest: { case: 'listServices', value: '' },
      });
      const method = grpcReflectionV1.ServerReflection.method.serverReflectionInfo;
      const [answer] = await channel.exchange(method, [request]);
      const services =
        answer?.messageResponse.case === 'listServicesResponse' ? answer.messageResponse.value.service : [];
      expect(services.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['tickwell.query.v1.MarketDataService', 'grpc.health.v1.Health']),
      );
    } finally {
      channel.close();
    }
  });

  const kcat = spawnSync('kcat', ['-V']).status === 0;
  it.skipIf(!kcat)('kcat lists the topics and reads the same records', () => {
    const brokers = up.kafkaBrokers.join(',');
    const listed = spawnSync('kcat', ['-b', brokers, '-L', '-J'], { encoding: 'utf8' });
    const { topics } = JSON.parse(listed.stdout) as { topics: { topic: string }[] };
    expect(topics.map(({ topic }) => topic)).toEqual(
      expect.arrayContaining(['md.ticks', 'md.bars', 'md.indicators']),
    );
    const read = spawnSync('kcat', ['-b', brokers, '-C', '-t', 'md.bars', '-e', '-q', '-f', '%k\n'], {
      encoding: 'utf8',
    });
    expect(new Set(read.stdout.trim().split('\n'))).toEqual(new Set(['AAPL', 'BTCUSD', 'ETHUSD']));
  });

  it(
    'demo keeps showing live data until Ctrl-C, and ends with 0',
    async () => {
      const run = home.start('demo', ...INSTANCE);
      await until(
        'a live bar',
        () => run.stdout(),
        (text) => /BTCUSD bar 1m/.test(text.split('live from here (Ctrl-C').at(1) ?? ''),
      );
      run.child.kill('SIGINT');
      const ended = await run.ended;
      expect(ended.code).toBe(0);
      expect(ended.stderr.trimEnd().split('\n').at(-1)).toBe('stopped; the platform goes on');
    },
    DEMO_MS,
  );

  it('down drains and ends it; again, it says that nothing runs', async () => {
    expect(await home.run('down', ...INSTANCE)).toMatchObject({ code: 0, stdout: 'stopped\n' });
    expect(await home.run('down', ...INSTANCE)).toMatchObject({ code: 0, stdout: 'nothing was running\n' });
  });
});

it('the launcher runs the program on the pinned Node in the folder it was called from', async () => {
  const child = spawn('node', [join(ROOT, 'tools/cli/bin/tickwell.mjs'), '--version'], { cwd: ROOT });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
});
