import { err, ok, type Result } from '@tickwell/domain';
import { INSTRUMENT_KIND, InstrumentMap } from '@tickwell/instruments';
import { splitQuoted } from '@tickwell/text';
import { withoutUndefined } from './document.ts';

const COLUMNS = [
  'id',
  'type',
  'name',
  'exchange',
  'currency',
  'calendar',
  'multiplier',
  'price_unit',
  'listed_from',
  'listed_to',
  'root',
  'expiry',
  'source',
  'symbol',
  'con_id',
  'from',
  'to',
] as const;
type Column = (typeof COLUMNS)[number];
/** What every line of one instrument must agree on; an empty field says nothing. */
const OF_INSTRUMENT = COLUMNS.slice(1, 12);
const MAX_PROBLEMS = 20;

interface Line {
  readonly number: number;
  readonly fields: Partial<Readonly<Record<Column, string>>>;
}

export interface ImportedDocument {
  readonly id: string;
  /** For messages: "line 2, 3 (META)". */
  readonly where: string;
  readonly payloadJson: string;
}

/**
 * Reads a CSV with a header of {@link COLUMNS}, `id` required: a line for every name at a source, lines of one id make one instrument. Every problem
 * with its line, the contradictions between instruments included; at most 20 of them.
 */
export function readInstrumentCsv(text: string): Result<readonly ImportedDocument[], readonly string[]> {
  const lines = readLines(text);
  if (!lines.ok) return lines;
  const problems: string[] = [];
  const map = new InstrumentMap();
  const documents: ImportedDocument[] = [];
  for (const [id, own] of Map.groupBy(lines.value, ({ fields }) => fields.id ?? '')) {
    const where = `line ${own
      .map(({ number }) => number)
      .slice(0, 5)
      .join(', ')} (${id})`;
    const document = documentOfLines(own);
    const wrong = document.ok ? problemsOf(map, id, document.value) : document.error;
    problems.push(...wrong.map((problem) => `${where}: ${problem}`));
    if (!document.ok || wrong.length > 0) continue;
    const payloadJson = JSON.stringify(document.value);
    map.apply({ id, payloadJson, deleted: false, position: BigInt(documents.length) });
    documents.push({ id, where, payloadJson });
  }
  return problems.length === 0 ? ok(documents) : err(problems.slice(0, MAX_PROBLEMS));
}

/** By itself, and with those before it. */
function problemsOf(map: InstrumentMap, id: string, document: unknown): readonly string[] {
  const own = INSTRUMENT_KIND.check(id, document);
  return own.length > 0 ? own : map.conflicts(id, document);
}

function readLines(text: string): Result<readonly Line[], readonly string[]> {
  const [header = '', ...rows] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = header.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !COLUMNS.some((column) => column === name));
  if (unknown.length > 0)
    return err([`line 1: no column is called "${unknown[0]}"; there are ${COLUMNS.join(', ')}`]);
  if (!names.includes('id')) return err(['line 1: the column id is missing']);
  const problems: string[] = [];
  const lines = rows.flatMap((row, index): Line[] => {
    const number = index + 2;
    if (row.trim() === '') return [];
    const cells = splitQuoted(row, ',');
    if (!cells.ok || cells.value.length !== names.length) {
      problems.push(
        `line ${number}: ${cells.ok ? `${cells.value.length} fields, the header has ${names.length}` : cells.error.text}`,
      );
      return [];
    }
    const filled = names
      .map((name, at) => [name, cells.value[at]?.trim() ?? ''] as const)
      .filter(([, value]) => value !== '');
    const fields: Line['fields'] = Object.fromEntries(filled);
    if (fields.id === undefined) problems.push(`line ${number}: the id is empty`);
    return [{ number, fields }];
  });
  return problems.length === 0 ? ok(lines) : err(problems.slice(0, MAX_PROBLEMS));
}

function documentOfLines(
  lines: readonly Line[],
): Result<Readonly<Record<string, unknown>>, readonly string[]> {
  const texts: Partial<Record<Column, string>> = {};
  const problems: string[] = [];
  for (const { number, fields } of lines) {
    for (const name of OF_INSTRUMENT) {
      const value = fields[name];
      if (value === undefined) continue;
      if (texts[name] !== undefined && texts[name] !== value)
        problems.push(`line ${number} says ${name} "${value}", an earlier one "${texts[name]}"`);
      texts[name] = value;
    }
  }
  if (problems.length > 0) return err(problems);
  const vendors = lines.map(vendorOf).filter((entry) => Object.keys(entry).length > 0);
  const object = (value: Readonly<Record<string, unknown>>): object | undefined => {
    const filled = withoutUndefined(value);
    return Object.keys(filled).length === 0 ? undefined : filled;
  };
  return ok(
    withoutUndefined({
      type: texts.type ?? 'stock',
      name: texts.name,
      exchange: texts.exchange,
      currency: texts.currency,
      calendar: texts.calendar,
      multiplier: number(texts.multiplier),
      priceUnit: number(texts.price_unit),
      listed: object({ from: texts.listed_from, to: texts.listed_to }),
      future: object({ root: texts.root, expiry: texts.expiry }),
      vendors: vendors.length === 0 ? undefined : vendors,
    }),
  );
}

function vendorOf({ fields }: Line): Readonly<Record<string, unknown>> {
  const { source, symbol, from, to, con_id: conId } = fields;
  const contract = conId === undefined ? undefined : { conId: number(conId) };
  return withoutUndefined({ source, symbol, from, to, contract });
}

/** What is no number stays a text, which the check of the document names. */
function number(text: string | undefined): number | string | undefined {
  return text === undefined || Number.isNaN(Number(text)) ? text : Number(text);
}
