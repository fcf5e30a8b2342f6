import { Duplex } from 'node:stream';
import { constants } from 'node:http2';
import { ServerInterceptingCall, type Metadata, type ServerInterceptor } from '@grpc/grpc-js';

/**
 * grpc-js offers no way to reset one stream: a call that failed sends its status behind what its reader has not taken, and so
 * keeps that memory as long as a reader who stopped stays connected. This interceptor remembers the HTTP/2 stream under each
 * call; should a later grpc-js keep it elsewhere, nothing is reset and the keepalive and session limits remain (a test notices).
 */
export class StreamResets {
  readonly #streams = new WeakMap<Metadata, Duplex>();

  readonly interceptor: ServerInterceptor = (_method, call) => {
    const stream: unknown = Reflect.get(call, 'stream');
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, proceed) => {
            if (stream instanceof Duplex) this.#streams.set(metadata, stream);
            proceed(metadata);
          },
        });
      },
    });
  };

  /** ENHANCE_YOUR_CALM reads as RESOURCE_EXHAUSTED at the client. */
  reset(metadata: Metadata): void {
    const stream = this.#streams.get(metadata);
    if (stream !== undefined && 'close' in stream && typeof stream.close === 'function') {
      Reflect.apply(stream.close, stream, [constants.NGHTTP2_ENHANCE_YOUR_CALM]);
    }
  }
}
