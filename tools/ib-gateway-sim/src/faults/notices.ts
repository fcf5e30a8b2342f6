/** System notices and their texts (reference §7). */
import type { Farm } from './conditions.ts';

export const FARM_DOWN: Readonly<Record<Farm, readonly [number, string]>> = {
  market: [2103, 'Market data farm connection is broken:usfarm'],
  history: [2105, 'HMDS data farm connection is broken:ushmds'],
  secdef: [2157, 'Sec-def data farm connection is broken:secdefil'],
};

export const FARM_UP: Readonly<Record<Farm, readonly [number, string]>> = {
  market: [2104, 'Market data farm connection is OK:usfarm'],
  history: [2106, 'HMDS data farm connection is OK:ushmds'],
  secdef: [2158, 'Sec-def data farm connection is OK:secdefil'],
};

const OTHERS = {
  1100: 'Connectivity between IBKR and Trader Workstation has been lost.',
  1101: 'Connectivity between IBKR and Trader Workstation has been restored - data lost.',
  1102: 'Connectivity between IBKR and Trader Workstation has been restored - data maintained.',
  1300: 'TWS socket port has been reset and this connection is being dropped.',
  2107: 'HMDS data farm connection is inactive but should be available upon demand.ushmds',
  2108: 'Market data farm connection is inactive but should be available upon demand.usfarm',
  2110: 'Connectivity between Trader Workstation and server is broken. It will be restored automatically.',
} as const;

export const NOTICE_TEXTS: typeof OTHERS & Readonly<Record<number, string>> = {
  ...Object.fromEntries([...Object.values(FARM_DOWN), ...Object.values(FARM_UP)]),
  ...OTHERS,
};
