import type { InstrumentType } from './instrument-type.ts';
import { sessionDateText, type SessionDate } from '@tickwell/calendar';
import type { VendorContract, VendorEntry } from './vendor.ts';

/** What Interactive Brokers calls the types. */
const SEC_TYPES: Readonly<Record<InstrumentType, string | undefined>> = {
  stock: 'STK',
  etf: 'STK',
  fund: 'FUND',
  index: 'IND',
  currency: 'CASH',
  crypto: 'CRYPTO',
  commodity: 'CMDTY',
  bond: 'BOND',
  cfd: 'CFD',
  future: 'FUT',
  continuous: undefined,
};

interface Terms {
  readonly type: InstrumentType;
  readonly currency: string;
  readonly expiry: SessionDate | undefined;
}

/** An entry of Interactive Brokers with what the instrument says of its contract already; others as they are. */
export function withContract(entry: VendorEntry, { type, currency, expiry }: Terms): VendorEntry {
  const secType = SEC_TYPES[type];
  if (entry.source !== 'ib' || secType === undefined) return entry;
  const known: VendorContract = {
    secType,
    ...(currency === '' ? {} : { currency }),
    ...(expiry === undefined ? {} : { expiry: sessionDateText(expiry).replaceAll('-', '') }),
  };
  return { ...entry, vendor: { ...entry.vendor, contract: { ...known, ...entry.vendor.contract } } };
}
