// A form that takes more than a click: it opens with the focus in it, and goes by keyboard.
import { Button } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";

export interface FormFrameProps {
  readonly label: string;
  readonly submit: string;
  readonly color: string;
  readonly canSubmit: boolean;
  readonly isPending: boolean;
  readonly onSubmit: () => void;
  readonly onCancel: (() => void) | undefined;
  readonly children: ReactNode;
}

/** Escape leaves it, Ctrl or ⌘ with Enter sends it. */
export function FormFrame({
  label,
  submit,
  color,
  canSubmit,
  isPending,
  onSubmit,
  onCancel,
  children,
}: FormFrameProps): ReactNode {
  const form = useRef<HTMLFormElement>(null);
  const wasOpened = onCancel !== undefined;
  // Whoever opened it goes on in it.
  useEffect(() => {
    if (wasOpened) form.current?.querySelector<HTMLElement>("input, textarea, select")?.focus();
  }, [wasOpened]);
  const send = (event?: FormEvent): void => {
    event?.preventDefault();
    if (canSubmit && !isPending) onSubmit();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(event);
    if (event.key === "Escape" && onCancel !== undefined) {
      event.stopPropagation();
      onCancel();
    }
  };
  return (
    <form ref={form} className="card decision-form" aria-label={label} onSubmit={send} onKeyDown={onKeyDown} noValidate>
      {children}
      <div className="row-of-buttons">
        <Button type="submit" color={color} disabled={!canSubmit} loading={isPending}>
          {submit}
        </Button>
        {onCancel === undefined ? null : (
          <Button variant="default" onClick={onCancel}>
            Back
          </Button>
        )}
        <span className="quiet">Ctrl + Enter sends it{onCancel === undefined ? "" : ", Esc goes back"}.</span>
      </div>
    </form>
  );
}
