import type { Slice } from '../chunks.ts';
import type { Block } from './block-grid.ts';
import type { Piece } from './entry.ts';
import type { ReadMethod, TimesNs } from './methods.ts';

type Codec<R, A> = Pick<ReadMethod<R, A>, 'timesNs' | 'slice' | 'encode' | 'decode'>;

/** Some rows of an answer as a piece; undefined where there are none. */
export function pieceOf<R, A>(method: Codec<R, A>, answer: A, from: number, to: number): Piece | undefined {
  const times = method.timesNs(answer);
  const [firstNs, lastNs] = [times.at(from), times.at(to - 1)];
  if (firstNs === undefined || lastNs === undefined || to <= from) return undefined;
  const part: Slice = { from, to, whole: to - from === times.length };
  const bytes = method.encode(part.whole ? answer : method.slice(answer, part));
  return { bytes, firstNs, lastNs, rows: to - from };
}

/** Of some pieces the rows within a range; a piece that lies in it whole is not touched. */
export function piecesWithin<R, A>(
  method: Codec<R, A>,
  pieces: readonly Piece[],
  { startNs, endNs }: Block,
): { readonly pieces: readonly Piece[]; readonly isCut: boolean } {
  let isCut = false;
  const kept = pieces.flatMap((piece) => {
    const isLate = startNs === undefined || piece.firstNs >= startNs;
    const isEarly = endNs === undefined || piece.lastNs < endNs;
    if (isLate && isEarly) return [piece];
    if (startNs !== undefined && piece.lastNs < startNs) return [];
    if (endNs !== undefined && piece.firstNs >= endNs) return [];
    isCut = true;
    const answer = method.decode(piece.bytes);
    const times = method.timesNs(answer);
    const from = startNs === undefined ? 0 : lowerBound(times, startNs);
    const to = endNs === undefined ? times.length : lowerBound(times, endNs);
    return pieceOf(method, answer, from, to) ?? [];
  });
  return { pieces: kept, isCut };
}

/** The first so many rows. */
export function* cutPieces<R, A>(
  method: Codec<R, A>,
  pieces: readonly Piece[],
  limit: number,
): Generator<Piece> {
  let left = limit;
  for (const piece of pieces) {
    if (left <= 0) return;
    const cut = piece.rows <= left ? piece : pieceOf(method, method.decode(piece.bytes), 0, left);
    if (cut !== undefined) yield cut;
    left -= piece.rows;
  }
}

/** Index of the first time that is not before another; of sorted times. */
export function lowerBound(timesNs: TimesNs, timeNs: bigint, from = 0): number {
  let [low, high] = [from, timesNs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesNs.at(middle) ?? 0n) < timeNs) low = middle + 1;
    else high = middle;
  }
  return low;
}
