// A database written to files and brought back from them, in the form that mongodump gives them: for each collection its
// documents in BSON, one after the other.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BSON, type Db } from "mongodb";

const SUFFIX = ".bson";

/** Resolves to how many documents there are of each collection. */
export async function dumpDatabase(database: Db, folder: string): Promise<ReadonlyMap<string, number>> {
  await mkdir(folder, { recursive: true });
  const counts = new Map<string, number>();
  for (const { name } of await database.listCollections({}, { nameOnly: true }).toArray()) {
    const documents = await database.collection(name).find({}, { promoteValues: false }).toArray();
    await writeFile(join(folder, `${name}${SUFFIX}`), Buffer.concat(documents.map((one) => BSON.serialize(one))));
    counts.set(name, documents.length);
  }
  return counts;
}

/** Puts what was dumped into a database that is empty. */
export async function restoreDatabase(database: Db, folder: string): Promise<void> {
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(SUFFIX))) {
    const documents = documentsIn(await readFile(join(folder, file)));
    if (documents.length > 0) await database.collection(file.slice(0, -SUFFIX.length)).insertMany(documents);
  }
}

function documentsIn(bytes: Buffer): BSON.Document[] {
  const documents: BSON.Document[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readInt32LE(at);
    documents.push(BSON.deserialize(bytes.subarray(at, at + size), { promoteValues: false }));
    at += size;
  }
  return documents;
}
