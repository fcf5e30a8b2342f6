import { err, ok, type Result } from '@tickwell/domain';
import { commonType } from './widening.ts';

/** A column as schemas are compared. */
export interface FrameColumn {
  readonly name: string;
  /** Arrow's name of the type: "int64", "timestamp[ns, UTC]", "dictionary<int8, utf8>". */
  readonly type: string;
  readonly nullable: boolean;
}

/** Why rows do not go into a frame: the column with both its types. */
export interface SchemaRefusal {
  readonly column: string;
  readonly before: string;
  readonly incoming: string;
  /** One sentence that names them and says what to do. */
  readonly message: string;
}

/**
 * The columns of a frame after rows of other columns came in: those there were, widened where need be, then new ones. What one side lacks is
 * null there, so it becomes nullable. Names are unique on each side (`duplicateColumn`). Widening: docs/adr/0031-frames.md.
 */
export function unifySchemas(
  before: readonly FrameColumn[],
  incoming: readonly FrameColumn[],
): Result<readonly FrameColumn[], SchemaRefusal> {
  if (before.length === 0) return ok(incoming);
  const arriving = new Map(incoming.map((column) => [column.name, column]));
  const unified: FrameColumn[] = [];
  for (const column of before) {
    const other = arriving.get(column.name);
    arriving.delete(column.name);
    const type = other === undefined ? column.type : commonType(column.type, other.type);
    if (type === undefined) return err(refusal(column, other?.type ?? ''));
    unified.push({ name: column.name, type, nullable: column.nullable || (other?.nullable ?? true) });
  }
  for (const { name, type } of arriving.values()) unified.push({ name, type, nullable: true });
  return ok(unified);
}

/** The first name that occurs twice; undefined: none does. */
export function duplicateColumn(columns: readonly FrameColumn[]): string | undefined {
  const seen = new Set<string>();
  return columns.find(({ name }) => seen.size === seen.add(name).size)?.name;
}

/** Whether both have the same columns of the same types in the same order; what may be null does not matter. */
export function sameColumns(a: readonly FrameColumn[], b: readonly FrameColumn[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, type }, index) => b[index]?.name === name && b[index].type === type)
  );
}

function refusal({ name, type }: FrameColumn, incoming: string): SchemaRefusal {
  const message = `column ${JSON.stringify(name)} is ${type} and the rows have ${incoming}, and no type holds both without loss: convert it to ${type} before, or write the frame anew`;
  return { column: name, before: type, incoming, message };
}
