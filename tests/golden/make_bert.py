#!/usr/bin/env python3
"""Golden files of BERT: what Hugging Face's transformers computes, in float64, with tiny models of random weights.

usage: make_bert.py [--seed S] [--out DIR]                (needs torch, transformers, safetensors)

One file for each activation, and one for each head; see README.md for the names inside. Values behind the end of a sequence are noise.
"""
import argparse, json, os
import torch, torch.nn.functional as F
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, BertForQuestionAnswering, BertForSequenceClassification

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
VOCAB, D, HEADS, FF, POSITIONS, B, T, STEPS = 37, 8, 2, 12, 9, 3, 7, 10


def rounded(module):
    """Weights that are far from those of the start, and that float32 holds."""
    for name, p in module.named_parameters():
        usual = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        p.data = (usual + 0.3 * torch.randn(p.shape)).float().double()
    return module


def sizes(activation):
    return BertConfig(
        vocab_size=VOCAB, hidden_size=D, num_hidden_layers=2, num_attention_heads=HEADS, intermediate_size=FF,
        max_position_embeddings=POSITIONS, hidden_act=activation, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, attn_implementation="eager", pad_token_id=None)


def made(activation):
    config = sizes(activation)
    # Its own pooler: the masked-LM model of transformers has none.
    model = BertForMaskedLM(config)
    model.bert.pooler = type(model.bert)(config).pooler
    return config, rounded(model).double().eval()


def case(activation):
    config, model = made(activation)
    ids, types = torch.randint(VOCAB, (B, T)), torch.randint(2, (B, T))
    lengths = torch.tensor([T, 1, 4])
    real = torch.arange(T)[None] < lengths[:, None]
    places = torch.tensor([0, 2, 6, 7, 14, 17])
    targets, direction = torch.randint(VOCAB, (len(places),)), torch.randn(B, D).float().double()

    def run():
        out = model.bert(ids, real.long(), types, output_hidden_states=True, output_attentions=True)
        logits = model.cls(out.last_hidden_state.reshape(B * T, D)[places])
        loss = F.cross_entropy(logits, targets) + (out.pooler_output * direction).mean()
        return out, logits, loss

    out, logits, loss = run()
    names = {n: p for n, p in model.named_parameters() if n != "cls.predictions.decoder.weight"}
    names = {("cls.predictions.bias" if n == "cls.predictions.decoder.bias" else n): p for n, p in names.items()}
    t = {f"param.{n}": p.detach().clone() for n, p in names.items()}
    t |= {"in.ids": ids, "in.types": types, "in.lengths": lengths, "in.places": places, "in.targets": targets,
          "in.direction": direction}
    keep = real[:, :, None]
    t |= {f"out.hidden.{i}": h * keep for i, h in enumerate(out.hidden_states)}
    t |= {f"out.attention.{i}": a * real[:, None, :, None] for i, a in enumerate(out.attentions)}
    t |= {"out.pooled": out.pooler_output, "out.logits": logits, "out.loss": loss}
    grads = torch.autograd.grad(loss, list(names.values()))
    t |= {f"grad.{n}": g for n, g in zip(names, grads)}
    optimizer, losses = torch.optim.SGD(list(names.values()), 0.02, momentum=0.9), []
    for _ in range(STEPS):
        loss = run()[2]
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    t |= {"out.sgd.losses": torch.tensor(losses)} | {f"out.sgd.{n}": p for n, p in names.items()}
    return t, {"config": written(config), "rate": 0.02, "frozen": []}


def written(config):
    return {k: getattr(config, k) for k in (
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
        "hidden_dropout_prob", "attention_probs_dropout_prob", "max_position_embeddings", "type_vocab_size",
        "layer_norm_eps")}


def head(kind):
    """The outputs of a head, 0 at padding, and gradients from random upstream ones."""
    config = sizes("gelu")
    model = kind(config)
    # The reader of transformers has no pooler.
    model.bert.pooler = model.bert.pooler or type(BertForMaskedLM(config).bert)(config).pooler
    model = rounded(model).double().eval()
    ids, lengths = torch.randint(VOCAB, (B, T)), torch.tensor([T, 2, 4])
    real = torch.arange(T)[None] < lengths[:, None]
    types = torch.randint(2, (B, T)) if kind is BertForQuestionAnswering else torch.zeros(B, T, dtype=torch.long)
    out = model(ids, real.long(), types)
    outputs = {"logits": out.logits} if "logits" in out else {"start": out.start_logits * real, "end": out.end_logits * real}
    up = {n: torch.randn(y.shape).float().double() for n, y in outputs.items()}
    named = dict(model.named_parameters())
    grads = torch.autograd.grad(sum((y * up[n]).sum() for n, y in outputs.items()), list(named.values()), materialize_grads=True)
    t = {f"param.{n}": p for n, p in named.items()} | {f"grad.{n}": g for n, g in zip(named, grads)}
    t |= {"in.ids": ids, "in.types": types, "in.lengths": lengths}
    t |= {f"up.{n}": g for n, g in up.items()} | {f"out.{n}": y for n, y in outputs.items()}
    return t, {"config": written(config), "frozen": []}


def save(name, case, out):
    tensors, attr = case
    tensors = {k: v.detach().contiguous() for k, v in tensors.items()}
    save_file(tensors, os.path.join(out, f"model_bert_{name}.safetensors"), {"gradus": json.dumps(attr)})


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    args = args.parse_args()
    for i, activation in enumerate(["gelu", "gelu_new", "relu"]):
        torch.manual_seed(1000 * args.seed + 500 + i)
        save(activation, case(activation), args.out)
    for i, (name, kind) in enumerate([("classifier", BertForSequenceClassification), ("reader", BertForQuestionAnswering)]):
        torch.manual_seed(1000 * args.seed + 510 + i)
        save(name, head(kind), args.out)
