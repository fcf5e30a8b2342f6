import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { orRefuse, symbolsArgument } from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import { ownProblem } from './own-problem.ts';
import { readInOrder } from './read-in-order.ts';

/** Bars of one symbol, as GetBars answers them. */
export type GetBars = (
  request: queryV1.GetBarsRequest,
  call: CallSignal,
) => AsyncGenerator<queryV1.GetBarsResponse>;

/** Eight symbols of at most two messages of some hundred kilobytes each. */
const AHEAD = { atOnce: 8, waiting: 2 };

/**
 * GetBars of several symbols: all of the first, then all of the next, in the order of the request. A symbol without bars, or whose bars cannot be answered
 * as they are wanted, has a message that says so, and the others go on; what is wrong with the request itself ends the call.
 */
export async function* manyBars(
  request: queryV1.GetBarsRequest,
  { signal }: CallSignal,
  getBars: GetBars,
): AsyncGenerator<queryV1.GetBarsResponse> {
  if (request.symbol !== '')
    throw new TickwellError('invalid-argument', 'symbol and symbols are both there: use one of them');
  const symbols = orRefuse(symbolsArgument(request.symbols));
  yield* readInOrder(symbols, (symbol, stop) => barsOf(symbol, request, stop, getBars), AHEAD, signal);
}

async function* barsOf(
  symbol: string,
  request: queryV1.GetBarsRequest,
  signal: AbortSignal,
  getBars: GetBars,
): AsyncGenerator<queryV1.GetBarsResponse> {
  let rows = 0;
  try {
    for await (const message of getBars(requestOf(request, symbol), { signal })) {
      rows += message.bars?.startNs.length ?? 0;
      message.symbol = symbol;
      yield message;
    }
  } catch (error) {
    const problem = ownProblem(error);
    if (problem === undefined) throw error;
    yield create(queryV1.GetBarsResponseSchema, { symbol, problem });
    return;
  }
  if (rows === 0)
    yield create(queryV1.GetBarsResponseSchema, { symbol, problem: noBarsText(symbol, request) });
}

/** The same request of one symbol. */
export function requestOf(request: queryV1.GetBarsRequest, symbol: string): queryV1.GetBarsRequest {
  return create(queryV1.GetBarsRequestSchema, { ...request, symbol, symbols: [] });
}

export function noBarsText(
  symbol: string,
  { interval, source }: { readonly interval: string; readonly source: string },
): string {
  const of = source === '' || source === 'best' ? '' : ` of ${source}`;
  return `${symbol} has no ${interval} bars${of} in the range`;
}
