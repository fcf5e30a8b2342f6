import { BarsBook, readBarsDocument, type BarSelection } from '@tickwell/bars';
import type { ConfigEntry } from '@tickwell/config';
import type { Interval } from '@tickwell/domain';
import { IndicatorPlan, readIndicatorDocument, type IndicatorSpec } from '@tickwell/indicators';
import { parseInstrument } from '@tickwell/instruments';
import type { Logger } from '@tickwell/ports';
import { SessionBook } from './sessions.ts';

/** Kinds of documents that the service's settings are made of. */
export const SETTINGS_KINDS: readonly string[] = ['indicator', 'bars', 'instrument'];

/** By what both processors work; each has its own part. */
export interface ServiceSettings {
  readonly indicators: IndicatorPlan;
  /** Of the bars of each instrument that has a calendar. */
  readonly sessions: SessionBook;
  readonly bars: BarsBook;
}

export interface SettingsDefaults {
  /** Of every series of bars, while there is no document of kind `indicator`. */
  readonly indicators: readonly IndicatorSpec[];
  /** Of the trades of every source, while there is no document of kind `bars`. */
  readonly barIntervals: readonly Interval[];
}

/**
 * What the documents amount to: a pure function of them. What is wrong in one is left out and said once (the configuration service refuses such
 * documents, but others may write into the log).
 */
export function settingsView(
  defaults: SettingsDefaults,
  logger: Logger,
): (documents: readonly ConfigEntry[]) => ServiceSettings {
  let saidUpTo = -1n;
  const calendars = calendarReader();
  return (documents) => {
    const ofKind = (kind: string): readonly ConfigEntry[] => documents.filter((each) => each.kind === kind);
    const chosen = ofKind('indicator').map(({ id, position, payloadJson }) => {
      const { selection, problems } = readIndicatorDocument(payloadJson);
      if (problems.length > 0 && position > saidUpTo)
        logger.warn({ kind: 'indicator', id, problems }, `indicator ${id}: ${problems.join('; ')}: left out`);
      return selection;
    });
    const built = ofKind('bars').map(({ id, position, payloadJson }) => {
      const read = readBarsDocument(payloadJson);
      if (!read.ok && position > saidUpTo)
        logger.warn(
          { kind: 'bars', id, problems: read.error },
          `bars ${id}: ${read.error.join('; ')}: left out`,
        );
      return read.ok ? [read.value] : [];
    });
    const bars = built.length > 0 ? built.flat() : [defaultBars(defaults)];
    for (const { position } of documents) if (position > saidUpTo) saidUpTo = position;
    const ofSymbol = calendars(ofKind('instrument'));
    const calendarOf = (symbol: string): string => ofSymbol.get(symbol) ?? '';
    return {
      indicators: planOf(chosen, defaults),
      sessions: new SessionBook(calendarOf),
      bars: new BarsBook(bars, calendarOf),
    };
  };
}

/** Instruments to their calendars; what was read of a document is kept, so that of thousands only those that changed are read again. */
function calendarReader(): (documents: readonly ConfigEntry[]) => ReadonlyMap<string, string> {
  let kept = new Map<string, { readonly position: bigint; readonly calendar: string }>();
  return (documents) => {
    kept = new Map(
      documents.map(({ id, position, payloadJson }) => {
        const known = kept.get(id);
        if (known?.position === position) return [id, known];
        const read = parseInstrument(id, payloadJson);
        return [id, { position, calendar: read.ok ? read.value.calendar : '' }];
      }),
    );
    return new Map([...kept].map(([id, { calendar }]) => [id, calendar]));
  };
}

function defaultBars({ barIntervals }: SettingsDefaults): BarSelection {
  return {
    lengths: barIntervals,
    symbols: undefined,
    sources: undefined,
    priceTypes: new Set(['trade']),
    alignment: 'utc',
    calendar: '',
    empty: 'absent',
    formingMs: undefined,
    correctableBars: undefined,
  };
}

function planOf(
  chosen: readonly ReturnType<typeof readIndicatorDocument>['selection'][],
  { indicators }: SettingsDefaults,
): IndicatorPlan {
  if (chosen.length > 0) return new IndicatorPlan(chosen.flatMap((selection) => selection ?? []));
  const all = { symbols: undefined, sources: undefined, intervals: undefined, priceTypes: undefined };
  return new IndicatorPlan([{ specs: indicators, ...all }]);
}
