/** `npm run ws-sim`: wiring only. */
import { errorMessage } from '@tickwell/domain';
import { HELP, parseArguments, type Arguments } from './arguments.ts';
import { readCapture } from './capture.ts';
import { startFeedSim, type FeedSim } from './server.ts';

const BAD_USAGE = 2;

function fail(message: string, code = 1): never {
  process.stderr.write(`ws-sim: ${message}\n`);
  process.exit(code);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function start({ port, capture, speed, preamble, compress, cutEvery }: Arguments): Promise<FeedSim> {
  const read = readCapture(capture);
  if (!read.ok) return fail(read.error, BAD_USAGE);
  let lastCut = 0;
  try {
    const feed = await startFeedSim({
      ...read.value,
      port,
      speed,
      compress,
      isPreamble: (text) => preamble.test(text),
      fault: (sent) => {
        if (cutEvery === 0 || sent - lastCut < cutEvery) return undefined;
        lastCut = sent;
        return 'cut';
      },
      log: say,
    });
    const pace = speed === 0 ? 'as fast as it is read' : `at speed ${speed}`;
    say(`feed ready on ${feed.url}: ${read.value.messages.length} messages, ${pace}; Ctrl-C stops it`);
    return feed;
  } catch (error) {
    const isBusy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    return fail(
      isBusy ? `port ${port} is in use: choose another with --port, or 0 for any` : errorMessage(error),
    );
  }
}

const options = parseArguments(process.argv.slice(2));
if (!options.ok) fail(`${options.error} (--help shows the options)`, BAD_USAGE);
if (options.value === 'help') process.stdout.write(HELP);
else {
  const feed = await start(options.value);
  const stop = (): void => {
    const { connections, sent } = feed.stats();
    say(`stopped: ${connections} connections, ${sent} messages`);
    void feed.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
