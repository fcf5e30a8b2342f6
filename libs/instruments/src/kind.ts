import { checkSymbol } from '@tickwell/domain';
import { readInstrument } from './instrument.ts';
import { InstrumentMap } from './map.ts';

/** What the configuration service checks of documents of kind `instrument` before it writes them. */
export const INSTRUMENT_KIND = {
  check: (id: string, document: unknown): readonly string[] => {
    const checked = checkSymbol(id);
    const read = readInstrument(id, document);
    return [...(checked.ok ? [] : [checked.error]), ...(read.ok ? [] : read.error)];
  },
  createIndex: (): InstrumentMap => new InstrumentMap(),
};
