/** Planted: scripts/boundaries.mjs must object. */
import '../../ports/src/index.ts';
