import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AlertBook, parseAlertDocument } from './book.ts';
import { METRIC_NAMES, METRICS } from './metrics.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../../../docs/alerts.md'), 'utf8');

it('has examples that are right, and the rule names the channels beside it', () => {
  const examples = [...TEXT.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']): unknown =>
    JSON.parse(json),
  );
  expect(examples).toHaveLength(3);
  for (const example of examples) expect(parseAlertDocument('example', example)).toMatchObject({ ok: true });
  const [rule, chat, mail] = examples;
  const book = new AlertBook();
  book.set('ops-chat', 1n, chat);
  book.set('ops-mail', 1n, mail);
  expect(book.conflicts('stale-prices', rule)).toEqual([]);
});

it('has a row for every metric, with what it can be grouped by', () => {
  for (const name of METRIC_NAMES) {
    const row = TEXT.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
    for (const label of METRICS[name].labels) expect(row, name).toContain(`\`${label}\``);
  }
});
