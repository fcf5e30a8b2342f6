import { writeFileSync } from 'node:fs';

const FIRST_DAY_MS = Date.UTC(2014, 0, 2);
const DAY_MS = 86_400_000;

/** A CSV of daily bars of one symbol on successive weekdays, prices in a slow wave. 2,520 are about ten years. */
export function writeDailyBars(path: string, rows: number): void {
  const lines = ['date,open,high,low,close,volume'];
  for (let day = FIRST_DAY_MS; lines.length <= rows; day += DAY_MS) {
    const date = new Date(day);
    if (date.getUTCDay() % 6 === 0) continue;
    const number = lines.length;
    const cents = 10_000 + Math.round(2_000 * Math.sin(number / 60)) + (number % 37);
    const [open, high, low, close] = [cents, cents + 80, cents - 90, cents + (number % 41) - 20].map(
      (c) => c / 100,
    );
    lines.push(
      `${date.toISOString().slice(0, 10)},${open},${high},${low},${close},${1_000_000 + number * 37}`,
    );
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
}
