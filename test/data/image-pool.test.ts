// Memory that images share one after the other, never at the same time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImagePool } from "../../src/node/data/loader/image-pool.js";

test("ImagePool gives what was given back again, black, and never twice before", () => {
  const pool = new ImagePool();
  const first = pool.take(100).fill(1);
  const second = pool.take(50).fill(2);
  assert.notEqual(first.buffer, second.buffer);
  pool.giveBack();
  const again = pool.take(60);
  assert.equal(again.buffer, first.buffer);
  assert.deepEqual(again, new Uint8Array(60));
  assert.equal(pool.take(51).length, 51); // more than there was: new
  assert.equal(second[0], 2);
});

test("ImagePool keeps nothing of a large image", () => {
  const pool = new ImagePool();
  const large = pool.take(5 << 20);
  pool.giveBack();
  assert.notEqual(pool.take(5 << 20).buffer, large.buffer);
});
