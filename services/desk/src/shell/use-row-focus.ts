// The focus in a list of which only what is in sight is in the page: it goes from row to row by keys, and stays with its
// row when that is scrolled away or moves.
import { defaultRangeExtractor, type Range } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useCallback, useMemo, useRef, useState } from "react";

export interface RowFocus {
  /** Where it is, from 0; the row before its place where its row has gone. */
  readonly at: number;
  /** A row was given the focus, however. */
  readonly onFocus: (key: string) => void;
  /** For the list: a row that has the focus stays in the page. */
  readonly rangeExtractor: (range: Range) => number[];
  readonly goTo: (at: number, scrollTo: (at: number) => void) => void;
  readonly onKeyDown: (event: KeyboardEvent, scrollTo: (at: number) => void) => void;
}

/** What can be focused of each row has its place as data-row. */
export function useRowFocus(list: RefObject<HTMLElement | null>, keys: readonly string[]): RowFocus {
  const [focusedKey, onFocus] = useState("");
  const last = useRef(0);
  const found = useMemo(() => keys.indexOf(focusedKey), [keys, focusedKey]);
  if (found >= 0) last.current = found;
  const at = found >= 0 ? found : last.current - 1;
  const rangeExtractor = useCallback(
    (range: Range) =>
      [...new Set([...(found >= 0 ? [found] : []), ...defaultRangeExtractor(range)])].sort((a, b) => a - b),
    [found],
  );
  const goTo = (to: number, scrollTo: (at: number) => void): void => {
    const next = Math.max(0, Math.min(keys.length - 1, to));
    onFocus(keys[next] ?? "");
    const row = (): HTMLElement | null => list.current?.querySelector<HTMLElement>(`[data-row="${next}"]`) ?? null;
    if (row() === null) scrollTo(next);
    focusOnceThere(row, FRAMES);
  };
  const onKeyDown = (event: KeyboardEvent, scrollTo: (at: number) => void): void => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: keys.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || isWithin(event)) return;
    event.preventDefault();
    goTo(to, scrollTo);
  };
  return { at, onFocus, rangeExtractor, goTo, onKeyDown };
}

/** Where rows are as high as what is in them, it takes a few frames until one that was far away is in the page. */
const FRAMES = 30;

function focusOnceThere(row: () => HTMLElement | null, frames: number): void {
  const found = row();
  if (found !== null) found.focus();
  else if (frames > 0) requestAnimationFrame(() => focusOnceThere(row, frames - 1));
}

/** Something in a row that has its own use of these keys, such as a text that scrolls. */
function isWithin({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.dataset.row === undefined;
}
