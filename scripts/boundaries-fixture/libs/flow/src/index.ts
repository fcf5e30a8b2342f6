/** Planted: scripts/boundaries.mjs must object. */
import '../../kafka/src/index.ts';
