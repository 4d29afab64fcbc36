// A list as long as it may be, in the page's own scrolling: only the rows in sight are in the page, and keys go through
// them.
import { useMediaQuery } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import { useKeys } from "./use-keys.js";
import { useRowFocus } from "./use-row-focus.js";

export interface WindowRowsProps {
  /** What it is, for whoever hears the page. */
  readonly label: string;
  readonly className: string;
  /** One for each row. */
  readonly keys: readonly string[];
  /** How high each is, pixels. */
  readonly rowPx: number;
  /** The same on a small screen. */
  readonly narrowRowPx: number;
  /** One row: what of it can be focused has its place as data-row, and says when it was. */
  readonly children: (at: number, onFocus: (key: string) => void) => ReactNode;
}

export function WindowRows({ label, className, keys, rowPx, narrowRowPx, children }: WindowRowsProps): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  const isNarrow = useMediaQuery("(max-width: 48em)") ?? false;
  const focus = useRowFocus(list, keys);
  const height = isNarrow ? narrowRowPx : rowPx;
  const virtualizer = useWindowVirtualizer({
    count: keys.length,
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (at) => keys[at] ?? at,
    rangeExtractor: focus.rangeExtractor,
  });
  const scrollTo = (at: number): void => virtualizer.scrollToIndex(at);
  useKeys({ j: () => focus.goTo(focus.at + 1, scrollTo), k: () => focus.goTo(focus.at - 1, scrollTo) });
  return (
    <ul
      ref={list}
      className={className}
      aria-label={label}
      onKeyDown={(event) => focus.onKeyDown(event, scrollTo)}
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(({ index, key, start }) => (
        <li
          key={key}
          aria-posinset={index + 1}
          aria-setsize={keys.length}
          style={{ height, transform: `translateY(${start - virtualizer.options.scrollMargin}px)` }}
        >
          {children(index, focus.onFocus)}
        </li>
      ))}
    </ul>
  );
}
