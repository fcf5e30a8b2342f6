import { asksSince, type PolicySource, type SourcePolicy } from '@tickwell/source-policy';
import { NS_PER_DAY, NS_PER_SECOND, parseInterval } from '@tickwell/domain';
import type { Clock, Logger } from '@tickwell/ports';
import { lastStoredOf, type AskLatest } from '../last-stored.ts';

/** Bars that are asked for again: sources revise the last ones, and what is equal is dropped as a duplicate. */
const REPEATED_BARS = 5n;

/** From where a source has to bring something (ns since the epoch) so that nothing is missing and what was revised comes again. */
export type SinceStored = (
  policy: SourcePolicy,
  source: PolicySource,
  symbols: readonly string[],
) => Promise<bigint>;

/**
 * The newest stored event of a policy's series, of whichever of its sources, of bars some before it; of several instruments the earliest of
 * these, and the policy's look-back where there is none.
 */
export function sinceStored(of: {
  readonly ask: () => AskLatest | undefined;
  readonly clock: Clock;
  readonly logger: () => Logger | undefined;
}): SinceStored {
  return async (policy, { job }, symbols) => {
    const backNs = of.clock.nowNs() - BigInt(Math.round(policy.lookbackSeconds)) * NS_PER_SECOND;
    const ask = of.ask();
    const logger = of.logger();
    if (!asksSince(job) || ask === undefined || logger === undefined) return backNs;
    const { kind, interval } = policy.series;
    let earliest: bigint | undefined;
    for (const symbol of symbols) {
      let newest: bigint | undefined;
      for (const { source } of policy.sources) {
        const last = await lastStoredOf(ask, { source, interval, logger })(symbol, kind);
        if (last !== undefined && (newest === undefined || last > newest)) newest = last;
      }
      const since = newest === undefined ? backNs : newest - repeatedNs(interval);
      if (earliest === undefined || since < earliest) earliest = since;
    }
    return earliest ?? backNs;
  };
}

/** Of an interval of the calendar, or none ("" of trades and quotes): the last event alone. */
function repeatedNs(text: string): bigint {
  const interval = parseInterval(text);
  if (!interval.ok || interval.value.kind !== 'fixed') return 0n;
  const { lengthNs } = interval.value;
  // A week has five sessions.
  return lengthNs === NS_PER_DAY ? 7n * NS_PER_DAY : REPEATED_BARS * lengthNs;
}
