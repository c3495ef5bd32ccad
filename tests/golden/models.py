"""Models: outputs, loss and gradients, and ten steps with either optimizer."""
import torch, torch.nn.functional as F
from cases import case, lengths, rounded
from twins import real, BiDaf, BiLstm, BiLstmCrf, RnnLm, Seq2SeqRnn, Seq2SeqTransformer, TextCnn, TransformerLm


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
    """Word ids, lengths, up to five character ids for each word, and their counts; values past an end are noise."""
    n = lengths(b, t)
    spelled = torch.randint(1, 6, (b, t)) * (torch.arange(t)[None] < n[:, None])
    return torch.randint(30, (b, t)), n, torch.randint(1, 12, (b, t, 5)), spelled


def named(prefix, w):
    return {f"in.{prefix}{n}": x for n, x in zip(("ids", "lengths", "chars", "spelled"), w)}


def of_kind(kind, k):
    return (kind, 12, 4, 6 * k) if kind else None


# If the loss grows, or a gradient consists of rounding errors, rounding reaches the leading digits.
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


# A shift of all logits of a softmax has no effect.
ALIKE = ("wc.bias", "p1.bias", "p2.bias")
case("model_bidaf", 203)(bidaf(None, False, ALIKE))
case("model_bidaf_cnn", 204)(bidaf("cnn", True, ALIKE + KEY_BIAS))


def language(build, frozen):
    """A language model: the logits of two stretches of text, and the loss of the second one after the first."""
    def make(k):
        m, b, t, v = rounded(build(k), 0.4), 3, 6 * k, 20
        first, ids, y = (torch.randint(v, (b, t)) for _ in range(3))
        def logits():
            if isinstance(m, TransformerLm):
                return m(ids)
            return m(ids, m(first)[1])[0]
        out = trained(m, lambda: F.cross_entropy(logits().flatten(0, 1), y.flatten(), label_smoothing=0.1), frozen, **CALM)
        out |= {"in.first": first, "in.ids": ids, "in.next": y, "out.logits": logits()}
        return out, {"frozen": list(frozen), "scale": k, "heads": 2} | CALM
    return make


KEY_BIASES = tuple(f"blocks.{i}.self_attn.in_proj_bias" for i in range(2))
case("model_rnn_lm", 207)(language(lambda k: RnnLm(20, 6 * k, 8 * k, 3), ()))
case("model_transformer_lm", 208)(language(lambda k: TransformerLm(20, 8 * k, 2, 12 * k, 2, 7 * k), KEY_BIASES))


def translation(build, attr, frozen):
    """Logits of the targets, and the mean loss of those that are no padding, which is token 0."""
    def make(k):
        m, b, s, t, v = rounded(build(k), 0.4), 3, 6 * k, 5 * k, 20
        source, n, target = torch.randint(1, v, (b, s)), lengths(b, s), torch.randint(1, v, (b, t))
        y = torch.randint(1, v, (b, t)) * real(lengths(b, t), t)
        loss = lambda: F.cross_entropy(m(source, n, target).flatten(0, 1), y.flatten(), label_smoothing=0.1, ignore_index=0)
        out = trained(m, loss, frozen, **CALM)
        out |= {"in.source": source, "in.lengths": n, "in.target": target, "in.next": y, "out.logits": m(source, n, target)}
        return out, attr | {"frozen": list(frozen), "scale": k, "heads": 2} | CALM
    return make


KEY_BIASES = tuple(f"{side}.{i}.{name}.in_proj_bias" for i in range(2) for side, name in
                   (("encoder", "self_attn"), ("decoder", "self_attn"), ("decoder", "multihead_attn")))
for number, feeding in ((209, False), (210, True)):
    case("model_seq2seq_rnn" + "_feeding" * feeding, number)(translation(
        lambda k, feeding=feeding: Seq2SeqRnn(20, 6 * k, 4 * k, 2, feeding), {"feeding": feeding}, ()))
for number, pre in ((211, True), (212, False)):
    case("model_seq2seq_transformer_" + ("pre" if pre else "post"), number)(translation(
        lambda k, pre=pre: Seq2SeqTransformer(20, 8 * k, 2, 12 * k, 2, pre), {"pre_norm": pre}, KEY_BIASES))
