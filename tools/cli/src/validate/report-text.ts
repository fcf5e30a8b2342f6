import type { TableFinding, TableNote } from '@tickwell/validation';
import { formatCount } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import type { FileReport, Fixed } from './validate-file.ts';

const SHOWN_PER_RULE = 3;
const SHOWN_NOTES = 5;

/** A report for people: a summary by rule, then the first findings of each. */
export function reportLines(name: string, report: FileReport): readonly string[] {
  const { findings, rows, rowsWithFindings, symbols, notes } = report;
  const of = symbols > 1 ? ` of ${formatCount(symbols)} symbols` : '';
  const verdict =
    findings.length === 0
      ? 'no findings'
      : `${formatCount(findings.length)} finding${findings.length === 1 ? '' : 's'} about ${formatCount(rowsWithFindings)} rows`;
  const lines = [`${name}: ${formatCount(rows)} rows${of}: ${verdict}`];
  const byRule = Map.groupBy(findings, ({ rule }) => rule);
  if (byRule.size > 0) lines.push(...summary(byRule));
  for (const [rule, found] of byRule) {
    lines.push('', `  ${rule}`);
    for (const finding of found.slice(0, SHOWN_PER_RULE)) lines.push(`    ${findingText(finding, symbols)}`);
    const more = found.length - SHOWN_PER_RULE;
    if (more > 0) lines.push(`    and ${formatCount(more)} more (--json lists all)`);
  }
  if (notes.length > 0) lines.push('', ...notes.slice(0, SHOWN_NOTES).map((note) => `  ${noteText(note)}`));
  if (notes.length > SHOWN_NOTES) lines.push(`  and ${formatCount(notes.length - SHOWN_NOTES)} more notes`);
  if (report.fixed !== undefined) lines.push('', ...fixedLines(report.fixed));
  return lines;
}

function fixedLines({ out, rows, changed, removed, remaining }: Fixed): readonly string[] {
  const values = Object.entries(changed).map(([column, count]) => `${column} ${formatCount(count)}`);
  return [
    `  ${out}: ${formatCount(rows)} rows, ${formatCount(removed.length)} left out, ${values.length === 0 ? 'no values' : values.join(', ')} replaced, ${formatCount(remaining)} findings left`,
    ...removed
      .slice(0, SHOWN_PER_RULE)
      .map(({ row, rule, message }) => `    row ${row} left out (${rule}): ${message}`),
  ];
}

function summary(byRule: ReadonlyMap<string, readonly TableFinding[]>): readonly string[] {
  const rows = [...byRule].map(([rule, found]) => [
    rule,
    found[0]?.severity ?? '',
    formatCount(found.length),
    formatCount(found.reduce((sum, finding) => sum + ('rows' in finding ? finding.rows : 1), 0)),
  ]);
  const table = formatTable(
    [
      { title: 'rule' },
      { title: 'severity' },
      { title: 'findings', align: 'right' },
      { title: 'rows', align: 'right' },
    ],
    rows,
  );
  return ['', ...table.map((line) => `  ${line}`)];
}

function findingText(finding: TableFinding, symbols: number): string {
  const symbol = symbols > 1 ? `${finding.symbol} ` : '';
  const place =
    'rows' in finding
      ? `${finding.from} to ${finding.to} (${formatCount(finding.rows)} rows)`
      : `row ${finding.row}${finding.time === null ? '' : `, ${finding.time}`}`;
  return `${symbol}${place}: ${finding.message}`;
}

function noteText({ rule, symbol, count, message }: TableNote): string {
  return `note (${rule}, ${symbol}): ${formatCount(count)} rows: ${message}`;
}
