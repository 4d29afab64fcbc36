import { Button, Kbd, Switch, Title } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { useKeys, useKeysSetting } from "./use-keys.js";

const KEYS = [
  ["j, k", "the next row, the one before"],
  ["Enter", "open the row; of an event, what it says"],
  ["/", "search"],
  ["a", "go to Approve; Enter presses it"],
  ["r", "reject or decline, with a reason"],
  ["e", "approve with other arguments"],
  ["i", "answer in the tool's place"],
  ["Ctrl Enter", "send what is written"],
  ["Esc", "back from what is written"],
  ["u", "back to the inbox, or to the runs"],
  ["n", "the next that waits"],
  ["?", "this list"],
] as const;

/** What each key does, and that single ones do anything. */
export function KeysHelp(): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOn, setOn] = useKeysSetting();
  useKeys({ "?": () => dialog.current?.showModal() });
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => dialog.current?.showModal()} aria-label="Keys">
        ?
      </Button>
      <dialog ref={dialog} className="card keys" aria-labelledby="keys-title">
        <Title order={2} size="h4" id="keys-title">
          Keys
        </Title>
        <dl>
          {KEYS.map(([key, does]) => (
            <div key={key}>
              <dt>
                <Kbd>{key}</Kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <Switch label="Single keys do this" checked={isOn} onChange={(event) => setOn(event.currentTarget.checked)} />
        <div className="row-of-buttons">
          <Button variant="default" onClick={() => dialog.current?.close()}>
            Close
          </Button>
        </div>
      </dialog>
    </>
  );
}
