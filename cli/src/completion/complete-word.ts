/** The word by which the scripts of shells ask what may come next; no person types it. */
export const COMPLETE = "__complete";
