#!/usr/bin/env bash
# Checks and measures the WebGPU executor on a machine with a GPU, in some minutes:
#   tools/gpu-check.sh [folder for results]
# Needs Node 20 or newer, a clone after `npm ci && npm run build`, the driver of the GPU, and Vulkan's loader (libvulkan1).
# Prints the adapters, the failures of the conformance list and of the training tests, and the time of a training step.
# Exits with 1 if a test or a training failed.
set -uo pipefail
out=$(realpath -m "${1:-$(mktemp -d)}")
cd "$(dirname "$0")/.."
mkdir -p "$out"
failed=0

echo "== adapters"
node dist/src/node/cli/main.js doctor | grep -A1 webgpu

# Tests take the GPU in software unless a driver is named.
if [[ -z ${VK_ICD_FILENAMES:-} ]]; then
  VK_ICD_FILENAMES=$(find /usr/share/vulkan/icd.d /etc/vulkan/icd.d -name '*.json' 2>/dev/null | paste -sd:)
  export VK_ICD_FILENAMES
fi
echo "drivers: $VK_ICD_FILENAMES"

for tests in conformance webgpu-executor training; do
  echo "== $tests"
  node --test --test-reporter=tap "dist/test/executors/webgpu/$tests.test.js" >"$out/$tests.tap" 2>&1 || failed=1
  grep -E '^ *not ok|^# (pass|fail|skipped) ' "$out/$tests.tap"
done

echo "== a training step: images per second, and with --profile, which is slower, the time of each instruction"
for precision in fp32 bf16; do
  for profile in "" --profile; do
  node dist/src/node/cli/main.js train fashion-resnet34 --epochs 2 --limit-train 8192 --limit-valid 512 --limit-test 512 \
    --executor webgpu --precision "$precision" $profile --json --out "$(mktemp -d "$out/run-XXXX")/run" \
    >"$out/train-$precision$profile.json" || { failed=1; continue; }
  node -e '
    const { epochs, imagesPerSecond, test, profiles } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    console.log(process.argv[2], JSON.stringify({ imagesPerSecond, epochs: epochs.length, test }));
    if (profiles) console.log(JSON.stringify(profiles[0]));
  ' "$out/train-$precision$profile.json" "$precision $profile"
  done
done
echo "results: $out"
exit "$failed"
