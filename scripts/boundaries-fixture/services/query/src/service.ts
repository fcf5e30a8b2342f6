/** Planted: scripts/boundaries.mjs sees it imported. */
export {};
