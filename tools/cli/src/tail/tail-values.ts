import { indicatorRows, type TickwellClient } from '@tickwell/client';
import { parseSpec, splitSpecs } from '@tickwell/indicators';
import { formatNs } from '@tickwell/domain';

export interface TailValuesOptions {
  readonly symbol: string;
  readonly interval: string;
  /** As it is written: "RSI(14),MACD(12,26,9)". */
  readonly specs: string;
  readonly source: string | undefined;
  /** Begins with the values of this time's bar; left out: with what comes. */
  readonly sinceNs: bigint | undefined;
  /** Ends after so many values. */
  readonly count: number | undefined;
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly write: (text: string) => Promise<void>;
}

/** Indicators of live bars as query computes them, a line each; of a corrected bar again. Resolves with the number of lines. */
export async function tailValues(client: TickwellClient, options: TailValuesOptions): Promise<number> {
  const { symbol, interval, source, sinceNs, signal, count = Infinity } = options;
  const texts = splitSpecs(options.specs);
  const names = new Map(texts.map((text) => [canonical(text), text]));
  const subscription = client.subscribe({
    symbols: [symbol],
    kinds: ['indicators'],
    intervals: [interval],
    specs: texts,
    signal,
    ...(source === undefined ? {} : { source }),
    ...(sinceNs === undefined ? {} : { sinceNs }),
  });
  let lines = 0;
  try {
    for await (const event of subscription) {
      if (event.kind !== 'indicators') continue;
      const spec = names.get(event.specId) ?? event.specId;
      for (const { startNs, warm, values } of indicatorRows(event.values)) {
        const line = { time: formatNs(startNs), symbol, source: event.source, interval, spec, warm, values };
        await options.write(`${options.json ? jsonLine(line) : textLine(line)}\n`);
        lines += 1;
        if (lines >= count) return lines;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return lines;
}

interface Line {
  readonly time: string;
  readonly symbol: string;
  readonly source: string;
  readonly interval: string;
  readonly spec: string;
  readonly warm: boolean;
  readonly values: Readonly<Record<string, number>>;
}

function jsonLine({ values, ...rest }: Line): string {
  // JSON has no NaN: what is not warm is null.
  return JSON.stringify({ ...rest, values });
}

function textLine({ time, symbol, source, interval, spec, warm, values }: Line): string {
  const outputs = Object.entries(values);
  const shown = outputs.map(([name, value]) => (outputs.length === 1 ? `${value}` : `${name} ${value}`));
  return `${time} ${symbol} ${interval} ${source} ${spec} ${warm ? shown.join(', ') : '(not warm)'}`;
}

function canonical(text: string): string {
  const parsed = parseSpec(text);
  return parsed.ok ? parsed.spec.id : text;
}
