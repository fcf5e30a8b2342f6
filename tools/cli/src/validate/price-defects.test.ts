import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CLEAN_FILES,
  DATA_MISSING,
  defectFiles,
  PAIRS_DIR,
  repairScore,
  scoreOf,
} from './fixtures/price-defects.ts';
import { validateFile } from './validate-file.ts';
import type { TableReport } from '@tickwell/validation';

const NOW_NS = 1_796_000_000_000_000_000n;

async function reportOf(path: string): Promise<TableReport> {
  const report = await validateFile(path, {}, NOW_NS);
  if (!report.ok) throw new Error(report.error);
  return report.value;
}

describe.skipIf(DATA_MISSING !== undefined)(`real price defects${DATA_MISSING ?? ''}`, () => {
  it('catches 95 % of the defective rows of every pair, and flags at most 1 % of the clean ones', async () => {
    const total = { defective: 0, caught: 0, clean: 0, flagged: 0 };
    const missed: string[] = [];
    for (const name of defectFiles()) {
      const score = await scoreOf(name, await reportOf(join(PAIRS_DIR, name)));
      if (score.caught < 0.95 * score.defective || score.flagged > 0.01 * score.clean) missed.push(name);
      for (const key of ['defective', 'caught', 'clean', 'flagged'] as const) total[key] += score[key];
    }
    expect(total.defective).toBeGreaterThan(10_000);
    expect(total.caught / total.defective).toBeGreaterThanOrEqual(0.95);
    expect(total.flagged / total.clean).toBeLessThanOrEqual(0.01);
    expect(missed).toEqual([]);
  });

  it.each(CLEAN_FILES)('flags under a thousandth of the rows of %s, which has no defect', async (path) => {
    const { rows, rowsWithFindings } = await reportOf(path);
    expect(rows).toBeGreaterThan(100);
    expect(rowsWithFindings / rows).toBeLessThan(0.001);
  });

  it('repairs prices, adjusted closes and dividends to what the fixed files hold', async () => {
    let rows = 0;
    let equal = 0;
    for (const name of defectFiles()) {
      const compared = await repairScore(name);
      rows += compared.rows;
      equal += compared.equal;
    }
    // CLC's six days in another unit are not repaired in the fixed file, which is about its dividends.
    expect(equal / rows).toBeGreaterThan(0.999);
  });

  it('finds nothing in the files that are known good', async () => {
    for (const path of CLEAN_FILES.filter((name) => name.includes('no-bad-divs'))) {
      expect((await reportOf(path)).findings).toEqual([]);
    }
  });
});
