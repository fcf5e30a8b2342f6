import { once } from 'node:events';

export type Paint = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

const CODES: Readonly<Record<Paint, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** Where a command writes. Results go to standard output, everything said about the work to standard error. */
export interface Terminal {
  /** One line of the result. */
  print(line: string): void;
  /** Bulk output: resolves when more may be written, so that a slow reader slows the command. */
  write(text: string): Promise<void>;
  /** One line about the work. */
  note(line: string): void;
  /** A line that the next one replaces, on a terminal; null takes it away. Nothing elsewhere. */
  transient(line: string | null): void;
  /** Standard error is a terminal, so that transient lines are seen. */
  readonly interactive: boolean;
  paint(style: Paint, text: string): string;
}

interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const COLOUR = /^.\[\d{1,2}m/;

/** Messages quote what files hold, and control characters must not reach the terminal; colours may. */
export function harmless(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, (character, at: number) => {
    if (character === '\n' || character === '\t' || COLOUR.test(line.slice(at, at + 5))) return character;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Colours only on a terminal, and not where NO_COLOR is set. */
export function createTerminal({ stdout, stderr, env }: Streams = process): Terminal {
  const colour = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  let shown = false;
  const clear = (): void => {
    if (!shown) return;
    stderr.write('\r\u001B[K');
    shown = false;
  };
  return {
    interactive: stderr.isTTY,
    print(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    async write(text) {
      if (!stdout.write(text)) await once(stdout, 'drain');
    },
    note(line) {
      clear();
      stderr.write(`${harmless(line)}\n`);
    },
    transient(line) {
      if (!stderr.isTTY) return;
      clear();
      if (line === null) return;
      stderr.write(line.slice(0, Math.max(20, stderr.columns - 1)));
      shown = true;
    },
    paint: (style, text) => (colour ? `\u001B[${CODES[style]}m${text}\u001B[0m` : text),
  };
}

let onClosedPipe = (): void => {
  process.exit(0);
};

/** A reader that went away (`| head`) ends the program silently, as other tools do. Call once. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      onClosedPipe();
    });
  }
}

/** For a command that must drain before it ends. */
export function whenPipeCloses(handle: () => void): void {
  onClosedPipe = handle;
}
