import type { ConfigEntry } from '@tickwell/config';
import { parseInstrument } from '@tickwell/instruments';
import { parseRules, ValidationSettings, type SettledInstrument } from '@tickwell/validation';

/** Kinds of documents that the rules depend on. */
export const SETTINGS_KINDS: readonly string[] = ['validation', 'instrument'];

interface Settled {
  readonly position: bigint;
  readonly instrument: SettledInstrument | undefined;
}

/**
 * What the documents amount to, for the rules; one that cannot be read counts as none (the configuration service refuses such). A pure
 * function of the documents: what was read of an instrument is kept, so that of thousands only those that changed are read again.
 */
export function settingsView(): (documents: readonly ConfigEntry[]) => ValidationSettings {
  const kept = new Map<string, Settled>();
  return (documents) => {
    const rules = documents.flatMap(({ kind, id, payloadJson }) => {
      const read = kind === 'validation' ? parseRules(payloadJson) : undefined;
      return read?.ok === true ? [[id, read.value] as const] : [];
    });
    const instruments = new Map<string, SettledInstrument>();
    for (const document of documents) {
      const instrument = document.kind === 'instrument' ? settled(kept, document) : undefined;
      if (instrument !== undefined) instruments.set(document.id, instrument);
    }
    return new ValidationSettings(new Map(rules), instruments);
  };
}

function settled(kept: Map<string, Settled>, document: ConfigEntry): SettledInstrument | undefined {
  const { id, position, payloadJson } = document;
  const known = kept.get(id);
  if (known?.position === position) return known.instrument;
  const read = parseInstrument(id, payloadJson);
  const instrument = read.ok ? { type: read.value.type, calendar: read.value.calendar } : undefined;
  kept.set(id, { position, instrument });
  return instrument;
}
