// How messages are posted to Slack, from the environment.
import { type Config, SLACK_URL, type SlackApiOptions, type Spec, setting } from "@agentspan/internal";

export const SLACK_SPEC = {
  slackToken: setting.optional(
    setting.secret("AGENTSPAN_SLACK_BOT_TOKEN", { about: "the token of the bot that posts to Slack" }),
  ),
  slackUrl: setting.url("AGENTSPAN_SLACK_API_URL", {
    about: "where Slack's Web API is",
    schemes: ["https", "http"],
    default: SLACK_URL,
  }),
  slackButtons: setting.boolean("AGENTSPAN_SLACK_BUTTONS", {
    about: "whether messages have buttons, which take AGENTSPAN_SLACK_SIGNING_SECRET at the gateways",
    default: true,
  }),
} satisfies Spec;

export interface SlackOptions {
  readonly api: SlackApiOptions;
  readonly buttons: boolean;
}

/** Undefined where nothing is posted. */
export function slackOf({ slackToken: token, slackUrl, slackButtons: buttons }: Config<typeof SLACK_SPEC>) {
  return token === undefined ? undefined : { api: { token, baseUrl: slackUrl }, buttons };
}
