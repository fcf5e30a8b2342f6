import type { TickwellClient } from '@tickwell/client';
import type { StreamResult } from '../ingest/report.ts';
import type { LedgerRow } from './ledger.ts';
import { readBack } from './read-back.ts';
import {
  deadLetters,
  qualityCounts,
  storedSeries,
  type QualityCounts,
  type StoredSeries,
} from '../stored.ts';

/** Series that are read back at a time. */
const PARALLEL = 4;

export interface Account {
  /** What was imported. */
  readonly imported: readonly LedgerRow[];
  /** What was made of it on the way: bars of trades, indicators. */
  readonly derived: readonly LedgerRow[];
}

/** Counts the streams of an import at every stage: ingest, validator, store, gRPC. */
export async function takeAccount(options: {
  readonly streams: readonly StreamResult[];
  readonly questdbHttpUrl: string;
  readonly client: TickwellClient;
}): Promise<Account> {
  const { streams, questdbHttpUrl, client } = options;
  const sources = [...new Set(streams.map(({ source }) => source))];
  const all = [...sources, ...sources.map((source) => `derived:${source}`)];
  const [series, counts, letters] = await Promise.all([
    storedSeries(questdbHttpUrl, all),
    qualityCounts(questdbHttpUrl, sources),
    deadLetters(questdbHttpUrl, sources),
  ]);
  const read = await readAll(client, series);
  const isImported = (each: StoredSeries): boolean =>
    sources.includes(each.source) && each.kind !== 'indicators';
  const imported = streams.flatMap((stream) =>
    importedRows({ stream, series: series.filter(isImported), counts, letters, read }),
  );
  const derived = series
    .filter((each) => !isImported(each))
    .map((each) => ({
      symbol: each.symbol,
      source: each.source,
      data: dataName(each),
      stored: each.rows,
      readBack: read.get(each) ?? 0,
    }));
  return { imported, derived };
}

async function readAll(
  client: TickwellClient,
  series: readonly StoredSeries[],
): Promise<ReadonlyMap<StoredSeries, number>> {
  const counts = new Map<StoredSeries, number>();
  const waiting = [...series];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      counts.set(next, await readBack(client, next));
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return counts;
}

interface Counted {
  readonly stream: StreamResult;
  readonly series: readonly StoredSeries[];
  readonly counts: readonly QualityCounts[];
  readonly letters: ReadonlyMap<string, number>;
  readonly read: ReadonlyMap<StoredSeries, number>;
}

/** The rows of one stream. A stream of the sample holds one series, whose counts can be compared stage by stage. */
export function importedRows({ stream, series, counts, letters, read }: Counted): readonly LedgerRow[] {
  const { source } = stream;
  const own = series.filter((each) => each.source === source);
  const judged = counts.filter((each) => each.source === source);
  const sum = (pick: (each: QualityCounts) => number): number =>
    judged.reduce((total, each) => total + pick(each), 0);
  const [only, ...others] = own;
  if (only === undefined || others.length > 0) {
    // Nothing, or several series: ingest counts the stream as a whole.
    const stored = own.reduce((total, each) => total + each.rows, 0);
    const back = own.reduce((total, each) => total + (read.get(each) ?? 0), 0);
    return [
      {
        ...stages(stream, sum, letters),
        symbol: own.length === 0 ? '-' : '*',
        source,
        data: '*',
        stored,
        readBack: back,
      },
    ];
  }
  return [
    {
      ...stages(stream, sum, letters),
      symbol: only.symbol,
      source,
      data: dataName(only),
      stored: only.rows,
      readBack: read.get(only) ?? 0,
    },
  ];
}

function stages(
  stream: StreamResult,
  sum: (pick: (each: QualityCounts) => number) => number,
  letters: ReadonlyMap<string, number>,
): Required<Pick<LedgerRow, 'ingested' | 'refused' | 'duplicates' | 'accepted' | 'deadLetters'>> {
  return {
    ingested: stream.events + stream.refused,
    refused: sum(({ deadLettered }) => deadLettered),
    duplicates: sum(({ duplicates }) => duplicates),
    accepted: sum(({ accepted }) => accepted),
    deadLetters: letters.get(stream.source) ?? 0,
  };
}

function dataName({ kind, interval, specId }: StoredSeries): string {
  if (kind === 'indicators') return `${specId} ${interval}`;
  return interval === '' ? kind : `${kind} ${interval}`;
}
