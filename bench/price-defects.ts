/**
 * How well the rules tell defective rows from clean ones: the table over the defect/fixed pairs of Yahoo prices and over files that no
 * defect is listed for. Needs the real data beside the repository (TICKWELL_TEST_DATA); no Kafka, no QuestDB.
 */
import { basename, join } from 'node:path';
import { validateTable } from '@tickwell/validation';
import {
  CLEAN_FILES,
  DATA_MISSING,
  defectFiles,
  PAIRS_DIR,
  scoreOf,
  tableOf,
  type DefectScore,
} from '../tools/cli/src/validate/fixtures/price-defects.ts';
import type { TableReport } from '@tickwell/validation';

async function reportOf(path: string): Promise<TableReport> {
  const report = validateTable(await tableOf(path), {});
  if (!report.ok) throw new Error(`${path}: ${report.error}`);
  return report.value;
}

function line(name: string, { defective, caught, clean, flagged }: DefectScore): string {
  const share = (part: number, of: number): string =>
    of === 0 ? '-' : `${((part / of) * 100).toFixed(2)} %`;
  return [
    name.padEnd(44),
    String(defective).padStart(8),
    share(caught, defective).padStart(10),
    String(clean).padStart(9),
    share(flagged, clean).padStart(9),
  ].join('');
}

function sum(scores: readonly DefectScore[]): DefectScore {
  const add = (key: keyof DefectScore): number => scores.reduce((total, score) => total + score[key], 0);
  return { defective: add('defective'), caught: add('caught'), clean: add('clean'), flagged: add('flagged') };
}

function section(title: string, scores: ReadonlyMap<string, DefectScore>): void {
  console.log(`\n${title.padEnd(44)}defective    caught    clean  flagged`);
  for (const [name, score] of scores) console.log(line(name, score));
  console.log(line('together', sum([...scores.values()])));
}

if (DATA_MISSING !== undefined) {
  console.log(DATA_MISSING);
} else {
  const pairs = new Map<string, DefectScore>();
  for (const name of defectFiles()) {
    pairs.set(name, await scoreOf(name, await reportOf(join(PAIRS_DIR, name))));
  }
  section('pairs', pairs);
  const clean = new Map<string, DefectScore>();
  for (const path of CLEAN_FILES) {
    const { rows, rowsWithFindings } = await reportOf(path);
    clean.set(basename(path), { defective: 0, caught: 0, clean: rows, flagged: rowsWithFindings });
  }
  section('no defect listed', clean);
}
