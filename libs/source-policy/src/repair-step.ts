import type { PolicyRepair } from './repair.ts';

/** What has been done about a hole so far. Times are ns since the epoch, 0n where there is none. */
export interface RepairEffort {
  readonly endNs: bigint;
  /** Bars that are missing. */
  readonly missing: number;
  /** Requests so far; 0: what follows is empty. */
  readonly attempts: number;
  readonly askedSource: string;
  /** Requests to that source. */
  readonly sourceAttempts: number;
  readonly answeredAtNs: bigint;
  readonly answer: string;
  /** The source will say the same again. */
  readonly isAnswerFinal: boolean;
}

export type RepairStep =
  | {
      readonly kind: 'ask';
      readonly source: string;
      readonly attempts: number;
      readonly sourceAttempts: number;
    }
  /** For an answer, or until it is time for the next attempt. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'give-up'; readonly reason: string };

const NS_PER_SECOND = 1_000_000_000;
const DAY_NS = 86_400_000_000_000n;

/**
 * What is to be done about a hole that is still there. Each source is asked at most `attempts` times, after waits that double, then the next
 * one; the sum of all attempts is bounded, whatever becomes of the policy meanwhile.
 */
export function nextRepairStep(hole: RepairEffort, repair: PolicyRepair, nowNs: bigint): RepairStep {
  const { attempts, askedSource, sourceAttempts, answeredAtNs, isAnswerFinal } = hole;
  if (nowNs - hole.endNs > BigInt(Math.round(repair.maxAgeDays)) * DAY_NS)
    return giveUp(hole, `it is older than ${repair.maxAgeDays} days`);
  if (attempts > 0 && answeredAtNs === 0n) return { kind: 'wait' };
  const waited = nowNs - answeredAtNs;
  if (attempts > 0 && !isAnswerFinal && waited < waitNs(repair, sourceAttempts)) return { kind: 'wait' };
  if (attempts >= repair.attempts * repair.sources.length) return giveUp(hole, nobody(repair));
  const at = repair.sources.findIndex(({ source }) => source === askedSource);
  if (at >= 0 && !isAnswerFinal && sourceAttempts < repair.attempts)
    return { kind: 'ask', source: askedSource, attempts: attempts + 1, sourceAttempts: sourceAttempts + 1 };
  const next = repair.sources[at + 1];
  return next === undefined
    ? giveUp(hole, nobody(repair))
    : { kind: 'ask', source: next.source, attempts: attempts + 1, sourceAttempts: 1 };
}

function waitNs({ firstWaitSeconds }: PolicyRepair, sourceAttempts: number): bigint {
  return BigInt(Math.round(firstWaitSeconds * 2 ** (sourceAttempts - 1) * NS_PER_SECOND));
}

function nobody({ sources }: PolicyRepair): string {
  return `${sources.map(({ source }) => source).join(', ')} did not bring it`;
}

function giveUp({ missing, attempts, askedSource, answer }: RepairEffort, why: string): RepairStep {
  const bars = missing === 1 ? '1 bar stays' : `${missing} bars stay`;
  const effort =
    attempts === 0
      ? 'nobody was asked'
      : `${attempts} ${attempts === 1 ? 'request' : 'requests'}, the last to ${askedSource}: ${answer === '' ? 'no answer' : answer}`;
  return { kind: 'give-up', reason: `${bars} missing: ${why} (${effort})` };
}
