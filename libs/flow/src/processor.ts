import type { Cause, Result } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import type { Preparation } from './preparation.ts';

/** One record a processor wants written. The flow decides partition (that of the input), headers and cause. */
export interface Output {
  readonly topic: string;
  readonly key: string;
  /** Protobuf type of the value, for the content-type header. */
  readonly type: string;
  readonly source: string;
  /** Builds the value around the cause the flow assigned. */
  encode(cause: Cause): Uint8Array;
}

/** How a processor's states come to what only the outside knows; see {@link Preparation}. */
export interface Preparing<S, C> {
  /** Cheap, asked after every record: whether {@link preparation} should look at the state. */
  mayLack(state: S): boolean;
  /**
   * What brings in what the state lacks; undefined: it lacks nothing. The settings may be newer than those of the state's last record; the state
   * may be brought in line with them, as its next record would. Asked again after what it answered was installed: whatever it lacks then is installed next.
   */
  preparation(key: string, state: S, settings: C): Preparation<S> | undefined;
  /** What a preparation put into the state to be written beside the outputs of any record, in order; the same until {@link written}. */
  unwritten(key: string, state: S): readonly Output[];
  /** It is on its way: forget it. */
  written(state: S): void;
}

/**
 * Deterministic processing of one topic, key by key. Outputs depend on the state, the record and the settings alone: no clock, no
 * randomness, no other topic. After a crash the same record meets the same state and yields the same bytes, which readers recognise by cause.
 */
export interface Processor<S, C = void> {
  /** Part of the checkpoint's key: never reuse a name for another meaning. */
  readonly name: string;
  readonly inputTopic: string;
  /**
   * `record`: the flow drops records whose header cause is not new in their partition (validated topics). `none`: the processor
   * does it itself, event by event (raw topics, whose writer may batch anew after a resume).
   */
  readonly dedup: 'record' | 'none';
  /** State a record belongs to; usually its key. */
  keyOf(record: LogRecord): string;
  createState(key: string): S;
  /**
   * Applies a record: changes the state in place and returns what to write, in order. Bad input is an output, never a throw.
   *
   * @param settings in force at the record's offset (see `settings.ts`); they may differ from those of the record before.
   */
  process(record: LogRecord, state: S, settings: C): readonly Output[];
  /** What states may lack that only the outside knows; left out: nothing. */
  readonly preparing?: Preparing<S, C>;
  readonly stateVersion: number;
  encodeState(state: S): Uint8Array;
  /** Also reads older versions; the error is one line. */
  decodeState(key: string, version: number, bytes: Uint8Array): Result<S, string>;
}
