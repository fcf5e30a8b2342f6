import { err, ok, parseInterval, type Result, parseTimeZone } from '@tickwell/domain';
import {
  VERBATIM,
  type EventSource,
  type FeedItem,
  type FeedRefusal,
  type InstrumentResolver,
} from '@tickwell/ports';
import { createTimeParser, type Cell, type TimeParser } from '@tickwell/text';
import { EventBuilder, type EventPlan, type RowProblem } from './event-builder.ts';
import { openInput, type FileInput } from './input.ts';
import { resolveMapping, type ResolvedMapping } from './mapping.ts';
import { checkOptions, FileFeedError, mappingHash, type FileSourceOptions } from './options.ts';
import { findOrder, MAX_REVERSED_BYTES, reversed } from './order.ts';
import { openReader } from './reader.ts';
import { refuse } from './refusal.ts';
import { cellAt, showCell, type Row, type RowReader } from './rows.ts';
import { countLines } from './text-rows.ts';

/** Rows of the first block that decide time format and order. */
const SAMPLE_ROWS = 1000;

/**
 * Opens a file as a stream of events. The same content with the same options is the same stream, wherever it lies. Positions are
 * physical lines (CSV, JSON lines) or rows, from 1; of a file read backwards, counted from its end.
 *
 * Names of a symbol column that the instrument map knows at source `file:<data set>` become the ids of whose they are at the row's time.
 *
 * What is wrong with the file or the options as a whole is the returned error (codes file-options, file-unreadable,
 * file-corrupt, file-empty, file-no-rows, file-header, file-encoding, file-mapping, file-time, file-too-large, file-format,
 * archive-entry, bad-json); what is wrong with a line or row is a refusal in the stream.
 */
export async function openFileSource(
  options: FileSourceOptions,
  instruments: InstrumentResolver = VERBATIM,
): Promise<Result<EventSource, FileFeedError>> {
  const checked = checkOptions(options);
  if (!checked.ok) return checked;
  const input = await openInput(options.path, options.entry);
  if (!input.ok) return input;
  if (input.value.sizeBytes === 0) {
    return err(new FileFeedError('file-empty', `${input.value.name}: the file is empty`));
  }
  const reader = await openReader(input.value, options);
  if (!reader.ok) return reader;
  const mapping = resolveMapping(reader.value.columns, options);
  if (!mapping.ok) return err(new FileFeedError('file-mapping', `${input.value.name}: ${mapping.error}`));
  const plan = await makePlan(input.value, reader.value, mapping.value, { options, instruments });
  return plan.ok ? ok(new FileSource(input.value, reader.value, plan.value, options)) : plan;
}

interface ReadPlan extends EventPlan {
  readonly descending: boolean;
}

async function makePlan(
  input: FileInput,
  reader: RowReader,
  mapping: ResolvedMapping,
  { options, instruments }: { readonly options: FileSourceOptions; readonly instruments: InstrumentResolver },
): Promise<Result<ReadPlan, FileFeedError>> {
  const zone = parseTimeZone(options.timeZone ?? 'UTC');
  if (!zone.ok) return err(new FileFeedError('file-options', `${input.name}: ${zone.error}`));
  const rows = await sampleRows(reader);
  if (rows.length === 0) {
    return err(
      new FileFeedError('file-no-rows', `${input.name}: there is no row that can be read after the header`),
    );
  }
  const timeAt = mapping.get('time') ?? [];
  const time = firstWorkingTime(rows, timeAt, (sample) =>
    createTimeParser({
      format: options.timeFormat ?? 'auto',
      zone: zone.value,
      baseDate: options.baseDate,
      column: timeAt.length === 1 ? reader.timeColumns.get(timeAt[0] ?? 0) : undefined,
      sample,
      show: showCell,
    }),
  );
  if (!time.ok) return err(new FileFeedError('file-time', `${input.name}: ${time.error}`));
  const interval = options.interval === undefined ? undefined : parseInterval(options.interval);
  const plan: EventPlan = {
    kind: options.kind,
    mapping,
    symbol: options.symbol,
    ownersOf: (name) => instruments.ownersOf(`file:${options.dataset}`, { symbol: name }),
    time: time.value,
    interval: interval?.ok === true ? interval.value : undefined,
    priceType: options.priceType ?? 'trade',
    priceBasis: options.priceBasis,
    barTime: options.barTime ?? 'start',
    priceDivisor: options.priceDivisor ?? 1,
  };
  const descending =
    (options.order ?? 'auto') === 'auto'
      ? findOrder(rows, plan) === 'descending'
      : options.order === 'descending';
  if (descending && input.sizeBytes > MAX_REVERSED_BYTES) {
    return err(
      new FileFeedError(
        'file-too-large',
        `${input.name}: newest first, and ${input.sizeBytes} bytes are too many to read backwards (at most ${MAX_REVERSED_BYTES}): sort it oldest first, or say order ascending to take it as it is`,
      ),
    );
  }
  return ok({ ...plan, descending });
}

async function sampleRows(reader: RowReader): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const block of reader.blocks(new AbortController().signal)) {
    rows.push(...block.rows.slice(0, SAMPLE_ROWS - rows.length));
    if (rows.length >= SAMPLE_ROWS) break;
  }
  return rows;
}

/** The first row whose time can be read decides; a damaged first row must not cost the file. */
function firstWorkingTime(
  rows: readonly Row[],
  timeAt: readonly number[],
  create: (sample: Cell) => Result<TimeParser, string>,
): Result<TimeParser, string> {
  let firstError: Result<TimeParser, string> | undefined;
  for (const row of rows) {
    const sample = cellAt(row, timeAt);
    const parser = create(sample);
    if (parser.ok && parser.value.instantNs(sample) !== undefined) return parser;
    firstError ??= parser.ok
      ? err(`no time of the first ${rows.length} rows is in the format given`)
      : parser;
  }
  return firstError ?? err('there is no time to be read');
}

class FileSource implements EventSource {
  readonly streamId: string;
  readonly source: string;
  readonly description: string;
  readonly totalPositions?: number;
  readonly #name: string;
  readonly #reader: RowReader;
  readonly #plan: ReadPlan;

  constructor(input: FileInput, reader: RowReader, plan: ReadPlan, options: FileSourceOptions) {
    this.#name = input.name;
    this.#reader = reader;
    this.#plan = plan;
    this.streamId = `file:${input.sha256.slice(0, 16)}:${options.dataset}:${mappingHash(options)}`;
    this.source = `file:${options.dataset}`;
    this.description = `${input.name} as ${options.dataset}`;
    if (reader.unit === 'line') this.totalPositions = countLines(input) - reader.leadingLines;
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const builder = new EventBuilder(this.#plan);
    const after = Number(options.afterPosition);
    const blocks = this.#reader.blocks(options.signal);
    for await (const block of this.#plan.descending ? reversed(blocks) : blocks) {
      if (options.signal.aborted) return;
      const refused: FeedRefusal[] = block.refused.filter(
        (refusal) => refusal.position > options.afterPosition,
      );
      for (const row of block.rows) {
        const problem = builder.add(row, row.position > after);
        if (problem !== undefined && row.position > after) refused.push(this.#refuse(row, problem));
      }
      yield* builder.take();
      refused.sort((a, b) => (a.position < b.position ? -1 : 1));
      yield* refused;
      if (block.lastPosition > after) yield { kind: 'progress', position: BigInt(block.lastPosition) };
    }
  }

  close(): Promise<void> {
    // Every read opens and closes the file by itself.
    return Promise.resolve();
  }

  #refuse(row: Row, problem: RowProblem): FeedRefusal {
    const place =
      this.#reader.unit === 'line' && !this.#plan.descending
        ? `:${row.position}:`
        : `: ${this.#placeOf(row)}:`;
    return refuse(
      {
        rule: problem.rule,
        reason: `${this.#name}${place} ${problem.reason}`,
        position: row.position,
        symbol: problem.symbol,
      },
      row.raw(),
    );
  }

  #placeOf(row: Row): string {
    return this.#plan.descending
      ? `${this.#reader.unit} ${row.position} from the end`
      : `row ${row.position}`;
  }
}
