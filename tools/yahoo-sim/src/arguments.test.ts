import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';
import { Faults, parseFaults } from './faults.ts';

describe('parseArguments', () => {
  it('has a default for everything', () => {
    expect(parseArguments([])).toMatchObject({ ok: true, value: { port: 4080, tickers: 50, failRate: 0 } });
    expect(parseArguments(['--fail-rate', '0.3', '--tickers', '3000', '--always-open'])).toMatchObject({
      ok: true,
      value: { failRate: 0.3, tickers: 3000, alwaysOpen: true },
    });
  });

  it('names every problem', () => {
    expect(parseArguments(['--port', '70000', '--fail-rate', '2'])).toEqual({
      ok: false,
      error: '--port "70000": use a whole number from 0 to 65535; --fail-rate "2": use a number from 0 to 1',
    });
    expect(parseArguments(['--nothing'])).toMatchObject({ ok: false });
  });
});

describe('parseFaults', () => {
  it('names the place of every problem', () => {
    const text = '[{"fault":"rain"},{"fault":"html","times":0},{"fault":"html","when":1},3]';
    const parsed = parseFaults(text, 'f.json');
    expect(parsed.ok ? '' : parsed.error).toMatch(
      /^f.json: \[0\] fault must be one of .*; f.json: \[1\] times must .*; f.json: \[2\] when is not known.*; f.json: \[3\] must be an object$/,
    );
    expect(parseFaults('{}', 'f.json')).toEqual({ ok: false, error: 'f.json: must be a list of faults' });
  });

  it('is followed in order, so often, for what it names', () => {
    const parsed = parseFaults('[{"fault":"html","ticker":"A","endpoint":"chart","times":2}]', 'f');
    const faults = new Faults(parsed.ok ? parsed.value : [], 0);
    const asked = [
      ['quote', 'A'],
      ['chart', 'B'],
      ['chart', 'A'],
      ['chart', 'A'],
      ['chart', 'A'],
    ] as const;
    expect(asked.map(([endpoint, ticker]) => faults.next(endpoint, [ticker]))).toEqual([
      undefined,
      undefined,
      'html',
      'html',
      undefined,
    ]);
  });

  it('fails the share of requests that was asked for', () => {
    const faults = new Faults([], 0.3);
    const failed = Array.from({ length: 10_000 }, () => faults.next('chart', [])).filter(
      (fault) => fault !== undefined,
    );
    expect(failed.length).toBeGreaterThan(2800);
    expect(failed.length).toBeLessThan(3200);
  });
});
