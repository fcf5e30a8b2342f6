import { ALL_TABLES } from '@tickwell/contracts';
import type { StoreReader, TableWriter } from '@tickwell/ports';
import { createQuestdbReader, createQuestdbWriter, ensureSchema } from '@tickwell/questdb';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { KnownHistory, Random, minute } from './fixtures/known-history.ts';
import { answerOf, questions } from './fixtures/known-questions.ts';
import { QuotedAnswers, commitAll, untilCommitted } from './fixtures/quoted-answers.ts';
import { BARS, World, startService } from './fixtures/world.ts';

const stack = inject('stack');
const endpoints = { httpUrl: stack.questdbHttpUrl, pg: stack.questdbPg };
const STEPS = 21;
const VERSIONS_PER_STEP = 50;
/** Of what only hangs when something is broken, also on a machine that is busy. */
const PATIENCE_MS = 600_000;
/** Another one in every run; a failure says it, and this repeats it. */
const SEED = Number(process.env['TICKWELL_AS_KNOWN_SEED'] ?? Date.now() % 1_000_000);

let writer: TableWriter;
beforeAll(async () => {
  await ensureSchema({ pg: stack.questdbPg, tables: ALL_TABLES });
  writer = createQuestdbWriter({ endpoints, tables: ALL_TABLES });
}, PATIENCE_MS);
afterAll(() => writer.close());

/** With small pages every boundary between pg and Parquet, and between pages, is crossed many times. */
function readers(): readonly StoreReader[] {
  const of = { ...endpoints, pg: stack.questdbPgReadonly };
  return [{}, { smallRows: 3, largePageRows: 40 }].map((sizes) =>
    createQuestdbReader({ endpoints: of, ...sizes }),
  );
}

it(
  'through a thousand corrections QuestDB answers at any time what a plain list does',
  async () => {
    const random = new Random(SEED);
    const history = new KnownHistory(`KNOWN${SEED}.${Date.now().toString(36)}`, writer, random);
    const services = await Promise.all(
      readers().map((reader) => startService(new World().service({ reader }))),
    );
    for (let step = 0; step < STEPS; step += 1) {
      await history.store(VERSIONS_PER_STEP);
      for (const question of questions(history, random))
        for (const [at, { calls }] of services.entries())
          expect(
            await answerOf(question, calls),
            `seed ${SEED}, step ${step}, reader ${at}: ${question.text}`,
          ).toEqual(question.expected);
    }
    for (const service of services) await service[Symbol.asyncDispose]();
  },
  PATIENCE_MS,
);

it(
  'an answer with a fingerprint is given again for ever by every query process',
  async () => {
    const random = new Random(SEED);
    const world = new World();
    const { epoch } = world.log.topic(BARS);
    const symbol = `QUOTED${SEED}.${Date.now().toString(36)}`;
    const history = new KnownHistory(symbol, writer, random, { epoch, distinct: true });
    const quoted = new QuotedAnswers(history, random);
    const nowNs = minute(200);
    const services = await Promise.all(
      readers().map((reader) => startService(world.service({ reader, nowNs: () => nowNs }))),
    );
    let stored = 0n;
    for (let step = 0; step < STEPS; step += 1) {
      const text = `seed ${SEED}, step ${step}`;
      await history.store(VERSIONS_PER_STEP);
      for (const { calls } of services)
        await quoted.quote(calls, stored, nowNs, `${text}, before the commit`);
      stored = history.nextOffset;
      commitAll(world, stored);
      for (const { calls } of services) {
        await untilCommitted(calls, stored);
        await quoted.quote(calls, stored, nowNs, text);
        for (let again = 0; again < 2; again += 1) await quoted.recheck(calls, text);
      }
    }
    for (const service of services) await service[Symbol.asyncDispose]();
  },
  PATIENCE_MS,
);
