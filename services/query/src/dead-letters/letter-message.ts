import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import {
  letterName,
  type LetterGroup,
  type LetterSeverity,
  type LetterState,
  type StoredLetter,
} from '@tickwell/ports';
import { eventOf } from './replay.ts';

const STATES: Readonly<Record<LetterState, queryV1.DeadLetterState>> = {
  open: queryV1.DeadLetterState.OPEN,
  replayed: queryV1.DeadLetterState.REPLAYED,
  purged: queryV1.DeadLetterState.PURGED,
};
const STATES_BACK = new Map<queryV1.DeadLetterState, LetterState>([
  [STATES.open, 'open'],
  [STATES.replayed, 'replayed'],
  [STATES.purged, 'purged'],
]);

export const SEVERITIES: Readonly<Record<LetterSeverity, events.DeadLetterSeverity>> = {
  reject: events.DeadLetterSeverity.REJECT,
  quarantine: events.DeadLetterSeverity.QUARANTINE,
};

/** Undefined for a number that is none. */
export function letterState(state: queryV1.DeadLetterState): LetterState | undefined {
  return STATES_BACK.get(state);
}

export function entryMessage(letter: StoredLetter): queryV1.DeadLetterEntry {
  return create(queryV1.DeadLetterEntrySchema, {
    id: letterName(letter),
    source: letter.source,
    symbol: letter.symbol,
    rule: letter.rule,
    severity: SEVERITIES[letter.severity],
    reason: letter.reason,
    knownAtNs: letter.knownAtNs,
    stream: letter.stream,
    position: letter.position,
    contentType: letter.contentType,
    originalSize: letter.originalSize,
    originalSha256: letter.originalSha256,
    truncated: letter.truncated,
    replayOf: letter.replayOf,
    state: STATES[letter.state],
    resolvedBy: letter.resolvedBy,
    resolvedAtNs: letter.resolvedAtNs,
    note: letter.note,
  });
}

export function groupMessage({
  state,
  severity,
  letters,
  firstNs,
  lastNs,
  ...rest
}: LetterGroup): queryV1.DeadLetterGroup {
  return create(queryV1.DeadLetterGroupSchema, {
    ...rest,
    state: STATES[state],
    severity: SEVERITIES[severity],
    letters: BigInt(letters),
    firstKnownAtNs: firstNs,
    lastKnownAtNs: lastNs,
  });
}

/** A letter with its bytes, and what they say as far as that can be told. */
export function letterMessage(
  letter: StoredLetter,
  original: Uint8Array,
): queryV1.DeadLetterServiceGetResponse {
  const event = eventOf(letter, original);
  return create(queryV1.DeadLetterServiceGetResponseSchema, {
    entry: entryMessage(letter),
    original,
    text: letter.contentType === '' ? textOf(original) : '',
    ...(event.ok
      ? {
          fixJson: JSON.stringify({
            type: event.value.topic.type,
            source: event.value.header?.source ?? letter.source,
            symbol: event.value.header?.symbol ?? letter.symbol,
            priceBasis: event.value.header?.priceBasis ?? 'unspecified',
            event: event.value.toJson(),
          }),
        }
      : { problem: event.error }),
  });
}

/** "" where the bytes are not UTF-8. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return '';
  }
}
