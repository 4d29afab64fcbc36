import { Alert, Button, PasswordInput, Text, Title } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { SafeText } from "../text/safe-text.js";
import { credentialProblem } from "./session.js";
import { SignInWith } from "./sign-in-with.js";

export interface SignInProps {
  /** Why nobody is signed in who was, or tried to be. */
  readonly problem?: { readonly title: string; readonly text: string } | undefined;
  readonly onSignIn: (credential: string) => void;
}

export function SignIn({ problem: before, onSignIn }: SignInProps): ReactNode {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent): void => {
    // The browser would put the key into the address.
    event.preventDefault();
    const credential = text.trim();
    const found = credentialProblem(credential);
    setProblem(found);
    if (found === undefined) onSignIn(credential);
  };
  return (
    <main className="entrance">
      <form onSubmit={submit} className="card" noValidate>
        <Title order={1} size="h2">
          Sign in to the desk
        </Title>
        {before === undefined ? null : (
          <Alert color="red" title={before.title} role="alert">
            <SafeText text={before.text} />
          </Alert>
        )}
        <SignInWith />
        <PasswordInput
          label="API key or token"
          description="Kept in this tab until you sign out or close it."
          autoComplete="off"
          spellCheck={false}
          autoFocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={problem}
          visibilityToggleButtonProps={{ "aria-label": "Show the key" }}
        />
        <Button type="submit">Sign in</Button>
        <Text size="sm" c="dimmed">
          An admin makes one with <code>agentspan keys create --owner you@example.com --role approver</code>.
        </Text>
      </form>
    </main>
  );
}
