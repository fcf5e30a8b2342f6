/**
 * What real sources differ by: the classes of decisions over vendors that have the same days, and over Yahoo's prices with a defect beside the
 * same repaired. Needs the real data beside the repository (TICKWELL_TEST_DATA); no Kafka, no QuestDB.
 */
import { DIFFERENCE_CLASSES } from '@tickwell/domain';
import {
  DATA_MISSING,
  defectCases,
  reconcile,
  vendorCases,
  type RealCase,
} from '../libs/reconciliation/src/fixtures/real-bars.ts';

const CLASSES = DIFFERENCE_CLASSES.filter((name) => name !== 'missing');

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, at) => (at === 0 ? String(cell).padEnd(48) : String(cell).padStart(12))).join('');
}

function table(title: string, cases: readonly RealCase[]): void {
  console.log(`\n${row([title, 'bars', ...CLASSES])}`);
  const sums = CLASSES.map(() => 0);
  let allBars = 0;
  const startMs = performance.now();
  for (const one of cases) {
    const { bars, decisions } = reconcile(one);
    const counts = CLASSES.map(
      (name) => [...decisions.values()].filter((each) => each.class === name).length,
    );
    // Bars without a decision are equal.
    counts[0] = bars - decisions.size + (counts[0] ?? 0);
    allBars += bars;
    for (const [at, count] of counts.entries()) sums[at] = (sums[at] ?? 0) + count;
    console.log(row([one.name, bars, ...counts]));
  }
  const microseconds = ((performance.now() - startMs) * 1_000) / Math.max(1, allBars);
  console.log(row(['together', allBars, ...sums]));
  console.log(`${microseconds.toFixed(0)} µs a bar, reading the files included`);
}

if (DATA_MISSING !== undefined) console.log(DATA_MISSING);
else {
  table('vendors', vendorCases());
  table('defect beside fixed', defectCases());
}
