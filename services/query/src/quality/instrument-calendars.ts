import { calendar, type Calendar } from '@tickwell/calendar';
import type { ConfigEntry } from '@tickwell/config';
import { err, type Result } from '@tickwell/domain';
import { InstrumentMap } from '@tickwell/instruments';

/** Which calendar an instrument follows, as the configuration has it now. */
export class InstrumentCalendars {
  readonly #map = new InstrumentMap();

  apply(entry: ConfigEntry): void {
    if (entry.kind === 'instrument') this.#map.apply(entry);
  }

  /** The one that is named, else that of the instrument's document; the error says how to name one. */
  of(symbol: string, named: string): Result<Calendar, string> {
    if (named !== '') return calendar(named);
    const own = this.#map.get(symbol)?.calendar ?? '';
    if (own === '')
      return err(
        `${symbol} has no calendar: name one in the request, or in its document (tickwell instrument add ${symbol} --calendar XNYS)`,
      );
    const found = calendar(own);
    return found.ok ? found : err(`instrument ${symbol}: ${found.error}`);
  }
}
