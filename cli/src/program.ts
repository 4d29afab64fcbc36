// The command line: names, options and help. What a command does is imported when it runs, so that help is instant.
import { type ProveFlags, withProveFlags } from "@agentspan/prove/flags";
import { type Command, Option } from "commander";
import { addApprovalLink } from "./approval-link-program.js";
import { addApprovalViews } from "./approvals-program.js";
import { examples, group, leaf } from "./command-parts.js";
import { addCompletion } from "./completion-program.js";
import { requireSomebodyToAsk } from "./demo/somebody-to-ask.js";
import { addFleet } from "./fleet-program.js";
import { countOf, durationOf, folderOf, instantOf, reasonOf, usesOf, withStackOptions, withUrl } from "./options.js";
import type { Output } from "./output.js";
import { addProfiles } from "./profiles-program.js";
import { addRun } from "./run-program.js";
import { addRuns } from "./runs-program.js";
import { addDoctor, addServerCare } from "./server-program.js";
import { StrictCommand } from "./strict-command.js";
import { CLI_VERSION } from "./version.js";
import { addWebhooks } from "./webhooks-program.js";

/** Those of the server; a test compares them, for importing its list would make help slow. */
export const KEY_ROLES = ["runner", "approver", "worker", "delegate", "admin"] as const;

/** Throws what the chosen command throws, and CommanderError for a call that is not understood. */
export function program(output: Output): Command {
  const root = new StrictCommand("agentspan")
    .description("A durable server for AI agents that pause for a person.")
    .version(CLI_VERSION, "-v, --version", "print the version")
    .helpCommand("help [command]", "print this, or the help of a command")
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.text(text),
      writeErr: (text) => output.failure(text.trimEnd()),
    });
  addServer(root, output);
  addDemo(root, output);
  addRun(root, output);
  addRuns(root, output);
  addApprovals(root, output);
  addDecisions(root, output);
  addGrants(root, output);
  addFleet(root, output);
  addProfiles(root, output);
  addKeys(root, output);
  addWebhooks(root, output);
  addAudit(root, output);
  addSigningKeys(root, output);
  addWorkers(root, output);
  addReceipts(root, output);
  addProve(root, output);
  addDoctor(root, output);
  addCompletion(root, output);
  return root.addHelpText("after", examples(["server start", "demo", "approvals list", "approve run_x7k2"]));
}

function addServer(root: Command, output: Output): void {
  const server = group(root, "server", "run the server on this machine");
  withStackOptions(leaf(server, "start", "start NATS, a MongoDB server, the orchestrator and the gateway"))
    .option("--auth", "ask everybody for an API key; yours is made in the data folder")
    .option("--worker-logins", "let in only workers that have credentials, from now on with this data")
    .addOption(
      new Option("--memory", "for tests: keep everything in memory, with a date that can be moved").conflicts([
        "auth",
        "workerLogins",
        "data",
      ]),
    )
    .option("--until-input-ends", "stop when the standard input ends: for programs that start it")
    .option("--verbose", "also print what all of them log")
    .addOption(
      new Option("--background", "go on without this terminal: see server status, logs and stop").conflicts([
        "memory",
        "untilInputEnds",
        "verbose",
      ]),
    )
    .addOption(new Option("--in-background <file>").hideHelp())
    .addHelpText(
      "after",
      examples([
        "server start",
        "server start --port 7000 --data ./agentspan-data",
        "server start --auth",
        "server start --background",
        "server start --memory --port 0",
      ]),
    )
    .addHelpText(
      "after",
      "\nServers that NATS_URL and MONGODB_URI name are used instead of own ones.\nAgents call the models whose keys are set here, such as OPENAI_API_KEY.",
    )
    .action(async (flags) => {
      if (flags.background !== true) output.line(`Agentspan ${CLI_VERSION}: starting`);
      if (flags.memory === true) {
        const { serverStartMemory } = await import("./commands/server-start-memory.js");
        return serverStartMemory(flags, output);
      }
      if (flags.background === true) {
        const { serverStartBackground } = await import("./commands/server-start-background.js");
        return serverStartBackground(flags, output);
      }
      const { serverStart } = await import("./commands/server-start.js");
      await serverStart(flags, output);
    });
  addServerCare(server, output);
}

function addDemo(root: Command, output: Output): void {
  withStackOptions(leaf(root, "demo", "run an agent that wants to pay a refund, and decide about it"))
    .option("--approve", "approve without asking")
    .option("--reject <reason>", "reject without asking")
    .option("--model <model>", "provider/model (openai/gpt-4o-mini with OPENAI_API_KEY, else demo/refund)")
    .option("--run <run>", "go on with a run that an earlier demo left waiting")
    .addHelpText("after", examples(["demo", "demo --approve", 'demo --reject "too expensive"']))
    .action(async (flags) => {
      requireSomebodyToAsk(flags, output);
      output.line("Agentspan demo: a refund that waits for your approval");
      const { demo } = await import("./commands/demo.js");
      await demo(flags, output);
    });
}

function addProve(root: Command, output: Output): void {
  withProveFlags(leaf(root, "prove", "break a stack of its own in every way, and check what is promised"))
    .addHelpText("after", examples(["prove", "prove --runs 100 --for 30s --seed 7", "prove --faults kill,points"]))
    .addHelpText("after", "\nExits with 0 where all held, and with 1 where something broke.")
    .action(async (flags: ProveFlags) => (await import("./commands/prove.js")).prove(flags, output));
}

function addApprovals(root: Command, output: Output): void {
  const approvals = group(root, "approvals", "see what waits for a person");
  withUrl(leaf(approvals, "list", "what waits for a person, the oldest first"))
    .option("--tool <name>", "only calls of this tool")
    .option("--agent <name>", "only of this agent")
    .option("--run <run>", "only of this run")
    .option("--mine", "only what you may decide")
    .addOption(new Option("--assignee <person>", "only what they may decide by name").conflicts("mine"))
    .addOption(new Option("--group <group...>", "only what somebody of these may decide").conflicts("mine"))
    .option("--limit <number>", "how many", countOf, 20)
    .option("--json", "for programs")
    .addHelpText(
      "after",
      examples(["approvals list", "approvals list --mine", "approvals list --tool process_refund --json"]),
    )
    .action(async (flags) => (await import("./commands/approvals.js")).approvalsList(flags, output));
  addApprovalViews(approvals, output);
  addApprovalLink(approvals, output);
}

function addDecisions(root: Command, output: Output): void {
  decision(root, "approve", "let a call run, with exactly the arguments that are shown")
    .option("--arguments <json>", "other arguments that it is to run with, in place of those shown, as JSON")
    .option("--comment <text>", "kept on record")
    .addHelpText(
      "after",
      examples([
        "approve run_x7k2",
        'approve run_x7k2 apr_9f3 --comment "checked"',
        `approve run_x7k2 apr_9f3 --arguments '{"amount":20}'`,
      ]),
    )
    .action(async (run, approval, flags) =>
      (await import("./commands/decide.js")).approve(run, approval, flags, output),
    );
  decision(root, "reject", "refuse a call: the model is told why, and the run goes on")
    .requiredOption("--reason <text>", "what the model is told", reasonOf)
    .addHelpText("after", examples(['reject run_x7k2 --reason "too expensive"']))
    .action(async (run, approval, flags) =>
      (await import("./commands/decide.js")).reject(run, approval, flags, output),
    );
  decision(root, "respond", "answer a question, or answer in place of a tool that then does not run")
    .requiredOption("--answer <json>", "the answer, as JSON")
    .option("--comment <text>", "kept on record")
    .addHelpText("after", examples([`respond run_x7k2 --answer '{"size":"M"}'`, `respond run_x7k2 --answer '"yes"'`]))
    .action(async (run, approval, flags) =>
      (await import("./commands/decide.js")).respond(run, approval, flags, output),
    );
  decision(root, "settle", "say what became of a call whose worker was lost")
    .option("--happened", "it did, with --result")
    .option("--result <json>", "the call's result")
    .option("--run-again", "it did not: run it again, which counts as approving it")
    .option("--give-up", "nobody will know: the model is told so")
    .option("--comment <text>", "kept on record")
    .addHelpText("after", examples([`settle run_x7k2 --happened --result '{"refunded":true}'`]))
    .action(async (run, approval, flags) =>
      (await import("./commands/decide.js")).settle(run, approval, flags, output),
    );
}

function addGrants(root: Command, output: Output): void {
  const grants = group(root, "grants", "allow calls beforehand, within bounds and so many times, and take that back");
  withSpeaker(withUrl(leaf(grants, "create", "let calls of a tool run without asking, in your name")))
    .requiredOption("--agent <name>", "of this agent")
    .requiredOption("--tool <name>", "calls of this tool")
    .option("--rule <expression>", "those that this is true of, such as 'args.amount <= 50'; all unless said")
    .requiredOption("--expires <time>", "how long it is good, such as 7d", durationOf)
    .requiredOption("--uses <number>", "how many calls, 100000 at most", usesOf)
    .option("--description <text>", "what it is for")
    .option("--json", "for programs")
    .addHelpText(
      "after",
      examples(["grants create --agent shop --tool refund --rule 'args.amount <= 50' --expires 7d --uses 20"]),
    )
    .action(async (flags) => (await import("./commands/grants.js")).grantsCreate(flags, output));
  withUrl(leaf(grants, "list", "the grants of this namespace, the newest first"))
    .option("--agent <name>", "only of this agent")
    .option("--tool <name>", "only of this tool")
    .option("--limit <number>", "how many", countOf, 100)
    .option("--json", "for programs")
    .addHelpText("after", examples(["grants list", "grants list --tool refund --json"]))
    .action(async (flags) => (await import("./commands/grants.js")).grantsList(flags, output));
  withUrl(leaf(grants, "show", "the terms of a grant, and how often it was used"))
    .argument("<grant>", "its id")
    .option("--json", "for programs")
    .addHelpText("after", examples(["grants show gra_x7k2"]))
    .action(async (grant, flags) => (await import("./commands/grants.js")).grantsShow(grant, flags, output));
  withSpeaker(withUrl(leaf(grants, "revoke", "let no call run by a grant from now on")))
    .argument("<grant>", "its id")
    .option("--json", "for programs")
    .addHelpText("after", examples(["grants revoke gra_x7k2"]))
    .action(async (grant, flags) => (await import("./commands/grants.js")).grantsRevoke(grant, flags, output));
}

function withSpeaker(command: Command): Command {
  return command.option("--on-behalf-of <person>", "for whom a delegate asks");
}

function addKeys(root: Command, output: Output): void {
  const keys = group(root, "keys", "give API keys to people and programs, and take them back");
  withUrl(leaf(keys, "create", "make a key; its text is shown once"))
    .requiredOption("--owner <name>", "who asks with it, named as your identity provider names them")
    .addOption(new Option("--role <role...>", "what it may do").choices(KEY_ROLES).makeOptionMandatory())
    .option("--group <group...>", "what its owner belongs to")
    .option("--description <text>", "what it is for")
    .option("--expires <time>", "how long it is good, such as 90d; for ever unless said", durationOf)
    .option("--offline", "ask no server: make an entry for AGENTSPAN_API_KEYS")
    .addOption(new Option("--namespace <name>", "of an --offline key; default unless said").implies({ offline: true }))
    .option("--json", "for programs")
    .addHelpText("after", examples(["keys create --owner alex@acme.test --role runner approver --expires 90d"]))
    .action(async (flags) => (await import("./commands/keys.js")).keysCreate(flags, output));
  withUrl(leaf(keys, "list", "the keys of this namespace, the newest first"))
    .option("--limit <number>", "how many", countOf, 100)
    .option("--json", "for programs")
    .addHelpText("after", examples(["keys list"]))
    .action(async (flags) => (await import("./commands/keys.js")).keysList(flags, output));
  withUrl(leaf(keys, "revoke", "make a key useless for good, within 5 seconds"))
    .argument("<key>", "its id")
    .option("--json", "for programs")
    .addHelpText("after", examples(["keys revoke qk3x7d"]))
    .action(async (key, flags) => (await import("./commands/keys.js")).keysRevoke(key, flags, output));
}

function addSigningKeys(root: Command, output: Output): void {
  const keys = group(root, "signing-keys", "make the keys that gateways and orchestrators sign with");
  leaf(keys, "create", "make a key for each, and the list of those that are trusted")
    .argument("<folder>", "where they are kept; what is there stays", folderOf)
    .addOption(new Option("--for <kind...>", "only for these").choices(["gateway", "orchestrator", "permit"]))
    .addHelpText("after", examples(["signing-keys create ./keys", "signing-keys create ./keys --for orchestrator"]))
    .action(async (folder, flags) =>
      (await import("./commands/signing-keys.js")).signingKeysCreate(folder, flags, output),
    );
}

function addWorkers(root: Command, output: Output): void {
  const worker = group(root, "worker", "let workers in, each for its own tools");
  leaf(worker, "credentials", "make a worker's login at NATS, and the permit that it registers with")
    .argument("<id...>", "the worker's id; of several that serve the same, each")
    .requiredOption("--tool <tool...>", "what it may serve: <queue>/<tool>, or <namespace>/<queue>/<tool>")
    .option(
      "--keys <folder>",
      "with the key for permits, as signing-keys create made it (the local server's unless said)",
      folderOf,
    )
    .option(
      "--out <folder>",
      "for the file, which nobody else may read (where the local server looks unless said)",
      folderOf,
    )
    .option("--data <folder>", "of the local server (a folder in your home unless said)", folderOf)
    .option("--expires <time>", "how long it may serve with it", durationOf, "365d")
    .addHelpText(
      "after",
      examples([
        "worker credentials refunds-1 --tool support/process_refund",
        "worker credentials refunds-1 --tool support/process_refund --keys ./keys --out ./credentials",
      ]),
    )
    .action(async (ids, flags) =>
      (await import("./commands/worker-credentials.js")).workerCredentials(ids, flags, output),
    );
}

function addReceipts(root: Command, output: Output): void {
  const receipt = group(root, "receipt", "prove afterwards what a person approved and what ran for it");
  withUrl(leaf(receipt, "export", "the receipt of a call that was approved and has ended"))
    .argument("<run>", "the run's id")
    .argument("<call>", "the call's id, as runs events --json shows it")
    .option("--out <file>", "a new file for it, in place of the terminal")
    .addHelpText("after", examples(["receipt export run_x7k2 t1c1 --out receipt.json"]))
    .action(async (run, call, flags) =>
      (await import("./commands/receipt.js")).receiptExport(run, call, flags, output),
    );
  leaf(receipt, "verify", "whether a receipt holds; asks no server")
    .argument("<file>", "the receipt")
    .option("--trusted-keys <file>", "whom you trust (AGENTSPAN_TRUSTED_KEYS_FILE, or the local server's, unless said)")
    .addHelpText("after", examples(["receipt verify receipt.json --trusted-keys trusted-keys.json"]))
    .addHelpText("after", "\nExits with 0 where it holds, with 1 where it does not, and with 2 without what it needs.")
    .action(async (file, flags) => (await import("./commands/receipt.js")).receiptVerify(file, flags, output));
}

function addAudit(root: Command, output: Output): void {
  const audit = group(root, "audit", "who asked and decided what, and whether that record is as it was written");
  withUrl(leaf(audit, "export", "the record of this namespace, as lines of JSON"))
    .option("--run <run>", "only of this run")
    .option("--from <time>", "only from then on, such as 2026-11-25 or 2026-11-25T08:00:00Z", instantOf)
    .option("--to <time>", "only before then", instantOf)
    .option("--out <file>", "a new file for it, in place of the terminal")
    .addHelpText("after", examples(["audit export --out audit.jsonl", "audit export --run run_x7k2"]))
    .action(async (flags) => (await import("./commands/audit.js")).auditExport(flags, output));
  leaf(audit, "verify", "find what was changed, taken out, moved or made up in an exported record; needs no server")
    .argument("<file>", "what audit export wrote")
    .option("--trusted-keys <file>", "the public keys of the orchestrators (AGENTSPAN_TRUSTED_KEYS_FILE unless said)")
    .option("--require-signatures", "an entry that is not signed is wrong, and so is not to have keys")
    .addHelpText("after", examples(["audit verify audit.jsonl --trusted-keys trusted-keys.json --require-signatures"]))
    .addHelpText(
      "after",
      "\nExits with 0 where nothing is wrong, with 1 where something is, and with 2 without what it needs.",
    )
    .addHelpText(
      "after",
      "Without keys it checks hashes and order, which whoever writes to the database can make anew.",
    )
    .action(async (file, flags) => (await import("./commands/audit.js")).auditVerify(file, flags, output));
}

function decision(root: Command, name: string, about: string): Command {
  return withUrl(leaf(root, name, about))
    .argument("<run>", "the run's id")
    .argument("[approval]", "which one, where several are open")
    .option("--json", "for programs: what the server answered");
}
