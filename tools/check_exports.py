"""Checks what `resnet import` and `resnet export` make of a state_dict, with the programs that the files are for.

    python tools/check_exports.py WEIGHTS.pth EXPORT.pth EXPORT.safetensors EXPORT.onnx...

WEIGHTS was imported, and the checkpoint exported in each format. The state_dicts must have the same bytes, name by name; the networks must
be valid, and give one another's logits to 1e-4. Needs torch, safetensors, onnx and onnxruntime.
"""

import sys

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file


def same_bytes(name: str, ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert list(ours) == list(theirs) or sorted(ours) == sorted(theirs), f"{name}: other names"
    for key, tensor in theirs.items():
        assert ours[key].dtype == tensor.dtype and ours[key].shape == tensor.shape, f"{name}: {key}"
        assert ours[key].numpy().tobytes() == tensor.contiguous().numpy().tobytes(), f"{name}: {key}"
    print(f"{name}: the same bytes in all {len(theirs)} tensors")


def main() -> None:
    weights, pth, safetensors, *networks = sys.argv[1:]
    theirs = torch.load(weights, weights_only=True)
    same_bytes(pth, torch.load(pth, weights_only=True), theirs)
    mapped = torch.load(pth, weights_only=True, mmap=True)
    same_bytes(f"{pth}, mapped into memory", mapped, theirs)
    same_bytes(safetensors, load_file(safetensors), theirs)
    logits = []
    for file in networks:
        onnx.checker.check_model(file, full_check=True)
        session = onnxruntime.InferenceSession(file)
        images = session.get_inputs()[0]
        x = np.random.default_rng(0).standard_normal((2, *images.shape[1:]), dtype=np.float32)
        (result,) = session.run(None, {images.name: x})
        logits.append(result)
        print(f"{file}: valid; metadata {sorted(session.get_modelmeta().custom_metadata_map)}")
    for file, result in zip(networks, logits):
        difference = np.abs(result - logits[0]).max() / max(1, np.abs(logits[0]).max())
        assert difference < 1e-4, f"{file}: {difference}"
        print(f"{file}: logits differ from the first file's by {difference:.1e} at most")


main()
