#!/usr/bin/env bash
# Runs kernels under Deno, whose WebGPU is wgpu: a second implementation beside Dawn's.
#   tools/deno-check.sh [all]
# Takes some cases that cover every generator of kernels; with `all`, the whole conformance list.
# Needs a build, Vulkan's loader and a driver; takes the one in software of Debian's mesa-vulkan-drivers unless VK_ICD_FILENAMES names
# another. Fetches Deno from npm into a temporary folder (40 MB) unless there is a command `deno`.
set -euo pipefail
cd "$(dirname "$0")/.."
deno=$(command -v deno || true)
if [[ -z $deno ]]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error deno@2.9.6
  deno=$folder/node_modules/.bin/deno
fi
export VK_ICD_FILENAMES=${VK_ICD_FILENAMES:-/usr/share/vulkan/icd.d/lvp_icd.x86_64.json}
DENO_NO_UPDATE_CHECK=1 "$deno" run -A --unstable-webgpu dist/test/executors/webgpu/deno-kernels.js "$@"
