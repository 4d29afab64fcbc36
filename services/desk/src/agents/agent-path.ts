/** The page of an agent; of its newest version unless one is named. */
export function agentPath(name: string, version?: string): string {
  const path = `/agents/${encodeURIComponent(name)}`;
  return version === undefined || version === "" ? path : `${path}?version=${encodeURIComponent(version)}`;
}

/** As much of a version as tells it from others. */
export function shortVersion(version: string): string {
  return version.slice(0, 12);
}
