use super::*;
use gradus_kernels::attention::{
    Attention, Gradients, Inputs, Place, Shape, Strides, Upstream, View, attention_backward,
    attention_forward,
};
use gradus_kernels::conv_relu_max::{conv_relu_max_backward, conv_relu_max_forward};
use gradus_kernels::conv1d::{Sizes as ConvSizes, conv1d_backward, conv1d_forward};
use gradus_kernels::lstm::{Backward, Forward, Sizes, WeightGradients, Weights};

/// Numbers of each array of an attention.
const LEN: usize = 64;

fn strides([batch, head, row]: [usize; 3]) -> Strides {
    Strides { batch, head, row }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn attentions(
        [batch, heads, queries, keys, dim] in sizes::<5>(),
        [q, k, o] in prop::array::uniform3(sizes::<3>()),
        offsets in sizes::<3>(),
    ) {
        let shape = Shape { batch, heads, queries, keys, dim };
        let attention = Attention { shape, scale: 0.5, causal: false, mask: None, dropout: None };
        let x: Vec<f32> = (0..LEN).map(|i| (i % 5) as f32 - 2.0).collect();
        let view = |offset: usize, s: [usize; 3]| View { data: &x[..], offset, strides: strides(s) };
        let inside = |rows: usize, offset: usize, s: [usize; 3]| {
            let end = end(&[(batch, s[0]), (heads, s[1]), (rows, s[2]), (dim, 1)]);
            end == 0 || end.saturating_add(offset as u128) <= LEN as u128
        };
        let fits = inside(queries, offsets[0], q) && inside(keys, offsets[1], k) && inside(queries, offsets[2], o);
        // Without keys there is an output for each query, without queries a gradient for each key.
        prop_assume!(!fits || product(&[batch, heads, queries, keys]) <= FEW || product(&[batch, heads, queries, keys]) > 1 << 60);
        let mut lse = array(&[batch, heads, queries]);
        let inputs = Inputs { q: view(offsets[0], q), k: view(offsets[1], k), v: view(offsets[1], k) };
        let names = ["attention: "];
        let ran = guarded(LEN, &names, |data| {
            let o = View { data, offset: offsets[2], strides: strides(o) };
            attention_forward(&attention, inputs, o, &mut lse);
        });
        prop_assert!(ran.is_none() || fits);
        let upstream = Upstream { o: view(offsets[2], o), lse: &lse[..], dout: view(offsets[2], o) };
        let place = |buffer: usize, offset: usize, s: [usize; 3]| Place { buffer, offset, strides: strides(s) };
        for shared in [true, false] {
            let (mut dk, mut dv) = ([0.0; LEN], [0.0; LEN]);
            let ran = guarded(LEN, &names, |dq| {
                let buffers = if shared { vec![dq] } else { vec![dq, &mut dk, &mut dv] };
                let at = |i: usize| if shared { 0 } else { i };
                let (dq, dk) = (place(at(0), offsets[0], q), place(at(1), offsets[1], k));
                let grads = Gradients { buffers, dq, dk, dv: place(at(2), offsets[2], k) };
                attention_backward(&attention, inputs, upstream, grads);
            });
            prop_assert!(ran.is_none() || fits && inside(keys, offsets[2], k));
        }
    }

    #[test]
    fn lstms([batch, time, input, hidden] in sizes::<4>(), directions in 0usize..3) {
        let sizes = Sizes { batch, time, input, hidden, directions };
        let (x, y) = (array(&[batch, time, input]), array(&[batch, time, directions, hidden]));
        let [w_ih, w_hh] = [array(&[4, hidden, input]), array(&[4, hidden, hidden])];
        let (b, state) = (array(&[4, hidden]), array(&[directions, batch, hidden]));
        let weights = || vec![Weights { w_ih: &w_ih[..], w_hh: &w_hh[..], b_ih: &b[..], b_hh: &b[..] }; directions];
        let [mut h_n, mut c_n, mut saved] = [state.clone(), state.clone(), array(&[directions, batch, time, 5, hidden])];
        let ran = guarded(y.len(), &["lstm: "], |y| {
            let (h_n, c_n, saved) = (&mut h_n[..], &mut c_n[..], &mut saved[..]);
            Forward { sizes, lengths: None, x: &x[..], weights: weights(), h0: &state, c0: &state, y, h_n, c_n, saved }.run();
        });
        let [mut dx, mut dh0, mut dc0] = [x.clone(), state.clone(), state.clone()];
        let mut dw: Vec<[Vec<f32>; 3]> = vec![[w_ih.clone(), w_hh.clone(), b.clone()]; directions];
        let back = called(&["lstm: "], || {
            let dweights = dw.iter_mut().map(|[a, b, c]| WeightGradients { dw_ih: &mut a[..], dw_hh: &mut b[..], db: &mut c[..] });
            Backward {
                sizes, lengths: None, x: &x[..], weights: weights(), h0: &state, c0: &state, y: &y, saved: &mut saved[..],
                dy: &y, dh_n: &state, dc_n: &state, dx: Some(&mut dx[..]), dweights: dweights.collect(),
                dh0: &mut dh0[..], dc0: &mut dc0[..],
            }.run();
        });
        prop_assert_eq!(ran.is_some(), back);
        let all = [product(&[directions, batch, time, 5, hidden]), product(&[batch, time, input]), product(&[4, hidden, input.max(hidden)])];
        prop_assert!(!back || all.iter().all(|&n| n < 1 << 60) && directions > 0);
    }

    #[test]
    fn convolutions([b, t, c, o, k, padding] in sizes::<6>()) {
        let s = ConvSizes { b, t, c, o, k };
        let (x, w, bias) = (array(&[b, t, c]), array(&[o, c, k]), array(&[o]));
        let windows = (t as u128 + 2 * padding as u128 + 1).saturating_sub(k as u128);
        let windows = usize::try_from(windows).unwrap_or(usize::MAX);
        // Padding is memory, too.
        let padded = product(&[b, t.saturating_add(padding.saturating_mul(2)).max(k), c.max(o), 2]);
        prop_assume!(padded <= FEW || padded > 1 << 62);
        let y = array(&[b, windows, o]);
        let names = ["conv1d", "conv_relu_max"];
        guarded(y.len(), &names, |y| conv1d_forward(s, padding, &x, &w, &bias, y));
        let (mut dw, mut dbias) = (w.clone(), bias.clone());
        guarded(x.len(), &names, |dx| conv1d_backward(s, padding, &x, &w, &y, Some(dx), &mut dw, &mut dbias));
        let (z, mut winner) = (array(&[b, o]), vec![0i64; array(&[b, o]).len()]);
        let lengths = vec![t as i64; array(&[b]).len()];
        guarded(z.len(), &names, |z| conv_relu_max_forward(s, &x, &w, &bias, &lengths, z, &mut winner));
        guarded(x.len(), &names, |dx| conv_relu_max_backward(s, &x, &w, &winner, &z, Some(dx), &mut dw, &mut dbias));
    }
}
