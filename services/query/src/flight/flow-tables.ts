import { err, ok, parseBarLength, type Result } from '@tickwell/domain';
import { barTable } from './bar-table.ts';
import type { FlowCalls, FlowTable } from './flow-table.ts';
import { quoteTable, tradeTable } from './tick-tables.ts';

const FLOW_PREFIX = 'md.';
const LIBRARIES = 'md.trades, md.quotes, md.bars.<interval> such as md.bars.1d';

/** Whether a library is the flow's: nobody else's may be called so. */
export function isFlowLibrary(library: string): boolean {
  return library === 'md' || library.startsWith(FLOW_PREFIX);
}

export class FlowTables {
  readonly #calls: FlowCalls;

  constructor(calls: FlowCalls) {
    this.#calls = calls;
  }

  of(library: string): Result<FlowTable, string> {
    if (library === 'md.trades' || library === 'md.ticks') return ok(tradeTable(library, this.#calls));
    if (library === 'md.quotes') return ok(quoteTable(this.#calls));
    const interval = /^md\.bars\.(.+)$/.exec(library)?.[1];
    if (interval === undefined)
      return err(
        `there is no library ${JSON.stringify(library.slice(0, 80))}: of the flow there are ${LIBRARIES}`,
      );
    const length = parseBarLength(interval);
    return length.ok ? ok(barTable(interval, this.#calls)) : err(`library md.bars.…: ${length.error}`);
  }
}
