import { ConfigReader } from '@tickwell/config';
import { InstrumentMap } from '@tickwell/instruments';
import { VERBATIM, type EventLog, type InstrumentResolver, type Logger } from '@tickwell/ports';

/** The instrument map as the configuration has it: names are ids until it is loaded, and later jobs see later changes. */
export class FollowedInstruments implements InstrumentResolver {
  #map: InstrumentResolver = VERBATIM;

  named(...query: Parameters<InstrumentResolver['named']>): ReturnType<InstrumentResolver['named']> {
    return this.#map.named(...query);
  }

  has(id: string): boolean {
    return this.#map.has(id);
  }

  ownersOf(...query: Parameters<InstrumentResolver['ownersOf']>): ReturnType<InstrumentResolver['ownersOf']> {
    return this.#map.ownersOf(...query);
  }

  /** Resolves once the map is as the log has it; goes on following until the log is closed. */
  async load(log: EventLog, logger: Logger): Promise<void> {
    const map = new InstrumentMap();
    const reader = new ConfigReader({ log, logger });
    reader.onChange((entry) => {
      if (entry.kind === 'instrument') map.apply(entry);
    });
    await reader.start();
    reader.done.catch((error: unknown) => {
      logger.warn(
        { err: error },
        'the configuration is not followed any more: jobs to come use the instrument map as it was',
      );
    });
    for (const problem of map.problems()) logger.warn({ problem }, `instrument map: ${problem}`);
    this.#map = map;
  }
}
