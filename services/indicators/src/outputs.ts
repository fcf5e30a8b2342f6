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
