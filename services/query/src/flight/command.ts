import type { flightProtocol } from '@tickwell/contracts';
import { flightProtocol as flight } from '@tickwell/contracts';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';

/** What a descriptor or a ticket asks for: something of a library, and how. The rest is the library's to read. */
export interface FlightCommand {
  readonly library: string;
  /** Empty where the library as a whole is meant. */
  readonly symbol: string;
  readonly rest: Readonly<Record<string, unknown>>;
}

const MAX_COMMAND_BYTES = 64 * 1024;
const PATH_TEXT = 'a path is [library, symbol], for example ["md.bars.1d", "AAPL"]';
const COMMAND_TEXT =
  'a command is JSON such as {"library": "md.bars.1d", "symbol": "AAPL", "source": "yahoo"}';

export function descriptorCommand(
  descriptor: flightProtocol.FlightDescriptor | undefined,
): Result<FlightCommand, string> {
  if (descriptor?.type === flight.FlightDescriptor_DescriptorType.PATH) {
    const [library = '', symbol = '', ...more] = descriptor.path;
    if (library === '' || symbol === '' || more.length > 0)
      return err(`a descriptor's path has ${descriptor.path.length} parts: ${PATH_TEXT}`);
    return ok({ library, symbol, rest: {} });
  }
  if (descriptor?.type === flight.FlightDescriptor_DescriptorType.CMD)
    return readCommand('a descriptor', descriptor.cmd);
  return err(`a descriptor has neither a path nor a command: ${PATH_TEXT}; ${COMMAND_TEXT}`);
}

export function ticketCommand({ ticket }: flightProtocol.Ticket): Result<FlightCommand, string> {
  return readCommand('a ticket', ticket);
}

/** The ticket of a command: a client may write one itself. */
export function ticketOf({ library, symbol, rest }: FlightCommand): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(JSON.stringify({ library, symbol, ...rest })));
}

function readCommand(what: string, bytes: Uint8Array): Result<FlightCommand, string> {
  const object = jsonObject(what, bytes);
  if (!object.ok) return object;
  const { library, symbol = '', ...rest } = object.value;
  if (typeof library !== 'string' || library === '' || typeof symbol !== 'string')
    return err(`${what} names no library: ${COMMAND_TEXT}`);
  return ok({ library, symbol, rest });
}

/** A JSON object of a client's; empty bytes are an empty one. */
export function jsonObject(
  what: string,
  bytes: Uint8Array,
): Result<Readonly<Record<string, unknown>>, string> {
  if (bytes.length === 0) return ok({});
  if (bytes.length > MAX_COMMAND_BYTES)
    return err(`${what} has ${bytes.length} bytes, at most ${MAX_COMMAND_BYTES} are taken`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return err(`${what} is not JSON (${errorMessage(error)}): ${COMMAND_TEXT}`);
  }
  return isObject(value) ? ok(value) : err(`${what} is not a JSON object: ${COMMAND_TEXT}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
