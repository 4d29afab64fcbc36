// Makes what an installation with authentication starts from, in a folder, once; what is there stays:
//
//   orchestrator/signing-key.pem, gateway/signing-key.pem  what each signs with
//   trusted/trusted-keys.json                              whose signatures are believed, for workers too
//   gateway/api-keys.json                                  who may call, without the secrets
//   people/requester, people/approver                      the API keys of two people
//
// It takes the command `agentspan` on PATH. Two people, since whoever starts a run does not approve in it.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const PEOPLE = {
  requester: { owner: "alex@example.com", roles: ["runner"] },
  approver: { owner: "maria@example.com", roles: ["approver"] },
};

const [, , folder] = process.argv;
if (folder === undefined || folder.startsWith("-")) {
  process.stderr.write("Usage: node make-keys.mjs <folder>\n");
  process.exit(folder === "--help" ? 0 : 2);
}
const agentspan = (...words) => execFileSync("agentspan", words, { encoding: "utf8" });

/** Whole or not at all: a start that was cut off begins again. */
function put(name, text) {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function makeSigningKeys() {
  // Where nobody but orchestrators looks, should this be cut off.
  const made = mkdtempSync(join(folder, "orchestrator", ".new-"));
  try {
    agentspan("signing-keys", "create", made);
    for (const name of ["orchestrator", "gateway"]) {
      const file = readdirSync(made).find((one) => one.startsWith(`${name}-`));
      put(`${name}/signing-key.pem`, readFileSync(join(made, file), "utf8"));
    }
    // Last: it says that the others are there.
    put("trusted/trusted-keys.json", readFileSync(join(made, "trusted-keys.json"), "utf8"));
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

function makeApiKeys() {
  const made = Object.entries(PEOPLE).map(([name, { owner, roles }]) => {
    const words = ["keys", "create", "--offline", "--json", "--owner", owner, "--role", ...roles];
    const { text, entry } = JSON.parse(agentspan(...words));
    put(`people/${name}`, `${text}\n`);
    return entry;
  });
  put("gateway/api-keys.json", `${JSON.stringify(made, undefined, 2)}\n`);
}

mkdirSync(join(folder, "orchestrator"), { recursive: true });
if (!existsSync(join(folder, "trusted/trusted-keys.json"))) makeSigningKeys();
if (!existsSync(join(folder, "gateway/api-keys.json"))) makeApiKeys();
