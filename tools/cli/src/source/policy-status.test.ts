import { describe, expect, it } from 'vitest';
import { policiesOf, policyStatus } from './policy-status.ts';

const POLICY = {
  type: 'policy',
  instruments: ['A'],
  series: { kind: 'bars', interval: '1m' },
  sources: [
    { source: 'ib', job: { type: 'ib' } },
    { source: 'yahoo', job: { type: 'yahoo' }, everySeconds: 60 },
  ],
};

describe('policyStatus', () => {
  it('shows every source of every policy with what was filed of it for that policy', () => {
    const policies = policiesOf([
      { id: 'a', payloadJson: JSON.stringify(POLICY) },
      { id: 'other', payloadJson: '{"type":"http"}' },
      { id: 'wrong', payloadJson: '{"type":"policy"}' },
    ]);
    const states = [
      ['policy:a', 'yahoo', 'up', 'serves 1 of 1', '2025-10-06T14:00:00.000000000Z'],
      ['policy:b', 'ib', 'up', 'serves 1 of 1', '2025-10-06T14:00:00.000000000Z'],
    ];
    expect(policyStatus(policies, states)).toEqual([
      { policy: 'a', series: 'bars 1m', source: 'ib', role: 'primary', state: '', reason: '', since: '' },
      {
        policy: 'a',
        series: 'bars 1m',
        source: 'yahoo',
        role: 'fallback',
        state: 'up',
        reason: 'serves 1 of 1',
        since: '2025-10-06T14:00:00.000000000Z',
      },
    ]);
  });
});
