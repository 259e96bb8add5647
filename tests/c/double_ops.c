/* Every operator of the table in double: gradients against central differences of the operator itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "op_checks.h"

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_forward),
        cmocka_unit_test(check_gradients),
        cmocka_unit_test(check_adjoint),
        cmocka_unit_test(check_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
