import { errorMessage, formatNs } from '@tickwell/domain';
import { fail, pass, skip, type Finding, type Outcome } from './finding.ts';
import { eventTexts, readHistory, sourceOf, type Ask, type Reading } from './reading.ts';
import { judgeChunks } from './rules.ts';

const SHOWN_REASONS = 3;
/** A symbol that no vendor has. */
const NO_SYMBOL = 'ZZQX9NOSUCH';
/** How long a provider may take to end when it is told to. */
const STOP_MS = 5000;
const DAY_NS = 86_400_000_000_000n;
/** Before markets that anybody has data of, and after the time that the store can hold. */
const EMPTY_FROM_NS = 366n * DAY_NS;

/** Everything that a history must hold to, for one kind; the first reading is what the others are compared with. */
export async function* historyChecks(ask: Ask): AsyncGenerator<Finding> {
  const { kind, interval } = ask;
  const name = `history ${kind}${kind === 'bars' ? ` ${interval?.text}` : ''}`;
  const first = await readHistory(ask);
  const delivers = deliveredBy(first, ask);
  yield { check: `${name}: delivers`, ...delivers };
  if (delivers.outcome === 'fail') return;
  if (first.events > 0) {
    yield { check: `${name}: rows are events`, ...wellFormed(first) };
    yield { check: `${name}: pass the platform's rules`, ...accepted(first, ask) };
    yield { check: `${name}: in order, in the span`, ...inOrder(first) };
    yield { check: `${name}: twice the same`, ...(await twice(first, ask)) };
    yield { check: `${name}: parts make the whole`, ...(await parts(first, ask)) };
    yield { check: `${name}: ends when told`, ...(await endsWhenTold(ask)) };
  }
  yield { check: `${name}: an empty span is no failure`, ...(await emptySpan(ask)) };
  yield { check: `${name}: an unknown symbol is clear`, ...(await unknownSymbol(ask)) };
}

function span({ fromNs, toNs }: Ask): string {
  return `from ${formatNs(fromNs)} to ${formatNs(toNs)}`;
}

function deliveredBy({ error, events, refusals }: Reading, ask: Ask): Outcome {
  if (error !== undefined) return fail(error.message, 'nothing else of this history was checked');
  if (events > 0) return pass(`${events} ${ask.kind} of ${ask.vendor} ${span(ask)}`);
  if (refusals.length > 0) return fail(`${refusals.length} rows, none an event`, refusals[0]?.reason ?? '');
  if (ask.kind === 'actions' || ask.kind === 'fundamentals')
    return skip(`no ${ask.kind} of ${ask.vendor} ${span(ask)}: choose a longer span with --from`);
  return fail(
    `nothing of ${ask.vendor} ${span(ask)}`,
    'choose a symbol and span that has data (--symbol, --from, --to), or look at what the vendor answers',
  );
}

function wellFormed({ refusals, events }: Reading): Outcome {
  if (refusals.length === 0) return pass(`${events} rows, none refused`);
  const shown = refusals.slice(0, SHOWN_REASONS).map(({ reason }) => reason);
  return fail(
    `${refusals.length} rows are refused`,
    `${shown.join('; ')}; give rows the types that docs/providers.md has`,
  );
}

function accepted({ chunks }: Reading, { runtime }: Ask): Outcome {
  const { declared, clock } = runtime;
  const judged = judgeChunks(chunks, { source: declared.name, nowNs: clock.nowNs() });
  if (judged.reasons.length > 0)
    return fail(
      `${judged.reasons.length} events would become dead letters`,
      `${judged.reasons.slice(0, SHOWN_REASONS).join('; ')}; docs/validation-rules.md has the rules`,
    );
  if (judged.duplicates > 0)
    return fail(`${judged.duplicates} events come twice`, 'yield each row once, also where pages overlap');
  return pass(`${judged.accepted} events accepted`);
}

function inOrder({ refusals, warnings, events }: Reading): Outcome {
  const wrong = refusals.find(({ rule }) => rule === 'row-order');
  if (wrong !== undefined) return fail(wrong.reason, 'order matters to everything that follows');
  const outside = /(\d+) rows outside of the span/.exec(warnings.join('\n'))?.[1];
  if (outside === undefined) return pass('oldest first, none outside');
  return Number(outside) > events
    ? fail(
        `${outside} rows outside of the span, ${events} in it`,
        'ask the vendor for what is asked for: from is wanted, to is not',
      )
    : pass(`oldest first; ${outside} rows outside of the span were left out`);
}

async function twice(first: Reading, ask: Ask): Promise<Outcome> {
  const again = await readHistory(ask);
  if (again.error !== undefined)
    return fail(`the second reading failed: ${again.error.message}`, 'it must answer again');
  const place = difference(eventTexts(first.chunks), eventTexts(again.chunks));
  if (place !== undefined)
    return fail(
      `two readings differ at event ${place + 1}`,
      'the same request must get the same rows: nothing random, no clock',
    );
  return pass(`${again.events} events again`);
}

async function parts(first: Reading, ask: Ask): Promise<Outcome> {
  const middleNs = ask.fromNs + ((ask.toNs - ask.fromNs) / 2n / DAY_NS) * DAY_NS;
  if (middleNs <= ask.fromNs) return skip('the span is too short to be parted: choose more than a day');
  const early = await readHistory({ ...ask, toNs: middleNs });
  const late = await readHistory({ ...ask, fromNs: middleNs });
  const error = early.error ?? late.error;
  if (error !== undefined)
    return fail(`a part failed: ${error.message}`, 'any part of a span may be asked for');
  const place = difference(eventTexts(first.chunks), [
    ...eventTexts(early.chunks),
    ...eventTexts(late.chunks),
  ]);
  if (place === undefined) return pass(`${early.events} and ${late.events} events`);
  return fail(
    `two parts, ${formatNs(middleNs)} between them, have not the events of the whole (from event ${place + 1})`,
    'honour from and to exactly: from is wanted, to is not',
  );
}

/** Index of the first that differs; undefined: none. */
function difference(one: readonly string[], other: readonly string[]): number | undefined {
  const at = one.findIndex((text, index) => text !== other[index]);
  if (at >= 0) return at;
  return one.length === other.length ? undefined : one.length;
}

async function endsWhenTold(ask: Ask): Promise<Outcome> {
  const stop = new AbortController();
  const over = new AbortController();
  const iterator = sourceOf(ask).read({ afterPosition: 0n, signal: stop.signal });
  try {
    // The first answer may take as long as the provider says; only then the time runs.
    await iterator.next();
    stop.abort();
    const late = ask.runtime.clock.sleep(STOP_MS, over.signal).then(() => 'late' as const);
    late.catch(() => undefined);
    if ((await Promise.race([drained(iterator), late])) === 'ended')
      return pass('no row more after the signal');
    return fail(
      `it goes on ${STOP_MS / 1000} s after the signal`,
      'watch context.signal in loops of your own',
    );
  } catch (error) {
    return fail(`it fails when it is stopped: ${errorMessage(error)}`, 'end quietly');
  } finally {
    over.abort();
  }
}

async function drained(iterator: AsyncIterator<unknown>): Promise<'ended'> {
  for (;;) if ((await iterator.next()).done === true) return 'ended';
}

async function emptySpan(ask: Ask): Promise<Outcome> {
  const { earliestNs } = ask.runtime.declared;
  if (earliestNs !== undefined && earliestNs <= EMPTY_FROM_NS)
    return skip('its data begins (earliest) before every span that could be empty');
  const fromNs = earliestNs === undefined ? EMPTY_FROM_NS : earliestNs - 10n * DAY_NS;
  const reading = await readHistory({ ...ask, fromNs, toNs: fromNs + 4n * DAY_NS });
  if (reading.error !== undefined)
    return fail(
      `a span without data fails: ${reading.error.message}`,
      "yield nothing, or context.fail('no-data', …)",
    );
  if (reading.events + reading.refusals.length > 0)
    return fail(
      `${reading.events} events at ${formatNs(fromNs)}`,
      'no data was expected there: yield what the vendor has and nothing else; if it is real, say since when there is data ("earliest")',
    );
  return pass('no rows, no error');
}

async function unknownSymbol(ask: Ask): Promise<Outcome> {
  const { error, events } = await readHistory({ ...ask, vendor: NO_SYMBOL });
  if (events > 0)
    return fail(`${NO_SYMBOL} has ${events} events`, 'use request.symbol in what you ask the vendor for');
  if (error === undefined) return pass('nothing, which Tickwell tells with the symbol and span');
  if (error.code === 'provider-unknown-symbol' || error.code === 'provider-bad-answer')
    return pass(error.message);
  return fail(
    `it ends with ${error.code}: ${error.message}`,
    "say context.fail('unknown-symbol', …) where the vendor does not know a symbol",
  );
}
