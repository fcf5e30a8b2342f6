import type { StoredSourceState, StoredStatus } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { availabilityOf, sourceNow } from './source-timeline.ts';

const MINUTE = 60_000_000_000n;
const T0 = 1_700_000_000_000_000_000n;
const RANGE = { startNs: T0, endNs: T0 + 60n * MINUTE };

function said(minute: number, state: StoredSourceState, stream = 'session'): StoredStatus {
  const timeNs = T0 + BigInt(minute) * MINUTE;
  return { source: 'ib', stream, state, reason: `${stream} ${state}`, timeNs, events: 0n, refused: 0n };
}

/** The same report every minute, both ends included. */
function every(from: number, to: number, state: StoredSourceState, stream?: string): StoredStatus[] {
  return Array.from({ length: to - from + 1 }, (_, at) => said(from + at, state, stream));
}

const byTime = (statuses: readonly StoredStatus[]): readonly StoredStatus[] =>
  statuses.toSorted((a, b) => Number(a.timeNs - b.timeNs));

function minutes(statuses: readonly StoredStatus[]): string {
  const { upNs, downNs, outages } = availabilityOf(byTime(statuses), RANGE);
  return `${upNs / MINUTE} up, ${downNs / MINUTE} down, ${outages} outages`;
}

describe('availability', () => {
  it('is the share of the watched time in which a source was up or degraded', () => {
    expect(minutes([])).toBe('0 up, 0 down, 0 outages');
    expect(minutes(every(-1, 60, 'up'))).toBe('60 up, 0 down, 0 outages');
    expect(
      minutes([
        ...every(-1, 9, 'up'),
        ...every(10, 14, 'degraded'),
        said(15, 'down'),
        ...every(30, 60, 'up'),
      ]),
    ).toBe('45 up, 15 down, 1 outages');
    expect(minutes([said(-500, 'down'), ...every(20, 60, 'up')])).toBe('40 up, 20 down, 1 outages');
  });

  it('leaves out the time before the first report and after the last one of a stream that is over', () => {
    expect(minutes([...every(50, 60, 'up')])).toBe('10 up, 0 down, 0 outages');
    expect(minutes([...every(0, 9, 'up'), said(10, 'finished')])).toBe('10 up, 0 down, 0 outages');
    expect(minutes([...every(0, 9, 'up'), said(10, 'stopped'), ...every(40, 60, 'up')])).toBe(
      '30 up, 0 down, 0 outages',
    );
  });

  it('counts a stream as down once it has been silent for three minutes', () => {
    expect(minutes(every(-1, 20, 'up'))).toBe('23 up, 37 down, 1 outages');
    expect(minutes([...every(-1, 20, 'up'), ...every(30, 60, 'up')])).toBe('53 up, 7 down, 1 outages');
  });

  it('is up while one stream of several is', () => {
    const other = [said(5, 'down', 'other'), said(50, 'up', 'other')];
    expect(minutes([...every(-1, 60, 'up'), ...other])).toBe('60 up, 0 down, 0 outages');
    expect(
      minutes([
        ...every(-1, 19, 'up'),
        said(20, 'down'),
        ...every(10, 29, 'up', 'other'),
        said(30, 'down', 'other'),
      ]),
    ).toBe('30 up, 30 down, 1 outages');
  });

  it('follows the policies where they judge the source', () => {
    const policy = [
      ...every(-1, 19, 'up', 'policy:p'),
      said(20, 'down', 'policy:p'),
      ...every(30, 60, 'up', 'policy:p'),
    ];
    expect(minutes([...every(-1, 60, 'up'), ...policy])).toBe('50 up, 10 down, 1 outages');
  });

  it('tells when what it is at the end began', () => {
    const { sinceNs } = availabilityOf([...every(-1, 10, 'up'), said(11, 'paced')], RANGE);
    expect(sinceNs).toBe(T0 + 11n * MINUTE);
    expect(availabilityOf([], RANGE).sinceNs).toBeUndefined();
  });
});

describe('the state of a source', () => {
  const now = (...statuses: StoredStatus[]): string => {
    const { state, reason, isSilent } = sourceNow(byTime(statuses).toReversed(), T0 + 60n * MINUTE);
    return `${state ?? 'nothing'}${isSilent ? ' silent' : ''}: ${reason}`;
  };

  it('is that of its streams', () => {
    expect(now()).toBe('nothing: ');
    expect(now(said(59, 'up'))).toBe('up: session up');
    expect(now(said(58, 'paced'))).toBe('paced: session paced');
    expect(now(said(10, 'finished'), said(20, 'stopped', 'other'))).toBe('stopped: other stopped');
    expect(now(said(21, 'down'), said(20, 'finished', 'other'))).toBe('down: session down');
  });

  it('is not what failed before another stream went through: an import that failed once never mends', () => {
    expect(now(said(10, 'down', 'monday'), said(20, 'finished', 'tuesday'))).toBe(
      'finished: tuesday finished',
    );
    expect(minutes([said(-500, 'down', 'monday'), said(20, 'finished', 'tuesday')])).toBe(
      '0 up, 20 down, 1 outages',
    );
    expect(minutes([said(-500, 'down', 'monday'), said(-400, 'finished', 'tuesday')])).toBe(
      '0 up, 0 down, 0 outages',
    );
  });

  it('is degraded where another stream has trouble, but not for what failed long ago', () => {
    expect(now(said(59, 'up'), said(50, 'down', 'other'))).toBe('degraded: other down');
    expect(now(said(59, 'up'), said(-5_000, 'down', 'other'))).toBe('up: session up');
    expect(now(said(59, 'degraded'), said(59, 'up', 'other'))).toBe('degraded: session degraded');
  });

  it('is down where it says up and is silent', () => {
    expect(now(said(56, 'up'))).toBe(
      'down silent: nothing was reported for more than 3 minutes: what ran it is gone (last said: session up)',
    );
  });

  it('is that of its policies where they judge it', () => {
    expect(now(said(59, 'up'), said(58, 'down', 'policy:p'))).toBe('down: policy:p down');
    expect(now(said(59, 'up'), said(58, 'stopped', 'policy:p'))).toBe('up: session up');
  });
});
