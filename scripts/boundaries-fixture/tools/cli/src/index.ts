/** Planted: scripts/boundaries.mjs must object. */
import '../../../services/query/src/service.ts';
