// Memory that images share one after the other, never at the same time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImagePool } from "../../src/node/data/loader/image-pool.js";

const line = (width: number) => ({ height: 1, width, channels: 1 });

test("ImagePool gives memory again only after it was given back, and then black", () => {
  const pool = new ImagePool();
  const first = pool.blank(line(100)).data.fill(1);
  const second = pool.blank(line(50)).data.fill(2);
  assert.notEqual(first.buffer, second.buffer);
  pool.giveBack();
  const again = pool.blank({ height: 4, width: 5, channels: 3 });
  assert.equal(again.data.buffer, first.buffer);
  assert.deepEqual(again, { height: 4, width: 5, channels: 3, data: new Uint8Array(60) });
  assert.equal(pool.blank(line(51)).data.length, 51); // larger than before: new memory
  assert.equal(second[0], 2);
});

test("ImagePool keeps nothing of a large image", () => {
  const pool = new ImagePool();
  const large = pool.blank(line(5 << 20)).data;
  pool.giveBack();
  assert.notEqual(pool.blank(line(5 << 20)).data.buffer, large.buffer);
});
