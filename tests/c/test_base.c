/* base: known answers of random numbers, elementary functions against double, half precision, memory, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/elementary.h"
#include "base/half.h"
#include "base/random.h"
#include "base/simd.h"
#include "base/text.h"
#include "../tolerances.h"

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void errors(void **state) {
    (void)state;
    bl_error e = {0};
    assert_int_equal(bl_fail(&e, BL_SHAPE, "value %d", 7), BL_SHAPE);
    assert_string_equal(e.message, "value 7");
    assert_string_equal(e.hint, "");
    bl_hint(&e, BL_SHAPE, "do %s", "that");
    assert_string_equal(e.hint, "do that");
    bl_fail(&e, BL_FORMAT, "file %s: %s (%s)", "a", e.message, e.hint); /* an error may be told again with more words */
    assert_string_equal(e.message, "file a: value 7 (do that)");
    assert_int_equal(bl_fail(NULL, BL_IO, "x"), BL_IO);
    assert_string_equal(bl_status_name(BL_NOT_A_NUMBER), "nan");
    assert_string_equal(bl_status_name((bl_status)99), "unknown");
    /* a message that is too long is cut at a whole character: ä is two bytes */
    char longer[1001];
    for (int i = 0; i < 500; i++) memcpy(longer + 2 * i, "ä", 2);
    longer[1000] = 0;
    bl_fail(&e, BL_FORMAT, "%s", longer);
    assert_int_equal(strlen(e.message), 398);
    bl_fail(&e, BL_FORMAT, "x%s", longer);
    assert_int_equal(strlen(e.message), 399);
}

static void sizes(void **state) {
    (void)state;
    size_t out = 5;
    assert_true(bl_mul_size(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    assert_false(bl_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(bl_add_size(SIZE_MAX, 1, &out));
    assert_true(out == SIZE_MAX - 1);
    assert_null(bl_alloc_aligned(SIZE_MAX));
}

static void arenas(void **state) {
    (void)state;
    bl_arena arena = {0};
    unsigned char *first = bl_arena_take(&arena, 10);
    memset(first, 1, 10);
    size_t total = 10;
    for (size_t i = 1; i < 3000; i++) {
        size_t n = i % 97 == 0 ? i * 13 : i % 61;
        unsigned char *p = bl_arena_take(&arena, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % (n >= 4096 ? BL_ALIGN : 16), 0);
        for (size_t k = 0; k < n; k++) assert_int_equal(p[k], 0);
        memset(p, 255, n);
        total += n;
    }
    for (int k = 0; k < 10; k++) assert_int_equal(first[k], 1);
    assert_int_equal(arena.bytes, total);
    assert_string_equal(bl_arena_text(&arena, "abcdef", 3), "abc");
    assert_null(bl_arena_take_array(&arena, SIZE_MAX / 2, 4));
    assert_null(bl_arena_take(&arena, SIZE_MAX - 3));
    bl_arena_free(&arena);
}

static void philox_known_answers(void **state) {
    (void)state;
    static const uint32_t known[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
         0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        bl_philox(known[i], known[i] + 4, out);
        assert_memory_equal(out, known[i] + 6, sizeof out);
    }
}

static void random_is_counted(void **state) {
    (void)state;
    bl_random r = {.seed = 0x123456789ABCDEFu, .stream = BL_STREAM_TEST, .sample = 3, .step = 4};
    enum { N = 1000 };
    float all[N], part[N], normals[N];
    bl_random_uniforms(&r, 0, N, all);
    bl_random_normals(&r, 0, N, normals);
    for (uint32_t first = 0; first < 9; first++) {
        bl_random_uniforms(&r, first, N - first, part);
        assert_memory_equal(part, all + first, (N - first) * sizeof *part);
        bl_random_normals(&r, first, N - first, part);
        assert_memory_equal(part, normals + first, (N - first) * sizeof *part);
    }
    for (uint32_t i = 0; i < N; i++) assert_true(bl_random_uniform(&r, i) == all[i]);
    for (uint32_t i = 0; i < N; i++)
        assert_true(bl_random_below(&r, i, 7) == (uint32_t)(((uint64_t)bl_random_word(&r, i) * 7) >> 32));
    bl_random others[4] = {r, r, r, r};
    others[0].seed++, others[1].stream = BL_STREAM_ORDER, others[2].sample++, others[3].step++;
    for (int k = 0; k < 4; k++) {
        int same = 0;
        for (uint32_t i = 0; i < N; i++) same += bl_random_word(&others[k], i) == bl_random_word(&r, i);
        assert_int_equal(same, 0);
    }
}

/* Box and Muller's pairs in double, from the same words: the ends of (0,1) and every quarter of the circle come up. */
static void normals_are_exact(void **state) {
    (void)state;
    enum { N = 1 << 20 };
    bl_random r = {.seed = 5, .stream = BL_STREAM_TEST};
    float *x = malloc(N * sizeof *x);
    bl_random_normals(&r, 0, N, x);
    double worst = 0;
    for (uint32_t i = 0; i < N; i += 2) {
        double u = ((bl_random_word(&r, i) >> 9) + 0.5) * 0x1p-23;
        double angle = 2 * 3.14159265358979323846 * (bl_random_word(&r, i + 1) >> 8) * 0x1p-24;
        double radius = sqrt(-2 * log(u));
        worst = fmax(worst, fabs(x[i] - radius * cos(angle)) / radius);
        worst = fmax(worst, fabs(x[i + 1] - radius * sin(angle)) / radius);
    }
    free(x);
    if (!(worst < TOL_RANDOM_PAIR)) fail_msg("%g of the radius", worst);
}

static void random_moments(void **state) {
    (void)state;
    enum { N = 1000000 };
    bl_random r = {.seed = 1, .stream = BL_STREAM_TEST};
    float *x = malloc(N * sizeof *x);
    for (int normal = 0; normal < 2; normal++) {
        if (normal)
            bl_random_normals(&r, 0, N, x);
        else
            bl_random_uniforms(&r, 0, N, x);
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) sum += x[i];
        double mean = sum / N;
        for (int i = 0; i < N; i++) squares += (x[i] - mean) * (x[i] - mean);
        double tolerance = normal ? TOL_RANDOM_NORMAL : TOL_RANDOM_UNIFORM;
        assert_true(fabs(mean - (normal ? 0 : 0.5)) < tolerance);
        assert_true(fabs(squares / N - (normal ? 1 : 1.0 / 12)) < tolerance);
    }
    free(x);
}

/* Distance in units of the last place of the exact value. */
static double ulps(float got, double exact) {
    if ((double)got == exact || (isnan(got) && isnan(exact))) return 0;
    if (isinf(got) || isnan(got)) return fabs(exact) >= 3.40282357e38 && got * exact > 0 ? 0 : INFINITY;
    int e;
    frexp(exact, &e);
    return fabs(got - exact) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

static double logistic(double x) {
    return 1 / (1 + exp(-x));
}

static void elementary(void **state) {
    (void)state;
    static const struct {
        const char *name;
        float (*own)(float);
        double (*exact)(double);
        float least, most;
    } table[] = {{"exp", bl_exp, exp, -INFINITY, INFINITY},
                 {"log", bl_log, log, 0, INFINITY},
                 {"tanh", bl_tanh, tanh, -INFINITY, INFINITY},
                 {"sin", bl_sin, sin, -1e4f, 1e4f},
                 {"cos", bl_cos, cos, -1e4f, 1e4f},
                 {"sigmoid", bl_sigmoid, logistic, -INFINITY, INFINITY}};
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        double worst = 0;
        float where = 0;
        for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 1543) {
            float x = float_of((uint32_t)bits);
            if (!(x >= table[t].least && x <= table[t].most)) continue;
            double distance = ulps(table[t].own(x), table[t].exact(x));
            if (distance > worst) worst = distance, where = x;
        }
        if (worst > TOL_ELEMENTARY_ULP) fail_msg("%s(%.9g): %g ulp", table[t].name, (double)where, worst);
        assert_true(isnan(table[t].own(NAN)));
    }
    assert_true(bl_exp(0) == 1 && bl_exp(INFINITY) == INFINITY && bl_exp(-INFINITY) == 0);
    assert_true(bl_exp(88.72283f) < INFINITY && bl_exp(88.72284f) == INFINITY);
    assert_true(bl_log(1) == 0 && bl_log(0) == -INFINITY && isnan(bl_log(-1)) && bl_log(INFINITY) == INFINITY);
    assert_true(bl_log(float_of(1)) < -103.2f && bl_log(float_of(1)) > -103.3f);
    assert_true(bl_tanh(-INFINITY) == -1 && signbit(bl_tanh(-0.0f)) && bl_sigmoid(0) == 0.5f);
    assert_true(bl_cos(0) == 1 && bl_sin(0) == 0);
}

static void half_precision(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        int exponent = (int)(h >> 10 & 31), fraction = (int)(h & 1023);
        float x = bl_half_to_float((uint16_t)h);
        if (exponent == 31 && fraction) {
            assert_true(isnan(x) && isnan(bl_half_to_float(bl_half_from_float(x))));
            assert_int_equal(bl_half_from_float(x), h | 0x200); /* made quiet */
            continue;
        }
        double exact = exponent == 31 ? INFINITY
                       : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                      : ldexp(fraction, -24);
        assert_true(x == (float)(h >> 15 ? -exact : exact) && (bool)signbit(x) == (bool)(h >> 15));
        assert_int_equal(bl_half_from_float(x), h);
        /* the middle between two neighbours goes to the even one, anything beyond it to the nearer one */
        if ((h & 0x7FFF) >= 0x7BFF) continue;
        float next = bl_half_to_float((uint16_t)(h + 1)), middle = (x + next) / 2;
        assert_int_equal(bl_half_from_float(middle), h + (h & 1));
        assert_int_equal(bl_half_from_float(nextafterf(middle, x)), h);
        assert_int_equal(bl_half_from_float(nextafterf(middle, next)), h + 1);
    }
    assert_int_equal(bl_half_from_float(65519.996f), 0x7BFF);
    assert_int_equal(bl_half_from_float(65520), 0x7C00);
    assert_int_equal(bl_half_from_float(-1e30f), 0xFC00);
    assert_int_equal(bl_half_from_float(1e-30f), 0);
}

static void simd_words(void **state) {
    (void)state;
    const float a[5] = {0, 1, -2, NAN, 4};
    float out[4];
    bl_f32x4 x = bl_f32x4_load(a + 1), zero = bl_f32x4_zero();
    bl_f32x4_store(out, bl_f32x4_max(x, zero));
    assert_true(out[0] == 1 && out[1] == 0 && isnan(out[2]) && out[3] == 4);
    bl_f32x4_store(out, bl_f32x4_min(x, bl_f32x4_splat(2)));
    assert_true(out[0] == 1 && out[1] == -2 && isnan(out[2]) && out[3] == 2);
    bl_f32x4_store(out, bl_f32x4_select(bl_f32x4_less(zero, x), bl_f32x4_load_splat(a + 4), zero));
    assert_true(out[0] == 4 && out[1] == 0 && out[2] == 0 && out[3] == 4);
    assert_true(bl_f32x4_sum(bl_f32x4_load((const float[]){1, 1e8f, -1e8f, 3})) == (1 + 1e8f) + (-1e8f + 3));
    assert_true(bl_f32x4_lane(bl_f32x4_mul(bl_f32x4_splat(3), bl_f32x4_add(x, x)), 3) == 24);
    assert_false(bl_mask4_any(bl_f32x4_equal(bl_f32x4_splat(NAN), bl_f32x4_splat(NAN))));
    assert_true(bl_mask4_any(bl_f32x4_equal(bl_f32x4_sub(x, x), zero)));
}

static void json(void **state) {
    (void)state;
    bl_text t = {0};
    bl_json_open(&t, NULL, '{');
    bl_json_string(&t, "name", "a\"b\\\n\t\x01 \xC3\xA4 \xFF\xC3");
    bl_json_string(&t, "none", NULL);
    bl_json_open(&t, "list", '[');
    bl_json_number(&t, NULL, 0.1);
    bl_json_number(&t, NULL, (double)0.1f);
    bl_json_number(&t, NULL, NAN);
    bl_json_number(&t, NULL, -INFINITY);
    bl_json_integer(&t, NULL, INT64_MIN);
    bl_json_open(&t, NULL, '[');
    bl_json_close(&t, ']');
    bl_json_bool(&t, NULL, true);
    bl_json_close(&t, ']');
    bl_json_number(&t, "last", 1e300);
    bl_json_close(&t, '}');
    assert_string_equal(
        t.data, "{\"name\":\"a\\\"b\\\\\\n\\t\\u0001 \xC3\xA4 \xEF\xBF\xBD\xEF\xBF\xBD\",\"none\":null,"
                "\"list\":[0.1,0.100000001,\"NaN\",\"-Infinity\",-9223372036854775808,[],true],\"last\":1e+300}");
    assert_int_equal(t.length, strlen(t.data));
    bl_text_clear(&t);
    for (int i = 0; i < 1000; i++) bl_text_add(&t, "%d,", i);
    assert_int_equal(t.length, 10 * 2 + 90 * 3 + 900 * 4);
    for (uint32_t i = 0; i < 3000; i++) { /* floats read back to the same bits */
        float x = float_of(i * 1431655u);
        if (isnan(x) || isinf(x)) continue;
        bl_text_clear(&t);
        bl_json_number(&t, NULL, x);
        assert_int_equal(bits_of(strtof(t.data, NULL)), bits_of(x));
    }
    bl_text_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors),
        cmocka_unit_test(sizes),
        cmocka_unit_test(arenas),
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(random_is_counted),
        cmocka_unit_test(normals_are_exact),
        cmocka_unit_test(random_moments),
        cmocka_unit_test(elementary),
        cmocka_unit_test(half_precision),
        cmocka_unit_test(simd_words),
        cmocka_unit_test(json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
