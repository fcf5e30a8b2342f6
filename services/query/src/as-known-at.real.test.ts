import { ALL_TABLES } from '@tickwell/contracts';
import type { TableWriter } from '@tickwell/ports';
import { createQuestdbReader, createQuestdbWriter, ensureSchema } from '@tickwell/questdb';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { KnownHistory, Random } from './fixtures/known-history.ts';
import { answerOf, questions } from './fixtures/known-questions.ts';
import { World, startService } from './fixtures/world.ts';

const stack = inject('stack');
const endpoints = { httpUrl: stack.questdbHttpUrl, pg: stack.questdbPg };
const STEPS = 50;
const VERSIONS_PER_STEP = 24;
const ROUNDS = 2;
/** Another one in every run; a failure says it, and this repeats it. */
const SEED = Number(process.env['TICKWELL_AS_KNOWN_SEED'] ?? Date.now() % 1_000_000);

let writer: TableWriter;
beforeAll(async () => {
  await ensureSchema({ pg: stack.questdbPg, tables: ALL_TABLES });
  writer = createQuestdbWriter({ endpoints, tables: ALL_TABLES });
});
afterAll(() => writer.close());

it('through a thousand corrections QuestDB answers at any time what a plain list does', async () => {
  const random = new Random(SEED);
  const history = new KnownHistory(`KNOWN${SEED}.${Date.now().toString(36)}`, writer, random);
  const pg = stack.questdbPgReadonly;
  // With small pages every boundary between pg and Parquet, and between pages, is crossed many times.
  const sizes = [{}, { smallRows: 3, largePageRows: 40 }];
  const services = await Promise.all(
    sizes.map((size) =>
      startService(
        new World().service({ reader: createQuestdbReader({ endpoints: { ...endpoints, pg }, ...size }) }),
      ),
    ),
  );
  for (let step = 0; step < STEPS; step += 1) {
    await history.store(VERSIONS_PER_STEP);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const question of questions(history, random))
        for (const [at, { calls }] of services.entries())
          expect(
            await answerOf(question, calls),
            `seed ${SEED}, step ${step}, reader ${at}: ${question.text}`,
          ).toEqual(question.expected);
  }
  for (const service of services) await service[Symbol.asyncDispose]();
});
