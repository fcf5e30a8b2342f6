import type { PriceType } from '@tickwell/domain';

/** A hole of a series as the ledger has it: what `client.holes` answers. Times are ns since the epoch. */
export interface LedgerHole {
  readonly symbol: string;
  readonly source: string;
  readonly priceType: PriceType;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly state: 'missing' | 'repaired' | 'given-up';
  readonly reason: string;
  readonly sinceNs: bigint | undefined;
  readonly missing: number;
  readonly events: number;
  readonly step: number;
  readonly attempts: number;
  readonly askedSource: string;
  readonly sourceAttempts: number;
  readonly requestId: string;
  readonly askedAtNs: bigint | undefined;
  readonly answeredAtNs: bigint | undefined;
  readonly answer: string;
  readonly isAnswerFinal: boolean;
  readonly answerStream: string;
  readonly repairedAtNs: bigint | undefined;
  readonly repairedSource: string;
  readonly repairedStream: string;
  readonly repairRequestId: string;
}

/** Expected bars, none of which is there. */
export interface Gap {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly missing: number;
}

type Span = Pick<Gap, 'startNs' | 'endNs'>;

/** What two spans share; undefined: nothing. */
export function shared(a: Span, b: Span): Span | undefined {
  const startNs = a.startNs > b.startNs ? a.startNs : b.startNs;
  const endNs = a.endNs < b.endNs ? a.endNs : b.endNs;
  return startNs < endNs ? { startNs, endNs } : undefined;
}

/** What of a span none of the others covers, in order. */
export function uncovered(span: Span, others: readonly Span[]): readonly Span[] {
  const rest: Span[] = [];
  let { startNs } = span;
  for (const other of others.toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1))) {
    if (other.endNs <= startNs || other.startNs >= span.endNs) continue;
    if (other.startNs > startNs) rest.push({ startNs, endNs: other.startNs });
    startNs = other.endNs;
  }
  if (startNs < span.endNs) rest.push({ startNs, endNs: span.endNs });
  return rest;
}
