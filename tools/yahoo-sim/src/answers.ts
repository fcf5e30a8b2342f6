/** What is asked, and the shapes in which Yahoo answers. */
export interface ChartQuery {
  readonly ticker: string;
  readonly interval: string;
  /** Seconds since the epoch. */
  readonly period1: number;
  readonly period2: number;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Where answers come from; undefined: nothing is known of it, another may know. */
export interface Market {
  readonly tickers: readonly string[];
  chart(query: ChartQuery): Answer | undefined;
  /** One entry of a quote answer. */
  quote(ticker: string): unknown;
  /** The series of such names ("annualTotalRevenue") that there are. */
  statements(ticker: string, names: readonly string[]): readonly unknown[] | undefined;
  /** Modules by name. */
  summary(ticker: string): Readonly<Record<string, unknown>> | undefined;
}

export interface Columns {
  readonly timestamp: number[];
  readonly open: (number | null)[];
  readonly high: (number | null)[];
  readonly low: (number | null)[];
  readonly close: (number | null)[];
  readonly volume: (number | null)[];
}

export function chartAnswer(
  meta: unknown,
  { timestamp, ...quote }: Columns,
  events: Readonly<Record<string, unknown>>,
): Answer {
  const hasEvents = Object.keys(events).length > 0;
  const result = {
    meta,
    // As Yahoo does where there is nothing.
    ...(timestamp.length === 0 ? {} : { timestamp }),
    ...(hasEvents ? { events } : {}),
    indicators: { quote: [timestamp.length === 0 ? {} : quote] },
  };
  return { status: 200, body: { chart: { result: [result], error: null } } };
}

export function chartError(status: number, code: string, description: string): Answer {
  return { status, body: { chart: { result: null, error: { code, description } } } };
}
