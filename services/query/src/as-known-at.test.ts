import { MemoryStore } from '@tickwell/testkit';
import { expect, it } from 'vitest';
import { KnownHistory, Random, minute } from './fixtures/known-history.ts';
import { answerOf, questions } from './fixtures/known-questions.ts';
import { QuotedAnswers, commitAll, untilCommitted } from './fixtures/quoted-answers.ts';
import { BARS, World, startService } from './fixtures/world.ts';

const STEPS = 20;
const VERSIONS_PER_STEP = 50;
const ROUNDS = 4;

it.each([1, 2])('answers as known at any time are those of a plain list (seed %i)', async (seed) => {
  const random = new Random(seed);
  const store = new MemoryStore();
  await using service = await startService(new World().service({ reader: store }));
  const history = new KnownHistory('KNOWN', store, random);
  for (let step = 0; step < STEPS; step += 1) {
    await history.store(VERSIONS_PER_STEP);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const question of questions(history, random))
        expect(
          await answerOf(question, service.calls),
          `seed ${seed}, step ${step}: ${question.text}`,
        ).toEqual(question.expected);
  }
});

it('an answer with a fingerprint is given again for ever, whatever is stored since, however early it was known', async () => {
  const random = new Random(7);
  const world = new World();
  const nowNs = minute(200);
  const services = await Promise.all(
    [0, 1].map(() => startService(world.service({ reader: world.store, nowNs: () => nowNs }))),
  );
  const { epoch } = world.log.topic(BARS);
  const history = new KnownHistory('KNOWN', world.store, random, { epoch, distinct: true });
  const quoted = new QuotedAnswers(history, random);
  let stored = 0n;
  for (let step = 0; step < STEPS; step += 1) {
    await history.store(VERSIONS_PER_STEP);
    for (const { calls } of services) {
      // Rows are there before anybody says so: until then they are not in an answer.
      await quoted.quote(calls, stored, nowNs, `step ${step}, before the commit`);
      await quoted.recheck(calls, `step ${step}, before the commit`);
    }
    stored = history.nextOffset;
    commitAll(world, stored);
    for (const { calls } of services) {
      await untilCommitted(calls, stored);
      await quoted.quote(calls, stored, nowNs, `step ${step}`);
      for (let again = 0; again < 4; again += 1) await quoted.recheck(calls, `step ${step}`);
    }
  }
  for (const service of services) await service[Symbol.asyncDispose]();
});
