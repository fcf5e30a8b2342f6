import type { StackEndpoints } from '@tickwell/local-stack';
import { ContentHash } from './content-hash.ts';

/** Rows of a query over QuestDB's own HTTP interface, as text fields: tests look past the code they test. */
export async function queryStore(
  endpoints: Pick<StackEndpoints, 'questdbHttpUrl'>,
  sql: string,
): Promise<string[][]> {
  const url = `${endpoints.questdbHttpUrl}/exp?fmt=csv&nm=true&query=${encodeURIComponent(sql)}`;
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${sql}: ${response.status} ${text}`);
  return text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => line.split(',').map((field) => field.replaceAll('"', '')));
}

/** Number a `select count() …` answers; 0 while QuestDB cannot be asked. */
export async function countRows(
  endpoints: Pick<StackEndpoints, 'questdbHttpUrl'>,
  from: string,
): Promise<number> {
  try {
    return Number((await queryStore(endpoints, `select count() from ${from}`))[0]?.[0]);
  } catch {
    return 0;
  }
}

/** Content of the trades of one source: see {@link ContentHash}; the same fields as generateTrades. */
export async function storedTradesHash(
  endpoints: Pick<StackEndpoints, 'questdbHttpUrl'>,
  source: string,
): Promise<string> {
  const hash = new ContentHash();
  const sql = `select symbol, ts::long, seq, price, size from trades where source = '${source}'`;
  for (const [symbol = '', ts = '', seq = '', price = '', size = ''] of await queryStore(endpoints, sql)) {
    hash.add(symbol, BigInt(ts), BigInt(seq), Number(price), Number(size));
  }
  return hash.digest();
}
