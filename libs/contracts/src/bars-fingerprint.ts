import { createHash } from 'node:crypto';
import { err, ok, type Result } from '@tickwell/domain';
import { priceTypeFromProto } from './header-codec.ts';
import type * as queryV1 from './query.ts';

/** How far a topic was in the store: rows of this generation of it from these offsets on (one per partition) are not in the answer. */
export interface TopicPosition {
  readonly epoch: string;
  readonly offsets: readonly bigint[];
}

/** What an answer was read as of: a time, and what was stored. */
export interface BarsPin {
  readonly asOfNs: bigint;
  readonly bars: TopicPosition;
  readonly actions: TopicPosition;
}

const VERSION = 'tw1';
/** Bytes of a bar beside its source and contract: two times, two flags, two lengths, six doubles, two counts. */
const BAR_BYTES = 8 + 8 + 1 + 1 + 4 + 4 + 6 * 8 + 4 + 4;
const POSITION = /^([A-Za-z0-9_-]{1,64}):(\d{1,19}(?:,\d{1,19}){0,999})$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** "tw1.<as of, ns>.<position of bars>.<position of actions>.<SHA-256>", a position being "<epoch>:<offset>,<offset>,...". */
export function formatFingerprint(pin: BarsPin, sha256: string): string {
  return [VERSION, pin.asOfNs, positionText(pin.bars), positionText(pin.actions), sha256].join('.');
}

export function parseFingerprint(text: string): Result<BarsPin, string> {
  const [version, asOf = '', bars = '', actions = '', sha256 = '', ...more] = text.split('.');
  const positions = [bars, actions].map(parsePosition);
  const [barsPosition, actionsPosition] = positions;
  const isWhole =
    version === VERSION && more.length === 0 && SHA256.test(sha256) && /^[1-9]\d{0,18}$/.test(asOf);
  if (!isWhole || barsPosition === undefined || actionsPosition === undefined)
    return err(
      `${JSON.stringify(text.slice(0, 60))} is no fingerprint of bars: it begins with "${VERSION}." and is copied whole`,
    );
  return ok({ asOfNs: BigInt(asOf), bars: barsPosition, actions: actionsPosition });
}

function positionText({ epoch, offsets }: TopicPosition): string {
  return `${epoch}:${offsets.join(',')}`;
}

function parsePosition(text: string): TopicPosition | undefined {
  const [, epoch, offsets] = POSITION.exec(text) ?? [];
  return epoch === undefined || offsets === undefined
    ? undefined
    : { epoch, offsets: offsets.split(',').map(BigInt) };
}

/** Hashes an answer of GetBars message by message; how is said in docs/adr/0027-as-known-at.md. The division into messages does not count. */
export class BarsFingerprinter {
  readonly #data = createHash('sha256');
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add(message: queryV1.GetBarsResponse): void {
    const rows = message.bars?.startNs.length ?? 0;
    if (rows === 0) return;
    this.#rows += rows;
    this.#data.update(barBytes(message, rows));
  }

  /** After the last message: the fingerprint of the answer to this request. */
  fingerprint(request: queryV1.GetBarsRequest, pin: BarsPin): string {
    const lines = [
      'tickwell.bars.1',
      ...queryLines(request),
      `as_of_ns=${pin.asOfNs}`,
      `position=${positionText(pin.bars)}.${positionText(pin.actions)}`,
      `rows=${this.#rows}`,
      `data=${this.#data.copy().digest('hex')}`,
    ];
    return formatFingerprint(
      pin,
      createHash('sha256')
        .update(lines.map((line) => `${line}\n`).join(''))
        .digest('hex'),
    );
  }
}

/** What of a request decides which bars are answered. */
function queryLines(request: queryV1.GetBarsRequest): readonly string[] {
  const { symbol, interval, range, source, limit, newest, columns, strict } = request;
  return [
    `symbol=${symbol}`,
    `interval=${interval}`,
    `start_ns=${range?.startNs ?? 0n}`,
    `end_ns=${range?.endNs ?? 0n}`,
    `source=${source}`,
    `price_type=${priceTypeFromProto(request.priceType) ?? ''}`,
    `limit=${limit}`,
    `newest=${newest}`,
    `columns=${[...new Set(columns)].sort().join(',')}`,
    `calendar=${request.calendar}`,
    `back_adjustment=${request.backAdjustment}`,
    `adjustment=${request.adjustment}`,
    `resample_from=${request.resampleFrom}`,
    `alignment=${request.alignment}`,
    `empty=${request.empty}`,
    `strict=${strict}`,
  ];
}

function barBytes(message: queryV1.GetBarsResponse, rows: number): Uint8Array {
  const { bars, knownAtNs } = message;
  const source = Buffer.from(message.source);
  const contract = Buffer.from(message.contract);
  const bytes = Buffer.alloc(rows * (BAR_BYTES + source.length + contract.length));
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    at = bytes.writeBigInt64LE(bars?.startNs[row] ?? 0n, at);
    at = bytes.writeBigInt64LE(knownAtNs[row] ?? 0n, at);
    at = bytes.writeUInt8(message.backfilled ? 1 : 0, at);
    at = bytes.writeUInt8(message.priceBasis, at);
    for (const text of [source, contract]) {
      at = bytes.writeUInt32LE(text.length, at);
      at += text.copy(bytes, at);
    }
    for (const column of [bars?.open, bars?.high, bars?.low, bars?.close, bars?.volume, bars?.vwap])
      at = bytes.writeDoubleLE(oneNan(column?.[row]), at);
    at = bytes.writeUInt32LE(bars?.tradeCount[row] ?? 0, at);
    at = bytes.writeUInt32LE(bars?.sessionDate[row] ?? 0, at);
  }
  return bytes;
}

/** What is not there is NaN, and there is one NaN (0x7ff8000000000000). */
function oneNan(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? Number.NaN : value;
}
