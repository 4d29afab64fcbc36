// Whoever sits here, by name, and what the server knows of them.
import { CredentialKind } from "@agentspan/proto";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { deskConfig } from "../session/desk-config.js";
import { useIdentity } from "../session/identity.js";
import { signOutAddress } from "../session/provider.js";
import { credentialLabel } from "../session/session.js";
import { useSession, useSessionStore } from "../session/session-context.js";
import { SafeText } from "../text/safe-text.js";

const KINDS: Readonly<Record<CredentialKind, string>> = {
  [CredentialKind.UNSPECIFIED]: "nothing: authentication is off",
  [CredentialKind.API_KEY]: "API key",
  [CredentialKind.TOKEN]: "token of an identity provider",
};

export function Who(): ReactNode {
  const identity = useIdentity();
  const { credential, tokens } = useSession();
  const store = useSessionStore();
  const queries = useQueryClient();
  const signOut = async (): Promise<void> => {
    store.signOut();
    // Nothing of what was seen stays for whoever sits here next.
    queries.clear();
    const provider =
      tokens && (await deskConfig().catch(() => undefined))?.signIn.find(({ issuer }) => issuer === tokens.issuer);
    const elsewhere = tokens && provider && (await signOutAddress(provider, tokens, window.location));
    window.location.assign(elsewhere ?? "/");
  };
  return (
    <>
      {identity === undefined ? (
        <span className="who">{credentialLabel(credential)}</span>
      ) : (
        <details className="who">
          <summary>
            <SafeText text={identity.displayName} />
          </summary>
          <dl className="card">
            <Known of="Known as" words={[identity.subject]} />
            <Known of="Roles" words={identity.roles} />
            <Known of="Groups" words={identity.groups} />
            <Known of="Namespace" words={[identity.namespace]} />
            <Known of="By" words={[`${KINDS[identity.credentialKind]} ${identity.credentialId}`]} />
            <Known
              of="Until"
              words={identity.expiresAt === undefined ? [] : [timestampDate(identity.expiresAt).toLocaleString()]}
            />
          </dl>
        </details>
      )}
      <Button size="compact-sm" variant="default" onClick={() => void signOut()}>
        Sign out
      </Button>
    </>
  );
}

function Known({ of, words }: { readonly of: string; readonly words: readonly string[] }): ReactNode {
  return (
    <div>
      <dt>{of}</dt>
      <dd>{words.length === 0 ? "none" : <SafeText text={words.join(", ")} />}</dd>
    </div>
  );
}
