#!/usr/bin/env python3
"""The PyTorch side of `gradus-benches --python`: each request and each answer is one line of JSON.

  {"do": "time", "name": N, "seconds": S}   ->  {"times": [milliseconds, ...]}
  {"do": "steps", "name": N, "file": F, "rate": R, "momentum": M}
      ->  {} once F holds weights, batches, and three steps of SGD without dropout
  {"do": "translations", "name": N, "file": F}   ->  {} once F holds weights, sources and their translations
`torch_peer.py THREADS` serves requests, with `--onnx` by ONNX Runtime, for models that read a batch, with `--ctranslate2` by
CTranslate2, for models that translate; `torch_peer.py THREADS --memory NAME` prints {"rss_mb", "rss_base_mb"} and exits.
"""
import contextlib, itertools, json, os, sys, tempfile, time
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy
from torchcrf import CRF
from transformers import BertConfig, BertForSequenceClassification

# The tokens at the ends of translations.
START, END = 1, 2
SPEC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workloads.json")


def bilstm(inputs, hidden, layers=1, dropout=0.0):
    return nn.LSTM(inputs, hidden, layers, batch_first=True, bidirectional=True, dropout=dropout)


class TextCnn(nn.Module):
    def __init__(s, w):
        super().__init__()
        s.emb = nn.Embedding(w["vocab"], w["embed"])
        s.convs = nn.ModuleList(nn.Conv1d(w["embed"], w["filters"], k) for k in w["kernels"])
        s.drop, s.out = nn.Dropout(0.5), nn.Linear(w["filters"] * len(w["kernels"]), 2)

    def loss(s, ids, second, y):
        x = s.emb(ids).transpose(1, 2)
        best = [F.relu(conv(x)).amax(2) for conv in s.convs]
        return cross_entropy(s.out(s.drop(torch.cat(best, 1))), y[0])


class BiLstm(nn.Module):
    def __init__(s, w):
        super().__init__()
        s.emb = nn.Embedding(w["vocab"], w["embed"])
        s.rnn = bilstm(w["embed"], w["hidden"], w["layers"], 0.5)
        s.drop, s.out = nn.Dropout(0.5), nn.Linear(2 * w["hidden"], 2)

    def loss(s, ids, second, y):
        h = s.rnn(s.drop(s.emb(ids)))[0].mean(1)
        return cross_entropy(s.out(s.drop(h)), y[0])


class BiLstmCrf(nn.Module):
    def __init__(s, w):
        super().__init__()
        s.emb, s.rnn = nn.Embedding(w["vocab"], w["embed"]), bilstm(w["embed"], w["hidden"])
        s.drop, s.out = nn.Dropout(0.5), nn.Linear(2 * w["hidden"], w["tags"])
        s.crf = CRF(w["tags"], batch_first=True)

    def loss(s, ids, second, y):
        emissions = s.out(s.drop(s.rnn(s.drop(s.emb(ids)))[0]))
        return -s.crf(emissions, y[0], mask=torch.ones_like(ids, dtype=torch.bool), reduction="mean")


class BiDaf(nn.Module):
    def __init__(s, w):
        super().__init__()
        d, h, p = w["embed"], w["hidden"], 0.2
        s.emb, s.hw = nn.Embedding(w["vocab"], d), nn.ModuleList(nn.Linear(d, 2 * d) for _ in range(2))
        s.ctx, s.m1, s.m2 = bilstm(d, h), bilstm(8 * h, h, 2, p), bilstm(2 * h, h)
        s.wc, s.wq, s.wcq = nn.Linear(2 * h, 1), nn.Linear(2 * h, 1, bias=False), nn.Parameter(torch.randn(2 * h) * 0.05)
        s.p1, s.p2, s.drop = nn.Linear(10 * h, 1), nn.Linear(10 * h, 1), nn.Dropout(p)

    def encode(s, ids):
        x = s.emb(ids)
        for layer in s.hw:
            candidate, gate = layer(x).chunk(2, -1)
            gate = torch.sigmoid(gate)
            x = gate * F.relu(candidate) + (1 - gate) * x
        return s.ctx(s.drop(x))[0]

    def loss(s, ids, second, y):
        c, q = s.encode(ids), s.encode(second)
        score = s.wc(c) + s.wq(q).transpose(1, 2) + (c * s.wcq) @ q.transpose(1, 2)
        of_question = score.softmax(-1) @ q
        of_context = (score.amax(-1).softmax(-1)[:, None] @ c).expand_as(c)
        g = torch.cat([c, of_question, c * of_question, c * of_context], -1)
        m = s.m1(s.drop(g))[0]
        ends = s.m2(s.drop(m))[0]
        start, end = s.p1(torch.cat([g, m], -1))[..., 0], s.p2(torch.cat([g, ends], -1))[..., 0]
        return cross_entropy(start, y[0]) + cross_entropy(end, y[1])


class Block(nn.Module):
    def __init__(s, w, causal):
        super().__init__()
        d, s.heads, s.causal = w["dim"], w["heads"], causal
        s.qkv, s.o, s.f1, s.f2 = nn.Linear(d, 3 * d), nn.Linear(d, d), nn.Linear(d, w["ff"]), nn.Linear(w["ff"], d)
        s.n1, s.n2, s.drop = nn.LayerNorm(d), nn.LayerNorm(d), nn.Dropout(0.1)

    def forward(s, x):
        b, t, d = x.shape
        q, k, v = s.qkv(x).view(b, t, 3, s.heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=s.causal)
        x = s.n1(x + s.drop(s.o(seen.transpose(1, 2).reshape(b, t, d))))
        return s.n2(x + s.drop(s.f2(F.gelu(s.f1(x)))))


class Encoder(nn.Module):
    def __init__(s, w):
        super().__init__()
        s.causal = w["kind"] == "train_transformer_lm"
        s.emb, s.pos, s.n = nn.Embedding(w["vocab"], w["dim"]), nn.Embedding(512, w["dim"]), nn.LayerNorm(w["dim"])
        s.blocks, s.drop = nn.ModuleList(s.block(w) for _ in range(w["layers"])), nn.Dropout(0.1)
        s.out = nn.Linear(w["dim"], w["vocab"] if s.causal else 2)

    def block(s, w):
        return Block(w, s.causal)

    def loss(s, ids, second, y):
        h = s.drop(s.n(s.emb(ids) + s.pos.weight[: ids.shape[1]]))
        for block in s.blocks:
            h = block(h)
        return cross_entropy(s.out(h.flatten(0, 1) if s.causal else h[:, 0]), y[0])


class EncoderAttentionDropout(Encoder):
    def block(s, w):
        return nn.TransformerEncoderLayer(w["dim"], w["heads"], w["ff"], 0.1, F.gelu, batch_first=True)


class Bert(BertForSequenceClassification):
    def __init__(s, w):
        sizes = {"vocab_size": w["vocab"], "hidden_size": w["dim"], "num_hidden_layers": w["layers"]}
        super().__init__(BertConfig(**sizes, num_attention_heads=w["heads"], intermediate_size=w["ff"], pad_token_id=None))

    def loss(s, ids, second, y):
        return cross_entropy(s(ids).logits, y[0])


class LstmLanguageModel(nn.Module):
    def __init__(s, w):
        super().__init__()
        s.e, s.o = nn.Embedding(w["vocab"], w["embed"]), nn.Linear(w["hidden"], w["vocab"])
        s.r = nn.LSTM(w["embed"], w["hidden"], w["layers"], batch_first=True, dropout=0.5)

    def loss(s, ids, second, y):
        return cross_entropy(s.o(s.r(s.e(ids))[0]).flatten(0, 1), y[0])


def uneven_lengths(b, t, factor):
    """As `uneven_lengths` in ids.rs: from T / 2 to T, in no order."""
    return torch.tensor([t - factor * i % b * t // (2 * b) for i in range(b)])


def past(lengths, t):
    """The places past the ends [B, T]."""
    return torch.arange(t) >= lengths[:, None]


class Seq2Seq(nn.Module):
    """Source and translation have one table of vectors, which also predicts."""

    def loss(s, source, translation, y):
        lengths, lengths_of_translations = y
        next = translation[:, 1:].masked_fill(past(lengths_of_translations, translation.shape[1] - 1), -100)
        logits = F.linear(s.hidden(source, lengths, translation[:, :-1]), s.embed.weight, s.bias)
        return cross_entropy(logits.flatten(0, 1), next.flatten(), label_smoothing=0.1)


class Seq2SeqTransformer(Seq2Seq):
    def __init__(s, w):
        super().__init__()
        s.d, s.heads, s.drop = w["dim"], w["heads"], nn.Dropout(0.1)
        block = {"dropout": 0.1, "batch_first": True, "norm_first": True}
        blocks = lambda kind: nn.ModuleList(kind(s.d, s.heads, w["ff"], **block) for _ in range(w["layers"]))
        s.embed, s.bias = nn.Embedding(w["vocab"], s.d), nn.Parameter(torch.zeros(w["vocab"]))
        nn.init.normal_(s.embed.weight, std=s.d**-0.5)
        s.encoder, s.decoder = blocks(nn.TransformerEncoderLayer), blocks(nn.TransformerDecoderLayer)
        s.encoder_norm, s.decoder_norm = nn.LayerNorm(s.d), nn.LayerNorm(s.d)
        angles = torch.arange(512)[:, None] / 10_000 ** (torch.arange(0, s.d, 2, dtype=torch.float64) / s.d)
        s.register_buffer("places", torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float())

    def embedded(s, ids, first=0):
        return s.drop(s.embed(ids) * s.d**0.5 + s.places[first : first + ids.shape[1]])

    def encode(s, source, lengths):
        x, padding = s.embedded(source), past(lengths, source.shape[1])
        for block in s.encoder:
            x = block(x, src_key_padding_mask=padding)
        return s.encoder_norm(x), padding

    def hidden(s, source, lengths, target):
        m, padding = s.encode(source, lengths)
        x, causal = s.embedded(target), nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        for block in s.decoder:
            x = block(x, m, tgt_mask=causal, tgt_is_causal=True, memory_key_padding_mask=padding)
        return s.decoder_norm(x)

    def split(s, projected, parts):
        """[B, T, parts · D] as parts of [B, N, T, d]."""
        b, t, _ = projected.shape
        return projected.view(b, t, parts, s.heads, -1).permute(2, 0, 3, 1, 4)

    @torch.inference_mode()
    def search(s, source, lengths, width, longest):
        """The `width` likeliest translations of each source that a beam search finds [B, width, longest], none of which ends."""
        m, padding = s.encode(source, lengths)
        b, d = source.shape[0], s.d
        real, sources = ~padding[:, None, None], torch.arange(b)[:, None]
        of_memory = lambda a: s.split(F.linear(m, a.in_proj_weight[d:], a.in_proj_bias[d:]), 2)
        memories = [of_memory(block.multihead_attn) for block in s.decoder]
        caches, scores = [None] * len(s.decoder), torch.zeros(b, 1)
        parents, tokens, found = torch.arange(b), torch.full((b,), START), torch.empty(b, 0, dtype=torch.long)
        for t in range(longest):
            rows = len(tokens)
            x = s.embedded(tokens[:, None], t)
            for i, (block, memory) in enumerate(zip(s.decoder, memories)):
                attention, across = block.self_attn, block.multihead_attn
                q, *new = s.split(F.linear(block.norm1(x), attention.in_proj_weight, attention.in_proj_bias), 3)
                old = caches[i] or [x[:0]] * 2
                caches[i] = [torch.cat([old.index_select(0, parents), new], 2) if t else new for old, new in zip(old, new)]
                seen = F.scaled_dot_product_attention(q, *caches[i])
                x = x + attention.out_proj(seen.transpose(1, 2).reshape(rows, 1, d))
                # The hypotheses of a source are queries to one memory.
                q = F.linear(block.norm2(x), across.in_proj_weight[:d], across.in_proj_bias[:d])
                q = s.split(q.view(b, rows // b, d), 1)[0]
                seen = F.scaled_dot_product_attention(q, *memory, attn_mask=real)
                x = x + across.out_proj(seen.transpose(1, 2).reshape(rows, 1, d))
                x = x + block.linear2(F.relu(block.linear1(block.norm3(x))))
            log_p = F.linear(s.decoder_norm(x[:, 0]), s.embed.weight, s.bias).log_softmax(-1)
            best, at = log_p.topk(width)
            scores, order = (scores[:, :, None] + best.view(b, -1, width)).flatten(1).topk(width)
            parents = (order // width + sources * (rows // b)).flatten()
            tokens = at.view(b, -1).gather(1, order).flatten()
            found = torch.cat([found[parents], tokens[:, None]], 1)
        return found.view(b, width, longest)


class Seq2SeqRnn(Seq2Seq):
    def __init__(s, w):
        super().__init__()
        v, d, h = w["vocab"], w["embed"], w["hidden"]
        s.embed, s.bias, s.drop = nn.Embedding(v, d), nn.Parameter(torch.zeros(v)), nn.Dropout(0.3)
        nn.init.normal_(s.embed.weight, std=0.1)
        s.encoder, s.decoder = bilstm(d, h), nn.LSTM(d, 2 * h, batch_first=True)
        s.attention, s.combine = nn.Linear(2 * h, 2 * h, bias=False), nn.Linear(4 * h, d, bias=False)

    def hidden(s, source, lengths, target):
        packed = nn.utils.rnn.pack_padded_sequence(s.drop(s.embed(source)), lengths, True, enforce_sorted=False)
        m, last = s.encoder(packed)
        m, _ = nn.utils.rnn.pad_packed_sequence(m, True, total_length=source.shape[1])
        # Both directions side by side: [2, B, H] → [1, B, 2H].
        state = tuple(x.transpose(0, 1).flatten(1)[None] for x in last)
        h = s.drop(s.decoder(s.drop(s.embed(target)), state)[0])
        scores = s.attention(h) @ m.transpose(1, 2)
        weights = scores.masked_fill(past(lengths, source.shape[1])[:, None], -torch.inf).softmax(-1)
        return s.drop(torch.tanh(s.combine(torch.cat([weights @ m, h], -1))))


STEPS = {
    "train_textcnn": TextCnn, "train_bilstm": BiLstm, "train_bilstm_crf": BiLstmCrf, "train_bidaf": BiDaf,
    "train_encoder": Encoder, "train_encoder_attention_dropout": EncoderAttentionDropout,
    "train_transformer_lm": Encoder, "train_lstm_lm": LstmLanguageModel, "train_bert": Bert, "bert": Bert,
    "train_seq2seq_transformer": Seq2SeqTransformer, "train_seq2seq_rnn": Seq2SeqRnn,
}


class Step:
    """A model with its batches: ids and second texts change at every step, targets do not."""

    def __init__(s, w, batches, optimizer=lambda parameters: torch.optim.AdamW(parameters, fused=True)):
        torch.manual_seed(0)
        s.model, v, b, t = STEPS[w["kind"]](w), w["vocab"], w["batch"], w["len"]
        zipf = 1 / (torch.arange(v) + 2.7)

        def ids(*shape):
            n = torch.Size(shape).numel()
            drawn = torch.multinomial(zipf, n, replacement=True) if w.get("ids") == "zipf" else torch.randint(v, (n,))
            return drawn.view(shape)

        s.ids = [ids(b, t) for _ in range(batches)]
        kind = w["kind"]
        # Questions, or translations from the token before their first one on.
        j = t + 1 if kind.startswith("train_seq2seq") else w.get("question_len")
        s.second = [ids(b, j) if j else None for _ in range(batches)]
        if kind == "train_bilstm_crf": s.targets = [torch.randint(w["tags"], (b, t))]
        elif kind == "train_bidaf": s.targets = [torch.randint(t, (b,)) for _ in range(2)]
        elif kind.startswith("train_seq2seq"): s.targets = [uneven_lengths(b, t, factor) for factor in (5, 7)]
        elif kind.endswith("_lm"): s.targets = [torch.randint(v, (b * t,))]
        else: s.targets = [torch.randint(2, (b,))]
        s.optimizer, s.next = optimizer(s.model.parameters()), 0

    def __call__(s):
        i, s.next = s.next, (s.next + 1) % len(s.ids)
        s.optimizer.zero_grad(set_to_none=True)
        loss = s.model.loss(s.ids[i], s.second[i], s.targets)
        loss.backward()
        s.optimizer.step()
        return loss


def both(forward, *leaves):
    """Forward and backward with the gradients of the leaves."""
    with torch.no_grad():
        dy = torch.randn_like(forward())

    def run():
        for leaf in leaves:
            leaf.grad = None
        forward().backward(dy)
    return run


def operation(w):
    kind, g = w["kind"], lambda *shape: torch.randn(*shape, requires_grad=True)
    if kind == "gemm":
        (m, k, n), layout = (w[size] for size in "mkn"), w.get("layout", "nn")
        a = torch.randn(k, m).t() if layout == "tn" else torch.randn(m, k)
        b = torch.randn(n, k).t() if layout == "nt" else torch.randn(k, n)
        c = torch.empty(m, n)
        return lambda: torch.mm(a, b, out=c)
    if kind == "conv1d":
        conv, x = nn.Conv1d(w["c_in"], w["c_out"], w["kernel"]), g(w["batch"], w["c_in"], w["len"])
        return both(lambda: conv(x), x, *conv.parameters())
    if kind == "lstm":
        lstm, x = bilstm(w["input"], w["hidden"], w["layers"]), g(w["batch"], w["len"], w["input"])
        return both(lambda: lstm(x)[0], x, *lstm.parameters())
    if kind == "attention":
        q, k, v = (g(w["batch"], w["heads"], w["len"], w["dim"]) for _ in range(3))
        return both(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=w.get("causal", False)), q, k, v)
    if kind in ("crf_nll", "crf_viterbi"):
        shape = (w["batch"], w["len"])
        crf, x, y = CRF(w["tags"], batch_first=True), g(*shape, w["tags"]), torch.randint(w["tags"], shape)
        there = torch.ones(shape, dtype=torch.bool)
        if kind == "crf_viterbi":
            return lambda: crf.decode(x.detach(), there)
        return both(lambda: -crf(x, y, mask=there, reduction="mean"), x, *crf.parameters())
    if kind == "layernorm":
        norm, x = nn.LayerNorm(w["dim"]), g(w["rows"], w["dim"])
        return both(lambda: norm(x), x, *norm.parameters())
    if kind == "softmax_ce":
        x, y = g(w["rows"], w["classes"]), torch.randint(w["classes"], (w["rows"],))
        return both(lambda: cross_entropy(x, y), x)
    if kind == "adamw":
        p = g(w["rows"], w["dim"])
        p.grad = torch.randn_like(p)
        return torch.optim.AdamW([p], fused=True).step
    raise SystemExit(f"torch_peer.py: unknown kind {kind}")


def reading(w):
    """The logits of batch after batch, without gradients."""
    step = Step(w, 32)
    step.model.eval()
    batches = itertools.cycle(step.ids)

    @torch.inference_mode()
    def run():
        step.model(next(batches))
    return run


def onnx_reading(w, threads):
    import onnxruntime
    step = Step(w, 32)
    step.model.eval()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.onnx")
        with contextlib.redirect_stdout(sys.stderr):
            torch.onnx.export(step.model, (step.ids[0],), file, input_names=["ids"], dynamo=False)
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        apart = (torch.tensor(session.run(None, {"ids": step.ids[1].numpy()})[0]) - step.model(step.ids[1]).logits).abs().max()
    assert apart < 1e-4, f"ONNX Runtime's logits differ from PyTorch's by {apart}"
    batches = itertools.cycle([ids.numpy() for ids in step.ids])
    return lambda: session.run(None, {"ids": next(batches)})


class Translation:
    """Beam search in batch after batch of sources, with fresh weights of which none ends a translation."""

    def __init__(s, w):
        torch.manual_seed(0)
        s.model, b, t = Seq2SeqTransformer(w).eval(), w["batch"], w["len"]
        s.model.bias.data[END] = -100
        s.sources = [torch.randint(w["vocab"], (b, t)) for _ in range(32)]
        s.lengths, s.sizes, s.next = uneven_lengths(b, t, 5), (w["beam"], w["longest"]), 0

    def search(s, source):
        return s.model.search(source, s.lengths, *s.sizes)

    def __call__(s):
        i, s.next = s.next, (s.next + 1) % len(s.sources)
        s.search(s.sources[i])

    def write(s, file):
        out = {f"param.{n}": p.detach() for n, p in s.model.named_parameters()}
        out |= {"in.source": s.sources[0], "in.lengths": s.lengths, "out.translations": s.search(s.sources[0])}
        save_file({n: x.contiguous() for n, x in out.items()}, file)


def ctranslate2_model(w, model, folder):
    """Writes the model in the format of CTranslate2."""
    from ctranslate2.specs import TransformerSpec
    spec, d = TransformerSpec.from_config((w["layers"], w["layers"]), w["heads"], pre_norm=True), w["dim"]

    def linear(to, weight, bias):
        to.weight, to.bias = weight.detach().numpy(), bias.detach().numpy()

    def norm(to, layer):
        to.gamma, to.beta = layer.weight.detach().numpy(), layer.bias.detach().numpy()

    def block(to, layer, across):
        a = layer.self_attn
        linear(to.self_attention.linear[0], a.in_proj_weight, a.in_proj_bias)
        linear(to.self_attention.linear[1], a.out_proj.weight, a.out_proj.bias)
        norm(to.self_attention.layer_norm, layer.norm1)
        if across:
            a = layer.multihead_attn
            linear(to.attention.linear[0], a.in_proj_weight[:d], a.in_proj_bias[:d])
            linear(to.attention.linear[1], a.in_proj_weight[d:], a.in_proj_bias[d:])
            linear(to.attention.linear[2], a.out_proj.weight, a.out_proj.bias)
            norm(to.attention.layer_norm, layer.norm2)
        norm(to.ffn.layer_norm, layer.norm3 if across else layer.norm2)
        linear(to.ffn.linear_0, layer.linear1.weight, layer.linear1.bias)
        linear(to.ffn.linear_1, layer.linear2.weight, layer.linear2.bias)

    for to, layers, final in [(spec.encoder, model.encoder, model.encoder_norm), (spec.decoder, model.decoder, model.decoder_norm)]:
        embeddings = to.embeddings[0] if to is spec.encoder else to.embeddings
        embeddings.weight, to.position_encodings.encodings = model.embed.weight.detach().numpy(), model.places.numpy()
        for of, layer in zip(to.layer, layers):
            block(of, layer, to is spec.decoder)
        norm(to.layer_norm, final)
    linear(spec.decoder.projection, model.embed.weight, model.bias)
    # A token is its number.
    tokens = [str(i) for i in range(w["vocab"])]
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = (tokens[i] for i in (0, START, END))
    spec.config.decoder_start_token = tokens[START]
    spec.validate()
    spec.optimize()
    spec.save(folder)


def ctranslate2_translation(w, threads):
    import ctranslate2
    translation = Translation(w)
    with tempfile.TemporaryDirectory() as folder:
        ctranslate2_model(w, translation.model, folder)
        translator = ctranslate2.Translator(folder, compute_type="float32", inter_threads=1, intra_threads=threads)
    as_tokens = lambda source: [[str(i) for i in row[:n]] for row, n in zip(source.tolist(), translation.lengths)]
    width, longest = translation.sizes
    search = lambda sources: translator.translate_batch(
        sources, beam_size=width, num_hypotheses=width, max_decoding_length=longest)
    sources = [as_tokens(source) for source in translation.sources]
    found = [sorted([int(i) for i in tokens] for tokens in result.hypotheses) for result in search(sources[0])]
    expected = [sorted(of) for of in translation.search(translation.sources[0]).tolist()]
    assert found == expected, "CTranslate2's translations differ from PyTorch's"
    batches = itertools.cycle(sources)
    return lambda: search(next(batches))


def make(w):
    if w["kind"] == "bert":
        return onnx_reading(w, torch.get_num_threads()) if "--onnx" in sys.argv else reading(w)
    if w["kind"] == "translate":
        return ctranslate2_translation(w, torch.get_num_threads()) if "--ctranslate2" in sys.argv else Translation(w)
    return Step(w, 32) if w["kind"] in STEPS else operation(w)


def measure(run, seconds):
    times, until = [], time.perf_counter() + seconds
    while not times or (time.perf_counter() < until and len(times) < 10_000):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def three_steps(w, file, rate, momentum):
    # SGD, whichever optimizer is timed: AdamW's first steps are the sign of the gradient, which turns rounding into whole steps.
    step = Step(w, 3, lambda parameters: torch.optim.SGD(parameters, lr=rate, momentum=momentum))
    step.model.eval()
    named = dict(step.model.named_parameters())
    out = {f"param.{n}": p.detach().clone() for n, p in named.items()}
    out |= {f"in.ids.{i}": x for i, x in enumerate(step.ids)}
    out |= {f"in.second.{i}": x for i, x in enumerate(step.second) if x is not None}
    out |= {f"in.target.{i}": x for i, x in enumerate(step.targets)}
    out["out.losses"] = torch.stack([step().detach() for _ in range(3)])
    out |= {f"out.{n}": p.detach().clone() for n, p in named.items()}
    out |= {f"velocity.{n}": step.optimizer.state[p]["momentum_buffer"] for n, p in named.items()}
    save_file({n: x.contiguous() for n, x in out.items()}, file)


def workloads():
    for w in json.load(open(SPEC))["workloads"]:
        yield w
        if w["name"].startswith("train_"):
            yield {**w, "name": w["name"] + "_zipf", "ids": "zipf"}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    by_name = {w["name"]: w for w in workloads()}
    if sys.argv[2:3] == ["--memory"]:
        # Not ru_maxrss: a process inherits it from its parent.
        peak = lambda: next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
        base = peak()
        run = make(by_name[sys.argv[3]])
        for _ in range(7):
            run()
        print(json.dumps({"rss_mb": peak(), "rss_base_mb": base}))
        return
    made = (None, None)
    for line in sys.stdin:
        ask = json.loads(line)
        w, answer = by_name.get(ask.get("name")), {}
        if ask["do"] == "nothing":
            pass
        elif ask["do"] == "steps":
            three_steps(w, ask["file"], ask["rate"], ask["momentum"])
        elif ask["do"] == "translations":
            Translation(w).write(ask["file"])
        else:
            if made[0] != w["name"]:
                made = (w["name"], make(w))
                made[1](), made[1]()
            answer = {"times": measure(made[1], ask["seconds"])}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
