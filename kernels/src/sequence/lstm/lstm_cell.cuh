// One unit of one token: its offsets in memory, its gates and its cell, forward and backward.
#pragma once
#include "prelude.cuh"

DEVICE float sigmoid(float x) {
    float e = expf(-fabsf(x)), part = 1.0f / (1.0f + e);
    return x >= 0.0f ? part : e * part;
}

// Its offsets in the gates, cells and y.
struct Unit {
    i64 gate, cell, y;
    DEVICE_MEMBER Unit(int direction, int b, int t, int j, int batch, int time, int hidden, int directions) {
        i64 token = i64(direction * batch + b) * time + t;
        gate = token * 4 * hidden + j;
        cell = token * hidden + j;
        y = ((i64(b) * time + t) * directions + direction) * hidden + j;
    }
};

DEVICE float4 read_gates(const float *gate, int hidden) {
    return float4{gate[0], gate[hidden], gate[2 * hidden], gate[3 * hidden]};
}

DEVICE void write_gates(float *gate, float4 a, int hidden) {
    gate[0] = a.x;
    gate[hidden] = a.y;
    gate[2 * hidden] = a.z;
    gate[3 * hidden] = a.w;
}

DEVICE void add(float4 &sum, float4 x) { sum = float4{sum.x + x.x, sum.y + x.y, sum.z + x.z, sum.w + x.w}; }

DEVICE float4 activate(float4 a) { return float4{sigmoid(a.x), sigmoid(a.y), tanhf(a.z), sigmoid(a.w)}; }

DEVICE float next_cell(float4 gate, float c_before) { return gate.y * c_before + gate.x * gate.z; }

// The values of a unit that backward reads.
struct Saved {
    float4 gate;
    float c, c_before, dy;
};

// The gradients of a unit's gates, from dh and dc of the step after; dc becomes that of the step before.
DEVICE float4 gate_gradients(const Saved &saved, float dh, float &dc) {
    float in = saved.gate.x, forget = saved.gate.y, g = saved.gate.z, out = saved.gate.w;
    float tanh_c = tanhf(saved.c), above = dh + saved.dy;
    float d = dc + above * out * (1.0f - tanh_c * tanh_c);
    dc = d * forget;
    return float4{d * g * in * (1.0f - in), d * saved.c_before * forget * (1.0f - forget), d * in * (1.0f - g * g),
                  above * tanh_c * out * (1.0f - out)};
}
