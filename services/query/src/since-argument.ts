import type { queryV1 } from '@tickwell/contracts';
import { err, formatNs, ok, type Result } from '@tickwell/domain';

/** Clocks differ, and bars of a session begin before it. */
const MAX_AHEAD_NS = 86_400_000_000_000n;

/** A stream from a time that is to come would say nothing until then, for example where microseconds were taken for nanoseconds. */
export function notInFuture({ from }: queryV1.SubscribeRequest, nowNs: bigint): Result<true, string> {
  if (from.case !== 'sinceNs' || from.value <= nowNs + MAX_AHEAD_NS) return ok(true);
  return err(
    `from.since_ns ${formatNs(from.value)} is in the future, by now it is ${formatNs(nowNs)}: say it in ns since the epoch, or leave from out for what comes from now on`,
  );
}
