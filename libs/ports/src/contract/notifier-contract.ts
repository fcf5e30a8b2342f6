import type { AlertMessage } from '@tickwell/alerts';
import { TickwellError } from '@tickwell/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notifier } from '../notifier.ts';

/** What arrived: the text a person reads, and by what a repeated message is known. */
export interface ReceivedMessage {
  readonly id: string;
  readonly text: string;
}

/** A notifier and its receiver. */
export interface NotifierUnderTest {
  readonly notifier: Notifier;
  received(): readonly ReceivedMessage[];
  /** Left out where a receiver cannot fail. */
  readonly faults?: ReceiverFaults;
  close(): Promise<void>;
}

interface ReceiverFaults {
  /** It says that it is busy, or refuses for good. */
  answer(how: 'busy' | 'refuse' | 'well'): void;
  /** It takes connections and never answers. */
  hang(): Promise<void>;
  /** Nobody listens. */
  stop(): Promise<void>;
}

const MESSAGE: AlertMessage = {
  ...{ id: 'stale|source=yahoo|1|0|fired', about: 'firing', severity: 'critical', rule: 'stale' },
  ...{ group: 'source=yahoo', timeNs: 1_790_000_060_000_000_000n, sinceNs: 1_790_000_000_000_000_000n },
  title: '[critical] stale (source=yahoo): freshness 1,234 s is above 60 s: AAPL – Ägypten <&> "x"',
  lines: ['since 2026-09-21T14:13:20Z', '  AAPL: 1,234'],
};

/** Every notifier keeps this. */
export function notifierContract(name: string, open: () => Promise<NotifierUnderTest>): void {
  describe(`notifier contract: ${name}`, () => {
    let opened: NotifierUnderTest | undefined;
    const under = (): NotifierUnderTest => {
      if (opened === undefined) throw new Error('the receiver is not open');
      return opened;
    };
    const send = (message = MESSAGE, signal = new AbortController().signal): Promise<void> =>
      under().notifier.send(message, signal);
    /** The error, which is always ours. */
    const failure = async (sending: Promise<void>): Promise<TickwellError> => {
      const error: unknown = await sending.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof TickwellError)) throw new Error(`not a TickwellError: ${String(error)}`);
      expect(error.message).not.toContain('\n');
      return error;
    };
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened?.close();
    });

    it('brings title and lines, each character as it is', async () => {
      await send();
      const [received, ...others] = under().received();
      expect(others).toEqual([]);
      for (const line of [MESSAGE.title, ...MESSAGE.lines]) expect(received?.text).toContain(line);
    });

    it('gives a message that is sent again the same id, and another one another', async () => {
      await send();
      await send();
      await send({ ...MESSAGE, id: 'stale|source=yahoo|1|1|recovered', about: 'recovered' });
      const ids = under()
        .received()
        .map(({ id }) => id);
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
    });

    it('keeps a line break in a title where it does no harm', async () => {
      await send({ ...MESSAGE, title: 'one\r\nBcc: all@example.com' });
      expect(under().received()).toHaveLength(1);
      expect(under().received()[0]?.text).toContain('one Bcc: all@example.com');
    });

    it('does not begin where the signal has fired', async () => {
      await failure(send(MESSAGE, AbortSignal.abort()));
      expect(under().received()).toEqual([]);
    });

    it('tells what may be taken later from what never will', async () => {
      const { faults } = under();
      if (faults === undefined) return;
      faults.answer('busy');
      expect((await failure(send())).retryable).toBe(true);
      faults.answer('refuse');
      expect((await failure(send())).retryable).toBe(false);
      faults.answer('well');
      await send();
      expect(under().received()).toHaveLength(1);
    });

    it('gives up a receiver that never answers, and one that is not there, for now', async () => {
      const { faults } = under();
      if (faults === undefined) return;
      await faults.hang();
      expect((await failure(send())).retryable).toBe(true);
      const controller = new AbortController();
      const sending = failure(send(MESSAGE, controller.signal));
      controller.abort();
      await sending;
      await faults.stop();
      expect((await failure(send())).retryable).toBe(true);
    });
  });
}
