import type { ConfigEntry } from '@tickwell/config';
import { parseSpecList } from '@tickwell/indicators';
import type { Logger } from '@tickwell/ports';
import { expect, it } from 'vitest';
import { settingsView } from './settings.ts';

const parsed = parseSpecList('sma(5)');
if (!parsed.ok) throw new Error('specification');
const DEFAULTS = { indicators: parsed.specs, barIntervals: [] };
const SERIES = { symbol: 'AAPL', source: 'yahoo', interval: '1d', priceType: 'trade' } as const;

function entry(position: bigint, payloadJson: string): ConfigEntry {
  const id = `doc-${position}`;
  const rest = { version: 1n, deleted: false, author: '', writtenAtNs: 0n };
  return { kind: 'indicator', id, payloadJson, position, ...rest };
}

function setUp(): { warnings: string[]; idsOf: (...documents: ConfigEntry[]) => string[] } {
  const warnings: string[] = [];
  const none = (): void => undefined;
  const logger: Logger = {
    debug: none,
    info: none,
    error: none,
    warn: (_fields, message) => {
      warnings.push(message);
    },
  };
  const view = settingsView(DEFAULTS, logger);
  return {
    warnings,
    idsOf: (...documents) =>
      view(documents)
        .indicators.of(SERIES)
        .map(({ id }) => id),
  };
}

it('are those of the environment while there is no document, and those of the documents from the first one on', () => {
  const { idsOf, warnings } = setUp();
  expect(idsOf()).toEqual(['sma(5,close)']);
  expect(idsOf(entry(1n, '{"specs":["ema(3)"]}'))).toEqual(['ema(3,close)']);
  expect(idsOf(entry(1n, '{"specs":["ema(3)"]}'), entry(2n, '{"specs":["sma(3)"]}'))).toEqual([
    'ema(3,close)',
    'sma(3,close)',
  ]);
  expect(idsOf(entry(1n, '{"specs":[]}'))).toEqual([]);
  expect(idsOf()).toEqual(['sma(5,close)']);
  expect(warnings).toEqual([]);
});

it('are of all documents but what is wrong, which is said once', () => {
  const { idsOf, warnings } = setUp();
  const right = entry(1n, '{"specs":["ema(3)"]}');
  const wrong = entry(2n, '{"specs":["nosuch(3)","sma(3)"],"symbols":["AAPL"]}');
  expect(idsOf(right, wrong)).toEqual(['ema(3,close)', 'sma(3,close)']);
  expect(idsOf(right, wrong)).toEqual(['ema(3,close)', 'sma(3,close)']);
  expect(warnings).toEqual([
    expect.stringMatching(/^indicator doc-2: indicator.specs\[0\].*"nosuch".*left out$/),
  ]);
});
