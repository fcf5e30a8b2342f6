import { readFileSync } from 'node:fs';
import { gunzipSync, inflateRawSync } from 'node:zlib';

/** No recorded file is larger unpacked. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const STORED = 0;
const DEFLATED = 8;

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly packedBytes: number;
  readonly headerAt: number;
}

/** A file as it is, or unpacked where its name ends in .gz. */
export function readRecorded(path: string): Buffer {
  const bytes = readFileSync(path);
  return path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }) : bytes;
}

/**
 * The entries of a zip or jar whose name ends so (all without). Read at once and not as a stream, because a market answers at once;
 * recorded files are a few MB at most.
 */
function readZip(path: string, nameEnd = ''): ReadonlyMap<string, Buffer> {
  const bytes = readFileSync(path);
  const found = directoryOf(bytes, path).filter(({ name }) => name.endsWith(nameEnd) && !name.endsWith('/'));
  return new Map(found.map((entry) => [entry.name, unpack(bytes, entry, path)]));
}

/** The one entry whose name ends so. */
export function readZipEntry(path: string, nameEnd = ''): Buffer {
  const [entry, more] = [...readZip(path, nameEnd)];
  if (entry === undefined || more !== undefined)
    throw new Error(`${path}: exactly one entry "*${nameEnd}" was expected; fetch the recorded data again`);
  return entry[1];
}

function directoryOf(bytes: Buffer, path: string): readonly ZipEntry[] {
  let end = bytes.length - END_BYTES;
  const lowest = Math.max(0, end - MAX_COMMENT_BYTES);
  while (end >= lowest && bytes.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < lowest) throw new Error(`${path}: not a zip archive, or cut off; fetch it again`);
  const count = bytes.readUInt16LE(end + 10);
  const entries: ZipEntry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (bytes.readUInt32LE(at) !== DIRECTORY_ENTRY)
      throw new Error(`${path}: damaged directory; fetch it again`);
    const nameBytes = bytes.readUInt16LE(at + 28);
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + nameBytes),
      method: bytes.readUInt16LE(at + 10),
      packedBytes: bytes.readUInt32LE(at + 20),
      headerAt: bytes.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

function unpack(bytes: Buffer, entry: ZipEntry, path: string): Buffer {
  const dataAt =
    entry.headerAt + 30 + bytes.readUInt16LE(entry.headerAt + 26) + bytes.readUInt16LE(entry.headerAt + 28);
  const packed = bytes.subarray(dataAt, dataAt + entry.packedBytes);
  if (entry.method === STORED) return packed;
  if (entry.method !== DEFLATED)
    throw new Error(`${path}: ${entry.name} is packed by method ${entry.method}, which nothing here reads`);
  return inflateRawSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES });
}
