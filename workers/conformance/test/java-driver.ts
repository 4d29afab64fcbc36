// The driver of the Java SDK, as Maven makes it. It is started some thirty times: an archive of the classes that it uses,
// taken from one rehearsal, halves what each start costs.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { newId } from "@agentspan/internal";
import { JAVA_HOME, mavenRun } from "../../java/test/maven-run.js";
import { type Driver, World } from "../src/index.js";
import { Scene } from "./scene.js";

const TARGET = join(JAVA_HOME, "conformance", "target");
const JAR = join(TARGET, "driver.jar");
const ARCHIVE = join(TARGET, "driver.jsa");
/** For a program that lives for seconds. */
const SHORT_LIVED = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"] as const;

export async function javaDriver(): Promise<Driver | { readonly missing: string }> {
  const made = await mavenRun();
  if ("missing" in made) return made;
  if (made.code !== 0) throw new Error(`Maven ended with ${made.code}:\n${made.said}`);
  const started = (...options: string[]): Driver => ({
    language: "java",
    command: [made.java, ...SHORT_LIVED, ...options, "-jar", JAR],
  });
  if (!existsSync(ARCHIVE) || statSync(ARCHIVE).mtimeMs < statSync(JAR).mtimeMs) {
    await rehearse(started(`-XX:ArchiveClassesAtExit=${ARCHIVE}`));
  }
  return started(`-XX:SharedArchiveFile=${ARCHIVE}`);
}

/** Calls, looks and a refusal, and an end: Java writes the archive then. */
async function rehearse(driver: Driver): Promise<void> {
  const world = await World.start(driver);
  try {
    const scene = new Scene(world, await world.onBus());
    const done = await Promise.all([
      scene.announce("plain", { returns: [1.5, "a", null] }),
      scene.announce("gated"),
      scene.announce("plain", { fail: newId("words") }),
      scene.announce("probed", { probe: "UNKNOWN" }, { kind: "probe" }),
      scene.announce("previewed", { shows: 1 }, { kind: "preview" }),
    ]);
    await Promise.all(done.map((task) => scene.outcome(task)));
    const refused = await scene.announce("typed", { order_id: 5, amount: 1 });
    await world.until("it is handed back", () => scene.requests("release", refused).length > 0);
    scene.serving.process.signal("SIGTERM");
    await scene.serving.process.exited;
  } finally {
    await world.stop();
  }
}
