/** Planted: scripts/boundaries.mjs must allow this one. */
import '../../../libs/kafka/src/index.ts';
