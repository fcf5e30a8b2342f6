/** Planted: scripts/boundaries.mjs must object. */
import '../../../libs/kafka/src/index.ts';
import '../../query/src/service.ts';
import '../../../libs/testkit/src/index.ts';
