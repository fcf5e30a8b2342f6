import { create } from '@bufbuild/protobuf';
import { encodeFlightData, flightProtocol } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { ArrowFormat, HistoryReader } from '@tickwell/ports';
import { orRefuse } from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import { descriptorCommand, jsonObject, ticketCommand, ticketOf, type FlightCommand } from './command.ts';
import type { FlowCalls } from './flow-table.ts';
import { FlowTables, isFlowLibrary } from './flow-tables.ts';
import { flightsOf, MAX_SERIES, partsOf, seriesOf, type FlowFlight } from './flow-flights.ts';

export interface FlightParts {
  readonly calls: FlowCalls;
  readonly arrow: ArrowFormat;
  readonly reader: Pick<HistoryReader, 'series'>;
}

/** The calls of arrow.flight.protocol.FlightService: the platform's data for every client that speaks Arrow. */
export class FlightCalls {
  readonly #tables: FlowTables;
  readonly #arrow: ArrowFormat;
  readonly #reader: Pick<HistoryReader, 'series'>;

  constructor({ calls, arrow, reader }: FlightParts) {
    this.#tables = new FlowTables(calls);
    this.#arrow = arrow;
    this.#reader = reader;
  }

  async *doGet(ticket: flightProtocol.Ticket, { signal }: CallSignal): AsyncGenerator<Uint8Array> {
    const command = orRefuse(ticketCommand(ticket));
    const { library, symbol, rest } = this.#ofTheFlow(command);
    const read = orRefuse(orRefuse(this.#tables.of(library)).open(symbol, rest));
    const table = this.#arrow.table(read.fields, { index: read.index });
    yield encodeFlightData(table.schema);
    for await (const { rows, columns } of read.batches(signal))
      for (const message of table.batch(rows, columns)) yield encodeFlightData(message);
  }

  getSchema(descriptor: flightProtocol.FlightDescriptor): Promise<flightProtocol.SchemaResult> {
    const command = this.#ofTheFlow(orRefuse(descriptorCommand(descriptor)));
    return Promise.resolve(create(flightProtocol.SchemaResultSchema, { schema: this.#schemaOf(command) }));
  }

  async getFlightInfo(descriptor: flightProtocol.FlightDescriptor): Promise<flightProtocol.FlightInfo> {
    const command = this.#ofTheFlow(orRefuse(descriptorCommand(descriptor)));
    const { library, symbol, rest } = command;
    const table = orRefuse(this.#tables.of(library));
    const read = orRefuse(table.open(symbol, rest));
    const series = await seriesOf(this.#reader, table, symbol, rest['source']);
    if (series === undefined)
      throw new TickwellError(
        'not-found',
        `${library} has nothing of ${symbol}: list_flights names what there is`,
      );
    const parts = partsOf(command, read, series);
    return create(flightProtocol.FlightInfoSchema, {
      schema: this.#schemaOf(command),
      flightDescriptor: descriptor,
      endpoint: parts.map((part) => endpointOf(part)),
      totalRecords: Object.keys(rest).length === 0 ? BigInt(series.rows) : -1n,
      totalBytes: -1n,
      ordered: true,
    });
  }

  async *listFlights({ expression }: flightProtocol.Criteria): AsyncGenerator<flightProtocol.FlightInfo> {
    const { library, prefix, ...unknown } = orRefuse(jsonObject('the criteria', expression));
    const [other] = Object.keys(unknown);
    if (other !== undefined)
      throw new TickwellError(
        'invalid-argument',
        `the criteria have ${JSON.stringify(other.slice(0, 80))}: there are library and prefix`,
      );
    const symbolPrefix = textOf('prefix', prefix);
    const only = textOf('library', library);
    const series = await this.#reader.series({ symbolPrefix, limit: MAX_SERIES + 1 });
    if (series.length > MAX_SERIES)
      throw new TickwellError(
        'limit-exceeded',
        `there are more than ${MAX_SERIES} series: name a prefix of the symbols, {"prefix": "A"}`,
      );
    const schemas = new Map<string, Uint8Array>();
    for (const flight of flightsOf(series)) {
      if (only !== '' && flight.library !== only) continue;
      yield this.#listed(flight, schemas);
    }
  }

  #listed(flight: FlowFlight, schemas: Map<string, Uint8Array>): flightProtocol.FlightInfo {
    const { library, symbol, rows } = flight;
    const command = { library, symbol, rest: {} };
    const schema = schemas.get(library) ?? this.#schemaOf(command);
    schemas.set(library, schema);
    return create(flightProtocol.FlightInfoSchema, {
      schema,
      flightDescriptor: {
        type: flightProtocol.FlightDescriptor_DescriptorType.PATH,
        path: [library, symbol],
      },
      endpoint: [endpointOf(command)],
      totalRecords: BigInt(rows),
      totalBytes: -1n,
      ordered: true,
    });
  }

  #schemaOf({ library, symbol, rest }: FlightCommand): Uint8Array {
    const { fields, index } = orRefuse(orRefuse(this.#tables.of(library)).open(symbol, rest));
    return this.#arrow.table(fields, { index }).encapsulatedSchema;
  }

  #ofTheFlow(command: FlightCommand): FlightCommand {
    orRefuse(this.#tables.of(command.library));
    if (isFlowLibrary(command.library) && command.symbol !== '') return command;
    throw new TickwellError('invalid-argument', `name a symbol of ${command.library}, for example "AAPL"`);
  }
}

function endpointOf(command: FlightCommand): { readonly ticket: { readonly ticket: Uint8Array } } {
  return { ticket: { ticket: ticketOf(command) } };
}

function textOf(name: string, value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  throw new TickwellError('invalid-argument', `${name} of the criteria is not a text`);
}
