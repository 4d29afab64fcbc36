// "__proto__" is a key like any other in JSON and in a map of protobuf, and none where a program assigns to a plain object:
// every object inherits a setter of that name, which sets what it inherits from, and passes over a text. The runtime of
// protobuf reads and writes its maps in this way, so that a label of that name was lost, and a rule did not see it.

/**
 * Takes the setter away, and the getter with it, from all objects of this process, as Node's --disable-proto=delete does.
 * For programs of ours alone: what else runs in a process may go by it.
 */
export function takeAwayProtoSetter(): void {
  Reflect.deleteProperty(Object.prototype, "__proto__");
}
