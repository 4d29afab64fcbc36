// Manifests held to the schemas that their own projects publish: Kubernetes' OpenAPI documents, the custom resources'
// definitions of KEDA and of the Gateway API, and the Compose Specification. Strictly: a field that a schema does not know
// is a fault, as it is to a server that is asked for strict fields.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { ROOT } from "../places.js";
import type { Manifest } from "./manifests.js";

type Schema = Record<string, unknown>;
type Fault = string;
type Document = { readonly components: { readonly schemas: Schema } };

const MODULES = join(ROOT, "deploy/k8s/schemas");
const DEFINITIONS = {
  "keda.sh": ["github.com/kedacore/keda/v2", "config/crd/bases"],
  "gateway.networking.k8s.io": ["sigs.k8s.io/gateway-api", "config/crd/standard"],
} as const;

/** Why the schemas cannot be had here; undefined where they can. */
export function missingGo(): string | undefined {
  try {
    execFileSync("go", ["version"], { stdio: "pipe" });
    return undefined;
  } catch {
    return "there is no go on PATH, with which the schemas are fetched";
  }
}

export class Schemas {
  readonly #ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  readonly #compiled = new Map<string, ValidateFunction>();
  readonly #documents = new Map<string, Document>();
  #compose: ValidateFunction | undefined;
  /** Where each module is, by its name. */
  readonly #dirs: Readonly<Record<string, string>>;

  /** Fetches them once for the machine, checked by go.sum. */
  constructor() {
    const go = (...words: string[]): string => execFileSync("go", words, { cwd: MODULES, encoding: "utf8" });
    const { Require } = JSON.parse(go("mod", "edit", "-json")) as {
      readonly Require: readonly { readonly Path: string; readonly Version: string }[];
    };
    const wanted = Require.map(({ Path, Version }) => `${Path}@${Version}`);
    const fetched = go("mod", "download", "-json", ...wanted).split(/^(?=\{)/m);
    this.#dirs = Object.fromEntries(
      fetched.map((text) => {
        const { Path, Dir } = JSON.parse(text) as { readonly Path: string; readonly Dir: string };
        return [Path, Dir];
      }),
    );
  }

  /** What is wrong with a manifest, each with its place. */
  faultsOf(manifest: Manifest): readonly Fault[] {
    const what = `${manifest.kind} ${manifest.metadata.name}`;
    const validate = this.#validator(manifest);
    return validate === undefined
      ? [`${what}: there is no schema of ${manifest.apiVersion} ${manifest.kind}`]
      : faultsIn(manifest, validate).map((fault) => `${what}${fault}`);
  }

  /** What is wrong with a compose file, as it was parsed, by the Compose Specification. */
  composeFaults(file: unknown): readonly Fault[] {
    this.#compose ??= new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(
      this.#composeSchema(),
    );
    return faultsIn(file, this.#compose);
  }

  #composeSchema(): Schema {
    const path = join(this.#dir("github.com/compose-spec/compose-go/v2"), "schema/compose-spec.json");
    return JSON.parse(readFileSync(path, "utf8")) as Schema;
  }

  #validator({ apiVersion, kind }: Manifest): ValidateFunction | undefined {
    const key = `${apiVersion} ${kind}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const [group = "", version = ""] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const made =
      group in DEFINITIONS
        ? this.#custom(group as keyof typeof DEFINITIONS, version, kind)
        : this.#builtIn(group, version, kind);
    if (made !== undefined) this.#compiled.set(key, made);
    return made;
  }

  #builtIn(group: string, version: string, kind: string): ValidateFunction | undefined {
    const name = group === "" ? `api__${version}` : `apis__${group}__${version}`;
    const path = join(this.#dir("k8s.io/kubernetes"), "api/openapi-spec/v3", `${name}_openapi.json`);
    if (!existsSync(path)) return undefined;
    let document = this.#documents.get(name);
    if (document === undefined) {
      document = strict(JSON.parse(readFileSync(path, "utf8"))) as Document;
      this.#documents.set(name, document);
      this.#ajv.addSchema({ $id: name, ...document });
    }
    const found = Object.entries(document.components.schemas).find(([, schema]) => {
      const kinds = (schema as Schema)["x-kubernetes-group-version-kind"] as readonly Schema[] | undefined;
      return kinds?.some((one) => one.group === group && one.version === version && one.kind === kind);
    });
    return found && this.#ajv.compile({ $ref: `${name}#/components/schemas/${found[0]}` });
  }

  #custom(group: keyof typeof DEFINITIONS, version: string, kind: string): ValidateFunction | undefined {
    const [module, folder] = DEFINITIONS[group];
    const dir = join(this.#dir(module), folder);
    const file = readdirSync(dir).find((name) => name === `${group}_${kind.toLowerCase()}s.yaml`);
    if (file === undefined) return undefined;
    const { spec } = parse(readFileSync(join(dir, file), "utf8")) as {
      readonly spec: { readonly versions: readonly { name: string; schema: { openAPIV3Schema: Schema } }[] };
    };
    const schema = spec.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema;
    if (schema === undefined) return undefined;
    // The server knows the metadata of whatever it keeps, and its definition says nothing of them.
    const { properties = {} } = schema as { readonly properties?: Schema };
    return this.#ajv.compile(
      strict({ ...schema, properties: { ...properties, metadata: { type: "object" } } }) as Schema,
    );
  }

  #dir(module: string): string {
    const dir = this.#dirs[module];
    if (dir === undefined) throw new Error(`${MODULES}/go.mod does not require ${module}`);
    return dir;
  }
}

function faultsIn(value: unknown, validate: ValidateFunction): readonly Fault[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = "", params }) => {
    const unknown = params.additionalProperty ?? params.unevaluatedProperty;
    const named = unknown === undefined ? "" : ` (${String(unknown)})`;
    return `${instancePath}: ${message}${named}`;
  });
}

/** The same schema, to which a property is a fault that it does not name. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const inside = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  // "type" says what a text or a number may be alike.
  if (inside["x-kubernetes-int-or-string"] === true) return { ...inside, type: ["integer", "string"] };
  const isOpen =
    typeof inside.properties !== "object" ||
    "additionalProperties" in inside ||
    inside["x-kubernetes-preserve-unknown-fields"] === true;
  // What is called "properties" inside of `properties` is a field of that name.
  return isOpen || !("type" in inside) || typeof inside.type !== "string"
    ? inside
    : { ...inside, additionalProperties: false };
}
