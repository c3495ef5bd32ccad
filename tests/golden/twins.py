"""The models in PyTorch, with the same parameter names, to compare ours with them. Without dropout."""
import torch, torch.nn as nn, torch.nn.functional as F


def real(n, t):
    """A mask of the real ones of t positions, from lengths."""
    return torch.arange(t)[None] < n[:, None]


def run(rnn, x, n):
    """Outputs, 0 past the end, and last states of an LSTM over sequences of lengths n."""
    packed = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)
    y, (h, _) = rnn(packed)
    return nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0], h


def bilstm(inputs, hidden, layers=1):
    return nn.LSTM(inputs, hidden, layers, batch_first=True, bidirectional=True)


def attended(attn, x, there):
    return (x + attn(x, x, x, key_padding_mask=~there, need_weights=False)[0]) * there[..., None]


def mean(x, n):
    return (x * real(n, x.shape[1])[..., None]).sum(1) / n[:, None]


class Characters(nn.Module):
    """A word's vector from its characters; a word without any is padding."""
    def __init__(s, kind, alphabet, d, out, kernel=3):
        super().__init__()
        s.emb, s.kind = nn.Embedding(alphabet, d), kind
        if kind == "cnn": s.conv = nn.Conv1d(d, out, kernel, padding=kernel - 1)
        else: s.rnn = bilstm(d, out // 2)
    def forward(s, chars, n):
        b, t, c = chars.shape
        e, n = s.emb(chars.view(b * t, c)), n.reshape(-1)
        if s.kind == "cnn":
            y = F.relu(s.conv((e * real(n, c)[..., None]).transpose(1, 2)))
            y = y.masked_fill(~real(n + s.conv.kernel_size[0] - 1, y.shape[2])[:, None], 0.0).amax(2)
        else:
            y = run(s.rnn, e, n.clamp(min=1))[1].transpose(0, 1).reshape(b * t, -1)
        return (y * (n > 0)[:, None]).view(b, t, -1)


class Words(nn.Module):
    """[E[ids]; characters] of words = (ids, lengths), with characters (…, characters, characters of each word)."""
    def vectors(s, words):
        e = s.emb(words[0])
        return torch.cat([e, s.chars(words[2], words[3])], -1) if hasattr(s, "chars") else e


class TextCnn(Words):
    def __init__(s, v, d, filters, kernels, attention, chars=None):
        super().__init__()
        s.emb = nn.Embedding(v, d)
        if chars: s.chars = Characters(*chars); d += chars[3]
        if attention: s.attn = nn.MultiheadAttention(d, 2, batch_first=True)
        s.convs = nn.ModuleList(nn.Conv1d(d, filters, k) for k in kernels)
        s.out = nn.Linear(filters * len(kernels), 3); s.attention = attention
    def forward(s, words):
        there = real(words[1], words[0].shape[1])
        e = s.vectors(words) * there[..., None]
        if s.attention: e = attended(s.attn, e, there)
        z = []
        for conv in s.convs:
            # A window counts if it begins at a word; vectors past the text's end are zeros.
            y = F.relu(conv(F.pad(e, (0, 0, 0, conv.kernel_size[0] - 1)).transpose(1, 2)))
            z.append(y.masked_fill(~there[:, None], 0.0).amax(2))
        return s.out(torch.cat(z, 1))


class BiLstm(Words):
    def __init__(s, v, d, h, norm, attention, chars=None):
        super().__init__()
        s.emb = nn.Embedding(v, d)
        if chars: s.chars = Characters(*chars); d += chars[3]
        s.rnn = bilstm(d, h, 2)
        if norm: s.norm = nn.LayerNorm(2 * h)
        if attention: s.attn = nn.MultiheadAttention(2 * h, 2, batch_first=True)
        s.out = nn.Linear(2 * h, 3); s.has = (norm, attention)
    def forward(s, words):
        n = words[1]
        there = real(n, words[0].shape[1])
        h, _ = run(s.rnn, s.vectors(words), n)
        if s.has[0]: h = s.norm(h) * there[..., None]
        if s.has[1]: h = attended(s.attn, h, there)
        return s.out(h.sum(1) / n[:, None])


class BiLstmCrf(Words):
    def __init__(s, v, d, h, tags, chars, attention):
        from torchcrf import CRF
        super().__init__()
        s.emb = nn.Embedding(v, d)
        if chars: s.chars = Characters(*chars)
        s.rnn = bilstm(d + (chars[3] if chars else 0), h)
        if attention: s.attn = nn.MultiheadAttention(2 * h, 2, batch_first=True)
        s.out, s.crf, s.attention = nn.Linear(2 * h, tags), CRF(tags, batch_first=True), attention
    def forward(s, words):
        h, _ = run(s.rnn, s.vectors(words), words[1])
        return s.out(attended(s.attn, h, real(words[1], h.shape[1])) if s.attention else h)


class BiDaf(Words):
    def __init__(s, v, d, h, chars, attention):
        super().__init__()
        s.emb = nn.Embedding(v, d)
        if chars: s.chars = Characters(*chars); d += chars[3]
        s.hw, s.ctx = nn.ModuleList(nn.Linear(d, 2 * d) for _ in range(2)), bilstm(d, h)
        s.wc, s.wq, s.wcq = nn.Linear(2 * h, 1), nn.Linear(2 * h, 1, bias=False), nn.Parameter(torch.empty(2 * h))
        s.m1 = bilstm(8 * h, h, 2)
        if attention: s.attn = nn.MultiheadAttention(2 * h, 2, batch_first=True)
        s.m2, s.p1, s.p2, s.attention = bilstm(2 * h, h), nn.Linear(10 * h, 1), nn.Linear(10 * h, 1), attention
    def encode(s, words):
        x = s.vectors(words)
        for layer in s.hw:
            a, g = layer(x).chunk(2, -1)
            g = torch.sigmoid(g)
            x = g * F.relu(a) + (1 - g) * x
        return x, run(s.ctx, x, words[1])[0]
    def forward(s, context, question):
        n, j = context[1], question[1]
        (x_c, c), (x_q, q) = s.encode(context), s.encode(question)
        away = ~real(n, c.shape[1])
        S = s.wc(c) + s.wq(q).transpose(1, 2) + (c * s.wcq) @ q.transpose(1, 2)
        S = S.masked_fill(~real(j, q.shape[1])[:, None], -torch.inf)
        c2q = S.softmax(-1) @ q
        q2c = S.amax(-1).masked_fill(away, -torch.inf).softmax(-1)[:, None] @ c
        g = torch.cat([c, c2q, c * c2q, c * q2c], -1)
        m = run(s.m1, g, n)[0]
        if s.attention: m = attended(s.attn, m, ~away)
        m2 = run(s.m2, m, n)[0]
        start, end = (p(torch.cat([g, y], -1))[..., 0].masked_fill(away, -torch.inf) for p, y in ((s.p1, m), (s.p2, m2)))
        pooled = {"embedded.context": mean(x_c, n), "embedded.question": mean(x_q, j),
                  "encoded.context": mean(c, n), "encoded.question": mean(q, j)}
        return {"start": start, "end": end} | pooled


class RnnLm(nn.Module):
    def __init__(self, v, d, h, layers):
        super().__init__()
        self.embed = nn.Embedding(v, d)
        widths = [d] + [h] * (layers - 1) + [d]
        self.rnns = nn.ModuleList(nn.LSTM(a, b, batch_first=True) for a, b in zip(widths, widths[1:]))
        self.bias = nn.Parameter(torch.zeros(v))

    def forward(self, ids, state=None):
        h, states = self.embed(ids), []
        for i, rnn in enumerate(self.rnns):
            h, s = rnn(h, None if state is None else state[i])
            states.append(tuple(x.detach() for x in s))
        return F.linear(h, self.embed.weight, self.bias), states


class TransformerLm(nn.Module):
    def __init__(self, v, d, heads, wide, layers, context):
        super().__init__()
        self.embed = nn.Embedding(v, d)
        self.positions = nn.Parameter(torch.zeros(context, d))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(d, heads, wide, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.bias = nn.Parameter(torch.zeros(v))

    def forward(self, ids):
        t = ids.shape[1]
        x = self.embed(ids) * self.embed.weight.shape[1] ** 0.5 + self.positions[:t]
        hidden = torch.ones(t, t).triu(1).bool()
        for block in self.blocks:
            x = block(x, src_mask=hidden)
        return F.linear(self.norm(x), self.embed.weight, self.bias)


class Seq2SeqRnn(nn.Module):
    def __init__(self, v, d, h, layers, feeding):
        super().__init__()
        self.embed, self.feeding = nn.Embedding(v, d), feeding
        self.encoder = bilstm(d, h, layers)
        self.decoder = nn.LSTM(d + d * feeding, 2 * h, layers, batch_first=True)
        self.attention, self.combine = nn.Linear(2 * h, 2 * h, bias=False), nn.Linear(4 * h, d, bias=False)
        self.bias = nn.Parameter(torch.zeros(v))

    def forward(self, source, n, target):
        packed = nn.utils.rnn.pack_padded_sequence(self.embed(source), n, batch_first=True, enforce_sorted=False)
        m, state = self.encoder(packed)
        m = nn.utils.rnn.pad_packed_sequence(m, batch_first=True, total_length=source.shape[1])[0]
        state = tuple(torch.cat([x[0::2], x[1::2]], 2) for x in state)
        hidden = ~real(n, source.shape[1])[:, None]

        def attended(x, state):
            h, state = self.decoder(x, state)
            a = (self.attention(h) @ m.transpose(1, 2)).masked_fill(hidden, -torch.inf).softmax(2)
            return self.combine(torch.cat([a @ m, h], 2)).tanh(), state

        x = self.embed(target)
        if self.feeding:
            y, steps = torch.zeros_like(x[:, :1]), []
            for t in range(x.shape[1]):
                y, state = attended(torch.cat([x[:, t : t + 1], y], 2), state)
                steps.append(y)
            y = torch.cat(steps, 1)
        else:
            y, _ = attended(x, state)
        return F.linear(y, self.embed.weight, self.bias)


def sinusoids(t, d):
    angles = torch.arange(t)[:, None] / 10000 ** (torch.arange(0, d, 2) / d)
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


class Seq2SeqTransformer(nn.Module):
    def __init__(self, v, d, heads, wide, layers, pre_norm):
        super().__init__()
        self.embed = nn.Embedding(v, d)
        of = {"dropout": 0.0, "batch_first": True, "norm_first": pre_norm}
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(d, heads, wide, **of) for _ in range(layers))
        self.decoder = nn.ModuleList(nn.TransformerDecoderLayer(d, heads, wide, **of) for _ in range(layers))
        norm = lambda: nn.LayerNorm(d) if pre_norm else nn.Identity()
        self.encoder_norm, self.decoder_norm = norm(), norm()
        self.bias = nn.Parameter(torch.zeros(v))

    def embedded(self, ids):
        d = self.embed.weight.shape[1]
        return self.embed(ids) * d ** 0.5 + sinusoids(ids.shape[1], d)

    def forward(self, source, n, target):
        hidden, later = ~real(n, source.shape[1]), torch.ones(target.shape[1], target.shape[1]).triu(1).bool()
        m = self.embedded(source)
        for block in self.encoder:
            m = block(m, src_key_padding_mask=hidden)
        m, x = self.encoder_norm(m), self.embedded(target)
        for block in self.decoder:
            x = block(x, m, tgt_mask=later, memory_key_padding_mask=hidden)
        return F.linear(self.decoder_norm(x), self.embed.weight, self.bias)
