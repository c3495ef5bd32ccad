use crate::case::{Case, Example};
use crate::draw::Draw;
use gradus_engine::losses::{
    CrossEntropy, Ghm, Reduction, bce_with_logits, crf_nll, cross_entropy, focal, focal_of, ghm,
    hidden_regression, info_nce, l1, l2, linear_cross_entropy, logit_regression, score_regression,
    sequence_focal, sne, soft_targets, token_cross_entropy, token_focal, token_ghm, token_log_probabilities,
    token_soft_targets, triplet, triplet_of,
};
use gradus_engine::nn::Crf;
use gradus_engine::{CreateGraph, Module, Param, Rng, Tensor, grad};

/// The number of classes, or the width of a vector.
const WIDE: usize = 5;

fn labelled(d: &mut Draw, call: fn(&[Tensor]) -> Tensor) -> Example {
    let rows = d.up_to(6);
    Example::one(vec![d.normal([rows, WIDE]), d.ids([rows], WIDE)], call)
}

fn vectors(d: &mut Draw, number: usize, call: fn(&[Tensor]) -> Tensor) -> Example {
    let rows = 1 + d.up_to(4);
    Example::one((0..number).map(|_| d.normal([rows, WIDE])).collect(), call)
}

/// Emissions, tags and lengths of some sentences. The chain's own scores are small constants.
fn tagged(d: &mut Draw, call: fn(&Crf, &[Tensor]) -> Tensor) -> Example {
    let (b, t, k) = (d.up_to(3), d.up_to(4), 2 + d.up_to(3));
    let inputs = vec![d.normal([b, t, k]), d.ids([b, t], k), d.lengths(b, t)];
    Example::one(inputs, move |x| {
        let crf = Crf::new(k, &mut Rng::new(7));
        crf.convert(x[0].dtype());
        crf.move_to(x[0].device());
        call(&crf, x)
    })
}

const GHM: Ghm = Ghm { bins: 10, momentum: 0.0 };

/// Rows for the losses, as those of the table are for operations.
pub const LOSSES: &[Case] = &[
    Case::new("bce_with_logits", "mean", |d| {
        let n = d.up_to(9);
        let targets = d.uniform([n], 0.0, 1.0);
        Example::one(vec![d.normal([n])], move |x| {
            let targets = targets.to_dtype(x[0].dtype()).to_device(x[0].device());
            bce_with_logits(&x[0], &targets, Reduction::Mean)
        })
    })
    .roundings(256.0),
    Case::new("cross_entropy", "mean over rows that are not ignored", |d| {
        let options =
            CrossEntropy { weights: Some(d.uniform([WIDE], 0.5, 2.0)), smoothing: 0.1, ignore: Some(1) };
        let rows = d.up_to(6);
        Example::one(vec![d.normal([rows, WIDE]), d.ids([rows], WIDE)], move |x| {
            cross_entropy(&x[0], &x[1], &options, Reduction::Mean)
        })
    })
    .roundings(256.0),
    Case::new("cross_entropy", "sum", |d| {
        labelled(d, |x| cross_entropy(&x[0], &x[1], &CrossEntropy::default(), Reduction::Sum))
    })
    .roundings(256.0),
    Case::new("linear_cross_entropy", "mean over rows that are not ignored", |d| {
        let options = CrossEntropy { weights: None, smoothing: 0.1, ignore: Some(1) };
        let (rows, width) = (d.up_to(6), d.up_to(4));
        let inputs =
            vec![d.normal([rows, width]), d.normal([WIDE, width]), d.ids([rows], WIDE), d.normal([WIDE])];
        Example::one(inputs, move |x| {
            linear_cross_entropy(&x[0], &x[1], Some(&x[3]), &x[2], &options, Reduction::Mean)
        })
    })
    .roundings(512.0),
    Case::new("focal", "γ = 2", |d| labelled(d, |x| focal(&x[0], &x[1], 2.0, Reduction::Mean)))
        .roundings(512.0),
    Case::new("focal", "γ = 0.5", |d| labelled(d, |x| focal(&x[0], &x[1], 0.5, Reduction::Mean)))
        .roundings(512.0),
    Case::new("focal_of", "γ = 2", |d| {
        let n = d.up_to(9);
        Example::one(vec![d.uniform([n], -3.0, -0.1)], |x| focal_of(&x[0], 2.0))
    })
    .roundings(256.0),
    Case::new("ghm", "of its own batch", |d| labelled(d, |x| ghm(&x[0], &x[1], &GHM, &GHM.start()).0))
        .roundings(512.0),
    Case::new("soft_targets", "T = 2", |d| {
        vectors(d, 2, |x| soft_targets(&x[0], &x[1], 2.0, Reduction::Mean))
    })
    .roundings(512.0),
    Case::new("logit_regression", "mean", |d| {
        vectors(d, 2, |x| logit_regression(&x[0], &x[1], Reduction::Mean))
    })
    .roundings(256.0),
    Case::new("token_soft_targets", "a teacher's marginals", |d| {
        let (b, t, k) = (d.up_to(3), d.up_to(4), 2 + d.up_to(3));
        let inputs = vec![d.normal([b, t, k]), d.lengths(b, t)];
        let teacher = d.normal([b, t, k]);
        Example::one(inputs, move |x| {
            let crf = Crf::new(k, &mut Rng::new(7));
            crf.convert(x[0].dtype());
            crf.move_to(x[0].device());
            let teacher = teacher.to_dtype(x[0].dtype()).to_device(x[0].device()).log_softmax();
            token_soft_targets(&crf, &x[0], &teacher, &x[1])
        })
    })
    .roundings(512.0),
    Case::new("hidden_regression", "real places", |d| {
        let (b, t) = (d.up_to(3), d.up_to(4));
        let inputs = vec![d.normal([b, t, WIDE]), d.normal([b, t, WIDE]), d.lengths(b, t)];
        Example::one(inputs, |x| hidden_regression(&x[0], &x[1], &x[2]))
    })
    .roundings(256.0),
    Case::new("score_regression", "pairs of real places", |d| {
        let (b, t) = (d.up_to(3), d.up_to(4));
        let inputs = vec![d.normal([b, 2, t, t]), d.normal([b, 2, t, t]), d.lengths(b, t)];
        Example::one(inputs, |x| score_regression(&x[0], &x[1], &x[2]))
    })
    .roundings(256.0),
    Case::new("l1", "one parameter", |d| {
        let shape = d.shape();
        Example::new(vec![d.normal(shape)], |x| penalty(&x[0], l1))
    })
    .roundings(256.0),
    Case::new("l2", "one parameter", |d| {
        let shape = d.shape();
        Example::new(vec![d.normal(shape)], |x| penalty(&x[0], l2))
    })
    .roundings(256.0),
    Case::new("info_nce", "two sides", |d| vectors(d, 2, |x| info_nce(&x[0], &x[1], 0.3))).roundings(1024.0),
    Case::new("triplet", "hardest negative", |d| vectors(d, 2, |x| triplet(&x[0], &x[1], 0.7)))
        .roundings(1024.0),
    Case::new("triplet_of", "given negatives", |d| vectors(d, 3, |x| triplet_of(&x[0], &x[1], &x[2], 0.7)))
        .roundings(1024.0),
    Case::new("sne", "images", |d| {
        let rows = 1 + d.up_to(4);
        let points = d.normal([rows, 3]);
        Example::one(vec![d.normal([rows, WIDE])], move |y| sne(&points, &y[0], 1.7))
    })
    .roundings(2048.0),
    Case::new("crf_nll", "mean", |d| tagged(d, |crf, x| crf_nll(crf, &x[0], &x[1], &x[2]))).roundings(2048.0),
    Case::new("sequence_focal", "γ = 2", |d| {
        tagged(d, |crf, x| sequence_focal(crf, &x[0], &x[1], &x[2], 2.0))
    })
    .roundings(2048.0),
    Case::new("token_log_probabilities", "each token", |d| {
        tagged(d, |crf, x| token_log_probabilities(crf, &x[0], &x[1], &x[2]))
    })
    .roundings(4096.0),
    Case::new("token_cross_entropy", "mean", |d| {
        tagged(d, |crf, x| token_cross_entropy(crf, &x[0], &x[1], &x[2]))
    })
    .roundings(4096.0),
    Case::new("token_focal", "γ = 2", |d| tagged(d, |crf, x| token_focal(crf, &x[0], &x[1], &x[2], 2.0)))
        .roundings(4096.0),
    Case::new("token_ghm", "of its own batch", |d| {
        tagged(d, |crf, x| token_ghm(crf, &x[0], &x[1], &x[2], &GHM, &GHM.start()).0)
    })
    .roundings(4096.0),
];

/// A penalty of one parameter and its gradient.
fn penalty(x: &Tensor, of: fn(&[Param]) -> Tensor) -> Vec<Tensor> {
    let param = Param::new(x.detach());
    let loss = of(&[param.tied()]);
    let gradient = grad(&loss, &[&param.tensor()], CreateGraph::No);
    [vec![loss.detach()], gradient].concat()
}
