import type { CommittedPosition, TopicPartition } from '@tickwell/ports';
import type { MemoryTopics } from './memory-topics.ts';

/** One membership in one generation. */
export interface MemoryGeneration {
  readonly id: number;
  readonly assigned: readonly TopicPartition[];
  readonly ended: AbortSignal;
}

interface Member {
  readonly topics: readonly string[];
  /** Of the generation it takes part in. */
  end: AbortController | undefined;
  /** It has closed its sessions and waits for the next generation. */
  waiting: ((generation: MemoryGeneration) => void) | undefined;
}

/** The coordinator of one group: a generation begins when every member has finished the one before. */
export class MemoryGroup {
  readonly #topics: MemoryTopics;
  readonly #members: Member[] = [];
  readonly #committed = new Map<string, CommittedPosition>();
  #generation = 0;

  constructor(topics: MemoryTopics) {
    this.#topics = topics;
  }

  /** A new member: everybody else has to finish first. */
  enter(topics: readonly string[]): MemoryMember {
    for (const topic of topics) this.#topics.partitionsOf(topic);
    const member: Member = { topics, end: undefined, waiting: undefined };
    this.#members.push(member);
    this.#endGeneration();
    return {
      next: () =>
        new Promise((resolve) => {
          member.waiting = resolve;
          this.#beginWhenAllWait();
        }),
      commit: (generation, place, position) => this.#commit(member, generation, place, position),
      leave: () => {
        const index = this.#members.indexOf(member);
        if (index < 0) return;
        this.#members.splice(index, 1);
        this.#endGeneration();
        this.#beginWhenAllWait();
      },
    };
  }

  committed({ topic, partition }: TopicPartition): CommittedPosition | null {
    return this.#committed.get(`${topic}/${partition}`) ?? null;
  }

  #commit(
    member: Member,
    generation: MemoryGeneration,
    { topic, partition }: TopicPartition,
    position: CommittedPosition,
  ): boolean {
    if (generation.id !== this.#generation || !this.#members.includes(member)) return false;
    this.#committed.set(`${topic}/${partition}`, position);
    return true;
  }

  #endGeneration(): void {
    for (const member of this.#members) member.end?.abort();
  }

  /** Partition p of every topic goes to the member at p modulo their number, in order of entering. */
  #beginWhenAllWait(): void {
    if (this.#members.length === 0 || this.#members.some(({ waiting }) => waiting === undefined)) return;
    this.#generation++;
    const assigned = this.#assign();
    this.#members.forEach((member, at) => {
      const begin = member.waiting;
      member.waiting = undefined;
      member.end = new AbortController();
      begin?.({ id: this.#generation, assigned: assigned[at] ?? [], ended: member.end.signal });
    });
  }

  #assign(): TopicPartition[][] {
    const assigned: TopicPartition[][] = this.#members.map(() => []);
    for (const topic of new Set(this.#members.flatMap(({ topics }) => topics))) {
      const takers = this.#members.filter(({ topics }) => topics.includes(topic));
      this.#topics.partitionsOf(topic).forEach((_, partition) => {
        const taker = takers[partition % takers.length];
        if (taker !== undefined) assigned[this.#members.indexOf(taker)]?.push({ topic, partition });
      });
    }
    return assigned;
  }
}

export interface MemoryMember {
  /** Resolves with the next generation, once every member asks for it. */
  next(): Promise<MemoryGeneration>;
  /** False when the member is of another generation than the group. */
  commit(generation: MemoryGeneration, place: TopicPartition, position: CommittedPosition): boolean;
  leave(): void;
}
