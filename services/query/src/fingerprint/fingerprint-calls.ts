import { clone, create } from '@bufbuild/protobuf';
import { BarsFingerprinter, parseFingerprint, queryV1, type BarsPin } from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import type { EventLog } from '@tickwell/ports';
import { orRefuse } from '../arguments.ts';
import type { CommitTracker } from '../commit-tracker.ts';
import { HistoryCalls, type CallSignal, type HistoryParts } from '../history.ts';
import { pinnedReader } from './pinned-reader.ts';
import { pinNow } from './store-position.ts';

export interface FingerprintParts {
  readonly history: HistoryParts;
  readonly log: Pick<EventLog, 'describeTopic'>;
  readonly commits: Pick<CommitTracker, 'newest'>;
  readonly partitionOf: (key: string, partitions: number) => number;
}

export function wantsFingerprint({ fingerprint, atFingerprint }: queryV1.GetBarsRequest): boolean {
  return fingerprint || atFingerprint !== '';
}

/** GetBars of what the store held at one moment, with a last message that says what the answer was ([0027]). */
export async function* fingerprintedBars(
  parts: FingerprintParts,
  request: queryV1.GetBarsRequest,
  call: CallSignal,
): AsyncGenerator<queryV1.GetBarsResponse> {
  orRefuse(checkRequest(request));
  const { history, partitionOf } = parts;
  const pin = await pinOf(parts, request);
  const pinned = clone(queryV1.GetBarsRequestSchema, request);
  pinned.asOfNs = pin.asOfNs;
  const calls = new HistoryCalls({ ...history, reader: pinnedReader(history.reader, pin, partitionOf) });
  const hash = new BarsFingerprinter();
  for await (const message of calls.getBars(pinned, call)) {
    hash.add(message);
    yield message;
  }
  const fingerprint = { value: hash.fingerprint(pinned, pin), asOfNs: pin.asOfNs, rows: BigInt(hash.rows) };
  yield create(queryV1.GetBarsResponseSchema, { fingerprint });
}

async function pinOf(
  { history, log, commits }: FingerprintParts,
  { atFingerprint, asOfNs }: queryV1.GetBarsRequest,
): Promise<BarsPin> {
  if (atFingerprint === '') return pinNow({ log, commits, nowNs: history.nowNs }, asOfNs);
  const pin = orRefuse(parseFingerprint(atFingerprint));
  return orRefuse(
    asOfNs === 0n || asOfNs === pin.asOfNs
      ? ok(pin)
      : err(`as_of_ns ${asOfNs} is not that of at_fingerprint, ${pin.asOfNs}: leave it out`),
  );
}

/** What a fingerprint would not hold for. */
function checkRequest(request: queryV1.GetBarsRequest): Result<undefined, string> {
  const flag = request.fingerprint ? 'fingerprint' : 'at_fingerprint';
  if (request.symbols.length > 0)
    return err(`${flag} is of one symbol: ask for each of symbols by itself, as symbol`);
  const unfit = request.requireComplete
    ? 'require_complete'
    : request.withCoverage
      ? 'with_coverage'
      : request.resampleFrom === 'trades' || request.resampleFrom === 'quotes'
        ? `resample_from "${request.resampleFrom}"`
        : undefined;
  if (unfit !== undefined)
    return err(`${flag} goes without ${unfit}: it is of bars that are stored, or made of such`);
  if (request.asOfNs < 0n)
    return err(`as_of_ns ${request.asOfNs} is before 1970: nothing was known then; 0 is now`);
  return ok(undefined);
}
