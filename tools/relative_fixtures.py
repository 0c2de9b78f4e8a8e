"""One training and one evaluation pass of timm's and torchvision's relatives of ResNet: `test/fixtures/relatives.json`.

The rows are those of tools/model_fixtures.py. Also prints the counts that test/models/catalog.test.ts asserts.
"""

import timm_torchvision  # before timm and torchvision
import torch

from fixture_file import FIXTURES, write_json
from model_fixtures import row
from timm_torchvision import RELATIVES, narrow_stems

# name, width, image; odd sizes, so that a stride of 2 rounds up
NETWORKS = [
    ("seresnet18", 4, (3, 33, 40)),
    ("seresnet50", 4, (3, 33, 40)),
    ("seresnext50_32x4d", 16, (1, 33, 40)),
    ("resnet34d", 4, (3, 35, 40)),
    ("resnet50d", 4, (3, 35, 40)),
    ("ecaresnet50d", 4, (3, 33, 40)),
    ("resnetrs50", 4, (3, 33, 40)),
    ("resnetblur18", 4, (3, 65, 76)),
    ("resnetblur50", 4, (3, 65, 76)),
    ("res2net50_26w_4s", 8, (3, 33, 40)),
    ("res2net50_48w_2s", 4, (3, 33, 40)),
    ("resnetv2_34", 8, (3, 33, 40)),
    ("resnetv2_50", 8, (1, 33, 40)),
    ("densenet121", 4, (3, 49, 64)),
    ("mobilenet_v2", 8, (3, 33, 40)),
    ("convnext_tiny", 4, (3, 33, 40)),
]


def main() -> None:
    narrow_stems()
    torch.set_num_threads(1)
    rows = [row(seed, name, RELATIVES[name], width, image) for seed, (name, width, image) in enumerate(NETWORKS, 101)]
    import timm
    import torchvision

    header = {"torch": torch.__version__, "timm": timm.__version__, "torchvision": torchvision.__version__}
    write_json(FIXTURES / "relatives.json", header, "networks", rows)
    for name, make in RELATIVES.items():
        with torch.device("meta"):
            model = make((3, 1000, timm_torchvision.WIDTHS.get(name, 64)))
        tensors = [key for key in model.state_dict() if "num_batches" not in key]
        print(f"  {name}: {{ parameters: {sum(p.numel() for p in model.parameters()):_}, tensors: {len(tensors)} }},")


if __name__ == "__main__":
    main()
