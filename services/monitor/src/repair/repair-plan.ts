import { nextRepairStep, type PolicyRepair, type RepairStep } from '@tickwell/source-policy';
import { shared, uncovered, type Gap, type LedgerHole } from './ledger-hole.ts';

/** What is to be written about one hole. */
export type RepairChange =
  /** `before`: it was repaired, and is missing again. */
  | { readonly kind: 'found'; readonly gap: Gap; readonly before: LedgerHole | undefined }
  | {
      readonly kind: 'ask';
      readonly hole: LedgerHole;
      /** What is still missing of it. */
      readonly gap: Gap;
      readonly step: Extract<RepairStep, { kind: 'ask' }>;
    }
  | { readonly kind: 'repaired'; readonly hole: LedgerHole }
  | { readonly kind: 'given-up'; readonly hole: LedgerHole; readonly gap: Gap; readonly reason: string };

export interface PlanOf {
  /** Everything that the series lacks in the range that was looked at. */
  readonly gaps: readonly Gap[];
  /** What the ledger knows of the series. */
  readonly holes: readonly LedgerHole[];
  readonly range: { readonly fromNs: bigint; readonly toNs: bigint };
  readonly repair: PolicyRepair;
  /** Length of a bar; undefined: it varies. */
  readonly barNs: bigint | undefined;
  readonly nowNs: bigint;
}

const DAY_NS = 86_400_000_000_000n;
/** A request that is not answered for so long did not repair what is there by now. */
const ANSWER_NS = 600_000_000_000n;

/** What the gaps of a series mean for the holes that are known, and which are new. */
export function repairPlan(of: PlanOf): readonly RepairChange[] {
  const known = of.holes.flatMap((hole) => changeOf(hole, of));
  return [...known, ...newHoles(of)];
}

function changeOf(hole: LedgerHole, of: PlanOf): readonly RepairChange[] {
  const { range, repair, nowNs } = of;
  // Only where all of it was looked at something can be said.
  const isSeen = hole.startNs >= range.fromNs && hole.endNs <= range.toNs;
  if (hole.state === 'repaired' || !isSeen) return [];
  const gap = remaining(hole, of);
  if (gap === undefined) return isAnswered(hole, nowNs) ? [{ kind: 'repaired', hole }] : [];
  if (hole.state === 'given-up') return [];
  const answeredAtNs = hole.answeredAtNs ?? 0n;
  const step = nextRepairStep({ ...hole, missing: gap.missing, answeredAtNs }, repair, nowNs);
  switch (step.kind) {
    case 'ask':
      return [{ kind: 'ask', hole, gap, step }];
    case 'give-up':
      return [{ kind: 'given-up', hole, gap, reason: step.reason }];
    case 'wait':
      return [];
  }
}

/** Rows are there before whoever brought them has said so: who it was is worth a wait. */
function isAnswered({ attempts, askedAtNs = 0n, answeredAtNs }: LedgerHole, nowNs: bigint): boolean {
  return attempts === 0 || answeredAtNs !== undefined || nowNs - askedAtNs > ANSWER_NS;
}

/** From the first to the last bar of a hole that is still missing; undefined: none is. */
function remaining(hole: LedgerHole, of: PlanOf): Gap | undefined {
  let rest: Gap | undefined;
  for (const gap of of.gaps) {
    const part = shared(gap, hole);
    if (part === undefined) continue;
    rest = {
      startNs: rest?.startNs ?? part.startNs,
      endNs: part.endNs,
      missing: (rest?.missing ?? 0) + countOf(part, gap, of.barNs),
    };
  }
  return rest;
}

/** Bars of a part of a gap: of one that goes over closed time at most so many. */
function countOf(part: Omit<Gap, 'missing'>, gap: Gap, barNs: bigint | undefined): number {
  const isAll = part.startNs === gap.startNs && part.endNs === gap.endNs;
  if (isAll || barNs === undefined) return gap.missing;
  return Math.min(gap.missing, Number((part.endNs - part.startNs + barNs - 1n) / barNs));
}

function newHoles(of: PlanOf): readonly RepairChange[] {
  const { gaps, holes, range, repair, barNs, nowNs } = of;
  const oldestNs = nowNs - BigInt(Math.round(repair.maxAgeDays)) * DAY_NS;
  const there = holes.filter(({ state }) => state !== 'repaired');
  return gaps.flatMap((gap) => {
    // The series may go on to be silent: the ledger is to have a few holes of that, not one a minute.
    const isGrowing = gap.endNs + (barNs ?? 0n) >= range.toNs;
    return uncovered(gap, there)
      .filter(({ startNs }) => startNs >= oldestNs)
      .filter((part) => !isGrowing || part.endNs - part.startNs >= part.startNs - gap.startNs)
      .map((part): RepairChange => {
        const before = holes.find(({ startNs, endNs }) => startNs === part.startNs && endNs === part.endNs);
        return { kind: 'found', gap: { ...part, missing: countOf(part, gap, barNs) }, before };
      });
  });
}
