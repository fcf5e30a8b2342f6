import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Bar } from './bar.ts';
import { columns, interval, newest, type Trade } from './fixtures/trades.ts';
import { unzip } from './fixtures/zip.ts';
import { plainBars, TradeBars } from './trade-bars.ts';

/**
 * Bars built of a vendor's recorded ticks against the minute bars the same vendor made of them (QuantConnect LEAN's sample data, which is
 * not ours to commit): an answer that nothing of this project computed.
 */
const DATA = path.resolve(
  process.env['TICKWELL_TEST_DATA'] ?? path.join(import.meta.dirname, '../../../../shared/data'),
);
const GC = path.join(DATA, 'lean/future/comex');
const IBM = path.join(DATA, 'lean/equity/usa');
const here = existsSync(GC) && existsSync(IBM);
const MINUTE = interval('1m');
const NS_PER_MS = 1_000_000n;

/** Rows of every file of an archive. */
function rows(archive: string): Map<string, string[][]> {
  const files = [...unzip(readFileSync(archive))].map(([name, text]): [string, string[][]] => [
    name,
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.trim().split(',')),
  ]);
  return new Map(files);
}

/** Minute → open, high, low, close, volume as built from ticks, in batches of 1,000. */
function build(ticks: readonly number[][], scale: number): Map<number, number[]> {
  const trades = ticks.map(([ms = NaN, price = NaN, size = NaN], index): Trade => {
    return { timeNs: BigInt(ms) * NS_PER_MS, seq: BigInt(index), price: price / scale, size };
  });
  const bars = new TradeBars([plainBars(MINUTE)], { retainedBars: 8, formingBars: 8 });
  const outcomes = [];
  for (let from = 0; from < trades.length; from += 1_000) {
    const batch = trades.slice(from, from + 1_000);
    outcomes.push(bars.apply({ trades: columns(batch), knownAtNs: 1n, watermarkNs: batch.at(-1)!.timeNs }));
  }
  outcomes.push(bars.apply({ knownAtNs: 1n, watermarkNs: 2n * 86_400_000n * NS_PER_MS }));
  expect(outcomes.flatMap((outcome) => outcome.tooLate)).toEqual([]);
  const built = newest(outcomes).get('1m') ?? new Map<bigint, Bar>();
  return new Map(
    [...built].map(([startNs, { open, high, low, close, volume }]) => [
      Number(startNs / NS_PER_MS),
      [open, high, low, close, volume],
    ]),
  );
}

/** A print of the tape: `price` false where the vendor keeps it out of open, high, low and close, `minuteMs` where it counts it elsewhere. */
interface Print {
  readonly ms: number;
  readonly price: number;
  readonly size: number;
  readonly conditions: number;
}

type Rule = (prints: readonly Print[]) => {
  readonly priced: readonly Print[];
  readonly counted: readonly Print[];
};

interface Explanation {
  readonly text: string;
  readonly rule: Rule;
}

const OPEN_MS = 34_200_000;
const CLOSE_MS = 57_600_000;
const bits = ({ conditions }: Print, mask: number): boolean => (conditions & mask) !== 0;
/** Odd conditions do not make a price in regular hours, unless the print is flagged as regular, cash or next-day, too. */
const isPriced = (print: Print): boolean =>
  !bits(print, 0x2000_0020) || bits(print, 0x2000) || bits(print, 7);
const isLeftOut = (print: Print): boolean => bits(print, 0x0500_0000);

/** The official opening print opens the session, the closing print is of its last minute, whenever they were reported. */
function auctionsInPlace(prints: readonly Print[]): Print[] {
  const moved = prints.map((print) =>
    bits(print, 0x40)
      ? { ...print, ms: OPEN_MS }
      : bits(print, 0x80)
        ? { ...print, ms: CLOSE_MS - 1 }
        : print,
  );
  const rank = (print: Print): number => (bits(print, 0x40) ? -1 : 0);
  return moved.toSorted((one, other) => one.ms - other.ms || rank(one) - rank(other));
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    text: 'prints with conditions 0x20 or 0x20000000 make no price in regular hours; the vendor counts their volume only',
    rule: (prints) => ({ priced: prints.filter(isPriced), counted: prints }),
  },
  {
    text: 'prints with conditions 0x1000000 or 0x4000000 are left out by the vendor altogether',
    rule: (prints) => {
      const counted = prints.filter((print) => !isLeftOut(print));
      return { priced: counted.filter(isPriced), counted };
    },
  },
  {
    text: 'the opening auction (0x40) is the first print of 09:30 and the closing auction (0x80) of 15:59 with the vendor, when they were reported later',
    rule: (prints) => {
      const counted = auctionsInPlace(prints.filter((print) => !isLeftOut(print)));
      return { priced: counted.filter(isPriced), counted };
    },
  },
  {
    text: 'the last trade of the day is in the file of ticks twice, at its end, and in the bar once',
    rule: (prints) => {
      const counted = isRepeated(prints.at(-1), prints.at(-2)) ? prints.slice(0, -1) : prints;
      return { priced: counted, counted };
    },
  },
];

function isRepeated(last: Print | undefined, before: Print | undefined): boolean {
  return (
    last !== undefined && last.ms === before?.ms && last.price === before.price && last.size === before.size
  );
}

interface Compared {
  readonly name: string;
  readonly ticks: number;
  readonly bars: number;
  readonly equal: number;
  readonly onlyBuilt: number;
  readonly onlyVendor: number;
  readonly explained: readonly number[];
  /** Those without an explanation: minute and numbers of both. */
  readonly others: readonly string[];
}

function ticksOf(prints: readonly Print[], scale: number): number[][] {
  return prints.map(({ ms, price, size }) => [ms, price * scale, size]);
}

/** Bars whose prices and volumes are of two selections of the same prints. */
function buildBy(rule: Rule, prints: readonly Print[]): Map<number, number[]> {
  const { priced, counted } = rule(prints);
  const prices = build(ticksOf(priced, 1), 1);
  const volumes = build(ticksOf(counted, 1), 1);
  return new Map(
    [...volumes].map(([ms, bar]) => [
      ms,
      [...(prices.get(ms) ?? [NaN, NaN, NaN, NaN]).slice(0, 4), bar[4] ?? NaN],
    ]),
  );
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

function compare(name: string, prints: readonly Print[], vendor: ReadonlyMap<number, number[]>): Compared {
  const plain = buildBy((all) => ({ priced: all, counted: all }), prints);
  const explaining = EXPLANATIONS.map(({ rule }) => buildBy(rule, prints));
  const explained = EXPLANATIONS.map(() => 0);
  const others: string[] = [];
  let equal = 0;
  let bars = 0;
  for (const [ms, wanted] of vendor) {
    const ours = plain.get(ms);
    if (ours === undefined) continue;
    bars += 1;
    const isEqual = (bar: readonly number[] | undefined): boolean =>
      wanted.every((value, at) => bar?.[at] === value);
    if (isEqual(ours)) {
      equal += 1;
      continue;
    }
    const at = explaining.findIndex((built) => isEqual(built.get(ms)));
    if (at >= 0) explained[at] = (explained[at] ?? 0) + 1;
    else others.push(`${clock(ms)} ${ours.join(' ')} for ${wanted.join(' ')}`);
  }
  const onlyVendor = vendor.size - bars;
  return {
    name,
    ticks: prints.length,
    bars,
    equal,
    onlyBuilt: plain.size - bars,
    onlyVendor,
    explained,
    others,
  };
}

function printsOf(ticks: readonly (readonly string[])[], scale: number): Print[] {
  return ticks.map(([ms = '', price = '', size = '', , conditions = '']) => ({
    ms: Number(ms),
    price: Number(price) / scale,
    size: Number(size),
    conditions: Number.parseInt(conditions, 16) || 0,
  }));
}

function vendorOf(minutes: readonly (readonly string[])[], scale: number): Map<number, number[]> {
  return new Map(
    minutes.map(([ms = '', ...values]) => [
      Number(ms),
      values.slice(0, 5).map((value, at) => Number(value) / (at < 4 ? scale : 1)),
    ]),
  );
}

function gold(day: string): Compared {
  const ticks = rows(path.join(GC, `tick/gc/${day}_trade.zip`));
  const parts = [...rows(path.join(GC, `minute/gc/${day}_trade.zip`))].map(([name, vendor]) =>
    compare(name, printsOf(ticks.get(name.replace('minute', 'tick')) ?? [], 1), vendorOf(vendor, 1)),
  );
  const sum = (of: (part: Compared) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    name: `gold futures ${day}, ${parts.length} expiries`,
    ticks: sum(({ ticks: count }) => count),
    bars: sum(({ bars }) => bars),
    equal: sum(({ equal }) => equal),
    onlyBuilt: sum(({ onlyBuilt }) => onlyBuilt),
    onlyVendor: sum(({ onlyVendor }) => onlyVendor),
    explained: EXPLANATIONS.map((_, at) => sum(({ explained }) => explained[at] ?? 0)),
    others: parts.flatMap(({ name, others }) =>
      others.map((other) => `${name.replace(/^.*_(\d+)\.csv$/, '$1')} ${other}`),
    ),
  };
}

function ibm(day: string): Compared {
  const [ticks = []] = rows(path.join(IBM, `tick/ibm/${day}_trade.zip`)).values();
  const [vendor = []] = rows(path.join(IBM, `minute/ibm/${day}_trade.zip`)).values();
  return compare(`IBM ${day}`, printsOf(ticks, 10_000), vendorOf(vendor, 10_000));
}

function page(all: readonly Compared[]): string {
  const letters = EXPLANATIONS.map((_, at) => String.fromCodePoint(65 + at));
  const lines = all.map(({ name, ticks, bars, equal, onlyBuilt, onlyVendor, explained, others }) =>
    [name, ticks, bars, equal, ...explained, others.length, onlyBuilt, onlyVendor].join(' | '),
  );
  const unexplained = all.flatMap(({ name, others }) => others.map((other) => `- ${name}: ${other}`));
  return [
    "# Bars of recorded ticks beside the vendor's own",
    '',
    '<!-- Written by libs/bars/src/vendor-bars.test.ts (npm test -- --project unit libs/bars -u); the data is not part of the repository. -->',
    '',
    "Minute bars built by `libs/bars` of a vendor's recorded trades, and the minute bars that the same vendor made of them. A bar is equal where open, high, low, close and",
    'volume are equal, to the last bit. Where it is not, the same ticks are built again with what the vendor does differently, one step after another; the first that makes the',
    'bar equal is its explanation.',
    '',
    `| ticks of | trades | bars | equal | ${letters.join(' | ')} | other | only ours | only the vendor's |`,
    `|---|--:|--:|--:|${letters.map(() => '--:|').join('')}--:|--:|--:|`,
    ...lines.map((line) => `| ${line} |`),
    '',
    ...EXPLANATIONS.map(({ text }, at) => `- ${letters[at]}: ${text}.`),
    "- Other: what no step explains, each below (ours for the vendor's: open, high, low, close, volume).",
    '',
    ...unexplained,
    '',
  ].join('\n');
}

const title = here ? '' : ` (skipped: no test data at TICKWELL_TEST_DATA or ../shared/data)`;
describe.skipIf(!here)(`bars of recorded trades and the vendor's own${title}`, () => {
  it('are equal, or the page says why not', async () => {
    const all = [gold('20131007'), ibm('20131007'), ibm('20131008'), ibm('20131009')];
    for (const { onlyBuilt, onlyVendor, others } of all)
      expect([onlyBuilt, onlyVendor, others]).toEqual([0, 0, []]);
    await expect(page(all)).toMatchFileSnapshot('../../../docs/bar-parity.md');
  });
});
