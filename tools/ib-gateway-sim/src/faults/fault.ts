/** Scripted faults: what a file or a test says, and what it means. */
import type { RequestKind } from '../wire/requests.ts';
import type { Farm } from './conditions.ts';

/** When a fault happens, as it is written. Without `at` and `daily`: at once. */
interface When {
  /** "+90s", "+2h", "+1d" after the start; "2025-10-06T23:45:00-04:00"; "20251006 23:45:00 US/Eastern". */
  readonly at?: string;
  /** "23:45 US/Eastern": every simulated day. */
  readonly daily?: string;
}
interface Lasting extends When {
  /** "30s", "5m", "2h", "1d"; without: for ever. */
  readonly for?: string;
}
interface ToClients {
  /** Only this client; without: all that are connected then. */
  readonly clientId?: number;
}

export type DenialCode = 354 | 10089 | 10090 | 10167 | 10197;

/** A fault as a file or a test gives it. */
export type FaultScript =
  /** A system notice and nothing else. */
  | (When & { readonly kind: 'notice'; readonly code: number; readonly text?: string })
  /** 1100 (or 2110), no data; then 1101 (subscriptions are gone) or 1102 (they go on). */
  | (Lasting & {
      readonly kind: 'connectivityLost';
      readonly notice?: 1100 | 2110;
      readonly restored?: 1101 | 1102;
    })
  /** 2103/2105/2157; then 2104/2106/2158. */
  | (Lasting & { readonly kind: 'farmDown'; readonly farm: Farm })
  /** 1100, all sockets closed, no connection accepted; subscriptions are gone. */
  | (Lasting & { readonly kind: 'restart' })
  /** The socket stays open and nothing is answered; what clients send is thrown away. */
  | (Lasting & ToClients & { readonly kind: 'silent' })
  | (When & ToClients & { readonly kind: 'cut'; readonly midFrame?: boolean })
  /** 326 to whoever connects with the id. */
  | (Lasting & { readonly kind: 'clientIdInUse'; readonly clientId: number })
  | (Lasting & {
      readonly kind: 'slow';
      readonly delay: string;
      readonly requests?: readonly RequestKind[];
    })
  /** History does not know what lies between `from` and `to` (times as `at`). */
  | (Lasting & {
      readonly kind: 'hole';
      readonly instrument: string;
      readonly from: string;
      readonly to: string;
    })
  | (Lasting & {
      readonly kind: 'noPermission';
      readonly instrument: string;
      readonly code?: DenialCode;
      /** Delayed data is shown to clients that asked for it. */
      readonly delayed?: boolean;
    })
  /** Every historical request is answered with a pacing violation. */
  | (Lasting & { readonly kind: 'pacingStorm' })
  /** A frame that is no message, or a length that no frame has. */
  | (When & ToClients & { readonly kind: 'garbage'; readonly style?: 'message' | 'length' })
  /** The first half of a frame, then silence. */
  | (When & ToClients & { readonly kind: 'halfFrame' });

export type FaultKind = FaultScript['kind'];

/** When, in simulated ms. */
export type Timing =
  | { readonly name: 'now' }
  | { readonly name: 'at'; readonly atMs: number }
  | { readonly name: 'daily'; readonly minuteOfDay: number; readonly zone: string };

type Meaning<T> = T extends { readonly kind: 'slow' }
  ? { readonly kind: 'slow'; readonly delayMs: number; readonly requests: readonly RequestKind[] }
  : T extends { readonly kind: 'hole' }
    ? {
        readonly kind: 'hole';
        readonly instrument: string;
        readonly fromMs: number;
        readonly toMs: number;
      }
    : Omit<T, 'at' | 'daily' | 'for'>;

/** A fault with its texts read. */
export interface Fault {
  readonly when: Timing;
  /** Undefined: for ever. */
  readonly forMs: number | undefined;
  readonly what: Meaning<FaultScript>;
}
