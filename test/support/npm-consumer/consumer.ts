/**
 * A stranger's program over the installed package, type-checked and run by test/integration/client-package.test.ts. Arguments: the address, and what to do.
 * Prints one JSON object.
 */
import { barRows, connect, formatNs, TickwellError, tradeRows, type TickwellClient } from '@tickwell/client';

async function history(client: TickwellClient): Promise<object> {
  const bars = await client.bars({ symbol: 'AAA', interval: '1d', source: 'file:bars' }).toArray();
  const { instruments } = await client.instruments();
  const table: number[][] = [];
  const aligned = client.aligned({
    symbols: ['AAA', 'BBB'],
    interval: '1d',
    source: 'file:bars',
    join: 'inner',
  });
  for await (const { values } of aligned.rows())
    table.push([values['AAA']?.['close'] ?? Number.NaN, values['BBB']?.['close'] ?? Number.NaN]);
  const many: string[] = [];
  for await (const { symbol, bars: columns } of client.manyBars({ symbols: ['AAA', 'BBB'], interval: '1d' }))
    for (const { close } of barRows(columns)) many.push(`${symbol} ${close}`);
  return {
    symbols: [...new Set(instruments.map(({ symbol }) => symbol))].toSorted(),
    closes: bars.map(({ startNs, close }) => `${formatNs(startNs)} ${close}`),
    table,
    many,
  };
}

/** Until the history of a subscription has come, or, from a position on, until a number of trades has. */
async function trades(
  client: TickwellClient,
  from: { sinceNs: bigint } | { after: string },
): Promise<object> {
  const subscription = client.subscribe({
    symbols: ['AAA'],
    kinds: ['trades'],
    ...from,
    until: 'now',
    stored: true,
  });
  const prices: number[] = [];
  for await (const event of subscription)
    if (event.kind === 'trades') for (const { price } of tradeRows(event.trades)) prices.push(price);
  return { prices, position: subscription.position, events: subscription.statement?.events ?? 0 };
}

async function errors(client: TickwellClient, address: string): Promise<object> {
  const found: Record<string, unknown> = {};
  const tell = async (name: string, call: () => Promise<unknown>): Promise<void> => {
    try {
      await call();
      found[name] = 'no error';
    } catch (error) {
      found[name] =
        error instanceof TickwellError
          ? [error.code, error.retryable, error.message]
          : `not ours: ${String(error)}`;
    }
  };
  const [host = ''] = address.split(':');
  const nobody = connect({ address: `${host}:1`, retry: { maxAttempts: 1 } });
  await tell('interval', () => client.bars({ symbol: 'AAA', interval: 'x' }).toArray());
  await tell('signal', () => client.latest({ symbols: ['AAA'], signal: AbortSignal.abort() }));
  await tell('document', () => client.saveStrategyConfig('s', { symbls: [] }));
  await tell('nobody', () => nobody.instruments());
  nobody.close();
  return found;
}

const [, , address = '', what = '', argument = ''] = process.argv;
const client = connect({ address });
const doing: Record<string, () => Promise<object>> = {
  history: () => history(client),
  since: () => trades(client, { sinceNs: BigInt(argument) }),
  after: () => trades(client, { after: argument }),
  errors: () => errors(client, address),
};
try {
  process.stdout.write(JSON.stringify(await doing[what]?.()));
} finally {
  client.close();
}
