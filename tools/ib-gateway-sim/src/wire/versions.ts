/** Server versions from which messages change, as far as they lie between the layouts served (reference §3). */
export const VERSION = {
  /** contractData has one size field. */
  fractionalSizes: 163,
  /** contractData without version, with three size fields. */
  sizeRules: 164,
  /** whatToShow SCHEDULE. */
  historicalSchedule: 165,
  /** error carries advancedOrderRejectJson. */
  advancedReject: 166,
  /** symbolSamples carry description and issuerId; reqContractDetails issuerId. */
  issuerId: 176,
  /** execDetails carry pendingPriceRevision. */
  pendingPriceRevision: 178,
} as const;

/** Sizes and volumes: before fractional sizes clients parse whole numbers and raise at "100.0" (reference §4.1). */
export function sizeFor(version: number, size: number): number {
  return version < VERSION.fractionalSizes ? Math.round(size) : size;
}
