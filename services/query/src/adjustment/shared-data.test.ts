import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { emptyBars, parseIsoTime } from '@tickwell/domain';
import type { StoredAction } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { adjustBars, dividendFactor } from './adjust.ts';

/** Real files, which are not part of the repository. */
const FOLDER = process.env['TICKWELL_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data');

/** Yahoo's own adjusted closes: files in which nothing is known to be wrong. */
const FILES = ['CALM', 'HSBK-IL', 'IBE-MC', 'KMR-L', 'TISG-MI'].map(
  (name) => `${name}-1d-no-bad-divs.csv.gz`,
);

interface Row {
  readonly day: bigint;
  readonly close: number;
  readonly adjusted: number;
  readonly dividend: number;
}

function rowsOf(file: string): readonly Row[] {
  const path = join(FOLDER, 'yfinance_price_defects', file);
  const [head = '', ...lines] = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  const names = head.trim().split(',');
  return lines
    .map((line): Row => {
      const cells = line.split(',');
      const number = (name: string): number => Number(cells[names.indexOf(name)]);
      const day = parseIsoTime((cells[0] ?? '').slice(0, 10));
      if (!day.ok) throw new Error(day.error);
      return {
        day: day.value,
        close: number('Close'),
        adjusted: number('Adj Close'),
        dividend: number('Dividends'),
      };
    })
    .filter(({ close }) => close > 0)
    .sort((a, b) => (a.day < b.day ? -1 : 1));
}

describe.skipIf(!existsSync(FOLDER))(
  'prices adjusted for dividends (../shared/data; skipped where it is absent)',
  () => {
    it.each(FILES)('%s: as Yahoo adjusts them, to one part in ten thousand', (file) => {
      const rows = rowsOf(file);
      const dividends = rows.flatMap((row, at) => {
        if (row.dividend === 0) return [];
        const action: StoredAction = {
          source: 'yahoo',
          kind: 'dividend',
          exDateNs: row.day,
          amount: row.dividend,
          currency: '',
          splitNumerator: 0,
          splitDenominator: 0,
          priceBasis: 'raw',
          knownAtNs: row.day,
        };
        const factor = dividendFactor(action, [], rows[at - 1]?.close);
        return factor.ok && factor.value !== undefined ? [factor.value] : [];
      });
      expect(dividends.length).toBeGreaterThan(1);
      const bars = {
        ...emptyBars(),
        startNs: rows.map(({ day }) => day),
        close: rows.map(({ close }) => close),
      };
      const adjusted = adjustBars({ priceBasis: 'raw', bars, knownNs: [] }, 'all', [], dividends);
      const closes = adjusted.ok ? adjusted.value.close : [];
      const worst = Math.max(...rows.map((row, at) => Math.abs((closes[at] ?? 0) / row.adjusted - 1)));
      expect(worst).toBeLessThan(1e-4);
    });
  },
);
