/** Simulator → client: session and errors (reference §6.1). */
import type { Message } from '../frame.ts';
import { VERSION } from '../versions.ts';

export const managedAccounts = (accounts: readonly string[]): Message => [15, 1, accounts.join(',')];
export const nextValidId = (orderId: number): Message => [9, 1, orderId];
export const currentTime = (epochSeconds: number): Message => [49, 1, epochSeconds];
export const userInfo = (reqId: number, whiteBrandingId: string): Message => [107, reqId, whiteBrandingId];

/** `reqId` -1: a notice of the system. */
export function errorMessage(version: number, reqId: number, code: number, text: string): Message {
  return version < VERSION.advancedReject ? [4, 2, reqId, code, text] : [4, 2, reqId, code, text, ''];
}
