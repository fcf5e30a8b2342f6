import { SILENT } from '@tickwell/ports';
import { expect, inject, it } from 'vitest';
import { createMarket } from './index.ts';

const DAY_MS = 86_400_000;
const MONDAY = Date.parse('2026-11-23T00:00:00Z');

it('a machine without recorded data has the market of the sample', async () => {
  const market = await createMarket({ sampleJar: inject('stack').sampleJar, logger: SILENT });
  expect(market.instruments.map(({ symbol }) => symbol)).toEqual(['AAPL', 'BTC', 'ETH']);
  const bitcoin = market.instruments[1]!.conId;
  const week = { fromMs: MONDAY, toMs: MONDAY + 7 * DAY_MS };
  // The 100,000 trades of 2013-11-25 to 12-01, Monday to Sunday, are in a week, but for 18 of size 0.
  expect([...market.trades(bitcoin, week)]).toHaveLength(99_982);
  const days = [...market.bars(bitcoin, { ...week, barMs: DAY_MS, whatToShow: 'TRADES', useRth: false })];
  expect(days.map(({ open }) => open)[0]).toBe(800.01);
  expect(days).toHaveLength(7);
  const apple = [...market.bars(265598, { ...week, barMs: DAY_MS, whatToShow: 'TRADES', useRth: true })];
  // Thanksgiving is closed and the day after is short.
  expect(apple.map(({ date }) => date)).toEqual(['20261123', '20261124', '20261125', '20261127']);
  expect(apple[0]?.volume).toBeGreaterThan(1_000_000);
  expect(market.fundamentals(265598, 'ReportSnapshot')).toBeUndefined();
});
