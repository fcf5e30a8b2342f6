import { describe, expect, it } from 'vitest';
import { setValues } from './set-values.ts';

const BARS = JSON.stringify({
  type: 'tickwell.events.v1.BarBatch',
  source: 'file:a',
  symbol: 'AAPL',
  priceBasis: 'raw',
  event: { interval: '1d', bars: { startNs: ['5'], high: [1], low: [2] } },
});

function set(fix: string, ...assignments: string[]): Record<string, unknown> {
  return JSON.parse(setValues(fix, assignments)) as Record<string, unknown>;
}

describe('--set', () => {
  it('changes columns, properties of the message, and where it belongs', () => {
    expect(set(BARS, 'high=3.5', 'interval=1w', 'symbol=MSFT', 'startNs=2024-01-02')).toMatchObject({
      symbol: 'MSFT',
      source: 'file:a',
      event: { interval: '1w', bars: { startNs: ['1704153600000000000'], high: [3.5], low: [2] } },
    });
    expect(set(BARS, 'startNs=17', 'low=NaN')).toMatchObject({
      event: { bars: { startNs: ['17'], low: ['NaN'] } },
    });
  });

  it('changes the only item of a list', () => {
    const actions = JSON.stringify({ event: { actions: [{ exDateNs: '5', amount: -1, currency: 'usd' }] } });
    expect(set(actions, 'amount=0.5', 'currency=USD')).toEqual({
      event: { actions: [{ exDateNs: '5', amount: 0.5, currency: 'USD' }] },
    });
  });

  it.each([
    ['high', /write NAME=VALUE/],
    ['=3', /write NAME=VALUE/],
    ['hgih=3', /no such value; there are symbol, source, priceBasis, interval, startNs, high, low/],
    ['startNs=yesterday', /--set startNs: /],
  ])('refuses %s in one line', (assignment, message) => {
    expect(() => setValues(BARS, [assignment])).toThrow(message);
  });

  it('does not guess which of several events is meant', () => {
    const two = JSON.stringify({ event: { bars: { high: [1, 2] } } });
    expect(() => setValues(two, ['high=3'])).toThrow(/holds 2 events: edit what "show --fix" prints/);
  });
});
