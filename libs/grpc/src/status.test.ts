import { Metadata, status as Status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { TickwellError } from '@tickwell/domain';
import { errorFromStatus, statusOf } from './status.ts';

function failed(code: Status, details = 'why'): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}

describe('what a client throws for a status of a server that says no more than that', () => {
  const table: Readonly<Record<Exclude<keyof typeof Status, 'OK'>, readonly [string, boolean]>> = {
    CANCELLED: ['cancelled', true],
    UNKNOWN: ['internal', false],
    INVALID_ARGUMENT: ['invalid-argument', false],
    DEADLINE_EXCEEDED: ['deadline-exceeded', false],
    NOT_FOUND: ['not-found', false],
    ALREADY_EXISTS: ['internal', false],
    PERMISSION_DENIED: ['permission-denied', false],
    RESOURCE_EXHAUSTED: ['limit-exceeded', false],
    FAILED_PRECONDITION: ['failed-precondition', false],
    ABORTED: ['aborted', true],
    OUT_OF_RANGE: ['out-of-range', false],
    UNIMPLEMENTED: ['unimplemented', false],
    INTERNAL: ['internal', false],
    UNAVAILABLE: ['unavailable', true],
    DATA_LOSS: ['internal', false],
    UNAUTHENTICATED: ['unauthenticated', false],
  };

  it.each(Object.entries(table))('%s', (name, [code, retryable]) => {
    const [, value] = Object.entries(Status).find(([key]) => key === name) ?? [];
    if (typeof value !== 'number') throw new Error(`${name} is no status`);
    const error = errorFromStatus(failed(value), 'GetBars');
    expect(error).toMatchObject({ code, retryable, message: 'GetBars: why', cause: { code: value } });
  });

  it('is retryable where the connection broke under the call', () => {
    const broken = failed(Status.INTERNAL, 'Received RST_STREAM with code 2');
    expect(errorFromStatus(broken, 'GetBars').retryable).toBe(true);
  });

  it('takes the code of the server before that of the status', () => {
    const error = failed(Status.ABORTED);
    error.metadata.set('tickwell-code', 'version-conflict');
    error.metadata.set('tickwell-retryable', '0');
    expect(errorFromStatus(error, 'Put')).toMatchObject({ code: 'version-conflict', retryable: false });
  });
});

describe('what a server says of a failed call', () => {
  it.each([
    ['a colour', '\u001b[31mred', '\\u001b[31mred'],
    ['a line that ends', 'a\u2028b\u0085', 'a\\u2028b\\u0085'],
    ['writing turned round', '\u202eevil', '\\u202eevil'],
    ['half a character', 'a\ud800', 'a\ufffd'],
    ['other alphabets', 'Zürich 東京 🚀', 'Zürich 東京 🚀'],
  ])('shows %s as text', (_, text, shown) => {
    const { details } = statusOf(new TickwellError('invalid-argument', `symbol "${text}"`));
    expect(details).toBe(`symbol "${shown}"`);
  });

  it('is short', () => {
    expect(statusOf(new TickwellError('not-found', 'x'.repeat(10_000))).details).toHaveLength(1_000);
  });
});
