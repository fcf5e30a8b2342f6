import { err, ok, TickwellError, type Result } from '@tickwell/domain';
import { jobsByName, type FeedJob, type InstrumentResolver } from '@tickwell/ports';
import type { IbInstrument } from './options.ts';

/** The source of the instrument map that names contracts, whatever the feed's rows say. */
const SOURCE = 'ib';

/** A job that says nothing but an id leaves the contract to the instrument map. */
function isIdAlone(instrument: IbInstrument): boolean {
  return Object.keys(instrument).length === 1;
}

/** The contract at a time, where the map has one; as it is where the job describes it or the map says nothing. */
export function namedInstrument(
  instrument: IbInstrument,
  resolver: InstrumentResolver,
  timeNs: bigint,
): Result<IbInstrument, TickwellError> {
  if (!isIdAlone(instrument)) return ok(instrument);
  const segments = resolver.segments(instrument.symbol, SOURCE, timeNs, timeNs + 1n);
  if (segments === undefined) return ok(instrument);
  const [current] = segments;
  if (current !== undefined) return ok(contractOf(instrument, current.vendor));
  return err(
    new TickwellError(
      'instrument-not-listed',
      `${instrument.symbol} has no contract at Interactive Brokers now: "tickwell instrument show ${instrument.symbol}" says when it has`,
    ),
  );
}

/** History as one job for every contract that the map names meanwhile. */
export function historyParts(
  instrument: IbInstrument,
  resolver: InstrumentResolver,
  span: { readonly fromNs: bigint; readonly toNs: bigint },
  jobOf: (instrument: IbInstrument, span: { readonly fromNs: bigint; readonly toNs: bigint }) => FeedJob,
): FeedJob['parts'] {
  if (!isIdAlone(instrument)) return undefined;
  const of = { id: instrument.symbol, source: SOURCE, ...span };
  return () => {
    if (resolver.segments(of.id, SOURCE, span.fromNs, span.toNs) === undefined)
      return ok([jobOf(instrument, span)]);
    return jobsByName(resolver, of, (piece) => jobOf(contractOf(instrument, piece.vendor), piece));
  };
}

type Vendor = NonNullable<ReturnType<InstrumentResolver['segments']>>[number]['vendor'];

function contractOf({ symbol }: IbInstrument, vendor: Vendor): IbInstrument {
  return { symbol, ibSymbol: vendor.symbol, ...vendor.contract };
}
