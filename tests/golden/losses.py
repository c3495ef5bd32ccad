"""The conditional random field, and all losses."""
import torch, torch.nn.functional as F
from cases import case, leaf, lengths, of, outcome, rnd, rounded


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


# Contrastive losses ----------------------------------------------------------------------------------------------------
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
