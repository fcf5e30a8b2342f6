import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { TickwellError, err, ok, type Result } from '@tickwell/domain';
import {
  letterName,
  type DeadLetterReader,
  type EventLog,
  type EventSink,
  type LetterFilter,
  type LetterPlace,
  type LetterState,
  type NewRecord,
  type StoredLetter,
} from '@tickwell/ports';
import { limitArgument, orRefuse, rangeArgument, textArgument } from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import { parseFix } from './fix.ts';
import { cursorText, parseCursor, parseLetterId } from './letter-id.ts';
import { entryMessage, groupMessage, letterMessage, letterState, SEVERITIES } from './letter-message.ts';
import { replayOf, replayRecords } from './replay.ts';
import { resolutionRecord, type Resolved } from './resolution.ts';

export interface DeadLetterCallsParts {
  readonly log: EventLog;
  readonly reader: DeadLetterReader;
  readonly nowNs: () => bigint;
  /** How long an edit waits until the store shows it; 10,000 unless given. */
  readonly storedWithinMs?: number;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_IDS = 1_000;
const MAX_GROUPS = 1_000;
const STORED_WITHIN_MS = 10_000;
const POLL_MS = { first: 20, most: 500 };

type Found = Awaited<ReturnType<DeadLetterReader['find']>>[number];

/** The calls of tickwell.query.v1.DeadLetterService. */
export class DeadLetterCalls {
  readonly #parts: DeadLetterCallsParts;
  /** Origin of this process' resolutions, and how many it wrote: within it causes only grow. */
  readonly #origin = `dead-letters:${randomUUID()}`;
  #resolutions = 0n;
  #sink: Promise<EventSink> | undefined;

  constructor(parts: DeadLetterCallsParts) {
    this.#parts = parts;
  }

  async list(request: queryV1.DeadLetterServiceListRequest): Promise<queryV1.DeadLetterServiceListResponse> {
    const filter = orRefuse(filterArgument(request.filter));
    const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }));
    const after = orRefuse(parseCursor(request.after));
    const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
    const found = await this.#parts.reader.letters(filter, page);
    const letters = found.slice(0, limit);
    const last = letters.at(-1);
    return create(queryV1.DeadLetterServiceListResponseSchema, {
      entries: letters.map(entryMessage),
      next:
        last === undefined || found.length <= limit
          ? ''
          : cursorText({ knownAtNs: last.knownAtNs, name: letterName(last) }),
    });
  }

  async summarize(
    request: queryV1.DeadLetterServiceSummarizeRequest,
  ): Promise<queryV1.DeadLetterServiceSummarizeResponse> {
    const filter = orRefuse(filterArgument(request.filter));
    const groups = await this.#parts.reader.groups(filter, MAX_GROUPS);
    return create(queryV1.DeadLetterServiceSummarizeResponseSchema, { groups: groups.map(groupMessage) });
  }

  async get(request: queryV1.DeadLetterServiceGetRequest): Promise<queryV1.DeadLetterServiceGetResponse> {
    const [found] = await this.#find([request.id]);
    if (found === undefined) throw new TickwellError('not-found', missing([request.id]));
    return letterMessage(found.letter, found.original);
  }

  async replay(
    request: queryV1.DeadLetterServiceReplayRequest,
    { signal }: CallSignal,
  ): Promise<queryV1.DeadLetterServiceReplayResponse> {
    const { ids, fixJson, again } = request;
    const edit = orRefuse(editArguments(request));
    if (fixJson !== '' && ids.length !== 1)
      throw new TickwellError('invalid-argument', `fix_json mends one letter, ids names ${ids.length}`);
    const fix = orRefuse(parseFix(fixJson));
    const found = await this.#find(ids);
    refuseDealtWith(found, again ? ['open', 'replayed'] : ['open']);
    const replays = found.map(({ letter, original }) =>
      orCannot(replayOf(letter, original, fix), fixJson === '' ? 'failed-precondition' : 'invalid-argument'),
    );
    const origin = `replay:${randomUUID()}`;
    const atNs = this.#parts.nowNs();
    const records = orCannot(replayRecords(replays, { origin, knownAtNs: atNs }), 'failed-precondition');
    await this.#send(records);
    const letters = found.map(({ letter }) => letter);
    const stored = await this.#resolve(
      letters,
      { ...edit, atNs, action: events.DeadLetterAction.REPLAYED },
      signal,
    );
    return create(queryV1.DeadLetterServiceReplayResponseSchema, { letters: letters.length, origin, stored });
  }

  async purge(
    request: queryV1.DeadLetterServicePurgeRequest,
    { signal }: CallSignal,
  ): Promise<queryV1.DeadLetterServicePurgeResponse> {
    const edit = orRefuse(editArguments(request));
    const found = await this.#find(request.ids);
    refuseDealtWith(found, ['open', 'replayed']);
    const letters = found.map(({ letter }) => letter);
    const resolved = { ...edit, atNs: this.#parts.nowNs(), action: events.DeadLetterAction.PURGED };
    const stored = await this.#resolve(letters, resolved, signal);
    return create(queryV1.DeadLetterServicePurgeResponseSchema, { letters: letters.length, stored });
  }

  async close(): Promise<void> {
    const sink = await this.#sink?.catch(() => undefined);
    await sink?.close();
  }

  /** The letters of all ids; rejects where one is wrong or missing. */
  async #find(ids: readonly string[]): Promise<readonly Found[]> {
    if (ids.length === 0) throw new TickwellError('invalid-argument', 'ids is empty: name a dead letter');
    if (ids.length > MAX_IDS)
      throw new TickwellError(
        'invalid-argument',
        `ids has ${ids.length} entries, at most ${MAX_IDS} go into one call: use several`,
      );
    const names = [...new Set(ids)];
    const places = names.map((id) => orRefuse(parseLetterId(id)));
    const found = await this.#parts.reader.find(places);
    const there = new Set(found.map(({ letter }) => letterName(letter)));
    const lost = names.filter((name) => !there.has(name));
    if (lost.length > 0) throw new TickwellError('not-found', missing(lost));
    return found;
  }

  /** Writes what became of letters, and waits for the store to show it; false: it does not yet. */
  async #resolve(
    letters: readonly StoredLetter[],
    resolved: Resolved,
    signal: AbortSignal,
  ): Promise<boolean> {
    const records = letters.map((letter) => {
      this.#resolutions += 1n;
      return resolutionRecord(letter, resolved, { origin: this.#origin, n: this.#resolutions, k: 0 });
    });
    await this.#send(records);
    const deadlineMs = performance.now() + (this.#parts.storedWithinMs ?? STORED_WITHIN_MS);
    for (let waitMs = POLL_MS.first; ; waitMs = Math.min(waitMs * 2, POLL_MS.most)) {
      if (await this.#shows(letters, resolved.atNs)) return true;
      if (performance.now() + waitMs > deadlineMs) return false;
      await sleep(waitMs, undefined, { signal });
    }
  }

  async #shows(places: readonly LetterPlace[], atNs: bigint): Promise<boolean> {
    const found = await this.#parts.reader.find(places);
    return found.every(({ letter }) => letter.resolvedAtNs >= atNs);
  }

  async #send(records: readonly NewRecord[]): Promise<void> {
    const sink = (this.#sink ??= this.#parts.log.createSink({ name: 'dead-letters' }));
    try {
      await (await sink).send(records);
    } catch (error) {
      // A broken sink stays broken; the next call opens another.
      if (this.#sink === sink) this.#sink = undefined;
      throw error;
    }
  }
}

function missing(ids: readonly string[]): string {
  const more = ids.length > 1 ? ` (and ${ids.length - 1} more)` : '';
  return `there is no dead letter ${ids[0] ?? ''}${more}: one that was refused just now takes a moment to be stored`;
}

function refuseDealtWith(found: readonly Found[], may: readonly LetterState[]): void {
  const done = found.find(({ letter }) => !may.includes(letter.state));
  if (done === undefined) return;
  const { state, resolvedBy } = done.letter;
  const by = resolvedBy === '' ? '' : ` by ${resolvedBy}`;
  const remedy = state === 'replayed' ? ': say "again" to send it once more' : '';
  throw new TickwellError(
    'failed-precondition',
    `${letterName(done.letter)} was ${state}${by} already${remedy}`,
  );
}

function orCannot<T>(result: Result<T, string>, code: 'failed-precondition' | 'invalid-argument'): T {
  if (result.ok) return result.value;
  throw new TickwellError(code, result.error);
}

function editArguments(request: {
  readonly author: string;
  readonly note: string;
}): Result<{ readonly author: string; readonly note: string }, string> {
  const author = textArgument('author', request.author);
  if (!author.ok) return author;
  const note = textArgument('note', request.note);
  return note.ok ? ok({ author: author.value, note: note.value }) : note;
}

/** Nothing said about states: what is open. */
function filterArgument(filter: queryV1.DeadLetterFilter | undefined): Result<LetterFilter, string> {
  const names = ['source', 'symbol', 'rule', 'topic'] as const;
  const texts: Partial<Record<(typeof names)[number], string>> = {};
  for (const name of names) {
    const text = textArgument(`filter.${name}`, filter?.[name] ?? '');
    if (!text.ok) return text;
    if (text.value !== '') texts[name] = text.value;
  }
  const span = rangeArgument(filter, 'filter');
  if (!span.ok) return span;
  const states: LetterState[] = [];
  for (const number of filter?.states ?? []) {
    const state = letterState(number);
    if (state === undefined)
      return err(`filter.states: ${number} is not one of DEAD_LETTER_STATE_OPEN, _REPLAYED, _PURGED`);
    states.push(state);
  }
  const severity = severityArgument(filter?.severity ?? events.DeadLetterSeverity.UNSPECIFIED);
  if (!severity.ok) return severity;
  return ok({ ...texts, ...span.value, ...severity.value, states: states.length === 0 ? ['open'] : states });
}

/** Unspecified: both. */
function severityArgument(
  number: events.DeadLetterSeverity,
): Result<{ readonly severity?: 'reject' | 'quarantine' }, string> {
  if (number === events.DeadLetterSeverity.UNSPECIFIED) return ok({});
  const severity = (['reject', 'quarantine'] as const).find((name) => SEVERITIES[name] === number);
  if (severity !== undefined) return ok({ severity });
  return err(
    `filter.severity: ${number} is not one of DEAD_LETTER_SEVERITY_REJECT, DEAD_LETTER_SEVERITY_QUARANTINE`,
  );
}
