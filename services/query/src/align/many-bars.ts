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

/** What bars come as: messages, or bytes of them that are ready to be sent. */
export interface BarMessages<M> {
  readonly rows: (message: M) => number;
  /** The same, of a symbol that it says. */
  readonly named: (message: M, symbol: string) => M;
}

const MESSAGES: BarMessages<queryV1.GetBarsResponse> = {
  rows: ({ bars }) => bars?.startNs.length ?? 0,
  named: (message, symbol) => {
    message.symbol = symbol;
    return message;
  },
};

type BarsOf<M> = (request: queryV1.GetBarsRequest, call: CallSignal) => AsyncIterable<M>;

/** Eight symbols of at most two messages of some hundred kilobytes each. */
const AHEAD = { atOnce: 8, waiting: 2 };

/**
 * GetBars of several symbols: all of the first, then all of the next, in the order of the request. A symbol without bars, or whose bars cannot be answered
 * as they are wanted, has a message that says so, and the others go on; what is wrong with the request itself ends the call.
 */
export function manyBars(
  request: queryV1.GetBarsRequest,
  call: CallSignal,
  getBars: GetBars,
): AsyncGenerator<queryV1.GetBarsResponse> {
  return manyBarsAs(request, call, getBars, MESSAGES);
}

/** As {@link manyBars}, of bars that come as something else. */
export async function* manyBarsAs<M>(
  request: queryV1.GetBarsRequest,
  { signal }: CallSignal,
  getBars: BarsOf<M>,
  messages: BarMessages<M>,
): AsyncGenerator<M | queryV1.GetBarsResponse> {
  if (request.symbol !== '')
    throw new TickwellError('invalid-argument', 'symbol and symbols are both there: use one of them');
  const symbols = orRefuse(symbolsArgument(request.symbols));
  const read = (symbol: string, stop: AbortSignal): AsyncGenerator<M | queryV1.GetBarsResponse> =>
    barsOf(requestOf(request, symbol), stop, getBars, messages);
  yield* readInOrder(symbols, read, AHEAD, signal);
}

async function* barsOf<M>(
  request: queryV1.GetBarsRequest,
  signal: AbortSignal,
  getBars: BarsOf<M>,
  messages: BarMessages<M>,
): AsyncGenerator<M | queryV1.GetBarsResponse> {
  const { symbol } = request;
  let rows = 0;
  try {
    for await (const message of getBars(request, { signal })) {
      rows += messages.rows(message);
      yield messages.named(message, symbol);
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
