import { TABLES } from '@tickwell/contracts';
import {
  letterName,
  type DeadLetterReader,
  type LetterFilter,
  type LetterGroup,
  type LetterState,
  type StoredLetter,
} from '@tickwell/ports';
import { compare, long, text, type MemoryRow } from './memory-table.ts';

const PLACE = ['topic', 'topic_partition', 'topic_offset', 'event_index'];

/** Dead letters of a store in memory. */
export function memoryDeadLetters(rowsOf: (table: string) => readonly MemoryRow[]): DeadLetterReader {
  const all = (): readonly { letter: StoredLetter; original: Uint8Array }[] => {
    const resolutions = rowsOf(TABLES.deadLetterResolutions.name);
    return rowsOf(TABLES.deadLetters.name).map((row) => ({
      letter: letterOf(row, newestResolution(row, resolutions)),
      original: Buffer.from(text(row, 'original_base64'), 'base64'),
    }));
  };
  const matching = (filter: LetterFilter): StoredLetter[] =>
    all()
      .map(({ letter }) => letter)
      .filter((letter) => matches(letter, filter))
      .sort(newestFirst);
  return {
    letters: (filter, { limit, after }) => {
      const found = matching(filter).filter(
        (letter) =>
          after === undefined ||
          letter.knownAtNs < after.knownAtNs ||
          (letter.knownAtNs === after.knownAtNs && letterName(letter) > after.name),
      );
      return Promise.resolve(found.slice(0, limit));
    },
    find: (places) => {
      const names = new Set(places.map(letterName));
      const found = all().filter(({ letter }) => names.has(letterName(letter)));
      found.sort((a, b) => newestFirst(b.letter, a.letter));
      return Promise.resolve([...new Map(found.map((one) => [letterName(one.letter), one])).values()]);
    },
    groups: (filter, limit) => {
      const groups = Map.groupBy(
        matching(filter),
        ({ source, rule, severity, state }) => `${source}\n${rule}\n${severity}\n${state}`,
      );
      return Promise.resolve([...groups.values()].map(groupOf).sort(mostFirst).slice(0, limit));
    },
  };
}

function newestResolution(row: MemoryRow, resolutions: readonly MemoryRow[]): MemoryRow | undefined {
  return resolutions
    .filter(
      (one) =>
        one.get('letter_epoch') === row.get('epoch') &&
        PLACE.every((column) => one.get(column) === row.get(column)),
    )
    .sort((a, b) => compare(long(a, 'ts'), long(b, 'ts')))
    .at(-1);
}

function letterOf(row: MemoryRow, resolution: MemoryRow | undefined): StoredLetter {
  const index = long(row, 'event_index');
  return {
    topic: text(row, 'topic'),
    partition: Number(long(row, 'topic_partition')),
    offset: long(row, 'topic_offset'),
    index: index < 0n ? undefined : Number(index),
    rule: text(row, 'rule'),
    severity: text(row, 'severity') === 'quarantine' ? 'quarantine' : 'reject',
    reason: text(row, 'reason'),
    source: text(row, 'source'),
    symbol: text(row, 'symbol'),
    knownAtNs: long(row, 'ts'),
    stream: text(row, 'stream'),
    position: long(row, 'stream_position'),
    contentType: text(row, 'content_type'),
    originalSize: long(row, 'original_size'),
    originalSha256: text(row, 'original_sha256'),
    truncated: row.get('truncated') === true,
    replayOf: text(row, 'replay_of'),
    epoch: text(row, 'epoch'),
    recordOffset: long(row, 'record_offset'),
    state: stateOf(text(resolution, 'action')),
    resolvedBy: text(resolution, 'author'),
    resolvedAtNs: long(resolution, 'ts'),
    note: text(resolution, 'note'),
  };
}

function stateOf(action: string): LetterState {
  return action === 'replayed' || action === 'purged' ? action : 'open';
}

function matches(letter: StoredLetter, filter: LetterFilter): boolean {
  const { startNs, endNs, states, severity } = filter;
  return (
    (['source', 'symbol', 'rule', 'topic'] as const).every(
      (name) => filter[name] === undefined || filter[name] === letter[name],
    ) &&
    (startNs === undefined || letter.knownAtNs >= startNs) &&
    (endNs === undefined || letter.knownAtNs < endNs) &&
    (severity === undefined || severity === letter.severity) &&
    (states === undefined || states.includes(letter.state))
  );
}

function newestFirst(a: StoredLetter, b: StoredLetter): number {
  return compare(b.knownAtNs, a.knownAtNs) || compare(letterName(a), letterName(b));
}

function groupOf(letters: readonly StoredLetter[]): LetterGroup {
  const [newest] = letters;
  return {
    source: newest?.source ?? '',
    rule: newest?.rule ?? '',
    severity: newest?.severity ?? 'reject',
    state: newest?.state ?? 'open',
    letters: letters.length,
    firstNs: letters.at(-1)?.knownAtNs ?? 0n,
    lastNs: newest?.knownAtNs ?? 0n,
    example: newest?.reason ?? '',
  };
}

function mostFirst(a: LetterGroup, b: LetterGroup): number {
  return b.letters - a.letters || compare(a.source, b.source) || compare(a.rule, b.rule);
}
