// What a server that starts in the background and the command that starts it tell each other. Their channel is theirs
// alone: nobody else's start on the same data can take it away, as it could a file.
import type { ChildProcess } from "node:child_process";

const STOP = "stop";
const RUNNING = "running";

/** Whoever is gone needs not be told. */
const told = (): void => undefined;

/** The command that waits, as the server has it. Until the server says that it runs, it stops when it is asked to. */
export class Starter {
  readonly #onMessage: (message: unknown) => void;

  constructor(onStop: () => void) {
    this.#onMessage = (message) => {
      if (message === STOP) onStop();
    };
    process.on("message", this.#onMessage);
  }

  /** From now on the server runs, whatever becomes of the command. */
  tellRunning(): void {
    this.close();
    process.send?.(RUNNING, told);
  }

  close(): void {
    process.off("message", this.#onMessage);
  }
}

/** Asks a server that is starting to stop. One that runs by then goes on. */
export function stopStarting(server: ChildProcess): void {
  server.send(STOP, told);
}

/** Resolves when the server says that it runs. */
export function untilRunning(server: ChildProcess): Promise<"running"> {
  return new Promise((resolve) => {
    server.on("message", (message) => {
      if (message === RUNNING) resolve("running");
    });
  });
}
