import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { installPython, pythonFailure, referencePython } from '@tickwell/local-stack';
import { describe, expect, it } from 'vitest';
import { calculate } from './calculate.ts';
import { hasRealData, realBars, REAL_SERIES, type RealSeries } from './fixtures/real-bars.ts';
import type { IndicatorInput } from './input.ts';
import { parityPage, type Parity } from './fixtures/parity-page.ts';
import { parseSpec } from './spec.ts';

const SCRIPTS = join(import.meta.dirname, '../scripts');
const TOLERANCE = 1e-9;
const EXACT = 'exact fractions';
/** Of the largest value of an output: what the rounding of two ways may differ by where an output crosses zero. */
const NEAR_ZERO = 1e-12;

interface Reference {
  readonly spec: string;
  readonly by: string;
  readonly outputs: readonly (readonly (number | null)[])[];
}

/** What is rounding alone: RSI does not move while prices stand still, and where its range of some 1e-14 lies has no meaning. */
const ROUNDING_ALONE = new Set(['stochrsi(14,14,3) of XBTUSD minutes']);

/** What TA-Lib and others say of the bars. */
async function askReferences(python: string, bars: readonly IndicatorInput[]): Promise<readonly Reference[]> {
  const fields = ['open', 'high', 'low', 'close', 'volume'] as const;
  const columns = fields.map((field) => bars.map((bar) => bar[field]));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { maxBuffer: 512 * 1024 * 1024, timeout: 240_000 };
  const child = execFile(python, [join(SCRIPTS, 'reference.py')], options, (error, stdout) => {
    if (error === null) resolve(stdout);
    else reject(error);
  });
  child.stdin?.end(JSON.stringify(columns));
  return JSON.parse(await promise) as readonly Reference[];
}

/** The largest difference of an output, relative; values that nearly vanish count by the largest of the output. */
function difference(ours: Float64Array, theirs: readonly (number | null)[], place: string): number {
  expect(theirs.length, place).toBe(ours.length);
  let largest = 0;
  for (const value of theirs) largest = Math.max(largest, Math.abs(value ?? 0));
  let worst = 0;
  ours.forEach((value, row) => {
    const reference = theirs[row] ?? NaN;
    if (Number.isNaN(reference) !== Number.isNaN(value))
      throw new Error(`${place} at row ${row + 1}: ${value} for ${reference}`);
    const scale = Math.max(Math.abs(reference), (largest * NEAR_ZERO) / TOLERANCE);
    if (value !== reference && !Number.isNaN(value))
      worst = Math.max(worst, Math.abs(value - reference) / scale);
  });
  return worst;
}

async function parityOf(python: string, series: RealSeries): Promise<readonly Parity[]> {
  const bars = realBars(series);
  expect(bars.length).toBe(series.rows);
  const references = await askReferences(python, bars);
  return references.map(({ spec: text, by, outputs }) => {
    const parsed = parseSpec(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const columns = calculate(parsed.spec, bars);
    const worst = columns.map((column, index) =>
      difference(column, outputs[index] ?? [], `${text} of ${series.title}`),
    );
    const isRounding = ROUNDING_ALONE.has(`${text} of ${series.title}`);
    const found = { spec: text, by, series: series.title, rows: bars.length };
    return { ...found, worst: isRounding ? null : Math.max(...worst) };
  });
}

describe('on real daily and minute bars', () => {
  it('every indicator agrees with its reference to 1e-9', async ({ skip }) => {
    if (!hasRealData()) return skip('the real data is not beside the repository');
    const python = await referencePython()
      .then(async (path) => {
        await installPython(path, join(SCRIPTS, 'requirements.txt'));
        return { path };
      })
      .catch((error: unknown) => pythonFailure(error));
    if (typeof python === 'string') return skip(`TA-Lib could not be installed: ${python}`);
    const all: Parity[] = [];
    for (const series of REAL_SERIES) all.push(...(await parityOf(python.path, series)));
    await expect(parityPage(all)).toMatchFileSnapshot('../../../docs/indicator-parity.md');
    // Where TA-Lib's sums lose digits, fractions decide.
    const exact = new Set(all.filter(({ by }) => by === EXACT).map(({ spec }) => spec));
    const judged = all.filter(({ spec, by }) => by === EXACT || !exact.has(spec));
    expect(judged.filter(({ worst }) => (worst ?? 0) > TOLERANCE)).toEqual([]);
  }, 600_000);
});
