/** Asked anew after every wait, for it may have fired meanwhile. */
export function hasFired(signal: AbortSignal): boolean {
  return signal.aborted;
}
