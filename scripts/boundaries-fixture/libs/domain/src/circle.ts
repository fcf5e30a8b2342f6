/** Planted: scripts/boundaries.mjs must object. */
import './index.ts';
