"""Optimizers, twenty steps on given gradients; averages of weights, clipping of gradients and schedules."""
import torch, torch.nn as nn
from cases import case, rnd


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
