import type { Instrument } from '../market/market.ts';

/** What every client is told to ask for. Sent to the Python clients as JSON. */
export interface Plan {
  readonly port: number;
  readonly clientId: number;
  readonly account: string;
  /** A share: secType is STK. */
  readonly share: ContractFields;
  /** null: the market has none. */
  readonly future: ContractFields | null;
  readonly pair: ContractFields | null;
  /** End of historical bars, IB's text. */
  readonly historyEnd: string;
  /** Start of historical ticks. */
  readonly ticksStart: string;
  /** Longest wait for one answer. */
  readonly waitSeconds: number;
  /** How long a cancelled subscription is listened to: twice, first for what was on its way. */
  readonly quietSeconds: number;
}

type ContractFields = Pick<Instrument, 'conId' | 'symbol' | 'secType' | 'exchange' | 'currency'>;

/** What a client got, by kind of message, in the shape that all clients' scripts use. */
export type Answers = ReadonlyMap<string, unknown>;
