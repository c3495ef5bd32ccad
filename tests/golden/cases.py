"""The table of cases, and what they are made of: seeded inputs that float32 holds, outputs and gradients.

The seed of a case is its number: by default its index among the cases without a given number, in order of names. A new case
gives one (100 and up), so that all others keep theirs.
"""
import torch

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
    """Normal values that float32 can hold."""
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
