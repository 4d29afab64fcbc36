import { useEffect, useRef, useSyncExternalStore } from "react";

/** By the key, as a keyboard event names it. */
export type Keys = Readonly<Record<string, () => void>>;

const SETTING = "agentspan.keys";
const listeners = new Set<() => void>();

/** Whether single keys do anything: whoever speaks to their computer, or leans on keys, can turn them off. */
export function useKeysSetting(): readonly [boolean, (on: boolean) => void] {
  const isOn = useSyncExternalStore(subscribe, areKeysOn);
  const set = (on: boolean): void => {
    window.localStorage.setItem(SETTING, on ? "on" : "off");
    for (const listener of listeners) listener();
  };
  return [isOn, set];
}

/** Single keys, anywhere on the page but in what is written into. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        !areKeysOn() ||
        isWriting(event.target)
      )
        return;
      const act = Object.hasOwn(current.current, event.key) ? current.current[event.key] : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function areKeysOn(): boolean {
  return window.localStorage.getItem(SETTING) !== "off";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Also behind a dialog that is open: what is pressed there is not meant for the page below. */
function isWriting(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}
