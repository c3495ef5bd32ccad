#!/usr/bin/env python3
"""Golden files: what PyTorch computes, in float64, from seeded inputs that float32 holds.

usage: make_golden.py [--seed S] [--scale K] [--out DIR] [--only NAME …]      (needs torch, numpy, safetensors, pytorch-crf)

One safetensors file a case; see README.md for the names inside. --scale multiplies the sizes. The cases are in layers.py,
losses.py, optimizers.py and models.py; cases.py says how each is seeded.
"""
import argparse, json, os
import torch
from safetensors.torch import save_file
from cases import CASES, NUMBERS
import layers, losses, models, optimizers  # each adds its cases to the table


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--scale", type=int, default=1)
    ap.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    ap.add_argument("--only", nargs="+")
    o = ap.parse_args()
    os.makedirs(o.out, exist_ok=True)
    numbers = NUMBERS | {name: i for i, name in enumerate(sorted(CASES.keys() - NUMBERS.keys()))}
    for name in [n for n in sorted(CASES) if n in (o.only or CASES)]:
        torch.manual_seed(1000 * o.seed + numbers[name])
        tensors, attr = CASES[name](o.scale)
        tensors = {k: v.detach().clone().contiguous() for k, v in tensors.items()}
        save_file(tensors, os.path.join(o.out, name + ".safetensors"), {"gradus": json.dumps(attr)})


if __name__ == "__main__":
    main()
