/** How the store keeps lists of frames in text columns; written and read here only. */

/** A file of the segment store as `frame_versions.reused` names it. */
export interface SegmentText {
  readonly sha256: string;
  readonly rows: number;
  readonly bytes: number;
  readonly minIndexNs?: bigint | undefined;
  readonly maxIndexNs?: bigint | undefined;
  readonly sorted: boolean;
}

export interface ColumnText {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** Null where there are none: most versions reuse nothing. Times are texts, as they do not fit a double. */
export function segmentsToText(segments: readonly SegmentText[]): string | null {
  if (segments.length === 0) return null;
  return JSON.stringify(
    segments.map(({ sha256, rows, bytes, minIndexNs, maxIndexNs, sorted }) => [
      sha256,
      rows,
      bytes,
      minIndexNs?.toString() ?? null,
      maxIndexNs?.toString() ?? null,
      sorted,
    ]),
  );
}

export function segmentsFromText(text: string | null): readonly SegmentText[] {
  return listsOf(text).map(([sha256, rows, bytes, min, max, sorted]) => ({
    sha256: String(sha256),
    rows: Number(rows),
    bytes: Number(bytes),
    minIndexNs: timeOf(min),
    maxIndexNs: timeOf(max),
    sorted: sorted === true,
  }));
}

export function columnsToText(columns: readonly ColumnText[]): string {
  return JSON.stringify(columns.map(({ name, type, nullable }) => [name, type, nullable]));
}

export function columnsFromText(text: string | null): readonly ColumnText[] {
  return listsOf(text).map(([name, type, nullable]) => ({
    name: String(name),
    type: String(type),
    nullable: nullable === true,
  }));
}

export function versionsToText(versions: readonly bigint[]): string | null {
  return versions.length === 0 ? null : JSON.stringify(versions.map(Number));
}

export function versionsFromText(text: string | null): readonly number[] {
  const parsed: unknown = text === null ? [] : JSON.parse(text);
  return Array.isArray(parsed) ? parsed.map(Number) : [];
}

function listsOf(text: string | null): readonly (readonly unknown[])[] {
  const parsed: unknown = text === null || text === '' ? [] : JSON.parse(text);
  if (!Array.isArray(parsed)) return [];
  return parsed.map((entry: unknown): readonly unknown[] => (Array.isArray(entry) ? entry : []));
}

function timeOf(value: unknown): bigint | undefined {
  return typeof value === 'string' ? BigInt(value) : undefined;
}
