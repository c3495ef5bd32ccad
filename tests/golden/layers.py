"""Layers, each with its gradients."""
import torch, torch.nn as nn, torch.nn.functional as F
from cases import case, leaf, lengths, of, outcome, rnd, rounded


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
