// Connections of the SDK do not keep a process, and a command is not over before it has said so.
let timer: NodeJS.Timeout | undefined;

export function keepAlive(): void {
  timer ??= setInterval(() => undefined, 2 ** 30);
}

/** From now on the process ends when nothing is left to do. */
export function letGo(): void {
  clearInterval(timer);
  timer = undefined;
}
