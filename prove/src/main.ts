// npm run prove: the long form. Its flags are those of `agentspan prove`.
import { proveCommand } from "./prove-command.js";

process.exitCode = await proveCommand(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
