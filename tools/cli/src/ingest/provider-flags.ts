import type { ImportFlags } from './import.ts';

/** Options of `tickwell ingest provider`. */
export interface ProviderFlags extends ImportFlags {
  readonly interval?: string;
  readonly kind?: readonly string[];
  readonly from?: bigint;
  readonly to?: bigint;
  readonly live?: true;
  readonly for?: number;
}

/** "EURUSD=USD" is what the provider calls USD, filed as EURUSD. */
export function providerInstrument(
  text: string,
): string | { readonly symbol: string; readonly vendor: string } {
  const at = text.indexOf('=');
  return at < 0 ? text : { symbol: text.slice(0, at), vendor: text.slice(at + 1) };
}
