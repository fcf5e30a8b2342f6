import type { ArrowField, ArrowValues } from '@tickwell/ports';

/** Fields whose columns go by another name in requests. */
const TIME_NAMES: ReadonlySet<string> = new Set(['time_ns', 'timeNs', 'start_ns', 'startNs']);

/**
 * The fields that a request's columns name, in the table's order; all where it names none. The time comes first, always. Names are checked where the
 * request is read.
 */
export function chosenFields(
  fields: readonly ArrowField[],
  columns: readonly string[],
): {
  readonly fields: readonly ArrowField[];
  readonly pick: (values: Readonly<Record<string, ArrowValues>>) => readonly ArrowValues[];
} {
  const wanted = new Set(columns.filter((name) => !TIME_NAMES.has(name)));
  const chosen =
    columns.length === 0 ? fields : fields.filter(({ name }, at) => at === 0 || wanted.has(name));
  return { fields: chosen, pick: (values) => chosen.map(({ name }) => values[name]) };
}
