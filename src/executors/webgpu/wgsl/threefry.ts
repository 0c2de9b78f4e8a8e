/** `threefry(key, counter)` of tensor/random.ts, and `draw24(key, i)`: `uniform(key, i)` times 2^24, which is whole. */
export const threefryFunctions = {
  threefry: `fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  var keys = array<u32, 3>(key.x, key.y, key.x ^ key.y ^ 0x1bd11bdau);
  var rotations = array<u32, 8>(13u, 15u, 26u, 6u, 17u, 29u, 16u, 24u);
  var x = counter + key;
  for (var round = 0u; round < 20u; round++) {
    let rotation = rotations[round & 7u];
    x.x += x.y;
    x.y = ((x.y << rotation) | (x.y >> (32u - rotation))) ^ x.x;
    if ((round & 3u) == 3u) {
      let block = (round >> 2u) + 1u;
      x.x += keys[block % 3u];
      x.y += keys[(block + 1u) % 3u] + block;
    }
  }
  return x;
}`,
  draw24: "fn draw24(key: vec2u, i: u32) -> u32 { return threefry(key, vec2u(i, 0u)).x >> 8u; }",
};
