/**
 * Cuts what goes out into pieces a record can hold: of one known-at, which only the header says, and of at most `most` events.
 * The order stays.
 */
export function cutForRecords<T extends { readonly knownAtNs: bigint }>(
  items: readonly T[],
  most: number,
): T[][] {
  const pieces: T[][] = [];
  let piece: T[] = [];
  for (const item of items) {
    const [first] = piece;
    if (first !== undefined && (first.knownAtNs !== item.knownAtNs || piece.length === most)) {
      pieces.push(piece);
      piece = [];
    }
    piece.push(item);
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}

/** Rows of one list among several, by its index. */
export interface Packed<T> {
  readonly index: number;
  readonly items: readonly T[];
}

/**
 * Packs several lists into as few records as it takes: each of one known-at and at most `most` items, and of each list the items stay in
 * order. A list without items has no part.
 */
export function packForRecords<T extends { readonly knownAtNs: bigint }>(
  lists: readonly (readonly T[])[],
  most: number,
): { readonly knownAtNs: bigint; readonly parts: readonly [Packed<T>, ...Packed<T>[]] }[] {
  const waiting = lists.map((items, index) => ({ index, pieces: cutForRecords(items, most) }));
  const records: { knownAtNs: bigint; parts: [Packed<T>, ...Packed<T>[]] }[] = [];
  for (;;) {
    const first = waiting.find(({ pieces }) => pieces.length > 0);
    const items = first?.pieces.shift();
    if (first === undefined || items === undefined) return records;
    const knownAtNs = items[0]?.knownAtNs ?? 0n;
    const parts: [Packed<T>, ...Packed<T>[]] = [{ index: first.index, items }];
    let count = items.length;
    for (const { index, pieces } of waiting) {
      const [next] = pieces;
      if (index <= first.index || next?.[0]?.knownAtNs !== knownAtNs || count + next.length > most) continue;
      pieces.shift();
      parts.push({ index, items: next });
      count += next.length;
    }
    records.push({ knownAtNs, parts });
  }
}
