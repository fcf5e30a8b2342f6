import { formatBytes, formatCount, formatDuration, formatRate } from '../format/numbers.ts';
import { formatTable, type TableColumn } from '../format/table.ts';
import type { Terminal } from '../terminal.ts';
import type { PartStatus, PlatformStatus } from './collect.ts';

const COLUMNS: readonly TableColumn[] = [
  { title: 'part' },
  { title: 'state' },
  { title: 'pid', align: 'right' },
  { title: 'up', align: 'right' },
  { title: 'restarts', align: 'right' },
  { title: 'lag', align: 'right' },
  { title: 'rate', align: 'right' },
  { title: 'done', align: 'right' },
  { title: 'memory', align: 'right' },
  { title: 'why' },
];

/** The table of `status`, a line per part. */
export function statusLines(status: PlatformStatus, paint: Terminal['paint']): readonly string[] {
  const rows = status.parts.map((each) => [
    each.part,
    each.state === 'ready' ? paint('green', 'ready') : paint('red', each.state),
    each.pid === undefined ? '' : String(each.pid),
    each.uptimeMs === undefined ? '' : formatDuration(each.uptimeMs),
    each.restarts === undefined ? '' : String(each.restarts),
    each.lag === undefined ? '' : formatCount(each.lag),
    each.perSecond === undefined ? '' : formatRate(each.perSecond),
    doneText(each),
    each.residentBytes === undefined ? '' : formatBytes(each.residentBytes),
    each.reason,
  ]);
  return formatTable(COLUMNS, rows);
}

function doneText({ total, unit }: PartStatus): string {
  return total === undefined ? '' : `${formatCount(total)} ${unit ?? ''}`.trim();
}
