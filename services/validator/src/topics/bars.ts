import { decodeBarBatch, encodeBarBatch, TOPICS } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import { BARS as BAR_RULES } from '@tickwell/validation';
import { rawBatch } from '../raw-batch.ts';
import type { RawTopic } from '../raw-topic.ts';

export const BARS: RawTopic = {
  name: 'validate-bars',
  input: TOPICS.rawBars,
  output: TOPICS.bars,
  recordKind: 'bars',
  hasWatermarks: true,
  reportEvery: 1,
  decode(value) {
    const decoded = decodeBarBatch(value, true);
    if (!decoded.ok) return decoded;
    const { header, interval, priceType, bars: columns, positions } = decoded.value;
    return ok(
      rawBatch({
        kind: BAR_RULES,
        header,
        columns,
        positions,
        bars: { interval, priceType },
        encode: (newHeader, bars, newPositions) =>
          encodeBarBatch({ header: newHeader, interval, priceType, bars, positions: newPositions }),
      }),
    );
  },
};
