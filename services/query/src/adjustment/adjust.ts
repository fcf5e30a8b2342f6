import { err, formatNs, ok, type BarColumns, type PriceBasis, type Result } from '@tickwell/domain';
import type { StoredAction, StoredBars } from '@tickwell/ports';

/** What prices are brought to when they are read. */
export type WantedBasis = Exclude<PriceBasis, 'unspecified'>;

/** A dividend as a share of the price before it. */
export interface DividendFactor {
  readonly exDateNs: bigint;
  /** 1 − dividend / last close before the ex date: what earlier prices are multiplied with. */
  readonly factor: number;
}

/** A split as prices are adjusted by it. */
export interface Split {
  readonly exDateNs: bigint;
  /** New shares for an old one. */
  readonly ratio: number;
}

/** The splits among actions; one without a ratio is an error that names it. */
export function splitsOf(actions: readonly StoredAction[]): Result<readonly Split[], string> {
  const splits: Split[] = [];
  for (const { kind, exDateNs, splitNumerator, splitDenominator } of actions) {
    if (kind !== 'split') continue;
    const ratio = splitNumerator / splitDenominator;
    if (!(ratio > 0 && Number.isFinite(ratio)))
      return err(
        `the split of ${dayOf(exDateNs)} is ${splitNumerator}:${splitDenominator}: ingest it again, corrected`,
      );
    splits.push({ exDateNs, ratio });
  }
  return ok(splits);
}

/** Shares that one share of the time became up to `untilNs`: the product of the splits in between, ex dates after `timeNs`. */
function sharesSince(splits: readonly Split[], timeNs: bigint, untilNs?: bigint): number {
  let shares = 1;
  for (const { exDateNs, ratio } of splits)
    if (exDateNs > timeNs && (untilNs === undefined || exDateNs <= untilNs)) shares *= ratio;
  return shares;
}

/**
 * What a dividend takes off earlier prices: 1 − amount / close, both as quoted on the day before the ex date (the method of CRSP and of
 * Yahoo's adjusted close). `splits`: all there are, for an amount that its source adjusted; `rawClose`: last unadjusted close before the ex date;
 * undefined: there is no earlier price to adjust.
 */
export function dividendFactor(
  action: StoredAction,
  splits: readonly Split[],
  rawClose: number | undefined,
): Result<DividendFactor | undefined, string> {
  if (rawClose === undefined) return ok(undefined);
  const { exDateNs, amount, priceBasis, knownAtNs, currency } = action;
  // A source that adjusts prices for splits adjusts what was paid for them as well.
  const paid = priceBasis === 'split-adjusted' ? amount * sharesSince(splits, exDateNs, knownAtNs) : amount;
  const factor = 1 - paid / rawClose;
  if (!(factor > 0 && factor <= 1))
    return err(
      `the dividend of ${paid}${currency === '' ? '' : ` ${currency}`} on ${dayOf(exDateNs)} does not fit the close of ${rawClose} before it: ingest it again, corrected, or read split-adjusted prices`,
    );
  return ok({ exDateNs, factor });
}

/**
 * Bars on another basis, as of the newest of the splits. Volumes are of as many shares as prices are of; equal bars come back where nothing has to
 * change. Refused: what is stored without saying its basis, and dividends that would have to be taken out again. `heldSplits`: what bars
 * that their source adjusted may hold, later ones included; left out: the same.
 */
export function adjustBars(
  stored: Omit<StoredBars, 'source'>,
  wanted: WantedBasis,
  splits: readonly Split[],
  dividends: readonly DividendFactor[],
  heldSplits = splits,
): Result<BarColumns, string> {
  const { priceBasis, bars, knownNs } = stored;
  if (priceBasis === wanted && priceBasis !== 'split-adjusted') return ok(bars);
  if (priceBasis === 'unspecified')
    return err(
      'the basis of these prices is not known: say it where they are ingested (priceBasis), or read them as they are',
    );
  if (priceBasis === 'all')
    return err(
      'these prices are stored adjusted for dividends, which cannot be undone: ask for "all", or for them as they are',
    );
  const scales = bars.startNs.map((startNs, index) => {
    const held = priceBasis === 'split-adjusted' ? sharesSince(heldSplits, startNs, knownNs[index]) : 1;
    const shares = wanted === 'raw' ? 1 : sharesSince(splits, startNs);
    return { shares: shares / held, paid: wanted === 'all' ? paidSince(dividends, startNs) : 1 };
  });
  if (scales.every(({ shares, paid }) => shares === 1 && paid === 1)) return ok(bars);
  const price = (values: readonly number[]): number[] =>
    values.map((value, index) => scaled(value, scales[index]));
  return ok({
    ...bars,
    open: price(bars.open),
    high: price(bars.high),
    low: price(bars.low),
    close: price(bars.close),
    vwap: price(bars.vwap),
    volume: bars.volume.map((value, index) => value * (scales[index]?.shares ?? 1)),
  });
}

function paidSince(dividends: readonly DividendFactor[], timeNs: bigint): number {
  let factor = 1;
  for (const dividend of dividends) if (dividend.exDateNs > timeNs) factor *= dividend.factor;
  return factor;
}

function scaled(
  value: number,
  scale: { readonly shares: number; readonly paid: number } | undefined,
): number {
  return scale === undefined ? value : (value / scale.shares) * scale.paid;
}

function dayOf(timeNs: bigint): string {
  return formatNs(timeNs).slice(0, 10);
}
