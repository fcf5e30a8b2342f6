import { MemoryStore } from '@tickwell/testkit';
import { expect, it } from 'vitest';
import { KnownHistory, Random } from './fixtures/known-history.ts';
import { answerOf, questions } from './fixtures/known-questions.ts';
import { World, startService } from './fixtures/world.ts';

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
