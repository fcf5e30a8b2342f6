import { asksSince, type PolicySource, type SourcePolicy } from '@tickwell/source-policy';
import { NS_PER_SECOND } from '@tickwell/domain';
import type { Clock, Logger } from '@tickwell/ports';
import { lastStoredOf, type AskLatest } from '../last-stored.ts';

/** From where a source has to bring something (ns since the epoch) so that nothing is missing. */
export type SinceStored = (
  policy: SourcePolicy,
  source: PolicySource,
  symbols: readonly string[],
) => Promise<bigint>;

/**
 * The newest stored event of a policy's series, of whichever of its sources; of several instruments the earliest of these, and the
 * policy's look-back where there is none.
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
      const since = newest ?? backNs;
      if (earliest === undefined || since < earliest) earliest = since;
    }
    return earliest ?? backNs;
  };
}
