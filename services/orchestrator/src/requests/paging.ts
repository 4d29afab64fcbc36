// Pages that end by count or by bytes, whichever comes first, over lists that only know counts.
import { Limits } from "@agentspan/internal";
import type { Page } from "../ports.js";

export interface Paging<Item, Entry> {
  /** Entries of a page; the last item may bring a few more. */
  readonly pageSize: number;
  readonly pageToken?: string;
  read(limit: number, pageToken: string | undefined): Promise<Page<Item>>;
  /** The entries of one item, which stay together. */
  encode(item: Item): readonly Entry[] | Promise<readonly Entry[]>;
  bytesOf(entry: Entry): number;
}

export async function pageWithin<Item, Entry>(
  paging: Paging<Item, Entry>,
): Promise<{ entries: readonly Entry[]; nextPageToken: string }> {
  const entries: Entry[] = [];
  let bytes = 0;
  let token = paging.pageToken;
  for (;;) {
    const page = await paging.read(paging.pageSize - entries.length, token);
    let fitted = 0;
    for (const item of page.items) {
      const more = await paging.encode(item);
      const size = more.reduce((sum, entry) => sum + paging.bytesOf(entry), 0);
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
