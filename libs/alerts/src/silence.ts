import { formatNs, JsonFields, parseIsoTime, type Result } from '@tickwell/domain';

/** Nobody is told of these alerts for a while; they go on as they are. */
export interface Silence {
  readonly id: string;
  /** Id of a rule. */
  readonly rule: string;
  /** One alert of it; undefined: all. */
  readonly group: string | undefined;
  readonly untilNs: bigint;
  readonly note: string;
}

/** The silence, or everything that is wrong with it, the field named. */
export function parseSilence(id: string, document: unknown): Result<Silence, readonly string[]> {
  const fields = new JsonFields(document, 'silence');
  fields.choice('type', ['silence']);
  const rule = fields.requiredText('rule');
  const group = fields.text('group');
  const text = fields.requiredText('until');
  const until = parseIsoTime(text);
  if (!until.ok && text !== '') fields.problem('until', until.error);
  const note = fields.text('note') ?? '';
  return fields.finish({ id, rule, group, untilNs: until.ok ? until.value : 0n, note });
}

/** Why an alert is silent at a time, for a person; undefined: it is not. */
export function silenceReason(
  silences: Iterable<Silence>,
  alert: { readonly rule: string; readonly group: string },
  nowNs: bigint,
): string | undefined {
  for (const { id, rule, group, untilNs } of silences) {
    const isOf = rule === alert.rule && (group === undefined || group === alert.group);
    if (isOf && nowNs < untilNs) return `silence ${id} until ${formatNs(untilNs)}`;
  }
  return undefined;
}
