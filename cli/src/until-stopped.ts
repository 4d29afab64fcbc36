import { Interrupted } from "./command-error.js";
import { readerGone } from "./output.js";
import { StopRequests } from "./stop-requests.js";

/**
 * Work that goes on until it is asked to stop, which is then thrown as Interrupted. It ends in silence where nobody reads
 * what it writes any more, as a command does that writes on a broken pipe.
 */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stops = new StopRequests();
  try {
    await work(AbortSignal.any([stops.first, readerGone]));
  } catch (error) {
    if (stops.first.aborted) throw new Interrupted();
    if (!readerGone.aborted) throw error;
  } finally {
    stops.close();
  }
}
