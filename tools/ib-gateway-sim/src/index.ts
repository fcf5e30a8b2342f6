export { startIbGatewaySim, type IbGatewaySim, type IbGatewaySimOptions } from './server.ts';
