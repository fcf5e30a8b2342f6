/** Frames of a client → requests: the layouts of reference §5, for 157 <= v <= 200. */
import { err, ok, type Result } from '@tickwell/domain';
import type { CancelKind, ContractQuery, Request } from './requests.ts';

export interface BadRequest {
  /** Of the request, where it could be read; else -1. */
  readonly reqId: number;
  /** 320: not a message of the protocol; 321: a field is wrong. */
  readonly code: 320 | 321;
  readonly text: string;
}

const MAX_TEXT_LENGTH = 4096;
const MAX_LEGS = 100;

/** Reads fields in order. A missing field reads as empty: clients differ in the last ones. What is wrong is kept, not thrown. */
class Fields {
  readonly #fields: readonly string[];
  #next: number;
  #problem: string | undefined;

  constructor(fields: readonly string[], first: number) {
    this.#fields = fields;
    this.#next = first;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get left(): number {
    return this.#fields.length - this.#next;
  }

  text(): string {
    const value = this.#fields[this.#next++] ?? '';
    if (value.length > MAX_TEXT_LENGTH) this.#note(`a field of ${value.length} characters`);
    return value.length > MAX_TEXT_LENGTH ? '' : value;
  }

  skip(count: number): void {
    this.#next += count;
  }

  number(name: string): number {
    const text = this.text().trim();
    if (text === '') return 0;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    this.#note(`${name} "${text.slice(0, 40)}" is not a number`);
    return 0;
  }

  integer(name: string): number {
    const value = this.number(name);
    if (Number.isSafeInteger(value)) return value;
    this.#note(`${name} ${value} is not a whole number`);
    return 0;
  }

  /** An id that must be there. */
  id(name = 'request id'): number {
    if ((this.#fields[this.#next] ?? '') === '') this.#note(`the ${name} is missing`);
    return this.integer(name);
  }

  flag(): boolean {
    const text = this.text().trim().toLowerCase();
    return text !== '' && text !== '0' && text !== 'false';
  }

  contract(): ContractQuery {
    return {
      conId: this.integer('conId'),
      symbol: this.text().trim(),
      secType: this.text().trim().toUpperCase(),
      lastTradeDate: this.text().trim(),
      strike: this.number('strike'),
      right: this.text(),
      multiplier: this.text().trim(),
      exchange: this.text().trim(),
      primaryExchange: this.text().trim(),
      currency: this.text().trim(),
      localSymbol: this.text().trim(),
      tradingClass: this.text().trim(),
    };
  }

  /** Legs of a BAG, where the layout has them; the simulator knows no combinations. */
  legs(contract: ContractQuery): void {
    if (contract.secType !== 'BAG') return;
    const count = this.integer('number of legs');
    if (count < 0 || count > MAX_LEGS) this.#note(`${count} legs`);
    else this.skip(4 * count);
  }

  #note(problem: string): void {
    this.#problem ??= problem;
  }
}

type Decoder = (fields: Fields) => Request;

const marketData: Decoder = (f) => {
  f.skip(1);
  const reqId = f.id();
  const contract = f.contract();
  f.legs(contract);
  if (f.flag()) f.skip(3);
  const genericTicks = f
    .text()
    .split(',')
    .map((tick) => tick.trim())
    .filter((tick) => tick !== '');
  return { kind: 'marketData', reqId, contract, genericTicks, snapshot: f.flag() };
};

const historicalData: Decoder = (f) => {
  const reqId = f.id();
  const contract = f.contract();
  const base = {
    includeExpired: f.flag(),
    endDateTime: f.text().trim(),
    barSize: f.text().trim(),
    duration: f.text().trim(),
    useRth: f.flag(),
    whatToShow: f.text().trim().toUpperCase(),
    formatDate: f.integer('formatDate'),
  };
  f.legs(contract);
  return { kind: 'historicalData', reqId, contract, ...base, keepUpToDate: f.flag() };
};

const contractDetails: Decoder = (f) => {
  f.skip(1);
  return {
    kind: 'contractDetails',
    reqId: f.id(),
    contract: f.contract(),
    includeExpired: f.flag(),
    secIdType: f.text(),
    secId: f.text(),
  };
};

const historicalTicks: Decoder = (f) => {
  const reqId = f.id();
  const contract = f.contract();
  f.skip(1);
  return {
    kind: 'historicalTicks',
    reqId,
    contract,
    startDateTime: f.text().trim(),
    endDateTime: f.text().trim(),
    numberOfTicks: f.integer('numberOfTicks'),
    whatToShow: f.text().trim().toUpperCase(),
    useRth: f.flag(),
    ignoreSize: f.flag(),
  };
};

const headTimestamp: Decoder = (f) => {
  const reqId = f.id();
  const contract = f.contract();
  f.skip(1);
  return {
    kind: 'headTimestamp',
    reqId,
    contract,
    useRth: f.flag(),
    whatToShow: f.text().trim().toUpperCase(),
    formatDate: f.integer('formatDate'),
  };
};

const realTimeBars: Decoder = (f) => {
  f.skip(1);
  return {
    kind: 'realTimeBars',
    reqId: f.id(),
    contract: f.contract(),
    barSize: f.integer('barSize'),
    whatToShow: f.text().trim().toUpperCase(),
    useRth: f.flag(),
  };
};

const tickByTick: Decoder = (f) => ({
  kind: 'tickByTick',
  reqId: f.id(),
  contract: f.contract(),
  tickType: f.text().trim(),
  numberOfTicks: f.integer('numberOfTicks'),
  ignoreSize: f.flag(),
});

/** stoqey sends the options alone after the report type, ibapi and ib_async their count first: neither is looked at. */
const fundamentalData: Decoder = (f) => {
  f.skip(1);
  const reqId = f.id();
  const contract: ContractQuery = {
    conId: f.integer('conId'),
    symbol: f.text().trim(),
    secType: f.text().trim().toUpperCase(),
    lastTradeDate: '',
    strike: 0,
    right: '',
    multiplier: '',
    exchange: f.text().trim(),
    primaryExchange: f.text().trim(),
    currency: f.text().trim(),
    localSymbol: f.text().trim(),
    tradingClass: '',
  };
  return { kind: 'fundamentalData', reqId, contract, reportType: f.text().trim() };
};

const executions: Decoder = (f) => {
  f.skip(1);
  return {
    kind: 'executions',
    reqId: f.id(),
    clientId: f.integer('clientId'),
    account: f.text(),
    time: f.text().trim(),
    symbol: f.text().trim(),
    secType: f.text().trim().toUpperCase(),
    exchange: f.text().trim(),
    side: f.text().trim().toUpperCase(),
  };
};

const multi =
  (kind: 'accountUpdatesMulti' | 'positionsMulti'): Decoder =>
  (f) => {
    f.skip(1);
    return { kind, reqId: f.id(), account: f.text(), model: f.text() };
  };

const cancel =
  (kind: CancelKind, skip: number): Decoder =>
  (f) => {
    f.skip(skip);
    return { kind, reqId: f.id() };
  };

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['1', marketData],
  ['2', cancel('cancelMarketData', 1)],
  ['5', () => ({ kind: 'openOrders' })],
  ['6', (f) => (f.skip(1), { kind: 'accountUpdates', subscribe: f.flag(), account: f.text() })],
  ['7', executions],
  ['8', () => ({ kind: 'ids' })],
  ['9', contractDetails],
  ['14', () => ({ kind: 'setLogLevel' })],
  ['15', () => ({ kind: 'autoOpenOrders' })],
  ['16', () => ({ kind: 'allOpenOrders' })],
  ['17', () => ({ kind: 'managedAccounts' })],
  ['20', historicalData],
  ['25', cancel('cancelHistoricalData', 1)],
  ['49', () => ({ kind: 'currentTime' })],
  ['50', realTimeBars],
  ['51', cancel('cancelRealTimeBars', 1)],
  ['52', fundamentalData],
  ['53', cancel('cancelFundamentalData', 1)],
  ['59', (f) => (f.skip(1), { kind: 'marketDataType', type: f.integer('market data type') })],
  ['61', () => ({ kind: 'positions' })],
  ['62', (f) => (f.skip(1), { kind: 'accountSummary', reqId: f.id(), group: f.text(), tags: f.text() })],
  ['63', cancel('cancelAccountSummary', 1)],
  ['64', () => ({ kind: 'cancelPositions' })],
  ['71', (f) => (f.skip(1), { kind: 'startApi', clientId: f.id('client id') })],
  ['74', multi('positionsMulti')],
  ['75', cancel('cancelPositionsMulti', 1)],
  ['76', multi('accountUpdatesMulti')],
  ['77', cancel('cancelAccountUpdatesMulti', 1)],
  ['81', (f) => ({ kind: 'matchingSymbols', reqId: f.id(), pattern: f.text().trim() })],
  ['87', headTimestamp],
  ['90', cancel('cancelHeadTimestamp', 0)],
  ['91', (f) => ({ kind: 'marketRule', ruleId: f.id('market rule id') })],
  ['92', (f) => ({ kind: 'pnl', reqId: f.id(), account: f.text(), model: f.text() })],
  ['93', cancel('cancelPnl', 0)],
  [
    '94',
    (f) => ({
      kind: 'pnlSingle',
      reqId: f.id(),
      account: f.text(),
      model: f.text(),
      conId: f.integer('conId'),
    }),
  ],
  ['95', cancel('cancelPnlSingle', 0)],
  ['96', historicalTicks],
  ['97', tickByTick],
  ['98', cancel('cancelTickByTick', 0)],
  ['99', () => ({ kind: 'completedOrders' })],
  ['104', (f) => ({ kind: 'userInfo', reqId: f.id() })],
]);

/** The request of a frame, or what TWS would complain of. */
export function decodeRequest(fields: readonly string[]): Result<Request, BadRequest> {
  const id = fields[0] ?? '';
  const decoder = DECODERS.get(id);
  if (decoder === undefined)
    return err({
      reqId: -1,
      code: 320,
      text: `Error reading request: message id ${id.slice(0, 20)} is unknown to the simulator`,
    });
  const reader = new Fields(fields, 1);
  const request = decoder(reader);
  if (reader.problem === undefined) return ok(request);
  return err({
    reqId: 'reqId' in request ? request.reqId : -1,
    code: 321,
    text: `Error validating request:-'${request.kind}' : cause - ${reader.problem}`,
  });
}
