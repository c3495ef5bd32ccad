// What all kernels of attention share: their arrays and options, and which keys a query may attend to.
#pragma once
#include "prelude.cuh"

// A [B, N, T, dim] array: elements of a row are contiguous; sentences, heads and rows have strides.
struct View {
    float *data;
    i64 batch, head, row;
};

DEVICE float *row_of(const View &x, int b, int h, int t) { return x.data + b * x.batch + h * x.head + t * x.row; }

struct Options {
    float scale;
    int causal;
    const u8 *mask;  // [B, Tk], 1 where a key may be attended to; null is all
    int drops;
    float p, kept;  // probabilities are dropped with p, the others multiplied by `kept`
    Stream stream;
    int heads, queries, keys, dim;
};

// How many keys a query may attend to if there is no mask.
DEVICE int visible(const Options &by, int query) { return by.causal ? min(by.keys, query + 1) : by.keys; }

DEVICE bool seen(const Options &by, int b, int query, int key) {
    return query < by.queries && key < visible(by, query) && (!by.mask || by.mask[i64(b) * by.keys + key]);
}

// dS / scale from a probability and its gradient; 0 where the probability is 0, even if the gradient is NaN.
DEVICE float slope(float share, float dshare, float delta) { return share == 0.0f ? 0.0f : share * (dshare - delta); }

#define OPTIONS                                                                                              \
    float scale, int causal, const u8 *mask, int drops, float p, float kept, Stream stream, int heads, \
        int queries, int keys, int dim
#define GIVEN \
    Options { scale, causal, mask, drops, p, kept, stream, heads, queries, keys, dim }
