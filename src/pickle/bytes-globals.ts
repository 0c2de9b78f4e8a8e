/** How Python 3 writes bytes in protocols 0 to 2, which have no operation for bytes: as calls. */

import type { Charge, PickleGlobals } from "./pickle-globals.js";

/** `_codecs.encode(text, "latin1")` */
function encodeLatin1([text, encoding]: readonly unknown[], charge: Charge): Uint8Array {
  if (typeof text !== "string" || encoding !== "latin1") {
    throw new Error("only text in latin1 is read");
  }
  charge(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** `bytes()` */
function emptyBytes(args: readonly unknown[]): Uint8Array {
  if (args.length > 0) throw new Error("only bytes() without arguments is read");
  return new Uint8Array(0);
}

/** Allowed in every pickle. */
export const bytesGlobals: PickleGlobals = new Map([
  ["_codecs.encode", encodeLatin1],
  ["__builtin__.bytes", emptyBytes],
]);
