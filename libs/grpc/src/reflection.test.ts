import { create, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { grpcHealthV1, grpcReflectionV1 as v1, grpcReflectionV1Alpha as v1alpha } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import { startPair, testMethods } from './fixtures/test-service.ts';

type Question = v1.ServerReflectionRequest['messageRequest'];

async function ask(
  ...questions: Question[]
): Promise<readonly v1.ServerReflectionResponse['messageResponse'][]> {
  await using pair = await startPair({ methods: testMethods({}) });
  const method = v1.ServerReflection.method.serverReflectionInfo;
  const requests = questions.map((messageRequest) =>
    create(v1.ServerReflectionRequestSchema, { host: 'h', messageRequest }),
  );
  const answers = await pair.channel.exchange(method, requests);
  return answers.map((answer) => answer.messageResponse);
}

const SERVICES = [
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
  'tickwell.query.v1.MarketDataService',
];

describe('reflection', () => {
  it('lists the services, in v1 and v1alpha', async () => {
    const [answer] = await ask({ case: 'listServices', value: '' });
    expect(answer).toMatchObject({ value: { service: SERVICES.map((name) => ({ name })) } });

    await using pair = await startPair({ methods: testMethods({}) });
    const old = v1alpha.ServerReflection.method.serverReflectionInfo;
    const request = create(v1alpha.ServerReflectionRequestSchema, {
      messageRequest: { case: 'listServices', value: '' },
    });
    const [oldAnswer] = await pair.channel.exchange(old, [request]);
    expect(oldAnswer?.messageResponse).toMatchObject({
      value: { service: SERVICES.map((name) => ({ name })) },
    });
  });

  it.each([
    'tickwell.query.v1.MarketDataService',
    'tickwell.query.v1.MarketDataService.GetBars',
    'tickwell.query.v1.GetBarsRequest',
    'tickwell.query.v1.StreamKind',
  ])('finds the file of %s with all it imports', async (symbol) => {
    const [answer] = await ask({ case: 'fileContainingSymbol', value: symbol });
    if (answer?.case !== 'fileDescriptorResponse') throw new Error(`answered ${answer?.case}`);
    const files = answer.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    expect(files.map((file) => file.name).sort()).toEqual([
      'tickwell/events/v1/common.proto',
      'tickwell/events/v1/market.proto',
      'tickwell/query/v1/holes.proto',
      'tickwell/query/v1/market_data.proto',
    ]);
  });

  it('answers several questions of one stream, refusals among them', async () => {
    const answers = await ask(
      { case: 'fileByFilename', value: 'grpc/health/v1/health.proto' },
      { case: 'fileByFilename', value: '../secret' },
      { case: 'fileContainingSymbol', value: 'tickwell.Nothing' },
      {
        case: 'fileContainingExtension',
        value: create(v1.ExtensionRequestSchema, { containingType: 'a.B' }),
      },
      { case: undefined },
    );
    expect(answers.map((answer) => answer.case)).toEqual([
      'fileDescriptorResponse',
      ...new Array<string>(4).fill('errorResponse'),
    ]);
  });
});

describe('health', () => {
  const { check, watch } = grpcHealthV1.Health.method;
  const { ServingStatus } = { ServingStatus: grpcHealthV1.HealthCheckResponse_ServingStatus };
  const request = (service: string): grpcHealthV1.HealthCheckRequest =>
    create(grpcHealthV1.HealthCheckRequestSchema, { service });

  it('answers for the server, a service, and not for a stranger', async () => {
    await using pair = await startPair({ methods: testMethods({}) });
    const service = 'tickwell.query.v1.MarketDataService';
    expect((await pair.channel.unary(check, request(''))).status).toBe(ServingStatus.SERVING);
    expect((await pair.channel.unary(check, request(service))).status).toBe(ServingStatus.SERVING);
    pair.server.setServing(false);
    expect((await pair.channel.unary(check, request(service))).status).toBe(ServingStatus.NOT_SERVING);
    await expect(pair.channel.unary(check, request('x'))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('tells a watcher every change until the server stops', async () => {
    await using pair = await startPair({ methods: testMethods({}) });
    const stream = pair.channel.stream(watch, request(''));
    expect((await stream.next()).value).toMatchObject({ status: ServingStatus.SERVING });
    pair.server.setServing(false);
    expect((await stream.next()).value).toMatchObject({ status: ServingStatus.NOT_SERVING });
    const stopped = pair.server.stop(2_000);
    await expect(stream.next()).rejects.toMatchObject({ code: 'stopping' });
    await stopped;
  });
});
