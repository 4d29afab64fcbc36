// Buttons that lead to the identity providers of this server.
import { Alert, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { SafeText } from "../text/safe-text.js";
import { deskConfig } from "./desk-config.js";
import { beginSignIn, type Provider } from "./provider.js";

export function SignInWith(): ReactNode {
  const { data: config } = useQuery({ queryKey: ["desk-config"], queryFn: deskConfig, staleTime: "static" });
  const [going, setGoing] = useState<string>();
  const [problem, setProblem] = useState<string>();
  if (config === undefined || config.signIn.length === 0) return null;
  const go = (provider: Provider): void => {
    setGoing(provider.issuer);
    setProblem(undefined);
    beginSignIn(provider, window.sessionStorage, window.location).then(
      (address) => window.location.assign(address),
      (error: unknown) => {
        setGoing(undefined);
        setProblem(error instanceof Error ? error.message : String(error));
      },
    );
  };
  return (
    <>
      {problem === undefined ? null : (
        <Alert color="red" title="It does not go on" role="alert">
          <SafeText text={problem} />
        </Alert>
      )}
      {config.signIn.map((provider) => (
        <Button key={provider.issuer} type="button" loading={going === provider.issuer} onClick={() => go(provider)}>
          Sign in with {new URL(provider.issuer).host}
        </Button>
      ))}
      <p className="quiet">or with a key:</p>
    </>
  );
}
