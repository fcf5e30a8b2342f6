import type { EventPlan } from './event-builder.ts';
import { cellAt, type Row, type RowBlock } from './rows.ts';

/** A newest-first file is read backwards from memory, so it must be small. */
export const MAX_REVERSED_BYTES = 64 * 1024 * 1024;

/**
 * Whether every instrument of these rows goes back in time and none forward. A file of one row, or with rows both ways, is read
 * as it is.
 */
export function findOrder(rows: readonly Row[], plan: EventPlan): 'ascending' | 'descending' {
  const symbolAt = plan.mapping.get('symbol')?.[0];
  const timeAt = plan.mapping.get('time') ?? [];
  const last = new Map<string, bigint>();
  let falls = 0;
  for (const row of rows) {
    const symbol = symbolAt === undefined ? '' : String(row.cells[symbolAt] ?? '');
    const timeNs = plan.time.instantNs(cellAt(row, timeAt));
    if (timeNs === undefined) continue;
    const before = last.get(symbol);
    if (before !== undefined && timeNs > before) return 'ascending';
    if (before !== undefined && timeNs < before) falls++;
    last.set(symbol, timeNs);
  }
  return falls > 0 ? 'descending' : 'ascending';
}

/** The rows in the opposite order. Positions count from the end of the file, so that they grow as they are read. */
export async function* reversed(blocks: AsyncIterable<RowBlock>): AsyncGenerator<RowBlock> {
  const all: RowBlock[] = [];
  for await (const block of blocks) all.push(block);
  const total = all.at(-1)?.lastPosition ?? 0;
  const flip = (position: number): number => total + 1 - position;
  const starts = all.map((_, index) => all[index - 1]?.lastPosition ?? 0);
  for (const [index, block] of [...all.entries()].reverse()) {
    yield {
      rows: block.rows.map((row) => ({ ...row, position: flip(row.position) })).reverse(),
      refused: block.refused
        .map((refusal) => ({ ...refusal, position: BigInt(flip(Number(refusal.position))) }))
        .reverse(),
      lastPosition: flip((starts[index] ?? 0) + 1),
    };
  }
}
