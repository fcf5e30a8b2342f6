import type { StoredSourceState, StoredStatus } from '@tickwell/ports';

const SECOND_NS = 1_000_000_000n;
/** Ingest repeats what a stream is every minute: whoever says nothing for so long is gone. */
const SILENT_AFTER_NS = 180n * SECOND_NS;
/** A stream that is not up counts for the state of its source beside others that are for so long. */
const TROUBLE_NS = 24n * 3_600n * SECOND_NS;
const POLICY = 'policy:';

/** What a stream is at a time. */
export interface StreamNow {
  readonly status: StoredStatus;
  readonly state: StoredSourceState;
  /** It says up or degraded, but has said nothing for too long. */
  readonly isSilent: boolean;
}

export interface SourceNow {
  /** Undefined: nothing was filed. */
  readonly state: StoredSourceState | undefined;
  readonly reason: string;
  readonly reportedAtNs: bigint;
  readonly isSilent: boolean;
}

export interface Availability {
  /** Time in which it was up or degraded. */
  readonly upNs: bigint;
  /** Time in which it was neither, and not over. */
  readonly downNs: bigint;
  /** How often that began, or was so from the start. */
  readonly outages: number;
  /** When what it is at the end of the range began; undefined: it was watched at no time of it. */
  readonly sinceNs: bigint | undefined;
}

type Watched = 'up' | 'down' | 'over';

export function streamNow(status: StoredStatus, nowNs: bigint): StreamNow {
  const isSilent = watchedOf(status.state) === 'up' && nowNs - status.timeNs > SILENT_AFTER_NS;
  return { status, state: isSilent ? 'down' : status.state, isSilent };
}

/**
 * What a source is, by the newest report of each of its streams (the newest first). Where source policies judge it only they count: they
 * know whether what is connected brings anything. It is up where one stream is, degraded where another one beside it has had trouble of
 * late, and else what was reported last.
 */
export function sourceNow(statuses: readonly StoredStatus[], nowNs: bigint): SourceNow {
  const streams = judging(statuses).map((status) => streamNow(status, nowNs));
  const working = streams.filter(({ state }) => watchedOf(state) === 'up');
  const troubled = streams.filter(
    ({ state, status }) =>
      state === 'degraded' || (watchedOf(state) === 'down' && nowNs - status.timeNs < TROUBLE_NS),
  );
  // A stream that went through, or was stopped in order, after one that failed says that the source works: one-shot streams never mend.
  const overNs = streams.find(({ state }) => watchedOf(state) === 'over')?.status.timeNs ?? 0n;
  const broken = streams.filter(({ state, status }) => watchedOf(state) === 'down' && status.timeNs > overNs);
  const [shown] = working.length > 0 ? (troubled.length > 0 ? troubled : working) : [...broken, ...streams];
  return {
    state: working.length > 0 && troubled.length > 0 ? 'degraded' : shown?.state,
    reason: shown === undefined ? '' : shown.isSilent ? silence(shown.status) : shown.status.reason,
    reportedAtNs: statuses[0]?.timeNs ?? 0n,
    isSilent: shown?.isSilent ?? false,
  };
}

/** How a source was from one time to another. `statuses` are its reports by time, ahead of them what held when the range began. */
export function availabilityOf(
  statuses: readonly StoredStatus[],
  { startNs, endNs }: { readonly startNs: bigint; readonly endNs: bigint },
): Availability {
  let state: Watched = 'over';
  let sinceNs: bigint | undefined;
  let atNs = startNs;
  const sum = { up: 0n, down: 0n, over: 0n };
  let outages = 0;
  const streams = new Streams();
  for (const change of changesOf(statuses, endNs)) {
    const timeNs = change.timeNs < startNs ? startNs : change.timeNs;
    sum[state] += timeNs - atNs;
    atNs = timeNs;
    streams.set(change.stream, change.state);
    const next = streams.state();
    if (next === state) continue;
    if (change.timeNs < startNs) outages = next === 'down' ? 1 : 0;
    else if (next === 'down') outages += 1;
    state = next;
    sinceNs = change.timeNs;
  }
  sum[state] += endNs - atNs;
  return { upNs: sum.up, downNs: sum.down, outages, sinceNs };
}

interface Change {
  readonly timeNs: bigint;
  readonly stream: string;
  readonly state: Watched;
}

/** What streams turn to, by time; a stream that is silent turns down by itself. */
function changesOf(statuses: readonly StoredStatus[], endNs: bigint): readonly Change[] {
  const last = new Map<string, StoredStatus>();
  const changes: Change[] = [];
  const silence = (before: StoredStatus, untilNs: bigint): void => {
    const fromNs = before.timeNs + SILENT_AFTER_NS;
    if (watchedOf(before.state) === 'up' && fromNs < untilNs)
      changes.push({ timeNs: fromNs, stream: before.stream, state: 'down' });
  };
  for (const status of statuses) {
    if (status.timeNs >= endNs) break;
    const before = last.get(status.stream);
    if (before !== undefined) silence(before, status.timeNs);
    last.set(status.stream, status);
    changes.push({ timeNs: status.timeNs, stream: status.stream, state: watchedOf(status.state) });
  }
  for (const status of last.values()) silence(status, endNs);
  return changes.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}

/** Streams by what they are, counted, so that a change costs the same however many there are. */
class Streams {
  readonly #states = new Map<string, Watched>();
  /** Streams that are down, by whether policies say so. */
  readonly #down = { policies: new Set<string>(), own: new Set<string>() };
  readonly #policies = { up: 0, down: 0, over: 0 };
  readonly #own = { up: 0, down: 0, over: 0 };

  set(stream: string, state: Watched): void {
    const counts = stream.startsWith(POLICY) ? this.#policies : this.#own;
    const down = stream.startsWith(POLICY) ? this.#down.policies : this.#down.own;
    const before = this.#states.get(stream);
    if (before !== undefined) counts[before] -= 1;
    counts[state] += 1;
    this.#states.set(stream, state);
    if (state === 'down') down.add(stream);
    else down.delete(stream);
    // As in sourceNow: what failed before another one went through is over.
    if (state !== 'over') return;
    for (const failed of down) this.#states.set(failed, 'over');
    counts.over += down.size;
    counts.down -= down.size;
    down.clear();
  }

  state(): Watched {
    const { up, down } = this.#policies.up + this.#policies.down > 0 ? this.#policies : this.#own;
    return up > 0 ? 'up' : down > 0 ? 'down' : 'over';
  }
}

function judging(statuses: readonly StoredStatus[]): readonly StoredStatus[] {
  const policies = statuses.filter(
    ({ stream, state }) => stream.startsWith(POLICY) && watchedOf(state) !== 'over',
  );
  return policies.length > 0 ? policies : statuses.filter(({ stream }) => !stream.startsWith(POLICY));
}

function watchedOf(state: StoredSourceState): Watched {
  if (state === 'up' || state === 'degraded') return 'up';
  return state === 'down' || state === 'paced' ? 'down' : 'over';
}

function silence({ reason }: StoredStatus): string {
  const said = reason === '' ? '' : ` (last said: ${reason})`;
  return `nothing was reported for more than ${SILENT_AFTER_NS / 60_000_000_000n} minutes: what ran it is gone${said}`;
}
