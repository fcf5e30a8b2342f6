import { formatNs } from '@tickwell/domain';
import type { NewRecord } from '@tickwell/ports';
import { BEST_SOURCE } from '@tickwell/source-policy';
import { shared, type Gap, type LedgerHole } from './ledger-hole.ts';
import { repairPlan, type PlanOf, type RepairChange } from './repair-plan.ts';
import { holeRecord, requestIdOf, requestRecord, type WatchedSeries } from './repair-records.ts';

/** A step of a hole that is to be written. */
export interface WrittenStep {
  readonly kind: RepairChange['kind'];
  readonly record: NewRecord;
  readonly request: { readonly id: string; readonly record: NewRecord } | undefined;
  /** One line for people. */
  readonly text: string;
}

/** Requests of one series that wait for an answer; the others follow. */
const MAX_ASKED = 20;

/** The holes of one series as they are known, with what was written and is not in the store yet. */
export class RepairSeries {
  readonly #series: WatchedSeries;
  readonly #best: readonly string[];
  readonly #barNs: bigint | undefined;
  /** Steps that were written, until the ledger shows them. */
  readonly #written = new Map<string, LedgerHole>();

  constructor(
    series: WatchedSeries,
    of: { readonly best: readonly string[]; readonly barNs: bigint | undefined },
  ) {
    this.#series = series;
    this.#best = of.best;
    this.#barNs = of.barNs;
  }

  /** `holes`: what the ledger has of the instrument, of any source. */
  steps(of: Omit<PlanOf, 'barNs'>): readonly WrittenStep[] {
    const others = of.holes.filter(({ source }) => source !== BEST_SOURCE);
    const own = of.holes.filter(
      ({ source, priceType }) => source === BEST_SOURCE && priceType === this.#series.priceType,
    );
    const holes = this.#known(own);
    let room = MAX_ASKED - holes.filter(isWaiting).length;
    return repairPlan({ ...of, holes, barNs: this.#barNs }).flatMap((change) => {
      if (change.kind === 'ask' && (room -= 1) < 0) return [];
      return [this.#step(change, others, of.nowNs)];
    });
  }

  /** The later of what the ledger has and what was written. */
  #known(ledger: readonly LedgerHole[]): readonly LedgerHole[] {
    const known = new Map(ledger.map((hole) => [keyOf(hole), hole]));
    for (const [key, written] of this.#written) {
      const there = known.get(key);
      if (there !== undefined && there.step >= written.step) this.#written.delete(key);
      else known.set(key, written);
    }
    return [...known.values()];
  }

  #step(change: RepairChange, others: readonly LedgerHole[], nowNs: bigint): WrittenStep {
    const hole = this.#after(change, others, nowNs);
    this.#written.set(keyOf(hole), hole);
    const request =
      change.kind === 'ask'
        ? { id: hole.requestId, record: requestRecord(this.#series, { hole, gap: change.gap }, nowNs) }
        : undefined;
    const { symbol, interval } = this.#series;
    const span = `${symbol} ${interval} from ${formatNs(hole.startNs)} to ${formatNs(hole.endNs)}`;
    const record = holeRecord(this.#series, hole, nowNs);
    return { kind: change.kind, record, request, text: `${textOf(change.kind)} ${span}: ${whyOf(hole)}` };
  }

  /** The hole once the change has happened. */
  #after(change: RepairChange, others: readonly LedgerHole[], nowNs: bigint): LedgerHole {
    if (change.kind === 'found') return this.#found(change, others, nowNs);
    const { hole } = change;
    const next = { ...hole, step: hole.step + 1 };
    switch (change.kind) {
      case 'ask': {
        const { source, attempts, sourceAttempts } = change.step;
        const requestId = requestIdOf(this.#series, hole, { source, attempts });
        const answer = { answeredAtNs: undefined, answer: '', isAnswerFinal: false, answerStream: '' };
        const asked = { askedSource: source, attempts, sourceAttempts, requestId, askedAtNs: nowNs };
        return { ...next, ...asked, ...answer, missing: change.gap.missing };
      }
      case 'repaired':
        return { ...next, state: 'repaired', missing: 0, repairedAtNs: nowNs, ...this.#byWhom(hole, others) };
      case 'given-up':
        return { ...next, state: 'given-up', missing: change.gap.missing, reason: change.reason };
    }
  }

  #found(
    { gap, before }: Extract<RepairChange, { kind: 'found' }>,
    others: readonly LedgerHole[],
    nowNs: bigint,
  ): LedgerHole {
    const { symbol, priceType } = this.#series;
    const told = others.find((other) => shared(other, gap) !== undefined);
    const reason =
      told === undefined ? `${this.#best.join(', ')} have not brought it` : `${told.source}: ${told.reason}`;
    const of = before ?? { ...NOTHING, symbol, priceType, source: BEST_SOURCE };
    return {
      ...of,
      ...gap,
      state: 'missing',
      reason,
      sinceNs: nowNs,
      step: of.step + 1,
      repairedAtNs: undefined,
    };
  }

  /** Who was asked and brought something, else a live session that says so. */
  #byWhom(hole: LedgerHole, others: readonly LedgerHole[]): Partial<LedgerHole> {
    if (hole.repairedSource !== '') return {};
    const own = others.find((other) => other.state === 'repaired' && shared(other, hole) !== undefined);
    if (own === undefined) return {};
    return { repairedSource: own.repairedSource, repairedStream: own.repairedStream };
  }
}

const NOTHING = {
  events: 0,
  step: 0,
  attempts: 0,
  askedSource: '',
  sourceAttempts: 0,
  requestId: '',
  askedAtNs: undefined,
  answeredAtNs: undefined,
  answer: '',
  isAnswerFinal: false,
  answerStream: '',
  repairedSource: '',
  repairedStream: '',
  repairRequestId: '',
};

function isWaiting({ state, attempts, answeredAtNs }: LedgerHole): boolean {
  return state === 'missing' && attempts > 0 && answeredAtNs === undefined;
}

function keyOf({ startNs, endNs }: Pick<Gap, 'startNs' | 'endNs'>): string {
  return `${startNs} ${endNs}`;
}

function textOf(kind: RepairChange['kind']): string {
  switch (kind) {
    case 'found':
      return 'hole in';
    case 'ask':
      return 'asked for';
    case 'repaired':
      return 'repaired';
    case 'given-up':
      return 'given up';
  }
}

function whyOf({ state, reason, askedSource, attempts, repairedSource }: LedgerHole): string {
  if (state === 'repaired')
    return repairedSource === '' ? 'nothing of it is missing any more' : `by ${repairedSource}`;
  return attempts > 0 && state === 'missing' ? `${askedSource}, request ${attempts}` : reason;
}
