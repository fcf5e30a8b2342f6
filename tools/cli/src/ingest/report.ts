import { TickwellError } from '@tickwell/domain';
import { formatCount, formatCounted, formatDuration } from '../format/numbers.ts';
import { Progress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import type { IngestLine } from '@tickwell/ports';
import { refusedText } from './summary.ts';

export type StreamResult = Extract<IngestLine, { type: 'done' }> & { readonly description: string };
type StreamFailure = Extract<IngestLine, { type: 'error' }>;

const SHOWN_INSTRUMENTS = 5;

/** Turns the lines of an ingest process into progress, and keeps how each stream ended. */
export class IngestReport {
  readonly streams: StreamResult[] = [];
  readonly failures: StreamFailure[] = [];
  readonly #terminal: Terminal;
  readonly #asJson: boolean;
  /** Of the streams that run: a policy has several at a time. */
  readonly #running = new Map<string, { readonly description: string; readonly progress: Progress }>();
  /** Whether `tickwell backfill` can ask the source again. */
  #canBackfill = false;

  constructor(terminal: Terminal, asJson = false) {
    this.#terminal = terminal;
    this.#asJson = asJson;
  }

  add(line: IngestLine): void {
    if (this.#asJson) this.#terminal.print(JSON.stringify(line));
    switch (line.type) {
      case 'started':
        this.#start(line.stream, withoutFolders(line.description));
        this.#canBackfill = line.source === 'ib' || line.source.startsWith('ib:');
        break;
      case 'progress':
        this.#running.get(line.stream)?.progress.report({
          // The total counts rows, and a row that was refused is done with too.
          done: line.events + line.refused,
          total: line.total ?? undefined,
          refused: line.refused,
        });
        break;
      case 'done':
        this.#end(line);
        break;
      case 'hole':
        this.#note(holeText(line, this.#canBackfill));
        break;
      case 'not-served':
        this.#note(
          line.reason.startsWith('IB ') ? line.reason : `${line.symbol} ${line.series}: ${line.reason}`,
        );
        break;
      case 'notice':
        this.#note(line.text);
        break;
      case 'policy':
        this.#note(policyText(line));
        break;
      case 'error':
        this.#terminal.transient(null);
        this.failures.push(line);
        break;
      case 'end':
        break;
    }
  }

  #start(stream: string, description: string): void {
    this.#running.set(stream, { description, progress: new Progress(this.#terminal, `${description}:`) });
  }

  #end(line: Extract<IngestLine, { type: 'done' }>): void {
    const { description = '' } = this.#running.get(line.stream) ?? {};
    this.#running.delete(line.stream);
    this.#terminal.transient(null);
    this.streams.push({ ...line, description });
    if (!this.#asJson) this.#terminal.note(streamText(description, line));
  }

  #note(text: string): void {
    if (this.#asJson) return;
    this.#terminal.transient(null);
    this.#terminal.note(text);
  }

  /** Earlier runs had imported all of it. */
  get onlyKnown(): boolean {
    return this.streams.every(({ outcome }) => outcome === 'already');
  }

  /** @throws TickwellError `ingest-failed`, one line, where a stream failed. */
  throwOnFailure(): void {
    const last = this.failures.at(-1);
    if (last === undefined) return;
    for (const { message } of this.failures.slice(0, -1)) this.#terminal.note(`failed: ${message}`);
    throw new TickwellError(last.code, last.message, { retryable: last.retryable });
  }

  /** @throws TickwellError `all-refused`, one line, where not one row of a stream became an event. */
  throwOnNothing(instance: string): void {
    const [first, ...others] = this.streams.filter(
      // A live one that is stopped may not have had anything to tell.
      ({ outcome, events, refused }) => outcome !== 'stopped' && events === 0 && refused > 0,
    );
    if (first === undefined) return;
    const refused = { name: first.description, rows: first.refused, others: others.length, instance };
    throw new TickwellError('all-refused', refusedText(refused));
  }
}

/** File names tell streams apart well enough in a line for people. */
function withoutFolders(description: string): string {
  return description.replaceAll(/(^|[\s!])(?:[^\s!]*\/)+(?=[^\s/])/g, '$1');
}

/** "AAPL trades: 132 events missed from … to … were fetched 4.2 s later (connection reset)" */
export function holeText(hole: Extract<IngestLine, { type: 'hole' }>, canBackfill: boolean): string {
  const { symbol, series, reason, from, to, timeToRepairMs, events, unrepaired } = hole;
  return unrepaired === null
    ? `${symbol} ${series}: ${formatCounted(events, 'event')} missed from ${from} to ${to} fetched after ${formatDuration(timeToRepairMs)} (${reason})`
    : `${symbol} ${series}: missed from ${from} to ${to} (${reason}), and not repaired: ${unrepaired}${canBackfill ? '; tickwell backfill tries again' : ''}`;
}

/** "us-bars: yahoo serves AAPL, MSFT and 8 more instead of ib (ib: the connection was lost)" */
function policyText(line: Extract<IngestLine, { type: 'policy' }>): string {
  const { policy, instruments, count, from, to, reason } = line;
  const shown = instruments.slice(0, SHOWN_INSTRUMENTS).join(', ');
  const more = count - Math.min(instruments.length, SHOWN_INSTRUMENTS);
  const which = more > 0 ? `${shown} and ${formatCount(more)} more` : shown;
  return `${policy}: ${to ?? 'no source'} serves ${which} instead of ${from ?? 'none'} (${reason})`;
}

/** "bitstamp.csv: 100,000 events in 3.2 s, 2 refused" */
export function streamText(description: string, line: Extract<IngestLine, { type: 'done' }>): string {
  const refused = line.refused > 0 ? `, ${formatCount(line.refused)} refused` : '';
  const events = formatCounted(line.events, 'event');
  switch (line.outcome) {
    case 'already':
      return `${description}: already imported, ${events}${refused}`;
    case 'stopped':
      return `${description}: stopped after ${events}${refused}; run it again to go on from there`;
    case 'finished':
      return `${description}: ${events} in ${formatDuration(line.seconds * 1000)}${refused}`;
  }
}
