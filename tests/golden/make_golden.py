#!/usr/bin/env python3
"""Golden files: what PyTorch computes, in float64, from seeded inputs that float32 holds.

usage: make_golden.py [--seed S] [--scale K] [--out DIR] [--only NAME …]      (needs torch, numpy, safetensors, pytorch-crf)

One safetensors file a case; see README.md for the names inside. --scale multiplies the sizes.

A case draws from a seed of its number: its place, in order of names, among those that bring none. A new case brings one
(100 and up), so that all others keep theirs.
"""
import argparse, json, os
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import save_file
from twins import BiDaf, BiLstm, BiLstmCrf, TextCnn

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
CASES, NUMBERS = {}, {}


def case(name, number=None):
    def note(f):
        CASES[name] = f
        if number is not None: NUMBERS[name] = number
        return f
    return note


def rnd(*shape, scale=1.0):
    """Normal numbers that float32 holds."""
    return (torch.randn(shape) * scale).float().double()


def rounded(module, scale=1.0):
    for p in module.parameters():
        p.data = rnd(*p.shape, scale=scale)
    return module


def lengths(b, t):
    n = torch.randint(1, t + 1, (b,))
    n[torch.randint(b, (1,))] = t
    return n


def outcome(inputs, params, outputs, extra=None, attr=None):
    """Inputs, parameters, outputs, random upstream gradients and the gradients they give."""
    t = {f"in.{k}": v for k, v in inputs.items()} | {f"param.{k}": v for k, v in params.items()}
    up = {k: rnd(*y.shape) for k, y in outputs.items()}
    total = sum((y * up[k]).sum() for k, y in outputs.items())
    leaves = {k: v for k, v in (inputs | params).items() if v.requires_grad}
    grads = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    t |= {f"out.{k}": v for k, v in outputs.items()} | {f"up.{k}": v for k, v in up.items()}
    t |= {f"grad.{k}": g if g is not None else torch.zeros_like(leaves[k]) for k, g in zip(leaves, grads)}
    return t | (extra or {}), attr or {}


def leaf(x):
    return x.requires_grad_(True)


def of(module):
    return dict(module.named_parameters())


# Layers ----------------------------------------------------------------------------------------------------------------
@case("linear")
def linear(k):
    m, x = rounded(nn.Linear(5 * k, 7 * k)), leaf(rnd(2, 3, 5 * k))
    return outcome({"x": x}, of(m), {"y": m(x)})


@case("embedding")
def embedding(k):
    m, ids = rounded(nn.Embedding(9 * k, 5)), torch.randint(9 * k, (3, 4 * k))
    return outcome({"ids": ids}, of(m), {"y": m(ids)})


@case("conv1d")
def conv1d(k):
    m, x = rounded(nn.Conv1d(4 * k, 6, 3, padding=1)), leaf(rnd(2, 7 * k, 4 * k))
    return outcome({"x": x}, of(m), {"y": m(x.transpose(1, 2)).transpose(1, 2)}, attr={"kernel": 3, "padding": 1})


@case("layer_norm")
def layer_norm(k):
    m, x = rounded(nn.LayerNorm(9 * k)), leaf(rnd(3, 2, 9 * k))
    return outcome({"x": x}, of(m), {"y": m(x)})


def lstm(k, layers, bi):
    b, t, d, h = 4, 6 * k, 5 * k, 3 * k
    m = rounded(nn.LSTM(d, h, layers, batch_first=True, bidirectional=bi), 0.5)
    x, n, dirs = leaf(rnd(b, t, d)), lengths(b, t), 2 if bi else 1
    h0, c0 = leaf(rnd(layers * dirs, b, h)), leaf(rnd(layers * dirs, b, h))
    packed = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)
    y, (hn, cn) = m(packed, (h0, c0))
    y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=t)
    attr = {"layers": layers, "bidirectional": bi, "hidden": h}
    return outcome({"x": x, "h0": h0, "c0": c0, "lengths": n}, of(m), {"y": y, "h": hn, "c": cn}, attr=attr)


case("lstm_one")(lambda k: lstm(k, 1, False))
case("lstm_bi")(lambda k: lstm(k, 1, True))
case("lstm_two_layers")(lambda k: lstm(k, 2, True))


def masks(n, t, causal):
    real = torch.arange(t)[None] < n[:, None]
    return real, torch.triu(torch.ones(t, t, dtype=torch.bool), 1) if causal else None


@case("attention")
def attention(k, causal=False):
    m, (b, t, d) = rounded(nn.MultiheadAttention(8 * k, 2, batch_first=True), 0.5), (3, 5 * k, 8 * k)
    x, n = leaf(rnd(b, t, d)), lengths(b, t)
    real, seen = masks(n, t, causal)
    y = m(x, x, x, key_padding_mask=~real, attn_mask=seen, need_weights=False)[0]
    return outcome({"x": x, "lengths": n}, of(m), {"y": y}, attr={"heads": 2, "causal": causal})


case("attention_causal")(lambda k: attention(k, True))


def block(k, norm_first, activation):
    m = nn.TransformerEncoderLayer(8 * k, 2, 12 * k, 0.0, activation, batch_first=True, norm_first=norm_first)
    m, x, n = rounded(m, 0.5).train(), leaf(rnd(2, 4 * k, 8 * k)), lengths(2, 4 * k)
    real, _ = masks(n, 4 * k, False)
    attr = {"heads": 2, "feed_forward": 12 * k, "norm_first": norm_first, "activation": activation}
    return outcome({"x": x, "lengths": n}, of(m), {"y": m(x, src_key_padding_mask=~real)}, attr=attr)


case("transformer_post")(lambda k: block(k, False, "gelu"))
case("transformer_pre")(lambda k: block(k, True, "relu"))


@case("highway")
def highway(k):
    m, x = rounded(nn.ModuleList(nn.Linear(6 * k, 12 * k) for _ in range(2))), leaf(rnd(3, 6 * k))
    y = x
    for layer in m:
        a, g = layer(y).chunk(2, -1)
        g = torch.sigmoid(g)
        y = g * F.relu(a) + (1 - g) * y
    return outcome({"x": x}, of(m), {"y": y})


# The conditional random field and its losses ---------------------------------------------------------------------------
def chain(k):
    from torchcrf import CRF
    b, t, tags = 3, 5 * k, 4
    m, e, n = rounded(CRF(tags, batch_first=True)), leaf(rnd(b, t, tags)), lengths(b, t)
    return m, e, n, torch.randint(tags, (b, t)), torch.arange(t)[None] < n[:, None]


def log_marginals(m, e, mask):
    """The gradient of log Z in the emissions, differentiable again."""
    z = m._compute_normalizer(e.transpose(0, 1), mask.transpose(0, 1))
    p = torch.autograd.grad(z.sum(), e, create_graph=True)[0]
    return z, torch.where(mask[..., None], p, torch.ones_like(p)).log()


@case("crf")
def crf(k):
    m, e, n, y, mask = chain(k)
    z, logp = log_marginals(m, e, mask)
    best = torch.zeros_like(y)
    for i, path in enumerate(m.decode(e, mask)):
        best[i, : len(path)] = torch.tensor(path)
    outputs = {"nll": -m(e, y, mask, reduction="none"), "log_z": z, "log_marginals": logp}
    return outcome({"emissions": e, "lengths": n, "tags": y}, of(m), outputs, {"out.best": best})


def crf_loss(f):
    def make(k):
        m, e, n, y, mask = chain(k)
        logp = log_marginals(m, e, mask)[1].gather(2, y[..., None])[..., 0][mask]
        nll = -m(e, y, mask, reduction="none")
        return outcome({"emissions": e, "lengths": n, "tags": y}, of(m), {"loss": f(logp, nll)})
    return make


focal_of = lambda logp, g: -((1 - logp.exp()) ** g * logp)
case("loss_token_cross_entropy")(crf_loss(lambda logp, nll: -logp.mean()))
case("loss_token_focal")(crf_loss(lambda logp, nll: focal_of(logp, 2).mean()))
case("loss_sequence_focal")(crf_loss(lambda logp, nll: focal_of(-nll, 2).mean()))
case("loss_token_ghm")(crf_loss(lambda logp, nll: ghm_step(logp, torch.zeros(10), 10, 0.75)[0]))


# Losses on logits ------------------------------------------------------------------------------------------------------
def ghm_step(logp, state, bins, momentum):
    """GHM-C with bins over g = 1 - p; weights are constants in the gradient."""
    j = ((1 - logp.detach().exp()) * bins).long().clamp(max=bins - 1)
    count = torch.bincount(j, minlength=bins).double()
    new = torch.where(count > 0, momentum * state + (1 - momentum) * count, state)
    beta = len(logp) / (new[j] * (count > 0).sum())
    return -(beta * logp).mean(), new


def classes(k):
    return leaf(rnd(7 * k, 5)), torch.randint(5, (7 * k,))


def ce(weights, smoothing, ignore, reduction):
    def make(k):
        x, y = classes(k)
        w = (torch.rand(5) + 0.5).float().double() if weights else None
        extra = {"weight": w} if weights else {}
        loss = F.cross_entropy(x, y, w, ignore_index=1 if ignore else -100, reduction=reduction, label_smoothing=smoothing)
        attr = {"smoothing": smoothing, "ignore": 1 if ignore else None, "reduction": reduction}
        return outcome({"x": x, "labels": y} | extra, {}, {"loss": loss}, attr=attr)
    return make


case("loss_cross_entropy")(ce(False, 0.0, False, "mean"))
case("loss_cross_entropy_sum")(ce(True, 0.1, False, "sum"))
case("loss_cross_entropy_all")(ce(True, 0.1, True, "mean"))


def focal(gamma):
    def make(k):
        x, y = classes(k)
        logp = F.log_softmax(x, -1).gather(1, y[:, None])[:, 0]
        return outcome({"x": x, "labels": y}, {}, {"loss": focal_of(logp, gamma).mean()}, attr={"gamma": gamma})
    return make


for g in (0.0, 1.0, 2.0):
    case(f"loss_focal_{int(g)}")(focal(g))


@case("loss_ghm")
def ghm(k):
    state, inputs, outputs = torch.zeros(10), {}, {}
    for i in range(3):
        x, y = classes(4 * k)
        logp = F.log_softmax(x, -1).gather(1, y[:, None])[:, 0]
        loss, state = ghm_step(logp, state, 10, 0.75)
        inputs |= {f"x{i}": x, f"labels{i}": y}
        outputs[f"loss{i}"] = loss
    return outcome(inputs, {}, outputs)


@case("loss_bce")
def bce(k):
    x, t = leaf(rnd(4 * k, 3)), torch.rand(4 * k, 3).float().double()
    return outcome({"x": x, "targets": t}, {}, {"loss": F.binary_cross_entropy_with_logits(x, t)})


# Contrastive losses --------------------------------------------------------------------------------------------------------
def pairs(k, n=2):
    return [leaf(rnd(5 * k, 4)) for _ in range(n)]


@case("loss_info_nce", 100)
def info_nce(k):
    a, p = pairs(k)
    logits = F.cosine_similarity(a[:, None], p[None], -1) / 0.25
    return outcome({"a": a, "p": p}, {}, {"loss": F.cross_entropy(logits, torch.arange(len(a)))}, attr={"temperature": 0.25})


@case("loss_triplet", 101)
def triplet(k):
    a, p = pairs(k)
    d = (a[:, None] - p[None]).norm(dim=-1)
    n = p[(d + torch.eye(len(a)) * 1e9).argmin(1)]
    return outcome({"a": a, "p": p}, {}, {"loss": F.triplet_margin_loss(a, p, n, 0.5, eps=0.0)}, attr={"margin": 0.5})


@case("loss_triplet_of", 102)
def triplet_of(k):
    a, p, n = pairs(k, 3)
    loss = F.triplet_margin_loss(a, p, n, 0.5, eps=0.0)
    return outcome({"a": a, "p": p, "n": n}, {}, {"loss": loss}, attr={"margin": 0.5})


def neighbours(square, beta):
    """ln of softmax over the others, from squared distances."""
    return F.log_softmax((-beta * square).masked_fill(torch.eye(len(square), dtype=torch.bool), -torch.inf), -1)


@case("loss_sne", 103)
def sne(k):
    x, y = rnd(6 * k, 5), leaf(rnd(6 * k, 2))
    square = lambda z: (z[:, None] - z[None]).square().sum(-1)
    others, low, high = ~torch.eye(len(x), dtype=torch.bool), torch.full((len(x), 1), -30.0), torch.full((len(x), 1), 30.0)
    for _ in range(200):
        logp = neighbours(square(x), ((low + high) / 2).exp()).masked_fill(~others, 0.0)
        wide = -(logp.exp() * others * logp).sum(1, keepdim=True) > torch.tensor(2.5).log()
        low, high = torch.where(wide, (low + high) / 2, low), torch.where(wide, high, (low + high) / 2)
    loss = F.kl_div(neighbours(square(y), 1.0)[others], logp[others], reduction="sum", log_target=True)
    return outcome({"x": x, "y": y}, {}, {"loss": loss}, attr={"perplexity": 2.5})


# Optimizers: twenty steps on given gradients -----------------------------------------------------------------------------
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.01, foreach=False),
    "sgd_momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, dampening=0.1, foreach=False),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, foreach=False),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1, lr_decay=0.01, weight_decay=0.01, foreach=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01, foreach=False),
    "rmsprop_centered": lambda p: torch.optim.RMSprop(p, 0.01, momentum=0.9, centered=True, foreach=False),
    "adam": lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.01, foreach=False),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1, foreach=False),
    "radam": lambda p: torch.optim.RAdam(p, 0.01, weight_decay=0.01, foreach=False),
}


def optimizer(name):
    def make(k):
        w = [nn.Parameter(rnd(3, 4 * k)), nn.Parameter(rnd(5))]
        t = {f"param.{n}": p.detach().clone() for n, p in zip("ab", w)}
        o = OPTIMIZERS[name](w)
        for step in range(20):
            for n, p in zip("ab", w):
                p.grad = rnd(*p.shape)
                t[f"grad.{n}.{step}"] = p.grad
            o.step()
        return t | {f"out.{n}": p.detach() for n, p in zip("ab", w)}, {}
    return make


for name in OPTIMIZERS:
    case(f"optim_{name}")(optimizer(name))


def average(warmup):
    def make(k):
        from torch.optim.swa_utils import AveragedModel
        w = nn.ParameterList([nn.Parameter(rnd(3, 4 * k)), nn.Parameter(rnd(5))])
        decay = lambda t: min(0.9, (1 + t) / (10 + t)) if warmup else 0.9
        mean, t = AveragedModel(w, avg_fn=lambda a, w, n: decay(n.item()) * a + (1 - decay(n.item())) * w), {}
        for step in range(20):
            for n, p in zip("ab", w):
                p.data = rnd(*p.shape)
                t[f"in.{n}.{step}"] = p.data
            mean.update_parameters(w)
        return t | {f"out.{n}": p.detach() for n, p in zip("ab", mean.module)}, {"decay": 0.9, "warmup": warmup}
    return make


case("average", 104)(average(False))
case("average_warmup", 105)(average(True))


@case("clip")
def clip(k):
    g = [rnd(3, 4 * k), rnd(5)]
    t = {f"grad.{n}": x for n, x in zip("ab", g)}
    for kind, f in (("norm", lambda p: nn.utils.clip_grad_norm_(p, 1.5)), ("value", lambda p: nn.utils.clip_grad_value_(p, 0.4))):
        p = [nn.Parameter(torch.zeros_like(x)) for x in g]
        for q, x in zip(p, g):
            q.grad = x.clone()
        f(p)
        t |= {f"out.{kind}.{n}": q.grad for n, q in zip("ab", p)}
    return t, {}


@case("schedules")
def schedules(k):
    from torch.optim import lr_scheduler as S
    warm, root = (lambda t: min(1, (t + 1) / 5)), (lambda t: min((t + 1) / 5, (5 / (t + 1)) ** 0.5))
    kinds = {
        "step": lambda o: S.StepLR(o, 4, 0.5), "exponential": lambda o: S.ExponentialLR(o, 0.9),
        "cosine": lambda o: S.CosineAnnealingLR(o, 20, 0.1), "linear_warmup": lambda o: S.LambdaLR(o, warm),
        "inverse_sqrt": lambda o: S.LambdaLR(o, root),
    }
    t = {}
    for name, make in kinds.items():
        o = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
        s, rates = make(o), []
        for _ in range(20):
            rates.append(o.param_groups[0]["lr"])
            o.step(); s.step()
        t[f"out.{name}"] = torch.tensor(rates)
    o = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
    s, metric, rates = S.ReduceLROnPlateau(o, "min", 0.5, 2), (torch.randn(20).abs() + 1).float().double(), []
    for v in metric:
        s.step(v.item()); rates.append(o.param_groups[0]["lr"])
    return t | {"in.metric": metric, "out.plateau": torch.tensor(rates)}, {}


# Models ------------------------------------------------------------------------------------------------------------------
def trained(m, loss_of, frozen, rate=0.05, eps=1e-8):
    """Loss and gradients, and ten steps with either optimizer, from parameters that are drawn already."""
    start = {n: p.detach().clone() for n, p in m.named_parameters()}
    loss = loss_of()
    grads = dict(zip(start, torch.autograd.grad(loss, list(m.parameters()))))
    out = {"out.loss": loss} | {f"param.{n}": p for n, p in start.items()} | {f"grad.{n}": g for n, g in grads.items()}
    for name, skip, optim in (
        ("sgd", (), lambda p: torch.optim.SGD(p, rate, momentum=0.9)),
        ("adam", frozen, lambda p: torch.optim.Adam(p, 1e-3, eps=eps)),
    ):
        for q, p in m.named_parameters():
            p.data = start[q].clone()
        o, losses = optim([p for q, p in m.named_parameters() if q not in skip]), []
        for _ in range(10):
            o.zero_grad(); loss = loss_of(); loss.backward(); o.step()
            losses.append(loss.detach())
        out[f"out.{name}.losses"] = torch.stack(losses)
        out |= {f"out.{name}.{q}": p.detach().clone() for q, p in m.named_parameters()}
    for q, p in m.named_parameters():
        p.data = start[q].clone()
    return out


def model(build, attr, frozen):
    def make(k):
        m, b, t = rounded(build(k), 0.4), 4, 8 * k
        ids, n, y = torch.randint(30, (b, t)), lengths(b, t), torch.randint(3, (b,))
        out = trained(m, lambda: F.cross_entropy(m((ids, n)), y), frozen)
        out |= {"in.ids": ids, "in.lengths": n, "in.labels": y, "out.logits": m((ids, n))}
        return out, attr | {"frozen": list(frozen), "scale": k}
    return make


KEY_BIAS = ("attn.in_proj_bias",)
case("model_textcnn")(model(lambda k: TextCnn(30, 8 * k, 5, (2, 3, 4), False), {"attention": 0}, ()))
case("model_textcnn_attention")(model(lambda k: TextCnn(30, 8 * k, 5, (2, 3, 4), True), {"attention": 2}, KEY_BIAS))
case("model_bilstm")(model(lambda k: BiLstm(30, 8 * k, 4, False, False), {"attention": 0, "norm": False}, ()))
case("model_bilstm_all")(model(lambda k: BiLstm(30, 8 * k, 4, True, True), {"attention": 2, "norm": True}, KEY_BIAS))


def words(b, t):
    """Numbers of words, lengths, up to five characters for each word, their numbers; what is past an end is noise."""
    n = lengths(b, t)
    spelled = torch.randint(1, 6, (b, t)) * (torch.arange(t)[None] < n[:, None])
    return torch.randint(30, (b, t)), n, torch.randint(1, 12, (b, t, 5)), spelled


def named(prefix, w):
    return {f"in.{prefix}{n}": x for n, x in zip(("ids", "lengths", "chars", "spelled"), w)}


def of_kind(kind, k):
    return (kind, 12, 4, 6 * k) if kind else None


# A loss that grows, and gradients that are all rounding, would pass rounding on to the leading digits.
CALM = {"rate": 0.01, "eps": 1e-4}


def spelled(build, kind, attr, frozen):
    """A classifier that reads characters."""
    def make(k):
        m, b, t = rounded(build(k, of_kind(kind, k)), 0.4), 4, 8 * k
        w, y = words(b, t), torch.randint(3, (b,))
        out = trained(m, lambda: F.cross_entropy(m(w), y), frozen, **CALM)
        attr_of = attr | {"characters": kind, "frozen": list(frozen), "scale": k} | CALM
        return out | named("", w) | {"in.labels": y, "out.logits": m(w)}, attr_of
    return make


case("model_textcnn_cnn", 205)(spelled(
    lambda k, chars: TextCnn(30, 6 * k, 5, (2, 3, 4), True, chars), "cnn", {"attention": 2}, KEY_BIAS))
case("model_bilstm_lstm", 206)(spelled(
    lambda k, chars: BiLstm(30, 6 * k, 4, False, False, chars), "lstm", {"attention": 0, "norm": False}, ()))


def bilstm_crf(kind, attention, frozen):
    def make(k):
        m, b, t = rounded(BiLstmCrf(30, 6 * k, 4 * k, 5, of_kind(kind, k), attention), 0.4), 4, 8 * k
        w, y = words(b, t), torch.randint(5, (b, t))
        mask, best = torch.arange(t)[None] < w[1][:, None], torch.zeros_like(y)
        out = trained(m, lambda: -m.crf(m(w), y, mask, reduction="mean"), frozen, **CALM)
        for i, path in enumerate(m.crf.decode(m(w), mask)):
            best[i, : len(path)] = torch.tensor(path)
        attr = {"characters": kind, "kernel": 3, "attention": 2 * attention, "frozen": list(frozen), "scale": k} | CALM
        return out | named("", w) | {"in.tags": y, "out.emissions": m(w), "out.best": best}, attr
    return make


case("model_bilstm_crf", 200)(bilstm_crf(None, False, ()))
case("model_bilstm_crf_cnn", 201)(bilstm_crf("cnn", False, ()))
case("model_bilstm_crf_lstm", 202)(bilstm_crf("lstm", True, KEY_BIAS))


def bidaf(kind, attention, frozen):
    def make(k):
        m, b, t = rounded(BiDaf(30, 6 * k, 4 * k, of_kind(kind, k), attention), 0.4), 4, 8 * k
        c, q = words(b, t), words(b, 4 * k)
        start, end = ((torch.rand(b) * c[1]).long() for _ in range(2))
        def loss():
            y = m(c, q)
            pooled = sum((y[f"{layer}.context"] * y[f"{layer}.question"]).sum(1).mean() for layer in ("embedded", "encoded"))
            return F.cross_entropy(y["start"], start) + F.cross_entropy(y["end"], end) + pooled
        out = trained(m, loss, frozen, **CALM) | {f"out.{n}": x for n, x in m(c, q).items()}
        attr = {"characters": kind, "kernel": 3, "attention": 2 * attention, "frozen": list(frozen), "scale": k} | CALM
        return out | named("context.", c) | named("question.", q) | {"in.start": start, "in.end": end}, attr
    return make


# What moves all logits of a softmax alike has no effect.
ALIKE = ("wc.bias", "p1.bias", "p2.bias")
case("model_bidaf", 203)(bidaf(None, False, ALIKE))
case("model_bidaf_cnn", 204)(bidaf("cnn", True, ALIKE + KEY_BIAS))


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
