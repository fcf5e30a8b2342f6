/** What the first bytes of a Kafka request say. */
export interface KafkaRequestHeader {
  /** 0 Produce, 1 Fetch, 3 Metadata, 8 OffsetCommit, 11 JoinGroup, 12 Heartbeat, … (https://kafka.apache.org/protocol#protocol_api_keys) */
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
}

const LENGTH_BYTES = 4;

/** Cuts a stream into length-prefixed frames (prefix included), wherever its chunks end. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    while (this.#rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#rest.readInt32BE(0);
      if (this.#rest.length < end) break;
      frames.push(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

export function requestHeader(frame: Buffer): KafkaRequestHeader {
  return {
    apiKey: frame.readInt16BE(4),
    apiVersion: frame.readInt16BE(6),
    correlationId: frame.readInt32BE(8),
  };
}

export function responseCorrelationId(frame: Buffer): number {
  return frame.readInt32BE(LENGTH_BYTES);
}
