/** Planted: scripts/boundaries.mjs must object. */
import '../../../libs/kafka/src/index.ts';
