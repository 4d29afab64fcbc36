// A folder for PATH with small shell scripts that stand in for the programs that are looked for.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface FakeMachine {
  /** For resolveServers: PATH with nothing but the scripts, and a home that is empty at first and removed after the test. */
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  /** Puts a program on PATH; the text is the body of a /bin/sh script. */
  add(name: string, body: string): Promise<void>;
  /** The pip commands that fake Pythons were given. */
  pipCalls(): Promise<readonly string[]>;
}

export async function fakeMachine(): Promise<FakeMachine> {
  const home = await mkdtemp(join(tmpdir(), "agentspan-fake-"));
  const bin = join(home, "path");
  await mkdir(bin);
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return {
    env: { PATH: bin, HOME: home },
    home,
    async add(name, body) {
      await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`);
      await chmod(join(bin, name), 0o755);
    },
    async pipCalls() {
      const text = await readFile(join(home, "pip.log"), "utf8").catch(() => "");
      return text.split("\n").filter((line) => line !== "");
    },
  };
}

export const prints = (line: string) => `echo '${line}'`;

/**
 * A Python of that version. `-m venv FOLDER` makes an environment whose pip logs what it is asked and then does what
 * `pip` says; unless said otherwise it makes the two servers.
 */
export function python(machine: FakeMachine, version: string, pip = "", venvProblem = ""): string {
  return `
case "$1 $2" in
  "-c "*) echo ${version}; ${venvProblem} exit 0 ;;
  "-m venv")
    mkdir -p "$3/bin"
    cat > "$3/bin/python" <<'SCRIPT'
#!/bin/sh
[ "$1" = -c ] && exit 0
echo "$@" >> ${machine.home}/pip.log
here=$(dirname "$0")
${pip}
for name in nats-server secantusd-py; do printf '#!/bin/sh\\n' > "$here/$name"; chmod +x "$here/$name"; done
SCRIPT
    chmod +x "$3/bin/python" ;;
esac`;
}
