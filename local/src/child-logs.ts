import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LogFile } from "./log-file.js";

/** Where the logs are of a stack on this data. */
export function logFolderOf(dataDir: string): string {
  return join(dataDir, "logs");
}

/** One log file for each child. Whoever opens them closes them. */
export class ChildLogs<Name extends string> {
  readonly #folder: string;
  readonly #files = new Map<Name, LogFile>();

  /** Throws where a file cannot be begun. */
  constructor(folder: string, names: readonly Name[], onTrouble: (line: string) => void) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of names) {
      const report = (why: string): void => onTrouble(`Lines of a log are lost: ${why}`);
      this.#files.set(name, new LogFile({ path: this.path(name), onTrouble: report }));
    }
  }

  path(name: Name): string {
    return join(this.#folder, `${name}.log`);
  }

  line(name: Name, text: string): void {
    this.#files.get(name)?.line(text);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }
}
