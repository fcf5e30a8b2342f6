/**
 * IB's bar sizes and how much of each one request may ask for. The longest durations are those of the table "Valid duration and bar
 * size settings for historical data requests" of IB's documentation (TWS API, "Historical bar data", step sizes: 1800 S from 1 secs,
 * 3600 S from 5 secs, 14400 S from 10 secs, 28800 S from 30 secs, 1 D from 1 min, 2 D from 2 mins, 1 W from 3 mins, 1 M from 30
 * mins, 1 Y from 1 day), cut to at most 2,000 bars of an instrument that trades around the clock: @stoqey/ib decodes larger answers
 * in time that grows with their square.
 *
 * Durations in seconds are elapsed time; those in days are trading days, which begin with a session: a piece of n days asks for
 * n + 1, so that a session cut by midnight UTC is whole, and what lies outside of the piece is left out.
 */
export interface BarSize {
  /** As IB writes it. */
  readonly ib: string;
  /** As Tickwell writes it. */
  readonly interval: string;
  readonly seconds: number;
  readonly piece:
    | { readonly unit: 'seconds'; readonly seconds: number; readonly duration: string }
    | { readonly unit: 'days'; readonly days: number; readonly duration: string }
    | { readonly unit: 'year'; readonly duration: string };
  /** Bars of 30 seconds and less are paced strictly. */
  readonly pacing: 'small' | 'large';
}

const DAY = 86_400;

function secondBars(ib: string, interval: string, seconds: number, pieceSeconds: number): BarSize {
  const piece = { unit: 'seconds', seconds: pieceSeconds, duration: `${pieceSeconds} S` } as const;
  return { ib, interval, seconds, piece, pacing: seconds <= 30 ? 'small' : 'large' };
}

function dayPieces(ib: string, interval: string, seconds: number, days: number, duration: string): BarSize {
  return { ib, interval, seconds, piece: { unit: 'days', days, duration }, pacing: 'large' };
}

export const BAR_SIZES: readonly BarSize[] = [
  secondBars('1 secs', '1s', 1, 1800),
  secondBars('5 secs', '5s', 5, 3600),
  secondBars('10 secs', '10s', 10, 14_400),
  secondBars('15 secs', '15s', 15, 14_400),
  secondBars('30 secs', '30s', 30, 28_800),
  secondBars('1 min', '1m', 60, DAY),
  secondBars('2 mins', '2m', 120, DAY),
  dayPieces('3 mins', '3m', 180, 3, '4 D'),
  dayPieces('5 mins', '5m', 300, 5, '6 D'),
  dayPieces('10 mins', '10m', 600, 6, '7 D'),
  dayPieces('15 mins', '15m', 900, 6, '7 D'),
  dayPieces('20 mins', '20m', 1200, 6, '7 D'),
  dayPieces('30 mins', '30m', 1800, 28, '29 D'),
  dayPieces('1 hour', '1h', 3600, 28, '29 D'),
  dayPieces('2 hours', '2h', 7200, 28, '29 D'),
  dayPieces('3 hours', '3h', 10_800, 28, '29 D'),
  dayPieces('4 hours', '4h', 14_400, 28, '29 D'),
  dayPieces('8 hours', '8h', 28_800, 28, '29 D'),
  { ib: '1 day', interval: '1d', seconds: DAY, piece: { unit: 'year', duration: '1 Y' }, pacing: 'large' },
  // Whole weeks, so that no answer ends within one; 52 of them are less than a year.
  dayPieces('1 week', '1w', 7 * DAY, 364, '1 Y'),
  {
    ib: '1 month',
    interval: '1mo',
    seconds: 31 * DAY,
    piece: { unit: 'year', duration: '1 Y' },
    pacing: 'large',
  },
];

export function barSizeOf(interval: string): BarSize | undefined {
  return BAR_SIZES.find((size) => size.interval === interval);
}
