import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import type {
  DeadLetterReader,
  FindingFilter,
  FindingGroup,
  FindingSeverity,
  LetterGroup,
  QualityReader,
  StoredFinding,
} from '@tickwell/ports';
import { limitArgument, orRefuse, rangeArgument, textArgument } from '../arguments.ts';
import { pageToken, parsePageToken } from './page.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_GROUPS = 1_000;

const SEVERITIES: Readonly<Record<FindingSeverity, events.Severity>> = {
  info: events.Severity.INFO,
  warning: events.Severity.WARNING,
  error: events.Severity.ERROR,
};
const SEVERITY_NAMES = ['info', 'warning', 'error'] as const;

export interface FindingCallsParts {
  readonly findings: Pick<QualityReader, 'findings' | 'findingGroups'>;
  readonly letters: Pick<DeadLetterReader, 'groups'>;
}

/** ListFindings: what the validator found odd, and how often. */
export class FindingCalls {
  readonly #parts: FindingCallsParts;

  constructor(parts: FindingCallsParts) {
    this.#parts = parts;
  }

  async listFindings(request: queryV1.ListFindingsRequest): Promise<queryV1.ListFindingsResponse> {
    const filter = orRefuse(findingFilter(request.filter));
    const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }));
    const after = orRefuse(placeOf(request.pageToken));
    const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
    const [found, counts] = await Promise.all([
      this.#parts.findings.findings(filter, page),
      request.withCounts ? this.#counts(filter) : [],
    ]);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return create(queryV1.ListFindingsResponseSchema, {
      findings: found.slice(0, limit).map(findingMessage),
      nextPageToken: last === undefined ? '' : pageToken([`${last.knownAtNs}`, last.name]),
      counts,
    });
  }

  async #counts(filter: FindingFilter): Promise<queryV1.FindingCount[]> {
    const [groups, refused] = await Promise.all([
      this.#parts.findings.findingGroups(filter, MAX_GROUPS),
      this.#refused(filter),
    ]);
    return [...groups.map(groupMessage), ...refused]
      .sort((a, b) => (a.findings > b.findings ? -1 : a.findings < b.findings ? 1 : 0))
      .slice(0, MAX_GROUPS);
  }

  /** Dead letters are errors, and have no kind. */
  async #refused(filter: FindingFilter): Promise<queryV1.FindingCount[]> {
    const { kind, severities, ...rest } = filter;
    if (kind !== undefined || severities?.includes('error') === false) return [];
    const groups = await this.#parts.letters.groups(rest, MAX_GROUPS);
    const rules = Map.groupBy(groups, ({ source, rule }) => `${source}\n${rule}`);
    return [...rules.values()].map(refusedMessage);
  }
}

export function findingMessage({ severity, ...finding }: StoredFinding): queryV1.FindingEntry {
  const { symbol, source, kind, rule, message, knownAtNs, startNs, endNs } = finding;
  const fields = { symbol, source, kind, rule, message, knownAtNs, startNs, endNs };
  return create(queryV1.FindingEntrySchema, { ...fields, severity: SEVERITIES[severity] });
}

function groupMessage(group: FindingGroup): queryV1.FindingCount {
  const { source, kind, rule, severity, findings, firstNs, lastNs, example } = group;
  return create(queryV1.FindingCountSchema, {
    source,
    kind,
    rule,
    severity: SEVERITIES[severity],
    findings: BigInt(findings),
    firstKnownAtNs: firstNs,
    lastKnownAtNs: lastNs,
    example,
  });
}

/** One for a source and rule, whatever became of the letters. */
function refusedMessage(groups: readonly LetterGroup[]): queryV1.FindingCount {
  const times = groups.flatMap(({ firstNs, lastNs }) => [firstNs, lastNs]);
  const [first] = groups;
  return create(queryV1.FindingCountSchema, {
    source: first?.source ?? '',
    rule: first?.rule ?? '',
    severity: events.Severity.ERROR,
    findings: BigInt(groups.reduce((sum, { letters }) => sum + letters, 0)),
    firstKnownAtNs: times.reduce((least, time) => (time < least ? time : least)),
    lastKnownAtNs: times.reduce((most, time) => (time > most ? time : most)),
    example: first?.example ?? '',
    refused: true,
  });
}

/** Nothing said: everything. */
export function findingFilter(filter: queryV1.FindingFilter | undefined): Result<FindingFilter, string> {
  const names = ['symbol', 'source', 'rule', 'kind'] as const;
  const texts: Partial<Record<(typeof names)[number], string>> = {};
  for (const name of names) {
    const text = textArgument(`filter.${name}`, filter?.[name] ?? '');
    if (!text.ok) return text;
    if (text.value !== '') texts[name] = text.value;
  }
  const span = rangeArgument(filter?.range, 'filter.range');
  if (!span.ok) return span;
  const severities: FindingSeverity[] = [];
  for (const number of filter?.severities ?? []) {
    const severity = SEVERITY_NAMES.find((one) => SEVERITIES[one] === number);
    if (severity === undefined)
      return err(`filter.severities: ${number} is not one of SEVERITY_INFO, _WARNING, _ERROR`);
    severities.push(severity);
  }
  return ok({ ...texts, ...span.value, ...(severities.length === 0 ? {} : { severities }) });
}

function placeOf(token: string): Result<Pick<StoredFinding, 'knownAtNs' | 'name'> | undefined, string> {
  const fields = parsePageToken(token, 2);
  if (!fields.ok || fields.value === undefined) return fields.ok ? ok(undefined) : fields;
  const [knownAt = '', name = ''] = fields.value;
  return /^\d{1,19}$/.test(knownAt)
    ? ok({ knownAtNs: BigInt(knownAt), name })
    : err('page_token is not one of this call: leave it empty for the first page');
}
