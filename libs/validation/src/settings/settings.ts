import { calendar, type Calendar } from '@tickwell/calendar';
import type { Instrument } from '@tickwell/instruments';
import { ClassRules, type RuleDocuments } from './class-rules.ts';
import { ALL_CLASSES } from './document.ts';
import { CLASS_CALENDARS, type InstrumentClass } from './instrument-class.ts';

/** What the rules know of an instrument beside its events. */
export interface InstrumentSettings {
  readonly rules: ClassRules;
  /** Undefined where nobody named one that is known: rules about sessions are not asked. */
  readonly calendar: Calendar | undefined;
}

/** The part of an instrument that settings depend on. */
export type SettledInstrument = Pick<Instrument, 'type' | 'calendar'>;

interface Instruments {
  get(id: string): SettledInstrument | undefined;
}

/** What is in force for each instrument: documents of kind `validation` over what the rules come with. A function of the documents. */
export class ValidationSettings {
  readonly #documents: ReadonlyMap<string, RuleDocuments>;
  readonly #instruments: Instruments;
  readonly #classes = new Map<InstrumentClass, ClassRules>();
  /** By class and name of the calendar; as many as the map uses. */
  readonly #settled = new Map<string, InstrumentSettings>();
  readonly #unknown: InstrumentSettings;

  /** @param documents by id. */
  constructor(documents: ReadonlyMap<string, RuleDocuments>, instruments: Instruments) {
    this.#documents = documents;
    this.#instruments = instruments;
    this.#unknown = this.#settle('unknown', '');
  }

  of(symbol: string): InstrumentSettings {
    const instrument = this.#instruments.get(symbol);
    if (instrument === undefined) return this.#unknown;
    const key = `${instrument.type} ${instrument.calendar}`;
    const known = this.#settled.get(key);
    if (known !== undefined) return known;
    const settings = this.#settle(instrument.type, instrument.calendar);
    this.#settled.set(key, settings);
    return settings;
  }

  #settle(instrumentClass: InstrumentClass, calendarName: string): InstrumentSettings {
    const named = calendarName === '' ? CLASS_CALENDARS[instrumentClass] : calendarName;
    const found = named === undefined ? undefined : calendar(named);
    return { rules: this.#rulesOf(instrumentClass), calendar: found?.ok === true ? found.value : undefined };
  }

  #rulesOf(instrumentClass: InstrumentClass): ClassRules {
    const known = this.#classes.get(instrumentClass);
    if (known !== undefined) return known;
    const documents = [ALL_CLASSES, instrumentClass].flatMap((id) => this.#documents.get(id) ?? []);
    const rules = new ClassRules(instrumentClass, documents);
    this.#classes.set(instrumentClass, rules);
    return rules;
  }
}

/** Nothing configured: no instrument is known. */
export const DEFAULT_SETTINGS = new ValidationSettings(new Map(), { get: () => undefined });
