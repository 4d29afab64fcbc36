// npm run prove:twins, with the names of some of them or of none for all.
import { proveTwins } from "./prove-twins.js";

process.exitCode = await proveTwins(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
