import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';

/** Where a stream stands, put together from what each message says of its own partition. */
export class PositionTracker {
  readonly #partitions = new Map<string, queryV1.PartitionPosition>();
  #complete = false;

  /** From a text that {@link text} made. Throws `invalid-argument` for any other. */
  static parse(text: string): PositionTracker {
    const tracker = new PositionTracker();
    try {
      tracker.apply(fromBinary(queryV1.StreamPositionSchema, Buffer.from(text, 'base64url')));
    } catch (cause) {
      throw new TickwellError('invalid-argument', 'after is not a position that a subscription gave', {
        cause,
      });
    }
    if (tracker.#partitions.size === 0)
      throw new TickwellError('invalid-argument', 'after is an empty position');
    tracker.#complete = true;
    return tracker;
  }

  apply(position: queryV1.StreamPosition | undefined): void {
    for (const one of position?.partitions ?? []) this.#partitions.set(`${one.topic}/${one.partition}`, one);
  }

  /** The position holds every partition: a stream can be resumed from it. */
  setComplete(): void {
    this.#complete = true;
  }

  get complete(): boolean {
    return this.#complete;
  }

  message(): queryV1.StreamPosition {
    return create(queryV1.StreamPositionSchema, { partitions: [...this.#partitions.values()] });
  }

  text(): string {
    return Buffer.from(toBinary(queryV1.StreamPositionSchema, this.message())).toString('base64url');
  }
}
