// A stand-in for cuBLAS: the functions that cublas.rs calls, so that matmuls can be compared without a GPU. Operands are not
// rounded, because the values that are compared are exact in every precision.
#define API extern "C" __attribute__((visibility("default"))) int

namespace {

enum Answer { OK = 0, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum Type { F32 = 0, F16 = 2 };

float at(const void *x, int type, bool turned, int row, int col, int apart) {
    // Column-major, or row-major for a transposed matrix.
    long i = turned ? long(row) * apart + col : row + long(col) * apart;
    return type == F16 ? float(static_cast<const _Float16 *>(x)[i]) : static_cast<const float *>(x)[i];
}

}  // namespace

API cublasCreate_v2(void **handle) {
    static char one;
    return *handle = &one, OK;
}
API cublasDestroy_v2(void *) { return OK; }
API cublasSetStream_v2(void *, void *) { return OK; }
API cublasGetVersion_v2(void *, int *version) { return *version = 120804, OK; }
API cublasGemmEx(void *, int a_turned, int b_turned, int m, int n, int k, const void *alpha, const void *a, int a_type,
                 int a_apart, const void *b, int b_type, int b_apart, const void *beta, void *c, int c_type, int c_apart,
                 int, int) {
    bool known = (a_type == F32 || a_type == F16) && b_type == a_type && c_type == F32;
    if (!known || *static_cast<const float *>(alpha) != 1 || *static_cast<const float *>(beta) != 0) return NOT_SUPPORTED;
    if (a_apart < (a_turned ? k : m) || b_apart < (b_turned ? n : k) || c_apart < m) return INVALID_VALUE;
    for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j) {
            float sum = 0;
            for (int l = 0; l < k; ++l)
                sum += at(a, a_type, a_turned, i, l, a_apart) * at(b, b_type, b_turned, l, j, b_apart);
            static_cast<float *>(c)[i + long(j) * c_apart] = sum;
        }
    return OK;
}
