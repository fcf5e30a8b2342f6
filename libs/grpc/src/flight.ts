import { flightProtocol } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import {
  bindDuplex,
  bindStream,
  bindUnary,
  type BoundMethod,
  type StreamHandler,
  type UnaryHandler,
} from './bind.ts';

const METHODS = flightProtocol.FlightService.method;

type Of<K extends keyof typeof METHODS> = (typeof METHODS)[K];

/** The methods of arrow.flight.protocol.FlightService that are served. */
export interface FlightHandlers {
  readonly listFlights: StreamHandler<Of<'listFlights'>['input'], Of<'listFlights'>['output']>;
  readonly getFlightInfo: UnaryHandler<Of<'getFlightInfo'>['input'], Of<'getFlightInfo'>['output']>;
  readonly getSchema: UnaryHandler<Of<'getSchema'>['input'], Of<'getSchema'>['output']>;
  readonly doGet: StreamHandler<Of<'doGet'>['input'], Of<'doGet'>['output']>;
}

export function bindFlight(handlers: FlightHandlers): readonly BoundMethod[] {
  return [
    bindDuplex(METHODS.handshake, () =>
      refused(
        'Handshake is not used: send the token of each call in the header authorization, as "Bearer <token>"',
      ),
    ),
    bindStream(METHODS.listFlights, handlers.listFlights),
    bindUnary(METHODS.getFlightInfo, handlers.getFlightInfo),
    bindUnary(METHODS.getSchema, handlers.getSchema),
    bindStream(METHODS.doGet, handlers.doGet),
    bindDuplex(METHODS.doPut, () =>
      refused('DoPut is not served: what the flow has is written by sources, and is read-only here'),
    ),
    bindDuplex(METHODS.doExchange, () =>
      refused('DoExchange is not used: read with DoGet, write with DoPut'),
    ),
    bindStream(METHODS.doAction, ({ type }) =>
      refused(`there is no action ${JSON.stringify(type.slice(0, 80))}: there are none`),
    ),
    bindStream(METHODS.listActions, () => none()),
  ];
}

/** An answer that is nothing but an error. */
function refused(message: string): AsyncIterable<never> {
  const next = (): Promise<IteratorResult<never>> =>
    Promise.reject(new TickwellError('unimplemented', message));
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

/** An answer without a message. */
function none(): AsyncIterable<never> {
  const next = (): Promise<IteratorResult<never>> => Promise.resolve({ done: true, value: undefined });
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
