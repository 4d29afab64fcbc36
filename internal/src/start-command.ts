/**
 * How a server is started, for a program that does not know how the command is found where it runs. In a clone of the
 * repository that is npx, which elsewhere would fetch somebody else's package of that name.
 */
export const START_WITH =
  "Start one with: agentspan server start (in a clone of its repository: npx agentspan server start)";
