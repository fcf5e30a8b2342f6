import { err, JsonFields, ok, type Result } from '@tickwell/domain';
import { TUNABLES } from './catalogue.ts';
import type { RuleDocument, RuleDocuments } from './class-rules.ts';
import { INSTRUMENT_CLASSES } from './instrument-class.ts';
import { RULE_ACTIONS, type Tunable } from './tunable.ts';

/** Id of the document that holds for every class; that of a class comes after it. */
export const ALL_CLASSES = 'all';
const IDS: readonly string[] = [ALL_CLASSES, ...INSTRUMENT_CLASSES];
const MAX_SOURCES = 1000;
const SHOWN_LENGTH = 40;

/** What the configuration service checks of documents of kind `validation` before it writes them. */
export const VALIDATION_KIND = {
  check: (id: string, document: unknown): readonly string[] => {
    const read = readRules(document);
    const known = IDS.includes(id)
      ? []
      : [`"${id.slice(0, SHOWN_LENGTH)}" is no class of instruments: use one of ${IDS.join(', ')}`];
    return [...known, ...(read.ok ? [] : read.error)];
  },
};

/** Every problem names its field. */
function readRules(value: unknown): Result<RuleDocuments, readonly string[]> {
  const fields = new JsonFields(value, 'validation');
  const rules = new JsonFields(fields.take('rules') ?? {}, 'rules');
  const documents = new Map<string, RuleDocument>();
  for (const tunable of TUNABLES) {
    const said = rules.take(tunable.id);
    if (said === undefined) continue;
    const read = readRule(tunable, said);
    if (read.ok) documents.set(tunable.id, read.value);
    else rules.problems.push(...read.error);
  }
  const read = rules.finish(documents);
  if (!read.ok) fields.problems.push(...read.error);
  return fields.finish(documents);
}

/** As {@link readRules}, of the text of a document. */
export function parseRules(payloadJson: string): Result<RuleDocuments, readonly string[]> {
  try {
    return readRules(JSON.parse(payloadJson));
  } catch {
    return err(['the document is no JSON']);
  }
}

function readRule(tunable: Tunable, value: unknown): Result<RuleDocument, readonly string[]> {
  const fields = new JsonFields(value, `rules.${tunable.id}`);
  const action = fields.choice('action', RULE_ACTIONS);
  if (action !== undefined && !tunable.actions.includes(action))
    fields.problem('action', `must be ${tunable.actions.join(' or ')}, not ${action}`);
  const numbers: Record<string, number> = {};
  for (const [name, { min, max, meaning }] of Object.entries(tunable.numbers)) {
    const number = fields.number(name);
    if (number === undefined) continue;
    if (!(number >= min && number <= max))
      fields.problem(name, `must be from ${min} to ${max} (${meaning}), not ${number}`);
    numbers[name] = number;
  }
  const sources = tunable.bySource === true ? readSources(fields) : undefined;
  return fields.finish({
    numbers,
    ...(action === undefined ? {} : { action }),
    ...(sources === undefined ? {} : { sources }),
  });
}

function readSources(fields: JsonFields): readonly string[] | undefined {
  const list = fields.list('sources');
  if (list === undefined) return undefined;
  if (list.length > MAX_SOURCES)
    fields.problem('sources', `has ${list.length} entries, at most ${MAX_SOURCES}`);
  const names = list.map((name, index) => sourceName(name, index));
  for (const name of names) if (!name.ok) fields.problems.push(name.error);
  return names.flatMap((name) => (name.ok ? [name.value] : []));
}

function sourceName(name: unknown, index: number): Result<string, string> {
  return typeof name === 'string' && name !== ''
    ? ok(name)
    : err(`rules.sequence-gap.sources[${index}] must be the name of a source`);
}
