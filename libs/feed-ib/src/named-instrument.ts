import { ok, type Result, type TickwellError } from '@tickwell/domain';
import { jobsByName, nameAt, type FeedJob, type InstrumentResolver } from '@tickwell/ports';
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
  const { symbol: name } = instrument;
  if (!isIdAlone(instrument) || !isKnown(resolver, name)) return ok(instrument);
  const named = nameAt(resolver, { name, source: SOURCE }, timeNs);
  return named.ok ? ok(contractOf(named.value)) : named;
}

/** Whether the map says anything of a name; an id that it does not know is a stock's symbol. */
function isKnown(resolver: InstrumentResolver, name: string): boolean {
  return resolver.named(name, SOURCE, 0n, 1n) !== undefined;
}

/** History as one job for every contract that the map names meanwhile. */
export function historyParts(
  instrument: IbInstrument,
  resolver: InstrumentResolver,
  span: { readonly fromNs: bigint; readonly toNs: bigint },
  jobOf: (instrument: IbInstrument, span: { readonly fromNs: bigint; readonly toNs: bigint }) => FeedJob,
): FeedJob['parts'] {
  if (!isIdAlone(instrument)) return undefined;
  const of = { name: instrument.symbol, source: SOURCE, ...span };
  return () => {
    if (!isKnown(resolver, of.name)) return Promise.resolve(ok([jobOf(instrument, span)]));
    return Promise.resolve(jobsByName(resolver, of, (piece) => jobOf(contractOf(piece), piece)));
  };
}

type Named = NonNullable<ReturnType<InstrumentResolver['named']>>[number];

function contractOf({ id, vendor }: Named): IbInstrument {
  return { symbol: id, ibSymbol: vendor.symbol, ...vendor.contract };
}
