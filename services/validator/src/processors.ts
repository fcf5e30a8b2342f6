import type { Processor } from '@tickwell/flow';
import type { KeyState, ValidationSettings } from '@tickwell/validation';
import { holeProcessor } from './hole-processor.ts';
import { OutcomeCounter } from './outcome-counter.ts';
import { rawProcessor } from './raw-processor.ts';
import type { RawTopic } from './raw-topic.ts';
import { refusedProcessor } from './refused-processor.ts';
import { BARS } from './topics/bars.ts';
import { ACTIONS, FUNDAMENTALS, PORTFOLIO } from './topics/lists.ts';
import { TICKS } from './topics/ticks.ts';

const RAW_TOPICS: readonly RawTopic[] = [TICKS, BARS, FUNDAMENTALS, ACTIONS, PORTFOLIO];

/** Every processor of the validator, one per raw topic. */
export function createProcessors(): readonly Processor<KeyState, ValidationSettings>[] {
  const counter = new OutcomeCounter();
  return [
    ...RAW_TOPICS.map((topic) => rawProcessor(topic, counter)),
    refusedProcessor(counter),
    holeProcessor(counter),
  ];
}
