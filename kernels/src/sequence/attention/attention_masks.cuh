// Which scores of a thread's part of a tile are −∞, and which of its probabilities dropout keeps.
#pragma once
#include "attention_tiles.cuh"

// A bit for each of the thread's columns: whether that key may be attended to.
template <int COLUMNS> DEVICE u32 open_keys(const Options &by, int b, int first) {
    u32 open = 0;
    bool there[COLUMNS];
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c)
        there[c] = !by.mask || by.mask[i64(b) * by.keys + min(first + across(c), by.keys - 1)];
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c) open |= u32(there[c] && first + across(c) < by.keys) << c;
    return open;
}

// Sets scores to −∞ where the query of the row may not attend to the key of the column.
template <int COLUMNS>
DEVICE void close(float (&score)[SIDE][COLUMNS], const Options &by, u32 open, int query, int key) {
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c)
#pragma unroll
        for (int r = 0; r < SIDE; ++r)
            if (!(open >> c & 1) || (by.causal && key + across(c) > query + r)) score[r][c] = -INFINITY;
}

// Sets scores to −∞ where the query of the column comes before the key of the row.
template <int COLUMNS> DEVICE void close_later(float (&score)[SIDE][COLUMNS], int query, int key) {
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c)
#pragma unroll
        for (int r = 0; r < SIDE; ++r)
            if (key + r > query + across(c)) score[r][c] = -INFINITY;
}

// Which of the four probabilities of a Philox block are kept, a bit for each.
DEVICE u32 kept_of_block(const Options &by, u64 block) {
    uint4 words = philox(by.stream, block);
    u32 word[4] = {words.x, words.y, words.z, words.w}, kept = 0;
#pragma unroll
    for (int e = 0; e < 4; ++e) kept |= u32(!(float(word[e] >> 8) * (1.0f / 16777216.0f) < by.p)) << e;
    return kept;
}

// The number of Philox blocks that hold a row's probabilities of four keys, from a multiple of four on. The loops over blocks
// contain those over rows, so that Philox is compiled once and its keys are computed once for all rows.
DEVICE int blocks_of_four(const Options &by) { return by.keys % 4 == 0 ? 1 : 2; }

// Which of the four are kept, by the first (0) or second (1) of these blocks; the other block has the rest of the bits.
DEVICE u32 kept_of_four(const Options &by, i64 row, int key, int block) {
    u64 index = u64(row) * by.keys + key;
    return kept_of_block(by, index / 4 + block) << 4 * block >> index % 4 & 15u;
}

// The options with `later` added to the stream: a loop that checks whether there is a `later` would be compiled twice.
DEVICE Options settled(Options by) {
    if (by.stream.later) by.stream.stream += *by.stream.later;
    by.stream.later = nullptr;
    return by;
}

// Which probabilities dropout keeps, of rows of queries and columns of keys: bit COLUMNS · r + c.
template <int COLUMNS> DEVICE u32 kept_in_rows(const Options &given, i64 row, int key) {
    const Options by = settled(given);
    u32 kept = 0;
#pragma unroll 1
    for (int block = 0; block < blocks_of_four(by); ++block)
#pragma unroll 1
        for (int i = 0; i < SIDE * COLUMNS / 4; ++i)
            kept |= kept_of_four(by, row + i / (COLUMNS / 4), key + i % (COLUMNS / 4) * ACROSS, block) << 4 * i;
    return kept;
}

// The same for rows of keys and columns of queries: bit SIDE · c + r.
template <int COLUMNS> DEVICE u32 kept_in_columns(const Options &given, i64 row, int key) {
    const Options by = settled(given);
    u32 kept = 0;
#pragma unroll 1
    for (int block = 0; block < blocks_of_four(by); ++block)
#pragma unroll 1
        for (int c = 0; c < COLUMNS; ++c) kept |= kept_of_four(by, row + across(c), key, block) << SIDE * c;
    return kept;
}
