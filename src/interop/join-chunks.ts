/** The bytes of a file that comes in pieces. */
export function joinChunks(pieces: Iterable<Uint8Array>): Uint8Array {
  const chunks = [...pieces];
  const file = new Uint8Array(chunks.reduce((bytes, chunk) => bytes + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    file.set(chunk, offset);
    offset += chunk.length;
  }
  return file;
}
