import { storeContract } from '@tickwell/ports/contract';
import { MemoryStore } from './memory-store.ts';

storeContract('memory', async () => {
  await Promise.resolve();
  const store = new MemoryStore();
  return { writer: store, reader: store, close: () => store.close() };
});
