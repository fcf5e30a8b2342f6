import type { queryV1 } from '@tickwell/contracts';
import type { CallSignal } from '../history.ts';
import type { InstrumentCalendars } from '../quality/instrument-calendars.ts';
import { AlignCalls } from './align-calls.ts';
import { AsOfCalls } from './as-of-calls.ts';
import type { SeriesCalls } from './joined-series.ts';
import { manyBars } from './many-bars.ts';

/** Reads of several symbols in one call, made of reads of one. */
export class SeveralCalls {
  readonly #calls: SeriesCalls;
  readonly #align: AlignCalls;
  readonly #asOf: AsOfCalls;

  constructor(
    history: Omit<SeriesCalls, 'getIndicators'>,
    indicators: Pick<SeriesCalls, 'getIndicators'>,
    calendars: Pick<InstrumentCalendars, 'of'>,
  ) {
    this.#calls = {
      getBars: (request, call) => history.getBars(request, call),
      getTicks: (request, call) => history.getTicks(request, call),
      getQuotes: (request, call) => history.getQuotes(request, call),
      getIndicators: (request, call) => indicators.getIndicators(request, call),
    };
    const { getBars } = this.#calls;
    this.#align = new AlignCalls({ getBars, calendarOf: (symbol, named) => calendars.of(symbol, named) });
    this.#asOf = new AsOfCalls(this.#calls);
  }

  /** Of one symbol, or of several one after the other. */
  getBars(request: queryV1.GetBarsRequest, call: CallSignal): AsyncGenerator<queryV1.GetBarsResponse> {
    const { getBars } = this.#calls;
    return request.symbols.length === 0 ? getBars(request, call) : manyBars(request, call, getBars);
  }

  getAligned(
    request: queryV1.GetAlignedRequest,
    call: CallSignal,
  ): AsyncIterable<queryV1.GetAlignedResponse> {
    return this.#align.getAligned(request, call);
  }

  joinAsOf(request: queryV1.JoinAsOfRequest, call: CallSignal): AsyncIterable<queryV1.JoinAsOfResponse> {
    return this.#asOf.joinAsOf(request, call);
  }
}
