import { describe, expect, it } from 'vitest';
import {
  describeState,
  hasHistory,
  isFlowing,
  transition,
  type LinkEvent,
  type LinkState,
} from './link-state.ts';

const DOWN: LinkState = { kind: 'down', reason: 'not yet' };
const notice = (code: number, text = 'Market data farm connection is broken:usfarm'): LinkEvent => ({
  kind: 'notice',
  code,
  text,
});

function run(events: readonly LinkEvent[], from: LinkState = DOWN): [string, ...string[]] {
  let state = from;
  const effects: string[] = [];
  for (const event of events) {
    const next = transition(state, event);
    state = next.state;
    effects.push(...next.effects);
  }
  return [describeState(state), ...effects];
}

const ready: LinkEvent[] = [{ kind: 'connecting' }, { kind: 'ready' }];

describe('transition', () => {
  it('connects, loses the connection and subscribes again with the next', () => {
    expect(run([...ready, { kind: 'lost', reason: 'cut' }])).toEqual(['cut', 'resubscribe', 'outage']);
    expect(run([...ready, { kind: 'lost', reason: 'cut' }, ...ready])).toEqual([
      'connected',
      'resubscribe',
      'outage',
      'resubscribe',
    ]);
    expect(run([{ kind: 'connecting' }, { kind: 'lost', reason: 'nobody there' }])).toEqual(['nobody there']);
  });

  it('tells lost data (1101) from maintained subscriptions (1102)', () => {
    expect(run([...ready, notice(1100), notice(1102)])).toEqual([
      'connected',
      'resubscribe',
      'outage',
      'restored',
    ]);
    expect(run([...ready, notice(1100), notice(1101)])).toEqual([
      'connected',
      'resubscribe',
      'outage',
      'outage',
      'resubscribe',
    ]);
    expect(run([...ready, notice(2110)])).toEqual([
      'the Gateway has lost its connection to IB',
      'resubscribe',
      'outage',
    ]);
  });

  it('waits for every broken farm, and takes no notice of what was never broken', () => {
    const other = 'Market data farm connection is broken:cashfarm';
    expect(run([...ready, notice(2104), notice(2108), notice(2157)])).toEqual(['connected', 'resubscribe']);
    expect(run([...ready, notice(2103), notice(2103, other), notice(2104)])).toEqual([
      'market data farms are down: cashfarm',
      'resubscribe',
      'outage',
    ]);
    expect(run([...ready, notice(2103), notice(2103, other), notice(2104), notice(2104, other)]).at(-1)).toBe(
      'restored',
    );
  });

  it('keeps history and live data apart', () => {
    const up = transition(transition(DOWN, { kind: 'connecting' }).state, { kind: 'ready' }).state;
    const noHistory = transition(up, notice(2105, 'HMDS data farm connection is broken:ushmds'));
    expect([isFlowing(noHistory.state), hasHistory(noHistory.state), noHistory.effects]).toEqual([
      true,
      false,
      [],
    ]);
    const inactive = transition(
      noHistory.state,
      notice(2107, 'HMDS data farm is inactive but available:ushmds'),
    );
    expect(hasHistory(inactive.state)).toBe(true);
  });

  it('never leaves a terminal state', () => {
    const failed = transition(DOWN, { kind: 'refused', code: 506, reason: 'too old' }).state;
    expect(run([...ready, notice(1101)], failed)).toEqual(['too old']);
    expect(run([...ready], { kind: 'closed' })).toEqual(['closed']);
  });
});
