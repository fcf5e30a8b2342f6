import { expect, it } from 'vitest';
import { checkSymbol } from './symbol.ts';

it.each(['AAPL', 'ES-202503', 'EURUSD', 'BRK.B', '^GSPC', 'EURUSD=X', 'BTC/USD', 'X'.repeat(64)])(
  'accepts %s',
  (text) => {
    expect(checkSymbol(text)).toEqual({ ok: true, value: text });
  },
);

it.each(['', ' ', 'A B', 'A#B', 'A|B', "A';DROP", '-A', 'X'.repeat(65), 'Ä', 'A\n'])('refuses %j', (text) => {
  expect(checkSymbol(text).ok).toBe(false);
});
