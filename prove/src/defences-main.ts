// npm run prove:defences, with words of some of them or with none for all.
import { tryDefences } from "./defences/try-defences.js";

process.exitCode = await tryDefences(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
