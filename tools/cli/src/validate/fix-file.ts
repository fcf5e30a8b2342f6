import { createHash } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TickwellError } from '@tickwell/domain';
import type { FileTable } from '@tickwell/feed-files';
import type { Cell } from '@tickwell/text';
import type { TableFix } from '@tickwell/validation';

/** Refuses what cannot be written before anything is read. */
export function checkFixTarget(files: readonly string[], out: string): void {
  const wrong = (text: string): never => {
    throw new TickwellError('invalid-argument', text);
  };
  if (files.length !== 1) wrong(`--fix writes one file, and ${files.length} are named: fix them one by one`);
  if (!/\.csv(\.gz)?$/i.test(out)) wrong(`--fix ${out}: the name must end in .csv or .csv.gz`);
  if (files.some((file) => file === resolve(out))) wrong(`--fix ${out}: that is the file itself`);
}

/** Writes a table as it was, but for what the fix changes and leaves out. The file is there as a whole or not at all. */
export function writeFixed(table: FileTable, fix: TableFix, out: string): number {
  const removed = new Set(fix.removed.map(({ row }) => row));
  const lines = [
    (table.columns ?? []).map((name) => field(Buffer.from(name, 'utf8').toString('latin1'))).join(','),
  ];
  for (const [index, { cells }] of table.rows.entries()) {
    const row = index + 1;
    if (cells === undefined || removed.has(row)) continue;
    const changes = fix.cells.get(row);
    lines.push(cells.map((cell, column) => field(shortened(changes?.get(column)) ?? cell)).join(','));
  }
  const bytes = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  const temporary = `${out}.${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}.tmp`;
  try {
    writeFileSync(temporary, /\.gz$/i.test(out) ? gzipSync(bytes) : bytes);
    renameSync(temporary, out);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new TickwellError('write-failed', `${out} cannot be written`, { cause });
  }
  return lines.length - 1;
}

/** Without what binary fractions add: 34.8, not 34.800000000000004. */
function shortened(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(12));
}

/** One cell as CSV holds it; text keeps its bytes. */
function field(cell: Cell): string {
  const text = cell === null || cell === undefined ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
