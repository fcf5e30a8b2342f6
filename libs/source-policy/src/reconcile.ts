import { JsonFields } from '@tickwell/domain';
import {
  CHOICES,
  CHOSEN_CLASSES,
  DEFAULT_CHOOSE,
  DEFAULT_WINDOW_BARS,
  MAX_RECONCILED_SOURCES,
  MAX_WINDOW_BARS,
  RECONCILED_SOURCE,
  type ReconcileRules,
} from '@tickwell/reconciliation';

const MIN_SOURCES = 2;
const MIN_WINDOW_BARS = 16;
const BEST = 'best';

/** `{"sources":["ib","yahoo"],"tick":0.01,"choose":{"session":"prefer"}}`: how the bars of several sources are made one series. */
export function readReconcile(
  value: unknown,
  of: { readonly series: { readonly kind: string }; readonly best: readonly string[] },
  problems: string[],
): ReconcileRules | undefined {
  if (value === undefined) return undefined;
  const where = 'policy.reconcile';
  const fields = new JsonFields(value, where);
  if (of.series.kind !== 'bars')
    problems.push(`${where} is of bars only, and policy.series.kind is ${of.series.kind}`);
  const rules: ReconcileRules = {
    sources: readSources(fields, of.best),
    tick: readNumber(fields, 'tick', 1e9),
    priceTolerance: readNumber(fields, 'priceTolerance', 0.5),
    volumeTolerance: readNumber(fields, 'volumeTolerance', 1),
    choose: readChoose(fields.take('choose') ?? {}, problems),
    windowBars: readWindow(fields),
    watchOnly: fields.flag('watchOnly') ?? false,
  };
  const read = fields.finish(rules);
  if (!read.ok) problems.push(...read.error);
  return rules;
}

function readSources(fields: JsonFields, best: readonly string[]): readonly string[] {
  const list = fields.list('sources') ?? best;
  const texts = list.filter((one): one is string => typeof one === 'string' && one !== '');
  const made = texts.find((one) => one === BEST || one === RECONCILED_SOURCE);
  if (made !== undefined)
    fields.problem('sources', `cannot have ${made}, which is made of sources: name those themselves`);
  if (
    texts.length < MIN_SOURCES ||
    texts.length > MAX_RECONCILED_SOURCES ||
    new Set(texts).size !== list.length
  )
    fields.problem(
      'sources',
      `must be a list of ${MIN_SOURCES} to ${MAX_RECONCILED_SOURCES} names of sources, each once, the preferred first`,
    );
  return texts;
}

function readNumber(fields: JsonFields, name: string, max: number): number {
  const value = fields.number(name) ?? 0;
  if (!(value >= 0 && value <= max)) fields.problem(name, `must be 0 to ${max}`);
  return value;
}

function readWindow(fields: JsonFields): number {
  const value = fields.number('windowBars') ?? DEFAULT_WINDOW_BARS;
  if (!Number.isInteger(value) || value < MIN_WINDOW_BARS || value > MAX_WINDOW_BARS)
    fields.problem('windowBars', `must be a whole number from ${MIN_WINDOW_BARS} to ${MAX_WINDOW_BARS}`);
  return value;
}

function readChoose(value: unknown, problems: string[]): ReconcileRules['choose'] {
  const fields = new JsonFields(value, 'policy.reconcile.choose');
  const chosen = CHOSEN_CLASSES.flatMap((name) => {
    const choice = fields.choice(name, CHOICES);
    return choice === undefined ? [] : [[name, choice] as const];
  });
  const read = fields.finish(undefined);
  if (!read.ok) problems.push(...read.error);
  return { ...DEFAULT_CHOOSE, ...Object.fromEntries(chosen) };
}
