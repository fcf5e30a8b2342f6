import { parseInterval, TickwellError, type Interval } from '@tickwell/domain';
import { SILENT, type FeedItem } from '@tickwell/ports';
import { LiveSource } from '../live-source.ts';
import type { ProviderRuntime } from '../runtime.ts';
import { fail, pass, skip, type Finding, type Outcome } from './finding.ts';
import { CHECKED_SYMBOL } from './reading.ts';

const STOP_MS = 5000;

/** A live session starts, delivers rows that are events, and stops when told. */
export async function* liveChecks(
  runtime: ProviderRuntime,
  of: { readonly vendor: string; readonly waitMs: number },
): AsyncGenerator<Finding> {
  const session = await liveSession(runtime, of);
  yield { check: 'live: starts', ...started(session, of.waitMs) };
  yield { check: 'live: rows are events', ...rowsOf(session) };
  yield { check: 'live: stops when told', ...stopped(session) };
}

interface Session {
  readonly events: number;
  readonly refusals: readonly string[];
  readonly error: TickwellError | undefined;
  readonly stoppedInTime: boolean;
}

async function liveSession(
  runtime: ProviderRuntime,
  { vendor, waitMs }: { readonly vendor: string; readonly waitMs: number },
): Promise<Session> {
  const { declared, clock } = runtime;
  const source = new LiveSource({
    runtime,
    logger: SILENT,
    instruments: [{ symbol: CHECKED_SYMBOL, vendor }],
    kinds: declared.liveKinds,
    interval: declared.liveKinds.includes('bars') ? firstInterval(declared.intervals) : undefined,
    onReport: () => undefined,
  });
  const stop = new AbortController();
  const over = new AbortController();
  const items: FeedItem[] = [];
  let error: TickwellError | undefined;
  const reading = (async (): Promise<void> => {
    try {
      for await (const item of source.read({ afterPosition: 0n, signal: stop.signal })) {
        items.push(item);
        if (item.kind === 'progress') over.abort();
      }
    } catch (cause) {
      error =
        cause instanceof TickwellError ? cause : new TickwellError('internal', String(cause), { cause });
    }
    over.abort();
  })();
  await clock.sleep(waitMs, over.signal).catch(() => undefined);
  stop.abort();
  const stoppedInTime = await Promise.race([
    reading.then(() => true),
    clock.sleep(STOP_MS).then(() => false),
  ]);
  await source.close();
  return {
    events: items.reduce((sum, item) => sum + ('positions' in item ? item.positions.length : 0), 0),
    refusals: items.flatMap((item) => (item.kind === 'refused' ? [item.reason] : [])),
    error,
    stoppedInTime,
  };
}

function firstInterval([text = '']: readonly string[]): Interval | undefined {
  const interval = parseInterval(text);
  return interval.ok ? interval.value : undefined;
}

function started({ events, refusals, error }: Session, waitMs: number): Outcome {
  if (error !== undefined)
    return fail(
      error.message,
      error.code === 'provider-unavailable'
        ? 'live must go on until its signal fires'
        : 'nothing else of live was checked',
    );
  if (events + refusals.length > 0) return pass(`${events} events`);
  return skip(
    `no row in ${waitMs / 1000} s; choose a symbol that is traded now, or wait longer (--live-seconds)`,
  );
}

function rowsOf({ events, refusals }: Session): Outcome {
  const [first] = refusals;
  if (first !== undefined) return fail(`${refusals.length} rows are refused`, first);
  return events > 0 ? pass('none refused') : skip('there were none');
}

function stopped({ stoppedInTime, error }: Session): Outcome {
  if (error !== undefined) return skip('it had ended before');
  return stoppedInTime
    ? pass('no row more after the signal')
    : fail(
        `it goes on ${STOP_MS / 1000} s after the signal`,
        'close the connection when context.signal fires',
      );
}
