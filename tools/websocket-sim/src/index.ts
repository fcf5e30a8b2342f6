export { parseCapture, readCapture, type Capture, type CapturedMessage } from './capture.ts';
export { startFeedSim, type FeedSim, type FeedSimOptions, type SimClient } from './server.ts';
