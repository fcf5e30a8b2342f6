import { TickwellError } from '@tickwell/domain';
import { InvalidArgumentError, type Command } from 'commander';
import { port, wholeNumber } from '../options.ts';

/** How to reach TWS or the Gateway. */
export interface GatewayFlags {
  readonly host: string;
  readonly port: number;
  readonly clientId?: number;
  readonly marketDataType?: string;
  readonly maxLines?: number;
  readonly speed?: number;
}

const MAX_CLIENT_ID = 2 ** 31 - 1;
const MAX_LINES = 10_000;
const MAX_SPEED = 10_000;
const MARKET_DATA_TYPES = ['live', 'frozen', 'delayed', 'delayed-frozen'];

export function withGatewayOptions(command: Command): Command {
  return command
    .option('--host <host>', 'where TWS or the Gateway runs', '127.0.0.1')
    .option(
      '--port <port>',
      '4001 Gateway, 4002 its paper account, 7496 TWS, 7497 its paper account',
      port,
      4002,
    )
    .option('--client-id <id>', 'default: the first of 71 to 74 that is free', wholeNumber(0, MAX_CLIENT_ID))
    .option('--market-data-type <type>', `${MARKET_DATA_TYPES.join(', ')}; default live`, marketDataType)
    .option('--max-lines <count>', 'market data lines of the account; default 100', wholeNumber(1, MAX_LINES))
    .option('--speed <factor>', 'of a simulated Gateway whose clock runs faster', wholeNumber(1, MAX_SPEED));
}

function marketDataType(text: string): string {
  if (MARKET_DATA_TYPES.includes(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${MARKET_DATA_TYPES.join(', ')}.`);
}

/** The part of a job that says where the Gateway is. */
export function gatewayOfJob({
  host,
  port: number,
  clientId,
  marketDataType: type,
  maxLines,
  speed,
}: GatewayFlags): Readonly<Record<string, unknown>> {
  return {
    type: 'ib',
    host,
    port: number,
    ...(clientId === undefined ? {} : { clientId }),
    ...(type === undefined ? {} : { marketDataType: type }),
    ...(maxLines === undefined ? {} : { maxLines }),
    ...(speed === undefined ? {} : { speed }),
  };
}

/** For `--help`: how instruments are written. */
export const INSTRUMENT_HELP =
  'ID[:TYPE[:EXCHANGE[:CURRENCY]]], for example AAPL, EURUSD:CASH, ES:FUT:CME, ES-202512:FUT:CME';

/**
 * An instrument of a job: a stock on SMART in USD unless it says more. A currency pair or crypto pair (EURUSD, BTCUSD) is split into what
 * is traded and what it is paid in; an id that ends like a contract month (ES-202512) names that contract, a future without is the front one.
 *
 * @throws TickwellError `invalid-argument`, naming the text.
 */
export function ibInstrument(text: string): Readonly<Record<string, unknown>> | string {
  const [symbol = '', type, exchange, currency, ...more] = text.split(':');
  if (symbol === '' || more.length > 0 || type === '' || exchange === '' || currency === '')
    throw new TickwellError('invalid-argument', `"${text}" is not an instrument: write ${INSTRUMENT_HELP}`);
  if (type === undefined) return symbol;
  const secType = type.toUpperCase();
  return {
    symbol,
    secType,
    ...(exchange === undefined ? {} : { exchange }),
    ...(currency === undefined ? {} : { currency }),
    ...namedAs(symbol, secType, currency),
  };
}

function namedAs(
  symbol: string,
  secType: string,
  currency: string | undefined,
): Readonly<Record<string, unknown>> {
  const pair = /^([A-Z]{3,5})([A-Z]{3})$/.exec(symbol);
  if ((secType === 'CASH' || secType === 'CRYPTO') && pair?.[1] !== undefined)
    return { ibSymbol: pair[1], currency: currency ?? pair[2] };
  const future = /^(.+)-(\d{6}|\d{8})$/.exec(symbol);
  if (secType === 'FUT' && future?.[1] !== undefined) return { ibSymbol: future[1], expiry: future[2] };
  return {};
}
