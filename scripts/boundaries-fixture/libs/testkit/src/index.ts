/** Planted: scripts/boundaries.mjs must object. */
import '../../runtime/src/index.ts';
