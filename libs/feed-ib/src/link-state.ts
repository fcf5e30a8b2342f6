/** What is known of the way to IB's servers; the reasons are for people. */
export type LinkState =
  | { readonly kind: 'down'; readonly reason: string }
  | { readonly kind: 'connecting' }
  | {
      readonly kind: 'up';
      /** False between 1100 (or 2110) and 1101 or 1102: the Gateway runs, IB's servers are away. */
      readonly upstream: boolean;
      /** Market data and historical data farms that were reported broken. */
      readonly marketFarmsDown: readonly string[];
      readonly historyFarmsDown: readonly string[];
    }
  | { readonly kind: 'failed'; readonly code: number; readonly reason: string }
  | { readonly kind: 'closed' };

export type LinkEvent =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'notice'; readonly code: number; readonly text: string }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  | { readonly kind: 'close' };

/** `outage`: live data may be missing from here on; `restored`: subscriptions go on; `resubscribe`: they have to be made anew. */
type LinkEffect = 'outage' | 'restored' | 'resubscribe';

export interface Transition {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

const UP: LinkState = { kind: 'up', upstream: true, marketFarmsDown: [], historyFarmsDown: [] };

/** Whether live data flows. */
export function isFlowing(state: LinkState): boolean {
  return state.kind === 'up' && state.upstream && state.marketFarmsDown.length === 0;
}

/** Whether historical data can be asked for. */
export function hasHistory(state: LinkState): boolean {
  return state.kind === 'up' && state.upstream && state.historyFarmsDown.length === 0;
}

/** The next state. A failed or closed link stays so. */
export function transition(state: LinkState, event: LinkEvent): Transition {
  if (state.kind === 'closed' || state.kind === 'failed') return { state, effects: [] };
  switch (event.kind) {
    case 'connecting':
      return { state: { kind: 'connecting' }, effects: [] };
    case 'ready':
      return { state: UP, effects: ['resubscribe'] };
    case 'lost':
      return {
        state: { kind: 'down', reason: event.reason },
        effects: state.kind === 'up' ? ['outage'] : [],
      };
    case 'refused':
      return { state: { kind: 'failed', code: event.code, reason: event.reason }, effects: ['outage'] };
    case 'close':
      return { state: { kind: 'closed' }, effects: ['outage'] };
    case 'notice':
      return state.kind === 'up' ? noticed(state, event.code, event.text) : { state, effects: [] };
  }
}

type UpState = Extract<LinkState, { kind: 'up' }>;

/** Codes 1100 to 1102 and 2103 to 2110 of IB's documentation, "TWS message codes". */
function noticed(state: UpState, code: number, text: string): Transition {
  const farm = /:\s*(\S+)\s*$/.exec(text)?.[1] ?? text.slice(0, 80);
  const { marketFarmsDown, historyFarmsDown } = state;
  switch (code) {
    case 1100:
    case 2110:
      return moved(state, { ...state, upstream: false });
    case 1101:
      return { state: UP, effects: ['outage', 'resubscribe'] };
    case 1102:
      return moved(state, { ...state, upstream: true });
    case 2103:
      return moved(state, { ...state, marketFarmsDown: withFarm(marketFarmsDown, farm) });
    case 2104:
    case 2108:
      return moved(state, { ...state, marketFarmsDown: marketFarmsDown.filter((down) => down !== farm) });
    case 2105:
      return moved(state, { ...state, historyFarmsDown: withFarm(historyFarmsDown, farm) });
    case 2106:
    case 2107:
      return moved(state, { ...state, historyFarmsDown: historyFarmsDown.filter((down) => down !== farm) });
    default:
      return { state, effects: [] };
  }
}

const MAX_FARMS = 100;

function withFarm(farms: readonly string[], farm: string): readonly string[] {
  return farms.includes(farm) || farms.length >= MAX_FARMS ? farms : [...farms, farm];
}

function moved(from: UpState, to: UpState): Transition {
  if (isFlowing(from) && !isFlowing(to)) return { state: to, effects: ['outage'] };
  if (!isFlowing(from) && isFlowing(to)) return { state: to, effects: ['restored'] };
  return { state: to, effects: [] };
}

/** For people. */
export function describeState(state: LinkState): string {
  switch (state.kind) {
    case 'down':
    case 'failed':
      return state.reason;
    case 'connecting':
      return 'connecting';
    case 'closed':
      return 'closed';
    case 'up': {
      if (!state.upstream) return 'the Gateway has lost its connection to IB';
      if (state.marketFarmsDown.length > 0)
        return `market data farms are down: ${state.marketFarmsDown.join(', ')}`;
      if (state.historyFarmsDown.length > 0)
        return `historical data farms are down: ${state.historyFarmsDown.join(', ')}`;
      return 'connected';
    }
  }
}
