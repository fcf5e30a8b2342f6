/** 16 MiB - 1, the most that a client of the protocol accepts. */
const MAX_FRAME_BYTES = 0xff_ff_ff;
const PREFIX_BYTES = 4;

/** Message ids of live bars and of ticks. */
const DATA_IDS: readonly string[] = ['50', '99'];

/** Whether a frame that could not be read may have held live data: it says so, or it does not say what it is. */
export function mayHoldData(frame: Buffer): boolean {
  const id = /^\d{1,3}(?=\0)/.exec(frame.toString('latin1', PREFIX_BYTES, PREFIX_BYTES + 4))?.[0];
  return id === undefined || DATA_IDS.includes(id);
}

/**
 * Cuts the byte stream into whole frames (length prefix included), so that the vendor's decoder never holds half of one: it joins
 * its whole buffer with every piece that arrives, and loops for ever on a negative length.
 */
export class FrameSplitter {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #wanted = PREFIX_BYTES;
  #length = -1;

  /** The frames that are complete; "broken" when no client could read on. */
  push(data: Buffer): Buffer[] | 'broken' {
    this.#pieces.push(data);
    this.#bytes += data.length;
    if (this.#bytes < this.#wanted) return [];
    const whole = this.#pieces.length === 1 ? data : Buffer.concat(this.#pieces);
    const frames: Buffer[] = [];
    let at = 0;
    for (;;) {
      this.#length = whole.length - at >= PREFIX_BYTES ? whole.readUInt32BE(at) : -1;
      if (this.#length > MAX_FRAME_BYTES) return 'broken';
      const end = at + PREFIX_BYTES + Math.max(this.#length, 0);
      if (this.#length < 0 || end > whole.length) break;
      frames.push(whole.subarray(at, end));
      at = end;
    }
    const rest = whole.subarray(at);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    this.#wanted = PREFIX_BYTES + Math.max(this.#length, 0);
    return frames;
  }
}
