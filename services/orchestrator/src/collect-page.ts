// Fills a page from rows in order. Adapters share it, so that a page ends at the same row in each.
import type { Page } from "./ports.js";

export interface PageRules<Row, Item> {
  /** Items at most; less than one counts as one. */
  readonly limit: number;
  /** Bytes at most, of what bytesOf counts; the first item always fits. */
  readonly maxBytes: number;
  /** Undefined where the row cannot be read: it is left out, as if it were not there. */
  readonly itemOf: (row: Row) => Item | undefined;
  readonly bytesOf: (item: Item, row: Row) => number;
  readonly tokenAfter: (row: Row) => string;
}

/**
 * Reads rows until the page is full. It has a token where at least one more item was there, so a page may be shorter
 * than the limit and still not be the last one.
 */
export async function collectPage<Row, Item>(
  rows: AsyncIterable<Row> | Iterable<Row>,
  { limit, maxBytes, bytesOf, itemOf, tokenAfter }: PageRules<Row, Item>,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let last: Row | undefined;
  let bytes = 0;
  for await (const row of rows) {
    const item = itemOf(row);
    if (item === undefined) continue;
    bytes += bytesOf(item, row);
    if (last !== undefined && (items.length >= limit || bytes > maxBytes)) {
      return { items, nextPageToken: tokenAfter(last) };
    }
    items.push(item);
    last = row;
  }
  return { items };
}
