import { parseSpec, splitSpecs } from '@tickwell/indicators';
import type { IndicatorsChunk } from './indicator-options.ts';

/** Indicators side by side: a row per bar, a column per output. */
export interface IndicatorTableChunk extends Pick<
  IndicatorsChunk,
  'source' | 'mode' | 'anchorNs' | 'priceBasis' | 'unusableBars'
> {
  readonly startNs: readonly bigint[];
  /** Named as the specifications were written: `RSI(14)`, `MACD(12,26,9).signal`; NaN where one is not warm, or has no value. */
  readonly columns: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export interface IndicatorTableRow {
  readonly startNs: bigint;
  readonly source: string;
  /** By column. */
  readonly values: Readonly<Record<string, number>>;
}

/** Specifications as they are written in a list, by the names that the server answers. */
export function namesBySpec(specs: string): ReadonlyMap<string, string> {
  return new Map(
    splitSpecs(specs).map((text) => {
      const parsed = parseSpec(text);
      return [parsed.ok ? parsed.spec.id : text, text];
    }),
  );
}

/** Chunks of the same bars as one. */
export async function* indicatorTable(
  chunks: AsyncIterable<IndicatorsChunk>,
  names: ReadonlyMap<string, string>,
): AsyncGenerator<IndicatorTableChunk> {
  let alike: IndicatorsChunk[] = [];
  for await (const chunk of chunks) {
    const [first] = alike;
    if (first !== undefined && (chunk.batch === 0 || chunk.batch !== first.batch)) {
      yield sideBySide(alike, first, names);
      alike = [];
    }
    alike.push(chunk);
  }
  const [first] = alike;
  if (first !== undefined) yield sideBySide(alike, first, names);
}

export function* indicatorTableRows({
  source,
  startNs,
  columns,
}: IndicatorTableChunk): Generator<IndicatorTableRow> {
  for (const [row, start] of startNs.entries()) {
    const values = Object.fromEntries(columns.map(({ name, values: all }) => [name, all[row] ?? Number.NaN]));
    yield { startNs: start, source, values };
  }
}

function sideBySide(
  alike: readonly IndicatorsChunk[],
  { source, mode, anchorNs, priceBasis, unusableBars }: IndicatorsChunk,
  names: ReadonlyMap<string, string>,
): IndicatorTableChunk {
  const startNs = commonStarts(alike);
  const places = new Map(startNs.map((start, row) => [start, row]));
  const columns = alike.flatMap((chunk) => {
    const name = names.get(chunk.specId) ?? chunk.specId;
    return chunk.outputs.map((output) => ({
      name: chunk.outputs.length === 1 ? name : `${name}.${output.name}`,
      values: chunk.startNs === startNs ? output.value : placed(chunk.startNs, output.value, places),
    }));
  });
  return { source, mode, anchorNs, priceBasis, unusableBars, startNs, columns };
}

/** The bars of all of them: mostly those of each. */
function commonStarts(alike: readonly IndicatorsChunk[]): readonly bigint[] {
  const [first = [], ...others] = alike.map(({ startNs }) => startNs);
  if (
    others.every((each) => each.length === first.length && each.every((start, row) => start === first[row]))
  )
    return first;
  return [...new Set([first, ...others].flat())].sort((a, b) => (a < b ? -1 : 1));
}

function placed(
  startNs: readonly bigint[],
  values: readonly number[],
  places: ReadonlyMap<bigint, number>,
): number[] {
  const column = Array.from({ length: places.size }, () => Number.NaN);
  for (const [row, start] of startNs.entries()) column[places.get(start) ?? -1] = values[row] ?? Number.NaN;
  return column;
}
