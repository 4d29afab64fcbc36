// Who pressed a button in Slack, as somebody who may or may not decide here.
//
// With authentication on a user stands for an API key, by a table: what its owner may do, in which groups and namespace, and
// whether it was revoked is asked of that key each time, so that whoever may nothing at the desk may nothing in Slack. With
// it off, the e-mail of their profile is the name that is written down, and believed, as the desk's is.
import { AgentspanError, type SlackApi } from "@agentspan/internal";
import type { ApiKeys } from "../auth/api-keys.js";
import { type Identity, Refused } from "../auth/identity.js";
import type { SlackUser } from "./slack-settings.js";

export interface SlackPerson {
  readonly identity: Identity;
  /** In whose name they decide, where it is not their own. */
  readonly onBehalfOf: string;
}

export interface SlackPeopleOptions {
  readonly api: Pick<SlackApi, "call">;
  readonly users: readonly SlackUser[];
  /** Absent where authentication is off. */
  readonly keys: Pick<ApiKeys, "holder"> | undefined;
}

/** Why nobody is meant, in words for whoever pressed. */
export class NobodyHere extends Error {
  override readonly name = "NobodyHere";
}

export class SlackPeople {
  readonly #options: SlackPeopleOptions;
  readonly #byUser: ReadonlyMap<string, string>;
  readonly #byEmail: ReadonlyMap<string, string>;

  constructor(options: SlackPeopleOptions) {
    this.#options = options;
    const { users } = options;
    this.#byUser = new Map(users.flatMap(({ user, key }) => (user === undefined ? [] : [[user, key]])));
    this.#byEmail = new Map(
      users.flatMap(({ email, key }) => (email === undefined ? [] : [[email.toLowerCase(), key]])),
    );
  }

  /** Rejects with NobodyHere, or with an AgentspanError where nobody can tell. `anonymous` is who everybody is without keys. */
  async personOf(team: string, user: string, anonymous: () => Promise<Identity>): Promise<SlackPerson> {
    const { keys } = this.#options;
    if (keys === undefined) return { identity: await anonymous(), onBehalfOf: await this.#email(user) };
    const keyId =
      this.#byUser.get(user) ?? (this.#byEmail.size === 0 ? undefined : this.#byEmail.get(await this.#email(user)));
    if (keyId === undefined) {
      throw new NobodyHere(
        "Your account in Slack is nobody's here. Ask an administrator to add it, with your API key.",
      );
    }
    const identity = await keys.holder(keyId).catch((thrown: unknown) => {
      if (!(thrown instanceof Refused)) throw thrown;
      throw new NobodyHere(
        "The API key that your account in Slack stands for is not good any more. Ask an administrator.",
      );
    });
    const caller = { ...identity.caller, method: "slack", credentialId: `${team}/${user}/${keyId}` } as const;
    return { identity: { ...identity, caller }, onBehalfOf: "" };
  }

  /** Of their profile, which their workspace's administrators answer for. */
  async #email(user: string): Promise<string> {
    const answer = await this.#options.api.call("users.info", { user });
    if (!answer.ok && answer.error === "") {
      throw new AgentspanError("BUS_UNAVAILABLE", "Slack does not say who you are just now. Try again shortly.");
    }
    const { profile, deleted, is_bot } = (answer.ok ? (answer.body.user ?? {}) : {}) as SlackUserInfo;
    const email = typeof profile?.email === "string" && deleted !== true && is_bot !== true ? profile.email : "";
    if (email !== "") return email.toLowerCase();
    throw new NobodyHere("Slack does not tell your e-mail, by which you would be known here. Ask an administrator.");
  }
}

interface SlackUserInfo {
  readonly profile?: { readonly email?: unknown };
  readonly deleted?: unknown;
  readonly is_bot?: unknown;
}
