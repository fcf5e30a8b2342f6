import { err, ok, TickwellError, type Result } from '@tickwell/domain';
import { nameAt, type InstrumentResolver } from './instruments.ts';
import { logLiveReport, type LiveReport } from './live-report.ts';
import type { Logger } from './logger.ts';

/** An instrument of a live session. */
export interface LiveName {
  /** Tickwell's id. */
  readonly symbol: string;
  /** What the source calls it; the same as the symbol: the instrument map says. */
  readonly vendor: string;
}

interface LiveNamesOptions {
  readonly resolver: InstrumentResolver;
  readonly source: string;
  readonly timeNs: bigint;
  readonly logger: Logger;
  readonly report: (report: LiveReport) => void;
}

/**
 * Instruments of a live session as the map has them when it begins. One that cannot be told, or that another of the session is already, is
 * logged, reported and left out, and the others are followed; the error is the first one's where none is left.
 */
export function liveNames(
  asked: readonly LiveName[],
  { resolver, source, timeNs, logger, report }: LiveNamesOptions,
): Result<readonly LiveName[], TickwellError> {
  const symbols = new Map<string, string>();
  const vendors = new Map<string, string>();
  let first: TickwellError | undefined;
  for (const one of asked) {
    const named = namedNow(one, { resolver, source, timeNs });
    const problem = named.ok ? taken(named.value, { symbols, vendors, source }) : named.error;
    if (problem !== undefined) {
      first ??= problem;
      const refused = {
        kind: 'refused',
        symbol: one.symbol,
        series: 'all',
        reason: problem.message,
      } as const;
      logLiveReport(logger, source, refused);
      report(refused);
    } else if (named.ok) {
      symbols.set(named.value.symbol, named.value.vendor);
      vendors.set(named.value.vendor, named.value.symbol);
    }
  }
  if (symbols.size === 0 && first !== undefined) return err(first);
  return ok([...symbols].map(([symbol, vendor]) => ({ symbol, vendor })));
}

function namedNow(
  { symbol, vendor }: LiveName,
  { resolver, source, timeNs }: Pick<LiveNamesOptions, 'resolver' | 'source' | 'timeNs'>,
): Result<LiveName, TickwellError> {
  // A job that says both is taken at its word.
  if (symbol !== vendor) return ok({ symbol, vendor });
  const named = nameAt(resolver, { name: symbol, source }, timeNs);
  return named.ok ? ok({ symbol: named.value.id, vendor: named.value.vendor.symbol }) : named;
}

/** Two of one session: the same twice is the same, and anything else would mix two instruments. */
function taken(
  { symbol, vendor }: LiveName,
  of: {
    readonly symbols: ReadonlyMap<string, string>;
    readonly vendors: ReadonlyMap<string, string>;
    readonly source: string;
  },
): TickwellError | undefined {
  const [name, owner] = [of.symbols.get(symbol), of.vendors.get(vendor)];
  if ((name === undefined || name === vendor) && (owner === undefined || owner === symbol)) return undefined;
  const known = name === undefined ? `${vendor} is ${owner}` : `${symbol} is ${name}`;
  const reason = `${symbol} as ${vendor} at ${of.source}: in this session ${known} already; name each instrument once`;
  return new TickwellError('instrument-ambiguous', reason);
}
