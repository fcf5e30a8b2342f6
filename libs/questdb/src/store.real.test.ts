import { ALL_TABLES } from '@tickwell/contracts';
import { storeContract } from '@tickwell/ports/contract';
import { inject } from 'vitest';
import { createQuestdbReader } from './history-reader.ts';
import { ensureSchema } from './schema.ts';
import { createQuestdbWriter } from './table-writer.ts';

const stack = inject('stack');
const endpoints = { httpUrl: stack.questdbHttpUrl, pg: stack.questdbPg };

for (const [name, sizes] of [
  ['QuestDB', {}],
  // Small pages: every boundary between pg and Parquet, and between pages, is crossed many times.
  ['QuestDB in small pages', { smallRows: 2, largePageRows: 700 }],
] as const) {
  storeContract(name, async () => {
    await ensureSchema({ pg: endpoints.pg, tables: ALL_TABLES });
    const writer = createQuestdbWriter({ endpoints, tables: ALL_TABLES });
    const reader = createQuestdbReader({
      endpoints: { ...endpoints, pg: stack.questdbPgReadonly },
      ...sizes,
    });
    return {
      writer,
      reader,
      close: async () => {
        await writer.close();
        await reader.close();
      },
    };
  });
}
