/** Planted: scripts/boundaries.mjs must object. */
import '../../domain/src/index.ts';
