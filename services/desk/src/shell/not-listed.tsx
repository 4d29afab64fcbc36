// Why a list, or a page, is not there, or may be old.
import { Alert, Button } from "@mantine/core";
import type { ReactNode } from "react";
import { refusalOf } from "../api/refusal.js";
import { SafeText } from "../text/safe-text.js";

export interface NotListedProps {
  readonly error: Error;
  /** "The runs" */
  readonly what: string;
  /** What was there before is shown still. */
  readonly isOld: boolean;
  readonly onAgain: () => void;
}

export function NotListed({ error, what, isOld, onAgain }: NotListedProps): ReactNode {
  const { reason, message } = refusalOf(error);
  const title = reason === "PERMISSION_DENIED" ? "You may not look at this" : `${what} cannot be shown`;
  return (
    <Alert color="red" title={isOld ? "What is shown may be old" : title} role="alert">
      <p>
        <SafeText text={message} />
      </p>
      <Button size="compact-sm" variant="default" onClick={onAgain}>
        Try again
      </Button>
    </Alert>
  );
}
