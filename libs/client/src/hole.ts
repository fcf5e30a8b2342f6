import { priceTypeFromProto, queryV1 } from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';

/** `given-up`: missing for good, nobody is asked any more. */
export type HoleState = 'missing' | 'repaired' | 'given-up';

/** What the ledger knows of a hole. Times are ns since the epoch, undefined where there is none. */
export interface LedgerHole {
  readonly symbol: string;
  /** "best": what all sources of a policy have together. */
  readonly source: string;
  /** "trades", "quotes", "bars". */
  readonly kind: string;
  /** Of bars; else "". */
  readonly interval: string;
  readonly priceType: PriceType;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly state: HoleState;
  /** Why it is missing; where it was given up why it stays so. */
  readonly reason: string;
  /** When it was first known to be missing. */
  readonly sinceNs: bigint | undefined;
  /** Bars that were missing when this was written; 0 where it is not known. */
  readonly missing: number;
  /** Events that were brought after all. */
  readonly events: number;
  /** Counts the versions of a hole up. */
  readonly step: number;
  /** Requests to sources so far. */
  readonly attempts: number;
  /** Who was asked last; "": nobody. */
  readonly askedSource: string;
  /** Requests to that one. */
  readonly sourceAttempts: number;
  readonly requestId: string;
  readonly askedAtNs: bigint | undefined;
  readonly answeredAtNs: bigint | undefined;
  /** What came of it. */
  readonly answer: string;
  /** It will say the same again. */
  readonly isAnswerFinal: boolean;
  readonly answerStream: string;
  /** Of repaired ones. */
  readonly repairedAtNs: bigint | undefined;
  /** Who brought it, of what is missing some of it; "": it is not known. */
  readonly repairedSource: string;
  readonly repairedStream: string;
  /** The request that brought it; "": a live session filled its own hole. */
  readonly repairRequestId: string;
}

/** What is left out matches everything. */
export interface HolesOptions extends CallOptions {
  /** At most 1,000. */
  readonly symbols?: readonly string[];
  readonly source?: string;
  readonly kind?: 'trades' | 'quotes' | 'bars';
  readonly interval?: string;
  /** Holes that touch the span, ns since the epoch. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly states?: readonly HoleState[];
  /** The newest by start; 1,000 unless told, at most 10,000. */
  readonly limit?: number;
}

const STATES: Readonly<Record<HoleState, queryV1.HoleState>> = {
  missing: queryV1.HoleState.MISSING,
  repaired: queryV1.HoleState.REPAIRED,
  'given-up': queryV1.HoleState.GIVEN_UP,
};
const STATES_BACK = new Map<queryV1.HoleState, HoleState>([
  [STATES.missing, 'missing'],
  [STATES.repaired, 'repaired'],
  [STATES['given-up'], 'given-up'],
]);

export function holesRequest(options: HolesOptions): {
  symbols: string[];
  source: string;
  kind: string;
  interval: string;
  range: { startNs: bigint; endNs: bigint };
  states: queryV1.HoleState[];
  limit: number;
} {
  const { symbols = [], source = '', kind = '', interval = '', states = [], limit = 0 } = options;
  const { startNs = 0n, endNs = 0n } = options;
  const range = { startNs, endNs };
  return {
    symbols: [...symbols],
    source,
    kind,
    interval,
    range,
    states: states.map((one) => STATES[one]),
    limit,
  };
}

export function ledgerHole(hole: queryV1.LedgerHole): LedgerHole {
  const { symbol, source, kind, interval, startNs, endNs, reason, attempts, askedSource, answer } = hole;
  const { repairedSource, repairedStream, repairRequestId } = hole;
  const { step, sourceAttempts, requestId, answerIsFinal, answerStream } = hole;
  return {
    symbol,
    source,
    kind,
    interval,
    priceType: priceTypeFromProto(hole.priceType) ?? 'trade',
    startNs,
    endNs,
    state: STATES_BACK.get(hole.state) ?? 'missing',
    reason,
    sinceNs: timeOf(hole.sinceNs),
    missing: Number(hole.missing),
    events: Number(hole.events),
    step,
    attempts,
    askedSource,
    sourceAttempts,
    requestId,
    askedAtNs: timeOf(hole.askedAtNs),
    answeredAtNs: timeOf(hole.answeredAtNs),
    answer,
    isAnswerFinal: answerIsFinal,
    answerStream,
    repairedAtNs: timeOf(hole.repairedAtNs),
    repairedSource,
    repairedStream,
    repairRequestId,
  };
}

function timeOf(timeNs: bigint): bigint | undefined {
  return timeNs === 0n ? undefined : timeNs;
}
