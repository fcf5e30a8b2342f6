import { expect, it } from 'vitest';
import { KINDS, rulesOf } from './kinds/index.ts';
import { RECORD_RULES } from './record-rules.ts';
import { RULE_EXAMPLES } from './rule-examples.ts';
import { soundWatermark } from './rules/time.ts';
import { rulesPage } from './rules-page.ts';

it('every rule of the flow has an example', () => {
  const rules = [...RECORD_RULES, ...KINDS.flatMap(rulesOf)];
  expect(rules.map(({ id }) => id).filter((id) => RULE_EXAMPLES[id] === undefined)).toEqual([]);
});

it('docs/validation-rules.md is current', async () => {
  await expect(rulesPage()).toMatchFileSnapshot('../../../docs/validation-rules.md');
});

it('a watermark ahead of what can be known falls back to the last accepted time', () => {
  const dayNs = 86_400_000_000_000n;
  expect(soundWatermark(50n * dayNs, 49n * dayNs, 7n)).toBe(50n * dayNs);
  expect(soundWatermark(50n * dayNs + 1n, 49n * dayNs, 7n)).toBe(7n);
  expect(soundWatermark(0n, 49n * dayNs, 7n)).toBe(0n);
});
