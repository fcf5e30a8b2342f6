/** One column of a table for people. */
export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows as aligned lines under their titles; the last left-aligned column is not padded. */
export function formatTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, at) =>
    rows.reduce((width, row) => Math.max(width, visibleLength(row[at] ?? '')), title.length),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) => pad(cells[at] ?? '', widths[at] ?? 0, align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const fill = ' '.repeat(Math.max(0, width - visibleLength(text)));
  return align === 'right' ? fill + text : text + fill;
}

// eslint-disable-next-line no-control-regex -- colours begin with the escape character
const COLOUR = /\u001B\[\d+m/g;

/** Length as it is seen: colours take no room. */
function visibleLength(text: string): number {
  return text.replaceAll(COLOUR, '').length;
}
