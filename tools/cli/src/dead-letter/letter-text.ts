import { formatNs } from '@tickwell/domain';
import type { DeadLetter, DeadLetterContent, DeadLetterGroup } from '@tickwell/client';
import { formatTable } from '../format/table.ts';

const MAX_TEXT = 2_000;

/** Letters as a table for people. */
export function letterTable(letters: readonly DeadLetter[]): readonly string[] {
  const columns = ['id', 'known at', 'source', 'symbol', 'severity', 'state', 'reason'].map((title) => ({
    title,
  }));
  return formatTable(
    columns,
    letters.map(({ id, knownAtNs, source, symbol, severity, state, reason }) => [
      id,
      formatNs(knownAtNs),
      source,
      symbol,
      severity,
      state,
      reason,
    ]),
  );
}

export function groupTable(groups: readonly DeadLetterGroup[]): readonly string[] {
  const columns = [
    { title: 'letters', align: 'right' as const },
    ...['source', 'rule', 'severity', 'state', 'newest', 'for example'].map((title) => ({ title })),
  ];
  return formatTable(
    columns,
    groups.map(({ letters, source, rule, severity, state, lastKnownAtNs, example }) => [
      letters.toString(),
      source,
      rule,
      severity,
      state,
      formatNs(lastKnownAtNs),
      example,
    ]),
  );
}

/** One letter, with what its bytes say. */
export function describeLetter({
  letter,
  original,
  text,
  fixJson,
  problem,
}: DeadLetterContent): readonly string[] {
  const facts = {
    id: letter.id,
    source: letter.source,
    symbol: letter.symbol,
    rule: letter.rule,
    severity: letter.severity,
    reason: letter.reason,
    'known at': formatNs(letter.knownAtNs),
    place: `${letter.stream} position ${letter.position}`,
    original: `${letter.originalSize} bytes${letter.contentType === '' ? '' : ` of ${letter.contentType}`}, sha256 ${letter.originalSha256}`,
    'replay of': letter.replayOf,
    state: stateText(letter),
  };
  const rows = Object.entries(facts).filter(([, value]) => value !== '');
  return [
    ...formatTable([{ title: '' }, { title: '' }], rows).slice(1),
    '',
    ...contentLines({ original, text, fixJson, problem }),
  ];
}

function stateText({ state, resolvedBy, resolvedAtNs, note }: DeadLetter): string {
  if (state === 'open') return state;
  const by = resolvedBy === '' ? '' : ` by ${resolvedBy}`;
  return `${state}${by} at ${formatNs(resolvedAtNs)}${note === '' ? '' : `: ${note}`}`;
}

function contentLines(
  content: Pick<DeadLetterContent, 'original' | 'text' | 'fixJson' | 'problem'>,
): readonly string[] {
  const { original, text, fixJson, problem } = content;
  if (fixJson !== '') return prettyFix(fixJson).split('\n');
  const cut = text.length > MAX_TEXT ? [`… (${text.length - MAX_TEXT} more characters; --json has all)`] : [];
  const shown = text === '' ? hexLines(original) : text.slice(0, MAX_TEXT).trimEnd().split('\n');
  return [...shown, ...cut, '', `It cannot be sent again as it is: ${problem}`];
}

/** A fix as a person edits it. */
export function prettyFix(fixJson: string): string {
  return JSON.stringify(JSON.parse(fixJson), undefined, 2);
}

const HEX_LINE = 32;
const HEX_BYTES = 256;

function hexLines(bytes: Uint8Array): readonly string[] {
  const hex = Buffer.from(bytes.subarray(0, HEX_BYTES)).toString('hex');
  const lines = hex.match(new RegExp(`.{1,${HEX_LINE * 2}}`, 'g')) ?? [];
  return bytes.length > HEX_BYTES ? [...lines, `… (${bytes.length - HEX_BYTES} more bytes)`] : lines;
}

/** One JSON object per letter. */
export function letterJson(letter: DeadLetter): string {
  return JSON.stringify(letterValue(letter));
}

export function letterValue({
  knownAtNs,
  resolvedAtNs,
  position,
  originalSize,
  ...rest
}: DeadLetter): object {
  return {
    ...rest,
    knownAt: formatNs(knownAtNs),
    position: Number(position),
    originalSize: Number(originalSize),
    resolvedAt: resolvedAtNs === 0n ? null : formatNs(resolvedAtNs),
  };
}
