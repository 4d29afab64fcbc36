// The files of the approval desk as its build left them, read once when the gateway starts.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export interface DeskFile {
  readonly contentType: string;
  /** Its name has a hash of what it contains: it never changes. */
  readonly immutable: boolean;
  /** In quotes, of the plain bytes. */
  readonly etag: string;
  readonly plain: Buffer;
  /** As the build compressed it; absent where that saved nothing. */
  readonly br?: Buffer;
  readonly gzip?: Buffer;
}

/** By the path that a browser asks for: "/assets/main-x7k2.js". The page itself is "/index.html". */
export type DeskFiles = ReadonlyMap<string, DeskFile>;

export const PAGE = "/index.html";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};
const COMPRESSED = [".br", ".gz"];

/** The folder that the desk's build writes; where the desk is not installed, one beside this program. */
export function builtDesk(): string {
  const { resolve } = createRequire(import.meta.url);
  try {
    return join(dirname(resolve("@agentspan/desk/package.json")), "bundle");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND")
      return join(dirname(fileURLToPath(import.meta.url)), "desk");
    throw error;
  }
}

/** Undefined where the folder has no page: the desk was not built. Throws the system's error where one cannot be read. */
export function readDesk(folder: string): DeskFiles | undefined {
  if (!existsSync(join(folder, PAGE))) return undefined;
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !COMPRESSED.includes(extname(entry.name)))
    .flatMap((entry) => {
      const contentType = CONTENT_TYPES[extname(entry.name)];
      return contentType === undefined ? [] : [{ path: join(entry.parentPath, entry.name), contentType }];
    });
  return new Map(
    names.map(({ path, contentType }) => {
      const name = path.slice(folder.length).split(sep).join("/");
      const plain = readFileSync(path);
      const etag = `"${createHash("sha256").update(plain).digest("hex").slice(0, 32)}"`;
      const immutable = name.startsWith("/assets/");
      return [name, { contentType, immutable, etag, plain, ...compressed(path) }];
    }),
  );
}

function compressed(path: string): Pick<DeskFile, "br" | "gzip"> {
  return {
    ...(existsSync(`${path}.br`) ? { br: readFileSync(`${path}.br`) } : {}),
    ...(existsSync(`${path}.gz`) ? { gzip: readFileSync(`${path}.gz`) } : {}),
  };
}
