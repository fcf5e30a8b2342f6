import { metrics } from '@opentelemetry/api';
import type { ConfigReader } from '@tickwell/config';
import { errorMessage, parseInterval, TickwellError, type PriceType } from '@tickwell/domain';
import type { Clock, EventLog, EventSink, Logger } from '@tickwell/ports';
import { BEST_SOURCE, PolicyState, type PolicyRepair, type SourcePolicy } from '@tickwell/source-policy';
import type { Lease, MonitorTask } from '../task.ts';
import { AskedRequests } from './asked-requests.ts';
import type { Gap, LedgerHole } from './ledger-hole.ts';
import { RepairSeries } from './repair-series.ts';

/** What the task asks of query, as any client may. */
export interface RepairQuery {
  coverage(options: {
    readonly symbols: readonly string[];
    readonly interval: string;
    readonly startNs: bigint;
    readonly endNs: bigint;
    readonly source: string;
    readonly priceType: PriceType;
    readonly calendar?: string;
    readonly maxGaps: number;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  }): Promise<readonly SeriesGaps[]>;
  holes(options: {
    readonly symbols: readonly string[];
    readonly kind: 'bars';
    readonly interval: string;
    readonly limit: number;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  }): Promise<{ readonly holes: readonly LedgerHole[]; readonly truncated: boolean }>;
}

interface SeriesGaps {
  readonly symbol: string;
  readonly problem: string;
  /** The oldest of them. */
  readonly gaps: readonly Gap[];
  /** How many there are. */
  readonly gapCount: number;
}

export interface RepairTaskParts {
  readonly log: EventLog;
  readonly config: Pick<ConfigReader, 'onChange'> & {
    readonly state: Pick<ConfigReader['state'], 'entries'>;
  };
  readonly query: RepairQuery;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Instruments of one question. */
const BATCH = 100;
const MAX_GAPS = 1_000;
const MAX_HOLES = 10_000;
const QUERY_TIMEOUT_MS = 60_000;
/** The whole reach of a policy is looked at so often, what is new at every look. */
const WHOLE_EVERY_MS = 3_600_000;
const OVERLAP_NS = 3_600_000_000_000n;
const DAY_NS = 86_400_000_000_000n;
/** Changes of the configuration are seen within this time. */
const IDLE_MS = 500;

/** Where a policy stands; nothing of it is needed after a restart. */
interface Watch {
  readonly policy: SourcePolicy;
  readonly series: Map<string, RepairSeries>;
  dueMs: number;
  wholeDueMs: number;
  /** Up to where it was looked at last. */
  seenNs: bigint;
}

/** Finds what the series "best" of policies lack, and has it asked for; all that it must remember is in the ledger. */
export class RepairTask implements MonitorTask {
  readonly name = 'repair';
  readonly #parts: RepairTaskParts;
  readonly #told = new Set<string>();
  readonly #steps = metrics.getMeter('tickwell.monitor').createCounter('tickwell_monitor_repair_steps', {
    description: 'Holes found, asked for, repaired and given up',
  });

  constructor(parts: RepairTaskParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal, lease: Lease): Promise<void> {
    const { log, config, clock, logger } = this.#parts;
    const state = new PolicyState((id, problems) => {
      logger.error({ policy: id }, `policy ${id} is left as it was: ${problems}`);
    });
    for (const kind of ['source', 'instrument'])
      for (const entry of config.state.entries(kind)) state.apply(entry);
    const release = config.onChange((entry) => {
      if (entry.kind === 'source' || entry.kind === 'instrument') state.apply(entry);
    });
    const asked = await AskedRequests.read(log, signal);
    const sink = await log.createSink({ name: 'monitor-repair' });
    const watches = new Map<string, Watch>();
    try {
      while (!signal.aborted) {
        await this.#round(state, watches, { sink, asked, lease, signal });
        await clock.sleep(IDLE_MS, signal).catch(() => undefined);
      }
    } finally {
      release();
      await sink.close();
    }
  }

  async #round(state: PolicyState, watches: Map<string, Watch>, of: RoundOf): Promise<void> {
    const { clock } = this.#parts;
    state.listed(clock.nowNs());
    const ids = state.ids();
    for (const id of watches.keys()) if (!ids.includes(id)) watches.delete(id);
    for (const id of ids) {
      const policy = state.policy(id);
      if (policy?.repair === undefined) {
        watches.delete(id);
        continue;
      }
      let watch = watches.get(id);
      if (watch?.policy !== policy) watch = newWatch(policy);
      watches.set(id, watch);
      if (of.signal.aborted || clock.monotonicMs() < watch.dueMs) continue;
      // What goes wrong with one policy is no reason to leave the others alone.
      await this.#look(watch, policy.repair, state.instrumentsOf(id), of).catch((error: unknown) => {
        if (of.signal.aborted || (error instanceof TickwellError && error.code === 'sink-broken'))
          throw error;
        this.#parts.logger.error(
          { policy: id, err: error },
          `repair of policy ${id}: ${errorMessage(error)}`,
        );
      });
      watch.dueMs = clock.monotonicMs() + policy.repair.everySeconds * 1000;
    }
  }

  async #look(watch: Watch, repair: PolicyRepair, symbols: readonly string[], of: RoundOf): Promise<void> {
    const { clock } = this.#parts;
    const nowNs = clock.nowNs();
    const toNs = nowNs - BigInt(Math.round(repair.settleSeconds * 1e9));
    const isWhole = clock.monotonicMs() >= watch.wholeDueMs;
    const wholeNs = nowNs - BigInt(Math.round(repair.maxAgeDays)) * DAY_NS;
    const newNs = watch.seenNs - OVERLAP_NS;
    const fromNs = isWhole || newNs < wholeNs ? wholeNs : newNs;
    for (let at = 0; at < symbols.length && !of.signal.aborted; at += BATCH)
      await this.#lookAt(watch, repair, symbols.slice(at, at + BATCH), { fromNs, toNs, ...of });
    if (of.signal.aborted) return;
    watch.seenNs = toNs;
    if (isWhole) watch.wholeDueMs = clock.monotonicMs() + WHOLE_EVERY_MS;
  }

  async #lookAt(
    watch: Watch,
    repair: PolicyRepair,
    symbols: readonly string[],
    { signal, fromNs, toNs, ...of }: RoundOf & { readonly fromNs: bigint; readonly toNs: bigint },
  ): Promise<void> {
    const { query, clock } = this.#parts;
    const { interval } = watch.policy.series;
    const asked = { symbols, interval, signal, timeoutMs: QUERY_TIMEOUT_MS };
    const { holes } = await query.holes({ ...asked, kind: 'bars', limit: MAX_HOLES });
    const open = holes.filter(({ source, state }) => source === BEST_SOURCE && state === 'missing');
    const oldestNs = open.reduce((least, { startNs }) => (startNs < least ? startNs : least), fromNs);
    if (oldestNs >= toNs) return;
    const { priceType } = repair;
    const found = await query.coverage({
      ...asked,
      ...{ startNs: oldestNs, endNs: toNs, source: BEST_SOURCE, priceType, maxGaps: MAX_GAPS },
      ...calendarOf(watch.policy),
    });
    for (const { symbol, problem, gaps, gapCount } of found) {
      if (problem !== '') this.#tell(watch.policy.id, symbol, problem);
      if (problem !== '' || signal.aborted) continue;
      const series = seriesOf(watch, symbol, repair);
      const steps = series.steps({
        gaps: gaps.map(({ startNs, endNs, missing }) => ({ startNs, endNs, missing })),
        holes: holes.filter((hole) => hole.symbol === symbol),
        // Of what lies behind the gaps that are listed nothing is known: it is looked at once these are closed or given up.
        range: { fromNs: oldestNs, toNs: gapCount > gaps.length ? (gaps.at(-1)?.endNs ?? toNs) : toNs },
        repair,
        nowNs: clock.nowNs(),
      });
      await this.#write(steps, of);
    }
  }

  /** Each step is written once, whoever writes it; a copy that has been replaced writes nothing all the same. */
  async #write(
    steps: ReturnType<RepairSeries['steps']>,
    { sink, asked, lease }: Pick<RoundOf, 'sink' | 'asked' | 'lease'>,
  ): Promise<void> {
    if (steps.length === 0 || !(await lease.isHeld())) return;
    const requests = steps.flatMap(({ request }) =>
      request !== undefined && asked.add(request.id) ? [request.record] : [],
    );
    // One after the other: a step that says "asked" must not be there without its request.
    if (requests.length > 0) await sink.send(requests);
    await sink.send(steps.map(({ record }) => record));
    for (const { kind, text } of steps) {
      this.#steps.add(1, { step: kind });
      this.#parts.logger.info({ step: kind }, text);
    }
  }

  /** Once: it is so until somebody changes it. */
  #tell(policy: string, symbol: string, problem: string): void {
    const text = `policy ${policy}: holes of ${symbol} are not looked for: ${problem}`;
    if (this.#told.has(text)) return;
    if (this.#told.size >= MAX_HOLES) this.#told.clear();
    this.#told.add(text);
    this.#parts.logger.warn({ policy, symbol }, text);
  }
}

interface RoundOf {
  readonly sink: EventSink;
  readonly asked: AskedRequests;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

function newWatch(policy: SourcePolicy): Watch {
  return { policy, series: new Map(), dueMs: 0, wholeDueMs: 0, seenNs: 0n };
}

function seriesOf(watch: Watch, symbol: string, { priceType }: PolicyRepair): RepairSeries {
  const known = watch.series.get(symbol);
  if (known !== undefined) return known;
  const { id: policy, series, best } = watch.policy;
  const interval = parseInterval(series.interval);
  const barNs = interval.ok && interval.value.kind === 'fixed' ? interval.value.lengthNs : undefined;
  const made = new RepairSeries({ policy, symbol, interval: series.interval, priceType }, { best, barNs });
  watch.series.set(symbol, made);
  return made;
}

/** That of the policy's session, else the instrument's own. */
function calendarOf({ session }: SourcePolicy): { readonly calendar?: string } {
  return session !== undefined && 'calendar' in session ? { calendar: session.calendar.id } : {};
}
