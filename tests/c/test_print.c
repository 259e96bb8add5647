/* Printing and reading numbers, beside the C library's printf and strtod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/print.h"
#include "base/random.h"

enum { NUMBERS = 40000, TEXT = 500 };

/* Doubles of all sizes: any bits, floats near 1, short decimals, and the smallest. */
static double number(uint32_t i) {
    uint32_t word[4];
    uint64_t bits;
    double x;
    bl_philox((const uint32_t[4]){i}, (const uint32_t[2]){7}, word);
    bits = (uint64_t)word[0] << 32 | word[1];
    switch (i % 4) {
    case 0: memcpy(&x, &bits, sizeof x); return x;
    case 1: return (double)(float)ldexp(word[0] + 1.0, (int)(word[1] % 60) - 50);
    case 2: return word[0] % 100000 / 1000.0 - 50; /* ties too */
    default:
        bits &= 0x800fffffffffffffull;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
}

static void same_digits_as_the_library(void **state) {
    (void)state;
    for (uint32_t i = 0; i < NUMBERS; i++) {
        char ours[TEXT], theirs[TEXT];
        double x = number(i);
        int precision = (int)(i / 4 % 19) - 1; /* −1: the default */
        if (precision > 17) precision = 17;
        snprintf(theirs, TEXT, "%.*g", precision, x);
        assert_int_equal(bl_format(ours, TEXT, "%.*g", precision, x), strlen(theirs));
        assert_string_equal(ours, theirs);
        if (fabs(x) >= 1e15) continue;
        snprintf(theirs, TEXT, "%.*f", precision, x);
        bl_format(ours, TEXT, "%.*f", precision, x);
        assert_string_equal(ours, theirs);
    }
}

static void same_numbers_as_the_library(void **state) {
    (void)state;
    for (uint32_t i = 0; i < NUMBERS; i++) {
        char text[TEXT];
        double x = number(i), read = 0;
        if (isnan(x)) continue;
        snprintf(text, TEXT, "%.*g", (int)(i / 4 % 21) + 1, x);
        const char *end = bl_read_number(text, &read);
        assert_int_equal(*end, 0);
        assert_true(read == strtod(text, NULL));
    }
    static const char *const odd[] = {"0",
                                      "-0",
                                      ".5",
                                      "5.",
                                      "1e5x",
                                      "1e",
                                      "1e+",
                                      "00012",
                                      "0.000000000000000000000000000001234567890123456789",
                                      "1e400",
                                      "-1e400",
                                      "1e-400",
                                      "4.9e-324",
                                      "2.4703282292062327e-324",
                                      "2.4703282292062328e-324",
                                      "2.2250738585072011e-308",
                                      "1.7976931348623158e308",
                                      "1.7976931348623159e308",
                                      "9007199254740993",
                                      "9007199254740993.00000000000000000001",
                                      "18446744073709551616",
                                      "99999999999999999999999999",
                                      "inf",
                                      "-inf",
                                      "1e99999999999",
                                      "+3.25e-2,",
                                      "1 2"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char *theirs;
        double read = 7, expected = strtod(odd[i], &theirs);
        assert_ptr_equal(bl_read_number(odd[i], &read), theirs);
        assert_true(read == expected && !signbit(read) == !signbit(expected));
    }
    static const char *const none[] = {"", "-", ".", "-.e5", "e5", " 1", "nan", "x"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        double read = 7;
        assert_ptr_equal(bl_read_number(none[i], &read), none[i]);
        assert_true(read == 7);
    }
}

static void whole_numbers(void **state) {
    (void)state;
    static const char *const texts[] = {"0",
                                        "-7",
                                        "+12x",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999999",
                                        "",
                                        "-",
                                        "x1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *theirs;
        int64_t read = 0;
        long long expected = strtoll(texts[i], &theirs, 10);
        assert_ptr_equal(bl_read_integer(texts[i], &read), theirs);
        assert_true(read == expected);
    }
}

#define SAME(...)                                                                                                      \
    do {                                                                                                               \
        char ours[TEXT], theirs[TEXT];                                                                                 \
        int length = snprintf(theirs, TEXT, __VA_ARGS__);                                                              \
        assert_int_equal(bl_format(ours, TEXT, __VA_ARGS__), length);                                                  \
        assert_string_equal(ours, theirs);                                                                             \
    } while (0)

static void directives(void **state) {
    (void)state;
    SAME("plain, 100%%");
    SAME("%d %d %u %x", INT32_MAX, INT32_MIN, UINT32_MAX, 0xbeefu);
    SAME("%lld %llu %ld %zu", (long long)INT64_MIN, (unsigned long long)UINT64_MAX, -5l, (size_t)77);
    SAME("[%5d] [%-5d] [%05d] [%02ld] [%-20s] [%14s] [%*s]", 42, -42, -42, 7l, "left", "right", 9, "star");
    SAME("[%.3s] [%.*s] [%8.2s] [%c] [%3c]", "abcdef", 2, "abc", "xyz", 'q', 'r');
    SAME("[%8.3f] [%-9g] [%09.2f] [%12zu] [%04x] [%s]", 3.14159, 0.5, -2.5, (size_t)12, 0x1fu, "");
    SAME("%g %g %g %.1f %.0f %.0f %g %f", NAN, INFINITY, -INFINITY, 0.05, 0.5, 1.5, -0.0, 1e14);
}

static void cuts_and_counts(void **state) {
    (void)state;
    char buffer[8];
    memset(buffer, '#', sizeof buffer);
    assert_int_equal(bl_format(buffer, 5, "%s%d", "abc", 1234), 7);
    assert_memory_equal(buffer, "abc1\0###", 8);
    assert_int_equal(bl_format(NULL, 0, "%d%%", 100), 4);
    assert_int_equal(bl_format(buffer, 1, "abc"), 3);
    assert_int_equal(buffer[0], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_digits_as_the_library),
        cmocka_unit_test(same_numbers_as_the_library),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(directives),
        cmocka_unit_test(cuts_and_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
