// All of them. Each is tried by npm run prove:defences: without it, the test that shows it must fail.
import { AT_THE_DOOR } from "./at-the-door.js";
import type { Defence } from "./defence.js";
import { IN_MESSAGES } from "./in-messages.js";
import { IN_THE_CORE } from "./in-the-core.js";
import { IN_THE_DATABASE } from "./in-the-database.js";
import { IN_THE_OUTBOX } from "./in-the-outbox.js";
import { OF_LINKS } from "./of-links.js";
import { OF_SIGN_IN } from "./of-sign-in.js";
import { OF_WORKERS } from "./of-workers.js";
import { ON_THE_WAY } from "./on-the-way.js";

export const DEFENCES: readonly Defence[] = [
  ...IN_THE_CORE,
  ...AT_THE_DOOR,
  ...ON_THE_WAY,
  ...OF_WORKERS,
  ...IN_THE_DATABASE,
  ...IN_THE_OUTBOX,
  ...OF_LINKS,
  ...IN_MESSAGES,
  ...OF_SIGN_IN,
];
