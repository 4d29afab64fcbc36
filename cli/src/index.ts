// The command line as a function, for bin/agentspan.mjs and for tests.
export { main } from "./main.js";
