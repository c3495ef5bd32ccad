#!/usr/bin/env python3
"""What PyTorch reaches by the recipe of a run: the same data, vocabulary, sizes, optimizer and schedule.

  twin.py RUN DATA [--seed N] [--epochs N]

RUN is the folder of a run of `gradus train language --dataset ptb` with words as tokens, or of `gradus train translate --dataset
multi30k-en-de` or `multi30k-en-fr`; DATA is the folder of the data sets. Prints dev's metric after each epoch and test's of the best
one. Needs PyTorch, tokenizers, sacrebleu, and what `benches/torch_peer.py` imports.
"""
import argparse, copy, math, os, random, sys, time, tomllib
import torch, torch.nn as nn, torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "benches"))
import torch_peer as peer

START, END = peer.START, peer.END


def lines(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return [line.strip() for line in file]


class Rates:
    """The linear schedule: up for a share of the steps, then down to 0."""

    def __init__(s, config, steps):
        o, share = config["optimizer"], config["schedule"]["warmup_share"]
        s.lr, s.steps, s.warm, s.t = o["lr"], steps, max(1, round(share * steps)), 0

    def set(s, optimizer):
        s.t += 1
        rate = s.t / s.warm if s.t <= s.warm else (s.steps - s.t) / max(1, s.steps - s.warm)
        for group in optimizer.param_groups:
            group["lr"] = s.lr * max(rate, 0.0)


def adam(model, o):
    kind = torch.optim.AdamW if o["name"] == "adamw" else torch.optim.Adam
    return kind(model.parameters(), o["lr"], (o["beta1"], o["beta2"]), o["eps"], o["weight_decay"])


def same_mask(x, p, training):
    """Dropout of features, the same at all steps [B, T, D]."""
    return x * F.dropout(torch.ones_like(x[:, :1]), p) if training else x


class Lstm(nn.Module):
    def __init__(s, m, v, _):
        super().__init__()
        d, h, n = m["embed_dim"], m["hidden_dim"], m["layers"]
        s.p, s.p_tokens = m["dropout"], m["embedding_dropout"]
        s.embed, s.bias = nn.Embedding(v, d), nn.Parameter(torch.zeros(v))
        nn.init.uniform_(s.embed.weight, -0.1, 0.1)
        widths = [d] + [h] * (n - 1) + [d]
        s.layers = nn.ModuleList(nn.LSTM(a, b, batch_first=True) for a, b in zip(widths, widths[1:]))

    def forward(s, ids, state=None):
        x = s.embed(ids)
        if s.training and s.p_tokens:
            kept = F.dropout(torch.ones(s.embed.num_embeddings), s.p_tokens)
            x = x * kept[ids][..., None]
        x, after = same_mask(x, s.p, s.training), []
        for i, layer in enumerate(s.layers):
            x, new = layer(x, state and state[i])
            x = same_mask(x, s.p, s.training)
            after.append(tuple(t.detach() for t in new))
        return F.linear(x, s.embed.weight, s.bias), after


class Transformer(nn.Module):
    def __init__(s, m, v, context):
        super().__init__()
        d = m["embed_dim"]
        s.embed, s.bias, s.drop = nn.Embedding(v, d), nn.Parameter(torch.zeros(v)), nn.Dropout(m["dropout"])
        s.places = nn.Embedding(context, d)
        nn.init.normal_(s.embed.weight, std=d**-0.5)
        nn.init.normal_(s.places.weight, std=0.1)
        options = {"dropout": m["dropout"], "batch_first": True, "norm_first": True, "activation": "gelu"}
        block = lambda: nn.TransformerEncoderLayer(d, m["attention_heads"], m["feed_forward"], **options)
        s.blocks, s.norm = nn.ModuleList(block() for _ in range(m["layers"])), nn.LayerNorm(d)

    def forward(s, ids, state=None):
        t = ids.shape[1]
        x = s.drop(s.embed(ids) * s.embed.embedding_dim**0.5 + s.places.weight[:t])
        causal = nn.Transformer.generate_square_subsequent_mask(t)
        for block in s.blocks:
            x = block(x, src_mask=causal, is_causal=True)
        return F.linear(s.norm(x), s.embed.weight, s.bias), None


def language(run, config, data, epochs):
    words = {w: i for i, w in enumerate(w for w in lines(run, "vocabulary.txt") if w != "<pad>")}
    if config["data"].get("dataset") != "ptb" or config["data"]["unit"] != "words":
        sys.exit(f"{run}: expected a run on the words of ptb")
    end, unknown = words["<eos>"], words.get("<unk>", 1)
    limits = config["data"]
    def read(split, limit):
        text = lines(data, "ptb", f"ptb.{split}.txt")
        ids = [[words.get(w, unknown) for w in line.split()] + [end] for line in text[: limit or None]]
        return torch.tensor([end] + sum(ids, []))
    files = {"train": "train", "valid": "dev", "test": "test"}
    train, dev, test = (read(file, limits[f"{split}_limit"]) for file, split in files.items())
    m, b, stretch = config["model"], config["train"]["batch_size"], limits["stretch"]
    carries = m["name"] == "rnn-lm"
    model = (Lstm if carries else Transformer)(m, len(words), stretch)
    print("parameters", sum(p.numel() for p in model.parameters()), flush=True)

    def perplexity(text):
        model.eval()
        total, context, stride, n = 0.0, limits["context"], limits["stride"], len(text) - 1
        with torch.inference_mode():
            for i in range(0, n, stride):
                first, last = max(0, i - context), min(n, i + stride)
                logits = model(text[None, first:last])[0][0, i - first :]
                total += F.cross_entropy(logits, text[i + 1 : last + 1], reduction="sum").item()
        return math.exp(total / n)

    def epoch():
        n = len(train) - 1
        if carries:
            side = n // b
            x, y = (t[: b * side].view(b, side) for t in (train[:-1], train[1:]))
            for i in range(0, side, stretch):
                yield x[:, i : i + stretch], y[:, i : i + stretch]
        else:
            starts = list(range(0, n - stretch + 1, stretch))
            random.shuffle(starts)
            for i in range(0, len(starts), b):
                at = starts[i : i + b]
                yield tuple(torch.stack([train[a + o : a + o + stretch] for a in at]) for o in (0, 1))

    optimizer = adam(model, config["optimizer"])
    steps = epochs * sum(1 for _ in epoch())
    rates, best = Rates(config, steps), (math.inf, None)
    for e in range(epochs):
        model.train()
        state, began = None, time.time()
        for x, y in epoch():
            logits, state = model(x, state)
            loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), config["train"]["clip_norm"])
            rates.set(optimizer)
            optimizer.step()
        found = perplexity(dev)
        if found < best[0]: best = (found, copy.deepcopy(model.state_dict()))
        print(f"epoch {e + 1} dev perplexity {found:.2f}, {time.time() - began:.0f} s", flush=True)
    model.load_state_dict(best[1])
    print(f"best dev {best[0]:.2f} test {perplexity(test):.2f}", flush=True)


def beam(model, source, lengths, width, alpha):
    """The best translation of each source."""
    b, longest = len(source), int(2 * lengths.max() + 20)
    rows = torch.arange(b).repeat_interleave(width)
    source, lengths = source[rows], lengths[rows]
    tokens = torch.full((b * width, 1), START)
    scores = torch.tensor([0.0] + [-torch.inf] * (width - 1)).repeat(b)
    done, results = torch.zeros(b, dtype=torch.bool), [(-math.inf, []) for _ in range(b)]
    for n in range(1, longest + 1):
        h = model.hidden(source, lengths, tokens)[:, -1]
        log_p = F.linear(h, model.embed.weight, model.bias).log_softmax(-1)
        all = (scores[:, None] + log_p).view(b, -1)
        top, at = all.topk(2 * width)
        v, new_tokens, new_scores = log_p.shape[1], [], []
        for i in range(b):
            kept = []
            for score, place in zip(top[i].tolist(), at[i].tolist()):
                parent, token = i * width + place // v, place % v
                if token == END:
                    final = score / ((5 + n) / 6) ** alpha
                    if final > results[i][0]: results[i] = (final, tokens[parent, 1:].tolist())
                elif len(kept) < width:
                    kept.append((score, torch.cat([tokens[parent], torch.tensor([token])])))
            new_scores += [score for score, _ in kept]
            new_tokens += [row for _, row in kept]
            if results[i][0] > kept[0][0] / ((5 + longest) / 6) ** alpha: done[i] = True
        tokens, scores = torch.stack(new_tokens), torch.tensor(new_scores)
        if done.all(): break
    return [tokens for _, tokens in results]


def translation(run, config, data, epochs):
    import sacrebleu
    from tokenizers import Tokenizer
    pieces = Tokenizer.from_file(os.path.join(run, "subwords.json"))
    limits, name = config["data"], config["data"]["dataset"]
    corpus, _, target = name.split("-")
    if corpus != "multi30k":
        sys.exit(f"{run}: expected a run on multi30k-en-de or multi30k-en-fr, found {name}")
    def read(file, limit):
        pairs = list(zip(*(lines(data, "multi30k", f"{file}.{language}") for language in ("en", target))))
        if 0 < limit < len(pairs): pairs = random.Random(1).sample(pairs, limit)
        encode = lambda texts: [x.ids + [END] for x in pieces.encode_batch(list(texts))]
        source, translated = encode(p[0] for p in pairs), encode(p[1] for p in pairs)
        return list(zip(source, translated, (p[1] for p in pairs)))
    files = {"train": "train", "val": "dev", "test_2016_flickr": "test"}
    train, dev, test = (read(file, limits[f"{split}_limit"]) for file, split in files.items())
    m, v = config["model"], pieces.get_vocab_size()
    if m["name"] == "seq2seq-transformer":
        sizes = {"dim": m["embed_dim"], "heads": m["attention_heads"], "ff": m["feed_forward"], "layers": m["layers"]}
        model = peer.Seq2SeqTransformer({**sizes, "vocab": v})
    else:
        model = peer.Seq2SeqRnn({"vocab": v, "embed": m["embed_dim"], "hidden": m["hidden_dim"]})
    for module in model.modules():
        if isinstance(module, nn.Dropout): module.p = m["dropout"]
        if isinstance(module, nn.MultiheadAttention): module.dropout = m["dropout"]
    for p in model.parameters() if m["name"] == "seq2seq-transformer" else []:
        if p.dim() > 1 and p is not model.embed.weight: nn.init.xavier_uniform_(p)
    print("parameters", sum(p.numel() for p in model.parameters()), flush=True)
    pad = lambda rows, value: nn.utils.rnn.pad_sequence([torch.tensor(r) for r in rows], True, value)

    def bleu(pairs, width):
        model.eval()
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]))
        found = [None] * len(pairs)
        with torch.inference_mode():
            for k in range(0, len(order), 64):
                at = order[k : k + 64]
                rows = [pairs[i][0] for i in at]
                lengths = torch.tensor([len(r) for r in rows])
                best = beam(model, pad(rows, 0), lengths, width, config["search"]["length_penalty"])
                for i, tokens in zip(at, best): found[i] = pieces.decode(tokens).strip()
        references = [[p[2] for p in pairs]]
        return sacrebleu.corpus_bleu(found, references).score, sacrebleu.corpus_chrf(found, references).score

    size = config["train"]["batch_size"]
    optimizer, rates = adam(model, config["optimizer"]), Rates(config, epochs * -(-len(train) // size))
    best = (-1.0, None)
    for e in range(epochs):
        model.train()
        began = time.time()
        random.shuffle(train)
        # Batches of about equal lengths.
        pool, batches = 50 * size, []
        for i in range(0, len(train), pool):
            rows = sorted(train[i : i + pool], key=lambda p: len(p[0]))
            batches += [rows[j : j + size] for j in range(0, len(rows), size)]
        random.shuffle(batches)
        for rows in batches:
            lengths = torch.tensor([len(r[0]) for r in rows])
            before = pad([[START] + r[1][:-1] for r in rows], 0)
            h = model.hidden(pad([r[0] for r in rows], 0), lengths, before)
            logits = F.linear(h, model.embed.weight, model.bias)
            next = pad([r[1] for r in rows], -100).flatten()
            loss = F.cross_entropy(logits.flatten(0, 1), next, label_smoothing=config["loss"]["label_smoothing"])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), config["train"]["clip_norm"])
            rates.set(optimizer)
            optimizer.step()
        seconds = time.time() - began
        found = bleu(dev, 1)[0]
        if found > best[0]: best = (found, copy.deepcopy(model.state_dict()))
        print(f"epoch {e + 1} loss {loss.item():.3f} dev bleu {found:.2f}, {seconds:.0f} s", flush=True)
    model.load_state_dict(best[1])
    found, chrf = bleu(test, config["search"]["beam"])
    print(f"best dev {best[0]:.2f} test bleu {found:.2f} chrf {chrf:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run"); parser.add_argument("data")
    parser.add_argument("--seed", type=int, default=1); parser.add_argument("--epochs", type=int)
    a = parser.parse_args()
    with open(os.path.join(a.run, "config.toml"), "rb") as file:
        config = tomllib.load(file)
    random.seed(a.seed); torch.manual_seed(a.seed); torch.set_num_threads(1)
    task = {"language": language, "translate": translation}[config["task"]]
    task(a.run, config, a.data, a.epochs or config["train"]["epochs"])


if __name__ == "__main__":
    main()
