// Pages of runs, or of what is in them, that end by count or by bytes, whichever comes first, over lists that only know
// counts. What cannot be told of one run keeps nothing of the others from being told.
import { Limits } from "@agentspan/internal";
import type { Page, StoredRun } from "../ports.js";
import type { UnreadableRows } from "../unreadable-rows.js";

export interface Paging<Entry> {
  /** Entries of a page; the last run may bring a few more. */
  readonly pageSize: number;
  readonly pageToken?: string;
  /** Where runs are left out of which something cannot be read. */
  readonly unreadable: Pick<UnreadableRows, "tellOrLeaveOut">;
  read(limit: number, pageToken: string | undefined): Promise<Page<StoredRun>>;
  /** The entries of one run, which stay together. */
  encode(stored: StoredRun): readonly Entry[] | Promise<readonly Entry[]>;
  bytesOf(entry: Entry): number;
}

export async function pageWithin<Entry>(
  paging: Paging<Entry>,
): Promise<{ entries: readonly Entry[]; nextPageToken: string }> {
  const entries: Entry[] = [];
  let bytes = 0;
  let token = paging.pageToken;
  for (;;) {
    const page = await paging.read(paging.pageSize - entries.length, token);
    let fitted = 0;
    for (const item of page.items) {
      const { more, size } = (await paging.unreadable.tellOrLeaveOut(item.run.runId, () => encoded(paging, item))) ?? {
        more: [],
        size: 0,
      };
      if (entries.length > 0 && (entries.length >= paging.pageSize || bytes + size > Limits.pageBytes)) break;
      entries.push(...more);
      bytes += size;
      fitted += 1;
    }
    if (fitted < page.items.length) {
      // The page ends inside what was read: reading just those gives the token behind them.
      const exact = fitted === 0 ? undefined : await paging.read(fitted, token);
      return { entries, nextPageToken: (fitted === 0 ? token : exact?.nextPageToken) ?? "" };
    }
    if (page.nextPageToken === undefined) return { entries, nextPageToken: "" };
    token = page.nextPageToken;
    if (entries.length >= paging.pageSize) return { entries, nextPageToken: token };
  }
}

async function encoded<Entry>({ encode, bytesOf }: Paging<Entry>, stored: StoredRun) {
  const more = await encode(stored);
  return { more, size: more.reduce((sum, entry) => sum + bytesOf(entry), 0) };
}
