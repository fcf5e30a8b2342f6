export { storeContract, type StoreUnderTest } from './store-contract.ts';
