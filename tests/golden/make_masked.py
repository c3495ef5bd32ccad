#!/usr/bin/env python3
"""The folder of a tiny masked language model as Hugging Face's transformers writes it, and what it computes in float64.

usage: make_masked.py [--seed S] [--out DIR]                (needs torch, transformers, safetensors)

Writes DIR/bert_masked: config.json, model.safetensors, vocab.txt, and golden.safetensors with `in.ids`, `in.lengths`,
`in.places` and `out.logits`.
"""
import argparse, os
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM

torch.set_num_threads(1)
PIECES = "[PAD] [UNK] [CLS] [SEP] [MASK] the a fine cast was in ##s ##ed film plot oslo . ,".split()
B, T = 3, 7


def main(seed, out):
    torch.manual_seed(1000 * seed + 600)
    folder = os.path.join(out, "bert_masked")
    config = BertConfig(
        vocab_size=len(PIECES), hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
        max_position_embeddings=9, attn_implementation="eager")
    model = BertForMaskedLM(config).eval()
    for name, p in model.named_parameters():
        # Weights that are far from those of the start, so that none can be mixed up.
        p.data = (1.0 if name.endswith("LayerNorm.weight") else 0.0) + 0.3 * torch.randn(p.shape)
    model.tie_weights()
    model.save_pretrained(folder)
    with open(os.path.join(folder, "vocab.txt"), "w") as file:
        file.writelines(piece + "\n" for piece in PIECES)
    for other in set(os.listdir(folder)) - {"config.json", "model.safetensors", "vocab.txt"}:
        os.remove(os.path.join(folder, other))

    ids, lengths = torch.randint(5, len(PIECES), (B, T)), torch.tensor([T, 3, 5])
    ids[:, 0] = PIECES.index("[CLS]")
    places = torch.tensor([1, 5, 8, 15, 17])
    ids.view(-1)[places] = PIECES.index("[MASK]")
    real = torch.arange(T)[None] < lengths[:, None]
    with torch.no_grad():
        logits = model.double()(ids, real.long()).logits.reshape(B * T, -1)[places]
    golden = {"in.ids": ids, "in.lengths": lengths, "in.places": places, "out.logits": logits}
    save_file({k: v.contiguous() for k, v in golden.items()}, os.path.join(folder, "golden.safetensors"))


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    main(**vars(args.parse_args()))
