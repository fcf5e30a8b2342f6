import type { PolicyRepair } from '@tickwell/source-policy';
import { describe, expect, it } from 'vitest';
import { uncovered, type Gap, type LedgerHole } from './ledger-hole.ts';
import { repairPlan } from './repair-plan.ts';

const MINUTE = 60_000_000_000n;
/** 2023-11-14T22:13:00Z, on the grid. */
const T0 = 28_333_333n * MINUTE;
const NOW = T0 + 600n * MINUTE;

const REPAIR: PolicyRepair = {
  sources: [{ source: 'desk', job: {} }],
  attempts: 1,
  firstWaitSeconds: 60,
  maxAgeDays: 1,
  everySeconds: 60,
  settleSeconds: 0,
  priceType: 'trade',
};

const at = (minute: number): bigint => T0 + BigInt(minute) * MINUTE;
const gap = (from: number, to: number): Gap => ({ startNs: at(from), endNs: at(to), missing: to - from });

function hole(from: number, to: number, changes: Partial<LedgerHole> = {}): LedgerHole {
  return {
    ...{ symbol: 'A', source: 'best', priceType: 'trade', state: 'missing', reason: '', sinceNs: NOW },
    ...gap(from, to),
    ...{ events: 0, step: 1, attempts: 0, askedSource: '', sourceAttempts: 0, requestId: '' },
    ...{ askedAtNs: undefined, answeredAtNs: undefined, answer: '', isAnswerFinal: false, answerStream: '' },
    ...{ repairedAtNs: undefined, repairedSource: '', repairedStream: '', repairRequestId: '' },
    ...changes,
  };
}

function plan(
  gaps: readonly Gap[],
  holes: readonly LedgerHole[],
  range = { from: 0, to: 600 },
): readonly string[] {
  const changes = repairPlan({
    gaps,
    holes,
    range: { fromNs: at(range.from), toNs: at(range.to) },
    repair: REPAIR,
    barNs: MINUTE,
    nowNs: NOW,
  });
  return changes.map((change) => {
    const { startNs, endNs, missing } = change.kind === 'repaired' ? change.hole : change.gap;
    return `${change.kind} ${(startNs - T0) / MINUTE}-${(endNs - T0) / MINUTE} ${missing}`;
  });
}

const ASKED = { attempts: 1, askedSource: 'desk', sourceAttempts: 1, askedAtNs: NOW - MINUTE };
const ANSWERED = { ...ASKED, answeredAtNs: NOW - 2n * MINUTE };

describe('what the gaps of a series mean', () => {
  it('finds what no hole covers, asks for what one does, and closes what is there', () => {
    const holes = [hole(10, 20), hole(30, 40), hole(50, 60, { state: 'given-up' })];
    const gaps = [gap(10, 20), gap(50, 60), gap(70, 75), gap(90, 95)];
    expect(plan(gaps, holes)).toEqual([
      'ask 10-20 10',
      'repaired 30-40 10',
      'found 70-75 5',
      'found 90-95 5',
    ]);
  });

  it('asks for what is left of a hole, from its first to its last bar, and gives up no more than that', () => {
    expect(plan([gap(12, 14), gap(17, 18)], [hole(10, 20)])).toEqual(['ask 12-18 3']);
    expect(plan([gap(12, 14)], [hole(10, 20, ANSWERED)])).toEqual(['given-up 12-14 2']);
    // A part of a longer gap counts its bars.
    expect(plan([gap(15, 30)], [hole(10, 20)])).toEqual(['ask 15-20 5', 'found 20-30 10']);
  });

  it('waits for whoever brought it to say so, for a while', () => {
    expect(plan([], [hole(10, 20, ASKED)])).toEqual([]);
    expect(plan([], [hole(10, 20, ANSWERED)])).toEqual(['repaired 10-20 10']);
    expect(plan([], [hole(10, 20, { ...ASKED, askedAtNs: NOW - 11n * MINUTE })])).toEqual([
      'repaired 10-20 10',
    ]);
  });

  it('says that what was given up is there after all, and never asks for it again', () => {
    const given = hole(10, 20, { ...ANSWERED, state: 'given-up' });
    expect(plan([gap(10, 20)], [given])).toEqual([]);
    expect(plan([], [given])).toEqual(['repaired 10-20 10']);
  });

  it('finds again what was repaired and is missing, and goes on with the attempts there were', () => {
    expect(plan([gap(10, 20)], [hole(10, 20, { ...ANSWERED, state: 'repaired' })])).toEqual([
      'found 10-20 10',
    ]);
  });

  it('leaves alone what it has not looked at as a whole, and what is too old', () => {
    expect(plan([], [hole(10, 20)], { from: 15, to: 600 })).toEqual([]);
    expect(plan([gap(-900, -890)], [], { from: -1_000, to: 600 })).toEqual([]);
  });

  it('makes a few holes of a series that goes on to be silent, not one at each look', () => {
    const holes: LedgerHole[] = [];
    for (let minute = 101; minute <= 500; minute++) {
      const silent = [gap(100, minute)];
      for (const found of plan(silent, holes, { from: 0, to: minute })) {
        const match = /^found (\d+)-(\d+) /.exec(found);
        if (match !== null) holes.push(hole(Number(match[1]), Number(match[2]), ASKED));
      }
    }
    expect(holes.length).toBeLessThan(12);
    // It is over: the rest is one more.
    expect(plan([gap(100, 500)], holes)).toHaveLength(1);
    expect(uncovered(gap(100, 500), holes)).toHaveLength(1);
  });
});
