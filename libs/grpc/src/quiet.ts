import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

// What grpc-js prints to stderr it also reports as errors, which are logged or thrown where they belong.
setLogVerbosity(logVerbosity.NONE);
