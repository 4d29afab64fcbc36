import { type FreeBytes, isNearlyFull } from "./data-dir.js";

export interface DiskWatchOptions {
  readonly dataDir: string;
  readonly freeBytes?: FreeBytes | undefined;
  /** Called when too little is left, and again after there was enough. */
  readonly onNearlyFull: () => void;
  /** Milliseconds between looks; 10,000 unless said. */
  readonly everyMs?: number;
}

/** Looks from time to time whether the disk has room, so that it can be said before nothing can be stored any more. */
export function watchDisk({ dataDir, freeBytes, onNearlyFull, everyMs = 10_000 }: DiskWatchOptions): () => void {
  let told = false;
  const look = async (): Promise<void> => {
    const nearlyFull = await isNearlyFull(dataDir, freeBytes);
    if (nearlyFull && !told) onNearlyFull();
    told = nearlyFull;
  };
  // A folder that was removed has no free space to tell of; the servers tell that it is gone.
  const timer = setInterval(() => void look().catch(() => undefined), everyMs).unref();
  return () => clearInterval(timer);
}
