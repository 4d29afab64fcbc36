// Who of several orchestrators looks after a run first, so that they share the work and do not fight over it.

/**
 * Rendezvous hashing: everybody who knows the same orchestrators names the same one, and few runs change hands when one
 * comes or goes. There must be at least one.
 */
export function firstToLookAfter(runId: string, orchestrators: readonly string[]): string {
  let [first = "", highest] = ["", -1];
  for (const orchestrator of orchestrators) {
    const weight = hash(`${orchestrator}/${runId}`);
    if (weight > highest || (weight === highest && orchestrator > first)) [first, highest] = [orchestrator, weight];
  }
  return first;
}

/** FNV-1a with the finish of MurmurHash3: 32 bits, spread evenly. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
