import { calendar } from '@tickwell/calendar';
import {
  checkLineText,
  checkSymbol,
  err,
  JsonFields,
  ok,
  parseBarLength,
  type BarLength,
  type PriceType,
  type Result,
} from '@tickwell/domain';
import type { EmptyIntervals } from '../builder.ts';

const MAX_BARS = 32;
const MAX_SYMBOLS = 20_000;
const MAX_SOURCES = 1_000;
const MAX_SOURCE_CHARS = 128;
const MIN_FORMING_MS = 10;
const MAX_FORMING_MS = 86_400_000;
const MAX_CORRECTABLE = 1_000;
const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];

type BarAlignment = 'utc' | 'sessions' | 'sessions-all-hours';

/** Which bars are built of which ticks: what one document of kind `bars` says. An undefined list means all. */
export interface BarSelection {
  readonly lengths: readonly BarLength[];
  readonly symbols: ReadonlySet<string> | undefined;
  readonly sources: ReadonlySet<string> | undefined;
  readonly priceTypes: ReadonlySet<string>;
  readonly alignment: BarAlignment;
  /** "": that of the instrument. */
  readonly calendar: string;
  readonly empty: EmptyIntervals;
  /** Undefined: bars that go on are not told. */
  readonly formingMs: number | undefined;
  /** Undefined: as many as the service keeps. */
  readonly correctableBars: number | undefined;
}

/** What the configuration service checks of documents of kind `bars` before it writes them. Every problem names its field. */
export function checkBarsDocument(document: unknown): readonly string[] {
  const read = readDocument(document);
  return read.ok ? neverFilled(read.value) : read.error;
}

/** Quotes have no volume. What is in the log already is read all the same: its other bars, and those of trades, go on. */
function neverFilled({ lengths, priceTypes }: BarSelection): readonly string[] {
  const quoted = [...priceTypes].filter((priceType) => priceType !== 'trade').join(', ');
  if (quoted === '') return [];
  return lengths.flatMap((length, index) =>
    length.kind !== 'threshold' || length.measure === 'tick'
      ? []
      : [
          `bars.bars[${index}] ${length.text} never fills of ${quoted}: quotes have no volume; take ticks or a time, or a document of its own for trades`,
        ],
  );
}

/** What a document in the log amounts to; the problems, where it is wrong: nothing of it counts then. */
export function readBarsDocument(payloadJson: string): Result<BarSelection, readonly string[]> {
  try {
    return readDocument(JSON.parse(payloadJson));
  } catch {
    return err(['the document is no JSON']);
  }
}

function readDocument(value: unknown): Result<BarSelection, readonly string[]> {
  const fields = new JsonFields(value, 'bars');
  const lengths = new Map<string, BarLength>();
  const given = fields.list('bars');
  if (given === undefined && fields.take('bars') === undefined)
    fields.problem(
      'bars',
      'is required: a list such as ["1m", "1d", "100tick"]; an empty one stops them all',
    );
  if ((given?.length ?? 0) > MAX_BARS)
    fields.problem('bars', `has ${given?.length} entries, at most ${MAX_BARS}`);
  for (const [index, text] of (given ?? []).slice(0, MAX_BARS).entries()) {
    const parsed = parseBarLength(typeof text === 'string' ? text : '');
    if (!parsed.ok) fields.problem(`bars[${index}]`, parsed.error);
    else if (lengths.has(parsed.value.text))
      fields.problem(`bars[${index}]`, `${parsed.value.text} is named twice`);
    else lengths.set(parsed.value.text, parsed.value);
  }
  const named = fields.text('calendar');
  const known = named === undefined ? undefined : calendar(named);
  if (known?.ok === false) fields.problem('calendar', known.error);
  return fields.finish({
    lengths: [...lengths.values()],
    symbols: fields.names('symbols', { most: MAX_SYMBOLS, check: checkSymbol, otherwise: 'the default' }),
    sources: fields.names('sources', { most: MAX_SOURCES, check: checkSource, otherwise: 'the default' }),
    priceTypes:
      fields.names('priceTypes', {
        most: PRICE_TYPES.length,
        check: checkPriceType,
        otherwise: 'the default',
      }) ?? new Set(['trade']),
    alignment: fields.choice('alignment', ['utc', 'sessions', 'sessions-all-hours']) ?? 'utc',
    calendar: named ?? '',
    empty: fields.choice('empty', ['absent', 'none', 'carried']) ?? 'absent',
    formingMs: wholeNumber(fields, 'formingMs', MIN_FORMING_MS, MAX_FORMING_MS),
    correctableBars: wholeNumber(fields, 'correctableBars', 1, MAX_CORRECTABLE),
  });
}

function wholeNumber(fields: JsonFields, name: string, min: number, max: number): number | undefined {
  const value = fields.number(name);
  if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max))
    fields.problem(name, `must be a whole number from ${min} to ${max}`);
  return value;
}

function checkSource(text: string): Result<string, string> {
  return text === '' ? err('must be the name of a source') : checkLineText(text, MAX_SOURCE_CHARS);
}

function checkPriceType(text: string): Result<string, string> {
  return PRICE_TYPES.some((known) => known === text)
    ? ok(text)
    : err(`must be one of ${PRICE_TYPES.join(', ')}`);
}
