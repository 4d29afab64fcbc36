// Slack put together from its settings.
import { type Logger, SlackApi, type SlackApiOptions } from "@agentspan/internal";
import type { ApiKeys } from "../auth/api-keys.js";
import { FailureLog } from "../auth/failure-log.js";
import type { Guard } from "../auth/guard.js";
import type { HttpListener } from "../http/exchange.js";
import type { UnfinishedBodies } from "../http/unfinished-bodies.js";
import type { Method } from "../method.js";
import { slackInteractions } from "./interactions.js";
import { SlackPeople } from "./people.js";
import type { SlackUser } from "./slack-settings.js";

export interface SlackOptions {
  readonly api: SlackApiOptions;
  readonly signingSecret: string;
  readonly users: readonly SlackUser[];
}

export interface SlackParts {
  /** Absent where authentication is off. */
  readonly apiKeys: ApiKeys | undefined;
  readonly guard: Guard;
  readonly methods: readonly Method[];
  readonly log: Logger;
  readonly unfinished: UnfinishedBodies;
}

const FORGED = {
  first: "A request to /slack/interactions is not Slack's",
  more: "Requests to /slack/interactions are not Slack's",
};

export function slackIn({ api: options, signingSecret: secret, users }: SlackOptions, parts: SlackParts) {
  const { apiKeys: keys, guard, methods, log, unfinished } = parts;
  const api = new SlackApi(options);
  const people = new SlackPeople({ api, users, keys });
  const answer: HttpListener = slackInteractions({
    secret,
    api,
    people,
    guard,
    methods,
    log,
    unfinished,
    forged: new FailureLog(log, FORGED),
  });
  return { answer, close: () => api.close() };
}
