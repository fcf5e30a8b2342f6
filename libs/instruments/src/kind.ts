import { checkSymbol } from '@tickwell/domain';
import { calendarProblem } from './calendar-name.ts';
import { readInstrument } from './instrument.ts';
import { InstrumentMap } from './map.ts';

/** What the configuration service checks of documents of kind `instrument` before it writes them. */
export const INSTRUMENT_KIND = {
  check: (id: string, document: unknown): readonly string[] => {
    const checked = checkSymbol(id);
    const read = readInstrument(id, document);
    // Only of what is written: a document of before counts, whatever its calendar is called.
    const calendar = read.ok ? calendarProblem(read.value.calendar) : undefined;
    return [
      ...(checked.ok ? [] : [checked.error]),
      ...(read.ok ? [] : read.error),
      ...(calendar === undefined ? [] : [calendar]),
    ];
  },
  createIndex: (): InstrumentMap => new InstrumentMap(),
};
