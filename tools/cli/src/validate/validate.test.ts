import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { checkFixTarget } from './fix-file.ts';
import { reportLines } from './report-text.ts';
import { validateFile } from './validate-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'tickwell-validate-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const NOW_NS = 1_796_000_000_000_000_000n;

function written(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

const HEAD = 'Datetime,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits';
const row = (day: number, close: number): string =>
  `2024-01-${String(day).padStart(2, '0')} 00:00:00+01:00,${close},${close},${close},${close},${close},1000,0.0,0.0`;

describe('tickwell validate', () => {
  it('finds a row in cents in a packed file of Yahoo, newest first', async () => {
    const closes = [34.2, 34.8, 3462, 34.1, 34.9, 34.4, 34.6];
    const lines = closes.map((close, index) => row(20 - index, close));
    const report = await validateFile(written('SSW-JO.csv.gz', [HEAD, ...lines]), {}, NOW_NS);
    expect(report.ok && report.value.findings).toEqual([
      {
        rule: 'unit-error',
        severity: 'quarantine',
        symbol: 'SSW-JO',
        message: 'prices are 100 times too large: close 3462 where 34.62 was to be expected',
        row: 3,
        time: '2024-01-18T00:00:00+01:00',
      },
    ]);
    const text = report.ok ? reportLines('SSW-JO.csv.gz', report.value) : [];
    expect(text[0]).toBe('SSW-JO.csv.gz: 7 rows: 1 finding about 1 rows');
    expect(text.join('\n')).toContain('row 3, 2024-01-18T00:00:00+01:00: prices are 100 times too large');
  });

  it('writes the file repaired, every other byte as it was', async () => {
    const path = written('öl.csv', [
      `Näme,${HEAD}`,
      ...[34.2, 3480, 34.1, 34.9, 34.4, 34.6].map((close, at) => `ö,${row(at + 2, close)}`),
      'ö,nonsense',
    ]);
    const out = join(folder, 'fixed.csv.gz');
    const report = await validateFile(path, { fix: out }, NOW_NS);
    expect(report.ok && report.value.fixed).toMatchObject({
      rows: 6,
      remaining: 0,
      removed: [{ row: 7, rule: 'column-count' }],
    });
    const lines = gunzipSync(readFileSync(out)).toString('utf8').split('\n');
    expect(lines.slice(0, 3)).toEqual([`Näme,${HEAD}`, `ö,${row(2, 34.2)}`, `ö,${row(3, 34.8)}`]);
    expect(() => {
      checkFixTarget([out], out);
    }).toThrow(/that is the file itself/);
  });

  it('names a line that cannot be read and judges the others', async () => {
    const report = await validateFile(
      written('x.csv', [HEAD, row(2, 10), 'nonsense', row(4, 10.1)]),
      {},
      NOW_NS,
    );
    expect(report.ok && report.value).toMatchObject({
      rows: 3,
      findings: [{ rule: 'column-count', row: 2, time: null }],
    });
  });

  it('says in one line why a file cannot be judged', async () => {
    const empty = await validateFile(written('empty.csv', [HEAD]), {}, NOW_NS);
    expect(!empty.ok && empty.error).toMatch(/empty.csv: there is no row/);
    const other = await validateFile(written('other.csv', ['Name,City', 'A,B']), {}, NOW_NS);
    expect(!other.ok && other.error).toMatch(/other.csv: no column for .*its columns are Name, City/);
    const none = await validateFile(join(folder, 'none.csv'), {}, NOW_NS);
    expect(!none.ok && none.error).toMatch(/cannot be read/);
  });
});
