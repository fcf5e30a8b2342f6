/** Planted: scripts/boundaries.mjs must object. */
import '../../flow/src/index.ts';
