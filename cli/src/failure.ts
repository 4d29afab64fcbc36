// What a person is told when a command fails: a sentence with the remedy, never a stack trace.
import { AgentspanError, ConfigError, withoutSecrets } from "@agentspan/internal";
import { LocalStackError } from "@agentspan/local";
import { ServersError } from "@agentspan/servers";
import { CommandError, Interrupted } from "./command-error.js";
import { commandName } from "./command-name.js";
import { EXIT_CODES } from "./exit-codes.js";
import { withStartRemedy } from "./local-server.js";

export interface Failure {
  /** Nothing where everything has been said. */
  readonly message: string | undefined;
  readonly exitCode: number;
}

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Interrupted) return { message: undefined, exitCode: EXIT_CODES.interrupted };
  if (thrown instanceof CommandError) return { message: thrown.message, exitCode: thrown.exitCode };
  if (thrown instanceof AgentspanError) {
    // What was said on the command line is what the server refuses.
    return {
      message: withStartRemedy(sentenceOf(thrown), thrown.metadata.address),
      exitCode: thrown.code === "INVALID_ARGUMENT" ? EXIT_CODES.calledWrongly : EXIT_CODES.failed,
    };
  }
  if (thrown instanceof LocalStackError && thrown.reason === "PORT_TWICE")
    return { message: thrown.message, exitCode: EXIT_CODES.calledWrongly };
  if (thrown instanceof LocalStackError) {
    // The library does not know how a person types the command here.
    const message = thrown.message.replaceAll("(agentspan server ", `(${commandName()} server `);
    return { message, exitCode: EXIT_CODES.failed };
  }
  if (thrown instanceof ServersError || thrown instanceof ConfigError) {
    return { message: thrown.message, exitCode: EXIT_CODES.failed };
  }
  // A fault of ours: the stack is what a report needs.
  const words = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  const verbose = process.env.AGENTSPAN_LOG_LEVEL === "debug" || process.env.AGENTSPAN_LOG_LEVEL === "trace";
  const short = thrown instanceof Error ? thrown.message : words;
  return {
    message: `This should not have happened: ${withoutSecrets(verbose ? words : short)}${verbose ? "" : "\nWith AGENTSPAN_LOG_LEVEL=debug the same command says where."}`,
    exitCode: EXIT_CODES.failed,
  };
}

function sentenceOf({ message, fields }: AgentspanError): string {
  const told = fields.filter(({ description }) => !message.includes(description));
  return [message, ...told.map(({ field, description }) => `  ${field}: ${description}`)].join("\n");
}
