import { describe, expect, it } from 'vitest';
import type { PolicyRepair } from './repair.ts';
import { nextRepairStep, type RepairEffort, type RepairStep } from './repair-step.ts';

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;
const END = 1_700_000_000n * SECOND;

const REPAIR: PolicyRepair = {
  sources: [
    { source: 'ib:history', job: {} },
    { source: 'desk', job: {} },
  ],
  attempts: 3,
  firstWaitSeconds: 60,
  maxAgeDays: 7,
  everySeconds: 60,
  settleSeconds: 120,
  priceType: 'trade',
};

const NEW: RepairEffort = {
  endNs: END,
  missing: 5,
  attempts: 0,
  askedSource: '',
  sourceAttempts: 0,
  answeredAtNs: 0n,
  answer: '',
  isAnswerFinal: false,
};

/** Every step of a hole that nobody fills, with the seconds between an answer and the next request. */
function course(repair: PolicyRepair, isFinal = false): readonly string[] {
  const steps: string[] = [];
  let hole = NEW;
  let nowNs = END;
  for (let look = 0; look < 10_000; look++, nowNs += SECOND) {
    const step: RepairStep = nextRepairStep(hole, repair, nowNs);
    if (step.kind === 'wait') continue;
    if (step.kind === 'give-up') return [...steps, step.reason];
    const waited = hole.attempts === 0 ? 0n : (nowNs - hole.answeredAtNs) / SECOND;
    steps.push(`${waited} ${step.source} ${step.sourceAttempts}`);
    const { source: askedSource, attempts, sourceAttempts } = step;
    const answered = { answeredAtNs: nowNs, answer: 'nothing of it', isAnswerFinal: isFinal };
    hole = { ...hole, askedSource, attempts, sourceAttempts, ...answered };
  }
  throw new Error('it never ends');
}

describe('what is to be done about a hole', () => {
  it('asks each source some times, after waits that double, then the next, then gives up and says why', () => {
    expect(course(REPAIR)).toEqual([
      '0 ib:history 1',
      '60 ib:history 2',
      '120 ib:history 3',
      '240 desk 1',
      '60 desk 2',
      '120 desk 3',
      '5 bars stay missing: ib:history, desk did not bring it (6 requests, the last to desk: nothing of it)',
    ]);
  });

  it('goes on at once where a source will say the same again', () => {
    expect(course(REPAIR, true).slice(0, 2)).toEqual(['0 ib:history 1', '1 desk 1']);
    expect(course(REPAIR, true)).toHaveLength(3);
  });

  it('waits for the answer, and for nothing longer than a hole may be old', () => {
    const asked = { ...NEW, attempts: 1, askedSource: 'ib:history', sourceAttempts: 1 };
    expect(nextRepairStep(asked, REPAIR, END + 7n * DAY)).toEqual({ kind: 'wait' });
    const late = nextRepairStep(asked, REPAIR, END + 7n * DAY + 1n);
    expect(late).toEqual({
      kind: 'give-up',
      reason: '5 bars stay missing: it is older than 7 days (1 request, the last to ib:history: no answer)',
    });
  });

  it('never makes more requests than its sources have attempts, whatever becomes of the policy', () => {
    const gone = { ...NEW, attempts: 5, askedSource: 'gone', sourceAttempts: 3, answeredAtNs: END };
    expect(nextRepairStep(gone, REPAIR, END + DAY)).toMatchObject({
      kind: 'ask',
      source: 'ib:history',
      attempts: 6,
    });
    expect(nextRepairStep({ ...gone, attempts: 6 }, REPAIR, END + DAY)).toMatchObject({ kind: 'give-up' });
  });
});
