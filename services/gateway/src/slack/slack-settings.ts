// Who decides in Slack, from the environment: whose API key a user of Slack stands for.
import { type Config, KEY_ID_PATTERN, SLACK_URL, type Spec, setting } from "@agentspan/internal";
import { z } from "zod";
import { type ReadSetting, readList, twice } from "../auth/auth-settings.js";
import type { SlackOptions } from "./slack.js";

export const SLACK_SPEC = {
  slackSecret: setting.optional(
    setting.secret("AGENTSPAN_SLACK_SIGNING_SECRET", {
      about: "the signing secret of the app in Slack",
      minLength: 16,
    }),
  ),
  slackToken: setting.optional(
    setting.secret("AGENTSPAN_SLACK_BOT_TOKEN", { about: "the token of the bot that answers in Slack" }),
  ),
  slackUrl: setting.url("AGENTSPAN_SLACK_API_URL", {
    about: "where Slack's Web API is",
    schemes: ["https", "http"],
    default: SLACK_URL,
  }),
  slackUsers: setting.optional(
    setting.secret("AGENTSPAN_SLACK_USERS", { about: "whose keys users of Slack stand for, as a list in JSON" }),
  ),
  slackUsersFile: setting.optional(
    setting.file("AGENTSPAN_SLACK_USERS_FILE", {
      about: "a file with whose keys users of Slack stand for",
      secret: true,
    }),
  ),
} satisfies Spec;

/** A user of Slack, by id or by the e-mail of their profile, and the key whose rights they have. */
export interface SlackUser {
  readonly user?: string | undefined;
  readonly email?: string | undefined;
  readonly key: string;
}

const USER = z
  .strictObject({
    user: z
      .string()
      .regex(/^[UW][A-Z0-9]{2,30}$/, "must be the id of a user, such as U0123ABCD")
      .optional(),
    email: z.email("must be an address of mail").optional(),
    key: z.string().regex(KEY_ID_PATTERN, "must be the id of an API key"),
  })
  .refine(({ user, email }) => (user === undefined) !== (email === undefined), "must have either user or email");

/** Users as AGENTSPAN_SLACK_USERS has them. */
export function readSlackUsers(variable: string, json: string): ReadSetting<SlackUser> {
  const read = readList(variable, json, USER, '[{"user":"U0123ABCD","key":"maria"}]');
  if ("faults" in read) return read;
  const names = read.values.flatMap(({ user, email }) => user ?? email?.toLowerCase() ?? []);
  return twice(names).length === 0 ? read : { faults: [`${variable} has the same user twice. Keep one of them.`] };
}

/** Undefined where nothing is heard of Slack. What is wrong is added to the faults. */
export function slackOf(values: Config<typeof SLACK_SPEC>, auth: boolean, faults: string[]): SlackOptions | undefined {
  const { slackSecret: signingSecret, slackToken: token, slackUrl: baseUrl, slackUsers, slackUsersFile } = values;
  const texts = [
    ["AGENTSPAN_SLACK_USERS", slackUsers],
    ["AGENTSPAN_SLACK_USERS_FILE", slackUsersFile],
  ] as const;
  const users = texts.flatMap(([variable, text]) => {
    const read = text === undefined ? { values: [] } : readSlackUsers(variable, text);
    if ("values" in read) return read.values;
    faults.push(...read.faults);
    return [];
  });
  const listed = slackUsers !== undefined || slackUsersFile !== undefined;
  // Whoever wrote down who may decide did not mean everybody.
  if (listed && !auth)
    faults.push("AGENTSPAN_SLACK_USERS is set, and AGENTSPAN_AUTH is off. Set AGENTSPAN_AUTH=on, or remove it.");
  if (signingSecret === undefined) {
    if (listed) faults.push("AGENTSPAN_SLACK_USERS is set, and AGENTSPAN_SLACK_SIGNING_SECRET is not. Set both.");
    return undefined;
  }
  if (token === undefined) {
    faults.push("AGENTSPAN_SLACK_SIGNING_SECRET is set, and AGENTSPAN_SLACK_BOT_TOKEN is not. Set both.");
    return undefined;
  }
  return { api: { token, baseUrl }, signingSecret, users };
}
