/** How a person types this command here: in a clone of the repository it is found through npx. */
export function commandName(env: Readonly<Record<string, string | undefined>> = process.env): string {
  // npm sets it for what it runs: "exec" for npx, "run-script" for npm run.
  return env.npm_command === undefined ? "agentspan" : "npx agentspan";
}
