import { checkLineText, checkSymbol, err, JsonFields, parseInterval, type Result } from '@tickwell/domain';
import type { PriceType } from '@tickwell/domain';
import type { IndicatorSpec } from '../definition.ts';
import type { Registry } from '../registry.ts';
import { allIndicators } from '../registry.ts';
import { MAX_SPECS, parseSpec } from '../spec.ts';

/** Most symbols, sources or intervals one document names. */
const MAX_SYMBOLS = 20_000;
const MAX_SOURCES = 1_000;
const MAX_SOURCE_CHARS = 128;
const MAX_INTERVALS = 64;
const PRICE_TYPES: readonly PriceType[] = ['trade', 'bid', 'ask', 'mid'];

/** Which series of bars have which indicators: what one document of kind `indicator` says. An undefined list means all. */
export interface IndicatorSelection {
  readonly specs: readonly IndicatorSpec[];
  readonly symbols: ReadonlySet<string> | undefined;
  readonly sources: ReadonlySet<string> | undefined;
  readonly intervals: ReadonlySet<string> | undefined;
  readonly priceTypes: ReadonlySet<string> | undefined;
}

/** A document as it was read. */
export interface ReadSelection {
  /** Without the specifications that are wrong; undefined where it is wrong for which series they are. */
  readonly selection: IndicatorSelection | undefined;
  /** Every problem names its field. */
  readonly problems: readonly string[];
}

/** What the configuration service checks of documents of kind `indicator` before it writes them. */
export function checkIndicatorDocument(
  document: unknown,
  registry: Registry = allIndicators(),
): readonly string[] {
  return readDocument(document, registry).problems;
}

/**
 * What a document in the log amounts to. It may have been written by other means or for a newer build: a specification that is not known here
 * is left out, and the others are computed.
 */
export function readIndicatorDocument(
  payloadJson: string,
  registry: Registry = allIndicators(),
): ReadSelection {
  try {
    return readDocument(JSON.parse(payloadJson), registry);
  } catch {
    return { selection: undefined, problems: ['the document is no JSON'] };
  }
}

function readDocument(value: unknown, registry: Registry): ReadSelection {
  const fields = new JsonFields(value, 'indicator');
  const given = fields.list('specs');
  if (given === undefined && fields.take('specs') === undefined)
    fields.problem(
      'specs',
      'is required: a list such as ["sma(20)", "rsi(14)"]; an empty one stops them all',
    );
  const { specs, problems } = readSpecs(given ?? [], registry);
  const selection: IndicatorSelection = {
    specs,
    symbols: fields.names('symbols', { most: MAX_SYMBOLS, check: checkSymbol, otherwise: 'all' }),
    sources: fields.names('sources', { most: MAX_SOURCES, check: checkSource, otherwise: 'all' }),
    intervals: fields.names('intervals', { most: MAX_INTERVALS, check: checkInterval, otherwise: 'all' }),
    priceTypes: fields.names('priceTypes', {
      most: PRICE_TYPES.length,
      check: checkPriceType,
      otherwise: 'all',
    }),
  };
  const read = fields.finish(selection);
  if (!read.ok) return { selection: undefined, problems: [...problems, ...read.error] };
  return { selection, problems };
}

function readSpecs(
  given: readonly unknown[],
  registry: Registry,
): { readonly specs: readonly IndicatorSpec[]; readonly problems: readonly string[] } {
  const specs = new Map<string, IndicatorSpec>();
  const problems: string[] = [];
  if (given.length > MAX_SPECS)
    problems.push(`indicator.specs has ${given.length} specifications, at most ${MAX_SPECS} are computed`);
  for (const [index, text] of given.slice(0, MAX_SPECS).entries()) {
    const parsed = typeof text === 'string' ? parseSpec(text, registry) : undefined;
    if (parsed === undefined)
      problems.push(`indicator.specs[${index}] must be a specification such as "sma(20)"`);
    else if (!parsed.ok) problems.push(`indicator.specs[${index}]: ${parsed.error.message}`);
    else if (specs.has(parsed.spec.id))
      problems.push(`indicator.specs[${index}] asks for ${parsed.spec.id} again: name it once`);
    else specs.set(parsed.spec.id, parsed.spec);
  }
  return { specs: [...specs.values()], problems };
}

function checkSource(text: string): Result<string, string> {
  return text === '' ? err('must be the name of a source') : checkLineText(text, MAX_SOURCE_CHARS);
}

function checkInterval(text: string): Result<string, string> {
  const parsed = parseInterval(text);
  return parsed.ok ? { ok: true, value: parsed.value.text } : parsed;
}

function checkPriceType(text: string): Result<string, string> {
  return PRICE_TYPES.some((known) => known === text)
    ? { ok: true, value: text }
    : err(`must be one of ${PRICE_TYPES.join(', ')}`);
}
