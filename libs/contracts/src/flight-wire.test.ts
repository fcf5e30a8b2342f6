import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFlightData } from './flight-wire.ts';
import { FlightDataSchema } from './gen/arrow/flight/protocol/flight_pb.js';

const someBytes = (maxLength: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ maxLength }).map((bytes) => new Uint8Array(bytes));

test('FlightData by hand is the bytes that protobuf-es writes', () => {
  fc.assert(
    fc.property(
      someBytes(300),
      fc.array(someBytes(20_000), { maxLength: 4 }),
      fc.option(someBytes(200), { nil: undefined }),
      (header, body, appMetadata) => {
        const bytes = encodeFlightData({
          header,
          body,
          ...(appMetadata === undefined ? {} : { appMetadata }),
        });
        const message = create(FlightDataSchema, {
          dataHeader: header,
          dataBody: new Uint8Array(Buffer.concat(body)),
          appMetadata: appMetadata ?? new Uint8Array(),
        });
        expect(Buffer.from(bytes).equals(toBinary(FlightDataSchema, message))).toBe(true);
        expect(fromBinary(FlightDataSchema, bytes)).toEqual(message);
      },
    ),
  );
});
