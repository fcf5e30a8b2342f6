/** How much a is away from b: "12.5 %". */
export function percent(a: number, b: number): string {
  const share = Math.abs(a / b - 1) * 100;
  if (!Number.isFinite(share)) return 'by far';
  return `${share >= 1 ? share.toFixed(1) : share.toPrecision(2)} %`;
}

export function timesText(times: number): string {
  return `${times >= 10 ? Math.round(times) : times.toFixed(1)} times`;
}

/** Splits that companies make, as new shares for old ones. */
const MAX_SPLIT = 50;
/** Ratios of prices nearer to 1 are dividends. */
const MIN_SPLIT_RATIO = 1.1;
const SPLIT_SHARE = 0.004;
const HUNDREDTHS = 100;

/** "prices of ib are 4 times those of yahoo: a split of 4:1". */
export function ratioText({ a, b }: { readonly a: string; readonly b: string }, ratio: number): string {
  const more = Math.max(ratio, 1 / ratio);
  const split = splitText(more);
  const cause =
    Math.abs(more / HUNDREDTHS - 1) <= SPLIT_SHARE
      ? 'one is in hundredths, as pence are of pounds'
      : split === undefined
        ? 'dividends or splits that one of them is adjusted for'
        : `a split of ${split} that one of them is adjusted for`;
  return `prices of ${a} are ${Number(ratio.toPrecision(6))} times those of ${b} (${cause})`;
}

function splitText(ratio: number): string | undefined {
  if (ratio < MIN_SPLIT_RATIO) return undefined;
  for (let old = 1; old <= 4; old++) {
    const fresh = Math.round(ratio * old);
    if (fresh <= MAX_SPLIT && Math.abs(fresh / old / ratio - 1) <= SPLIT_SHARE) return `${fresh}:${old}`;
  }
  return undefined;
}
