import { describe, expect, test } from 'vitest';
import { HELP, parseArguments } from './arguments.ts';

const NOW_MS = Date.UTC(2026, 0, 2);

describe('the command line', () => {
  test('without anything: the port of a paper Gateway, real time, now', () => {
    expect(parseArguments([], NOW_MS)).toMatchObject({
      ok: true,
      value: {
        port: 4002,
        speed: 1,
        startMs: NOW_MS,
        json: false,
        dataDir: undefined,
        faultsFile: undefined,
      },
    });
  });

  test('everything', () => {
    const args = [
      '--port',
      '0',
      '--data',
      'd',
      '--faults',
      'f.json',
      '--speed',
      '0.5',
      '--json',
      '--market-data-lines',
      '7',
      '--tick-by-tick-lines',
      '8',
    ];
    expect(parseArguments(args, NOW_MS)).toMatchObject({
      value: {
        port: 0,
        dataDir: 'd',
        faultsFile: 'f.json',
        speed: 0.5,
        json: true,
        marketDataLines: 7,
        tickByTickLines: 8,
      },
    });
  });

  test.each([
    ['2025-10-06T09:30:00-04:00', Date.UTC(2025, 9, 6, 13, 30)],
    ['20251006 09:30:00 US/Eastern', Date.UTC(2025, 9, 6, 13, 30)],
    ['20251006 09:30:00', Date.UTC(2025, 9, 6, 13, 30)],
    ['20251006-13:30:00', Date.UTC(2025, 9, 6, 13, 30)],
  ])('--start "%s"', (text, startMs) => {
    expect(parseArguments(['--start', text], NOW_MS)).toMatchObject({ value: { startMs } });
  });

  test.each([
    [['--port', '70000'], '--port "70000"'],
    [['--port', 'x'], '--port "x"'],
    [['--speed', '0'], '--speed "0"'],
    [['--speed', ''], '--speed ""'],
    [['--start', 'soon'], '--start "soon"'],
    [['--prot', '1'], "'--prot'"],
    [['4002'], "'4002'"],
  ])('%j is refused by name', (args, text) => {
    const result = parseArguments(args, NOW_MS);
    expect(result.ok ? '' : result.error).toContain(text);
  });

  test('all mistakes at once', () => {
    const result = parseArguments(['--port', 'x', '--speed', 'y'], NOW_MS);
    expect(result.ok ? '' : result.error).toMatch(/--port.*--speed/);
  });

  test('help names every option', () => {
    expect(parseArguments(['-h'], NOW_MS)).toEqual({ ok: true, value: 'help' });
    for (const option of [
      'port',
      'data',
      'faults',
      'speed',
      'start',
      'market-data-lines',
      'tick-by-tick-lines',
      'json',
    ])
      expect(HELP).toContain(`--${option} `);
  });
});
