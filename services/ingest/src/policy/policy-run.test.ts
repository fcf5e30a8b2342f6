import { err, ok, TickwellError } from '@tickwell/domain';
import { SILENT, type Clock, type EventSource, type FeedJob, type IngestLine } from '@tickwell/ports';
import { parsePolicy, type SourcePolicy } from '@tickwell/source-policy';
import { describe, expect, it } from 'vitest';
import type { HostedOutcome, HostedStream, StreamHost } from '../hosted-job.ts';
import type { JobReaders } from '../job.ts';
import { PolicyRun } from './policy-run.ts';

/** Time that passes only when a test says so. */
class ManualClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  nowNs(): bigint {
    return BigInt(this.#nowMs) * 1_000_000n;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(new Error('woken'));
      };
      if (signal?.aborted === true) stop();
      else this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  async pass(seconds: number): Promise<void> {
    for (let step = 0; step < seconds * 4; step++) {
      this.#nowMs += 250;
      for (const sleeper of [...this.#sleepers]) {
        if (sleeper.atMs > this.#nowMs) continue;
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
      for (let turn = 0; turn < 40; turn++) await Promise.resolve();
    }
  }
}

/** A live stream that runs until somebody ends it. */
interface Running {
  readonly name: string;
  readonly stream: HostedStream;
  readonly end: (outcome: HostedOutcome) => void;
}

function world(live: (name: string, stream: HostedStream) => void = () => undefined) {
  const clock = new ManualClock();
  const lines: IngestLine[] = [];
  const filed: string[] = [];
  const asked: string[] = [];
  const running: Running[] = [];
  /** What a question for a job of this name ends with. */
  const answers = new Map<string, HostedOutcome>();
  const host: StreamHost = {
    get log(): never {
      throw new Error('a run reads no log');
    },
    clock,
    logger: SILENT,
    emit: (line) => {
      lines.push(line);
    },
    stopped: new AbortController().signal,
    newTraceparent: () => 'trace',
    send: () => Promise.resolve(),
    file: ({ source, stream }, { state, reason }) => {
      filed.push(`${stream} ${source} ${state} ${reason}`);
      return Promise.resolve();
    },
    run: (job, stream) => {
      asked.push(job.name);
      const refused = stream.onOpened(sourceOf(job.name));
      if (refused !== undefined)
        return Promise.resolve({ kind: 'failed', error: new TickwellError('source-refused', refused) });
      if (stream.isQuiet) return Promise.resolve(answers.get(job.name) ?? { kind: 'ended', events: 0n });
      live(job.name, stream);
      return new Promise((resolve) => {
        running.push({ name: job.name, stream, end: resolve });
        stream.signal.addEventListener('abort', () => {
          resolve({ kind: 'stopped' });
        });
      });
    },
  };
  return { clock, lines, filed, asked, running, answers, host };
}

function sourceOf(name: string): EventSource {
  return {
    streamId: name,
    source: name.split(' ')[0] ?? '',
    description: name,
    async *read() {
      // Nothing is read by a host that is none.
    },
    close: () => Promise.resolve(),
  };
}

/** A job of a type is named after the source and what it is asked for. */
const readers: JobReaders = Object.fromEntries(
  ['ib', 'yahoo', 'other'].map((type) => [
    type,
    (job: unknown) => {
      const { symbols = [], from = '' } = job as { symbols?: string[]; from?: string };
      if (symbols.includes('BAD')) return err(['job.symbols is bad']);
      return ok(
        (type === 'yahoo' ? symbols : [symbols.join('+')]).map((of): FeedJob => ({
          name: `${type} ${of} ${from}`.trim(),
          open: () => Promise.reject(new Error('the host opens it')),
        })),
      );
    },
  ]),
);

function policyOf(change: object = {}): SourcePolicy {
  const parsed = parsePolicy('p', {
    type: 'policy',
    instruments: ['A', 'B'],
    series: { kind: 'bars', interval: '1m' },
    sources: [
      { source: 'ib', job: { type: 'ib', symbols: '{instruments}' } },
      {
        source: 'yahoo',
        everySeconds: 10,
        job: { type: 'yahoo', symbols: '{instruments}', from: '{since}' },
      },
    ],
    fallback: { afterFailures: 2, afterStaleSeconds: 8, retryMaxSeconds: 4 },
    return: { afterHealthySeconds: 5 },
    ...change,
  });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return parsed.value;
}

function start(of: ReturnType<typeof world>, policy = policyOf()) {
  const run = new PolicyRun({
    host: of.host,
    readers,
    policy,
    instruments: policy.instruments.ids,
    sinceStored: () => Promise.resolve(60_000_000_000n),
  });
  const ended = run.run();
  return { run, ended };
}

describe('PolicyRun', () => {
  it('asks the fallback for the instruments concerned, from where something is missing, and ends it when the primary is back', async () => {
    const of = world();
    const { clock, running, asked, lines, filed } = of;
    const { run, ended } = start(of);
    await clock.pass(1);
    const [ib] = running;
    for (let second = 0; second < 12; second++) {
      ib?.stream.onData('A');
      await clock.pass(1);
    }
    expect(asked).toEqual(['ib A+B', 'yahoo B 1970-01-01T00:01:00Z']);
    for (let second = 0; second < 20; second++) {
      for (const symbol of ['A', 'B']) ib?.stream.onData(symbol);
      await clock.pass(1);
    }
    expect(lines).toMatchObject([
      {
        type: 'policy',
        policy: 'p',
        instruments: ['B'],
        count: 1,
        from: 'ib',
        to: 'yahoo',
        reason: 'ib: no data for 8 s',
      },
      { type: 'policy', instruments: ['B'], from: 'yahoo', to: 'ib' },
    ]);
    const before = asked.length;
    await clock.pass(5);
    expect(asked).toHaveLength(before);
    run.stop();
    await ended;
    expect(ib?.stream.signal.aborted).toBe(true);
    expect(filed).toContain('policy:p ib degraded serves 1 of 2: no data for 8 s of B');
    // What each is while it runs, then that it does no more.
    expect(filed.slice(-3)).toEqual([
      'policy:p yahoo up stands by',
      'policy:p ib stopped the policy does not run any more',
      'policy:p yahoo stopped the policy does not run any more',
    ]);
  });

  it('tries a primary that ends again with growing waits, and is not stopped by one ticker of many that fails', async () => {
    const of = world();
    const { clock, running, asked, lines, answers } = of;
    answers.set('yahoo A 1970-01-01T00:01:00Z', {
      kind: 'failed',
      error: new TickwellError('x', 'unknown ticker'),
    });
    const { run, ended } = start(of);
    for (const error of ['first', 'second', 'third']) {
      await clock.pass(4);
      running.at(-1)?.end({ kind: 'failed', error: new TickwellError('ib-down', error) });
    }
    await clock.pass(30);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ from: 'ib', to: 'yahoo', reason: 'ib: 2 failures in a row: second' });
    expect(asked.filter((name) => name === 'ib A+B')).toHaveLength(4);
    expect(asked.filter((name) => name.startsWith('yahoo B')).length).toBeGreaterThan(2);
    run.stop();
    await ended;
  });

  it('refuses rows of another source than it says, and a job that is wrong, each with its reason', async () => {
    const of = world();
    const wrong = [
      { source: 'ib', job: { type: 'other' } },
      {
        source: 'yahoo',
        everySeconds: 10,
        job: { type: 'yahoo', symbols: ['A', 'B', 'BAD'], from: '{since}' },
      },
    ];
    const { run, ended } = start(of, policyOf({ sources: wrong, instruments: ['A', 'B', 'BAD'] }));
    await of.clock.pass(20);
    const reasons = of.lines.map((line) => (line.type === 'policy' ? line.reason : ''));
    expect(reasons[0]).toContain('the rows of this job are of source "other": the policy calls it "ib"');
    expect(reasons[1]).toContain('job.symbols is bad; no source is left');
    expect(of.lines).toHaveLength(2);
    run.stop();
    await ended;
  });

  it('lets instruments join and leave while it runs', async () => {
    const of = world();
    const { run, ended } = start(of);
    await of.clock.pass(2);
    expect(run.setInstruments(['B', 'C', 'D'])).toEqual({ joined: ['C', 'D'], left: ['A'] });
    expect(run.setInstruments(['B', 'C', 'D'])).toEqual({ joined: [], left: [] });
    await of.clock.pass(2);
    expect(of.asked).toEqual(['ib A+B', 'ib B+C+D']);
    expect(of.running[0]?.stream.signal.aborted).toBe(true);
    expect(of.filed.at(-1)).toBe('policy:p ib up serves 3 of 3');
    run.setInstruments([]);
    await of.clock.pass(2);
    expect(of.filed.at(-1)).toBe('policy:p ib up stands by');
    run.stop();
    await ended;
  });

  it('calls a source paced that says so, whatever its words, and none for its words alone', async () => {
    const of = world();
    const { run, ended } = start(of);
    const fail = async (error: TickwellError): Promise<void> => {
      await of.clock.pass(4);
      of.running.at(-1)?.end({ kind: 'failed', error });
      await of.clock.pass(1);
    };
    for (let time = 0; time < 2; time++) await fail(new TickwellError('spaced', 'too many pacing 429s'));
    expect(of.filed.some((text) => text.startsWith('policy:p ib down serves 0 of 2'))).toBe(true);
    expect(of.filed.some((text) => text.startsWith('policy:p ib paced'))).toBe(false);
    const cause = new TickwellError('slow', 'wait', { paced: true });
    await fail(new TickwellError('other', 'in other words', { cause }));
    expect(of.filed.some((text) => text.startsWith('policy:p ib paced serves 0 of 2'))).toBe(true);
    run.stop();
    await ended;
  });
});
