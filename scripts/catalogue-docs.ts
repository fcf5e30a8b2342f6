/** Prints docs/topics.md or docs/tables.md from the catalogues: node scripts/catalogue-docs.ts topics|tables */
import { ALL_TABLES, ALL_TOPICS, type TableSpec, type TopicSpec } from '@tickwell/contracts';

const DAY_MS = 86_400_000;

function keeping(topic: TopicSpec): string {
  if (topic.cleanup === 'compact') return 'compacted';
  return topic.retentionMs === null ? 'for ever' : `${topic.retentionMs / DAY_MS} days`;
}

function topicsPage(): string {
  const rows = ALL_TOPICS.map(
    (topic) =>
      `| \`${topic.name}\` | ${topic.key} | \`${topic.type}\` | ${topic.partitions} | ${keeping(topic)} | ${topic.purpose} |`,
  );
  return `# Topics

Generated from \`libs/contracts/src/topics.ts\` by \`npm run proto\`; do not edit.

Values are plain protobuf; the header \`content-type\` names the type (\`application/protobuf; type=tickwell.events.v1.TickBatch\`),
\`source\` the data source, \`traceparent\` the W3C trace. The schemas are in \`proto/\`, and \`docs/tickwell.binpb\` is the same as a
\`FileDescriptorSet\` for any language. The partition of a key is Kafka's own (Java-compatible murmur2 hash).

| topic | key | type of the value | partitions | kept | purpose |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function tablesPage(): string {
  return `# Tables

Generated from \`libs/contracts/src/tables.ts\` by \`npm run proto\`; do not edit.

Every table is a WAL table with \`DEDUP UPSERT KEYS\`: a row stored twice is stored once. Times are UTC with nanoseconds.
${ALL_TABLES.map(tableSection).join('')}`;
}

function tableSection(table: TableSpec): string {
  const rows = Object.entries(table.columns).map(
    ([name, type]) => `| ${name} | ${type} | ${table.dedupKeys.includes(name) ? 'yes' : ''} |`,
  );
  return `
## ${table.name}

${table.purpose}. Partitioned by ${table.partitionBy.toLowerCase()}.

| column | type | identity |
|---|---|---|
| ${table.timestamp} | timestamp | yes |
${rows.join('\n')}
`;
}

process.stdout.write(process.argv[2] === 'tables' ? tablesPage() : topicsPage());
